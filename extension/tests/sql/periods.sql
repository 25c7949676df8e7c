SELECT kpi.asof();
SELECT p AS text, kpi.period(p) FROM unnest('{2025-11,2025-Q4,2025,2025-W48,2025-H1,2025-11-03,2025-11-03..2025-11-09,last 30 days,last 3 months,last 6 weeks,this month,last month,next month,ytd,mtd,yesterday}'::text[]) AS p;
SELECT kpi.period('2025-10-05T10:00:00Z', '2025-10-09T00:00:00Z');
SELECT kpi.period_in('sales', 'last 7 days');
-- A source without data has no last day to count from, but dates are dates.
CREATE TEMP TABLE nothing (at date, sku text, price numeric, quantity numeric);
SELECT kpi.register_source('nothing', 'nothing', at => 'at', price => 'price', quantity => 'quantity', dimensions => '{sku}');
SELECT p AS text, kpi.period_in('nothing', p) FROM unnest('{last month,ytd,last 7 days,2025-11, 2025-Q1}'::text[]) AS p;
SELECT p AS text, kpi.previous(kpi.period(p)), kpi.year_ago(kpi.period(p)) FROM unnest('{2025-03,2025-Q1,2025,2025-W01,2024-W01,2025-W36,2025-11-01,ytd,mtd,last 30 days,2024-02-29}'::text[]) AS p;
-- ISO weeks across years, a leap day, months from January on that are a year to date and not a quarter or half.
SELECT p AS text, kpi.previous(kpi.period(p)), kpi.year_ago(kpi.period(p))
  FROM unnest('{2020-W53,2021-W01,2026-W53,2024-02,2025-02,2024-W52..2025-W01,2025-01..2025-11,2024-01..2024-02,2025-H1,2025-02..2025-03,2025-05-01..2025-05-30}'::text[]) AS p;
SELECT kpi.period(E' LAST\t6   Weeks ') = kpi.period('last 6 weeks') AS same, kpi.period('2025q4') = kpi.period('2025-Q4') AS same;
SELECT kpi.period('2025-12-31'::timestamptz, '2025-01-01'::timestamptz);
SELECT kpi.period(NULL), kpi.previous(NULL), kpi.year_ago(NULL);
\set VERBOSITY verbose
\set SHOW_CONTEXT never
SELECT kpi.period('soon');
SELECT kpi.period('2025-02-30');
SELECT kpi.period('2025-W53');
SELECT kpi.period('0000');
SELECT kpi.period('2025-11-09..2025-11-03');
SELECT kpi.previous('empty');
SELECT kpi.previous('[2025-01-01,)');
SELECT kpi.previous('[-infinity,2025-01-01)');
SELECT kpi.asof('nowhere');
SELECT kpi.year_ago('[0001-01-01,0001-02-01)');
SELECT kpi.previous('[1000-01-01,100000-01-01)');
