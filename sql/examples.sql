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

-- What comes next, in total and for each channel?
SELECT "time", round(forecast) AS forecast, round(lo) AS lo, round(hi) AS hi, model FROM kpi.forecast('revenue', 3, 'month');
SELECT member, "time", round(forecast) AS forecast, status FROM kpi.forecast('revenue', 2, 'month', by => '{channel}');

-- Is that unusual, and since when?
SELECT "time", round(value) AS value, round(expected) AS expected, kind FROM kpi.anomalies('revenue') WHERE is_anomaly ORDER BY "time" DESC LIMIT 5;

-- Where does the change come from, and what else is worth a look?
SELECT kind, member, round(value) AS value, round(expected) AS expected, round(change) AS change FROM kpi.drivers('revenue', kpi.period('last 3 months'));
SELECT headline FROM kpi.insights();

-- Who stays, and how do launches go?
SELECT cohort, age, retention FROM kpi.cohorts(entity => 'sku', grain => 'quarter') WHERE age <= 4 ORDER BY cohort, age LIMIT 10;
SELECT member, age_weeks, cumulative FROM kpi.launch_curve() WHERE age_weeks = 8 ORDER BY cumulative DESC LIMIT 5;

-- Which target, and will we make it?
SELECT member, commit, stretch_target, ambitious, last_year FROM kpi.suggest_targets('revenue', by => '{channel}');
SELECT member, target, to_date, expected_end, p_attain, state FROM kpi.attainment('revenue');

-- What if, and what should we do?
SELECT member, round(elasticity::numeric, 2) AS elasticity, status FROM kpi.elasticity() LIMIT 5;
SELECT * FROM kpi.what_if('{"price": 0.05}', 3, filter => '{"channel": "Amazon"}');
SELECT action, subject, reason FROM kpi.recommend(top => 5);

-- In words.
SELECT answer FROM kpi.ask('Which brands drive growth this quarter?');

-- On any table: a series of your own query.
SELECT channel, kpi.sparkline(kpi.series(sold_on, quantity, 'month')) FROM sales.order_line GROUP BY channel;
