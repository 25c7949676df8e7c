SELECT kpi.asof();
SELECT p AS text, kpi.period(p) FROM unnest('{2025-11,2025-Q4,2025,2025-W48,2025-H1,2025-11-03,2025-11-03..2025-11-09,last 30 days,last 3 months,last 6 weeks,this month,last month,next month,ytd,mtd,yesterday}'::text[]) AS p;
SELECT kpi.period('2025-10-05T10:00:00Z', '2025-10-09T00:00:00Z');
SELECT kpi.period_in('sales', 'last 7 days');
SELECT p AS text, kpi.previous(kpi.period(p)), kpi.year_ago(kpi.period(p)) FROM unnest('{2025-03,2025-Q1,2025,2025-W01,ytd,mtd,last 30 days,2024-02-29}'::text[]) AS p;
SELECT kpi.period(NULL), kpi.previous(NULL), kpi.year_ago(NULL);
\set VERBOSITY verbose
\set SHOW_CONTEXT never
SELECT kpi.period('soon');
SELECT kpi.period('2025-02-30');
SELECT kpi.period('2025-11-09..2025-11-03');
SELECT kpi.previous('empty');
SELECT kpi.previous('[2025-01-01,)');
SELECT kpi.previous('[-infinity,2025-01-01)');
SELECT kpi.asof('nowhere');
