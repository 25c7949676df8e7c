-- Questions of a sales team, each with the query that answers it. Run: psql -f sql/examples.sql

-- Which brands and SKUs drive growth?
SELECT member, change, round(contribution, 4) AS contribution FROM kpi.compare('revenue', by => '{brand,sku}') LIMIT 10;

-- Which KPIs underperform?
SELECT label, value, baseline, round(change_pct, 4) AS change_pct FROM kpi.scorecard() WHERE state IN ('watch', 'bad');

-- Did revenue change by price or by volume?
SELECT * FROM kpi.bridge(by => '{}');

-- How do channels and vendors differ?
SELECT c.member, c.value AS revenue, p.value AS price, r.value AS return_rate
  FROM kpi.breakdown('revenue', kpi.period('ytd'), '{channel}') AS c
  JOIN kpi.breakdown('asp', kpi.period('ytd'), '{channel}') AS p USING (member)
  JOIN kpi.breakdown('return_rate', kpi.period('ytd'), '{channel}') AS r USING (member);
SELECT member, value FROM kpi.breakdown('revenue', kpi.period('ytd'), '{channel,vendor}', top => 10);

-- Patterns over time, product types and price tiers.
SELECT member, round(avg(value)) AS revenue_a_day FROM kpi.history('revenue', 'day', kpi.period('last 12 months'), '{weekday}') GROUP BY member ORDER BY 2 DESC;
SELECT member, kpi._sparkline(array_agg(value ORDER BY "time")::float8[]) AS by_month FROM kpi.history('revenue', 'month', by => '{product_type}') GROUP BY member;
SELECT * FROM kpi.price_tiers();

-- On how few does revenue hang?
SELECT * FROM kpi.concentration('revenue', kpi.period('last 12 months'), '{sku}');

-- Which products sell rarely, and which have stopped?
SELECT sku, revenue, demand_class, last_sold FROM kpi.portfolio() WHERE abc = 'C' ORDER BY last_sold LIMIT 10;
