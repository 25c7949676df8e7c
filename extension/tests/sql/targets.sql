-- Targets; the fixture ends on 2025-11-19, so November runs and December comes.
SELECT member, commit > 0 AS commits, commit < stretch_target AS stretches, stretch_target < ambitious AS more,
       last_year = kpi.value('revenue', kpi.period('2024-12')) AS last_year, round(implied_growth - (stretch_target / last_year - 1), 3) AS implied,
       growth_percentile BETWEEN 0 AND 1 AS percentile, achievable = (stretch_target <= upper_natural_limit) AS gate
  FROM kpi.suggest_targets('revenue');
SELECT * FROM kpi.suggest_targets('revenue') EXCEPT SELECT * FROM kpi.suggest_targets('revenue', kpi.period('2025-12'));
-- What comes after a period does not change the targets for it.
CREATE TEMP TABLE before AS SELECT * FROM kpi.suggest_targets('revenue', kpi.period('2025-09'), by => '{channel}');
UPDATE sales.order_line SET revenue = revenue * 3, price = price * 3 WHERE sold_on >= '2025-09-01';
SELECT kpi.refresh();
SELECT count(*) AS changed FROM (SELECT * FROM before EXCEPT SELECT * FROM kpi.suggest_targets('revenue', kpi.period('2025-09'), by => '{channel}')) AS d;
UPDATE sales.order_line SET revenue = revenue / 3, price = price / 3 WHERE sold_on >= '2025-09-01';
SELECT kpi.refresh();

-- By growth, worked out by hand: last October times the quartile of growth.
WITH m AS (
    SELECT date_trunc('month', sold_on)::date AS month, sum(revenue) AS y FROM sales.order_line WHERE sold_on < '2025-10-01' GROUP BY 1
), g AS (
    SELECT ln(b.y / a.y)::float8 AS g, row_number() OVER (ORDER BY b.y / a.y) AS i, count(*) OVER () AS n
      FROM m AS a JOIN m AS b ON b.month = a.month + interval '1 year'
), q AS (
    SELECT max(n) AS n, (max(n) + 1.0 / 3) * 0.75 + 1.0 / 3 AS place FROM g
)
SELECT round((SELECT y FROM m WHERE month = '2024-10-01')::numeric
             * exp((SELECT a.g + (q.place - floor(q.place)) * (b.g - a.g) FROM q JOIN g AS a ON a.i = floor(q.place) JOIN g AS b ON b.i = floor(q.place) + 1))::numeric, 2)
     = (SELECT stretch_target FROM kpi.suggest_targets('revenue', kpi.period('2025-10'), method => 'growth')) AS same;
SELECT member, commit IS NOT NULL AS found, status FROM kpi.suggest_targets('revenue', by => '{product_type}', method => 'peers') ORDER BY 1;
SELECT count(*) AS groups, bool_and(stretch_target > 0) AS positive FROM kpi.suggest_targets('units', kpi.period('2025-W48'), by => '{brand}');
SELECT member, status FROM kpi.suggest_targets('asp', by => '{channel}') ORDER BY 1;

-- Of three years that the model differences by the season, the first is no year without errors: the quantiles are three numbers.
CREATE TABLE monthly AS SELECT ('2023-01-15'::date + (n - 1) * interval '1 month')::date AS day, 'x' AS sku, 1 AS quantity, price
  FROM unnest('{260,422,530,666,770,729,612,1012,872,1260,944,2376,1441,942,983,1443,960,974,1382,927,759,1194,961,2871,870,1036,1330,1170,809,866,1061,1051,1491,684,1198,3163}'::numeric[])
       WITH ORDINALITY AS v(price, n);
SELECT kpi.register_source('monthly', 'monthly', at => 'day', price => 'price', quantity => 'quantity', dimensions => '{sku}');
SELECT commit < 0.99 * stretch_target AS stretches, stretch_target < 0.99 * ambitious AS more FROM kpi.suggest_targets('revenue', source => 'monthly');

-- Where less is better the harder target is the lower one, and rates are not rounded to nothing.
SELECT m, method, stretch_target <= commit AS stretches, ambitious < stretch_target AS more, scale(commit) AS digits, achievable, status,
       round(implied_growth - (stretch_target / last_year - 1), 2) AS implied
  FROM unnest('{returns,return_rate}'::text[]) AS m, unnest('{forecast,growth}'::text[]) AS method, kpi.suggest_targets(m, kpi.period('2025-11'), method => method) ORDER BY 1, 2;
-- Looked at from the other side, it is the same target.
BEGIN;
SELECT kpi.define_metric('sold_less', 'sum(quantity)', better => 'down');
SELECT down.commit = up.commit AS commit, down.stretch_target = up.stretch_target AS stretch, down.stretch_target < up.commit AS lower
  FROM kpi.suggest_targets('sold_less', stretch => 0.8) AS down, kpi.suggest_targets('units', stretch => 0.2) AS up;
ROLLBACK;
-- Before all complete months there is nothing to learn from: a row that says so.
SELECT * FROM kpi.suggest_targets('revenue', kpi.period('2024-01'));
SELECT member, commit, status, note FROM kpi.suggest_targets('revenue', kpi.period('2023-12'), by => '{channel}');

-- Handed down to the cent.
SELECT by, sum(a.allocated) AS total, bool_and(a.allocated >= 0) AS nobody_below, count(*) AS groups
  FROM unnest('{brand,channel,sku}'::text[]) AS by, kpi.allocate_target('revenue', 5432.13, by => ARRAY[by]) AS a GROUP BY by ORDER BY by;
SELECT sum(allocated) FROM kpi.allocate_target('revenue', 0.01, by => '{channel,vendor}');

-- Where targets stand.
SELECT kpi.set_target('revenue', kpi.period('2025-11'), 4000), kpi.set_target('revenue', kpi.period('2025-11'), 1500, '{"channel": "Web"}'),
       kpi.set_target('revenue', kpi.period('2025-10'), 1000), kpi.set_target('returns', kpi.period('2025-11'), 5);
SELECT member, target, to_date = kpi.value('revenue', '[2025-11-01,2025-12-01)') AS to_date, expected_end > to_date AS grows, lo <= expected_end AND expected_end <= hi AS inside,
       p_attain > 0 AND p_attain < 1 AS uncertain, pace > 0 AS paced, state IN ('good', 'watch', 'bad') AS judged, status
  FROM kpi.attainment('revenue');
SELECT member, target, status FROM kpi.attainment('revenue', by => '{channel}');
SELECT member, target, status FROM kpi.attainment('revenue', filter => '{"channel": "Web"}');
SELECT member, target, expected_end = to_date AS exact, lo, p_attain, state, status FROM kpi.attainment('revenue', kpi.period('2025-10'));
SELECT member, target, state, status, note FROM kpi.attainment('units', by => '{channel}') ORDER BY 1;
SELECT target, p_attain BETWEEN 0 AND 1 AS probable FROM kpi.attainment('returns');
SELECT metric, target, expected_end IS NOT NULL AS expected, p_attain BETWEEN 0 AND 1 AS probable, state FROM kpi.scorecard(kpi.period('2025-11')) WHERE target IS NOT NULL;
-- Inside of a filter a target counts that names what the filter leaves, and no other: never the whole's target beside a part's figure.
SELECT kpi.set_target('revenue', kpi.period('2025-11'), 900, '{"brand": "Aurora"}'), kpi.set_target('revenue', kpi.period('2025-11'), 300, '{"brand": "Aurora", "channel": "Web"}'),
       kpi.set_target('revenue', kpi.period('2025-11'), 800, '{"brand": "Coral"}');
SELECT f.filter, a.member, a.target, a.to_date = kpi.value('revenue', '[2025-11-01,2025-12-01)', f.filter || a.members) AS to_date, a.status
  FROM unnest('{"{}","{\"channel\": \"Web\"}","{\"Channel\": [\"Web\"], \"brand\": {\"not\": \"Coral\"}}","{\"channel\": [\"Web\", \"Shop\"]}","{\"Brand\": {\"not\": [\"Coral\"]}}"}'::jsonb[]) WITH ORDINALITY AS f(filter, i),
       kpi.attainment('revenue', by => '{brand}', filter => f.filter) AS a ORDER BY f.i, a.member;
SELECT metric, target FROM kpi.scorecard(kpi.period('2025-11'), filter => '{"Brand": ["Aurora"], "channel": "Web"}') WHERE target IS NOT NULL;
SELECT kpi.set_target('revenue', kpi.period('2025-10'), 5000, '{"brand": "Aurora"}'), kpi.set_target('revenue', kpi.period('2025-10'), 4000, '{"brand": "Coral"}');
SELECT f.filter, i.headline, (i.evidence -> 0 ->> 'value')::numeric = kpi.value('revenue', kpi.period('2025-10'), i.members) AS value
  FROM unnest('{"{}","{\"brand\": [\"Coral\"]}","{\"channel\": \"Web\"}"}'::jsonb[]) WITH ORDINALITY AS f(filter, n),
       kpi.insights(kpi.period('2025-10'), f.filter) AS i WHERE i.kind = 'target' ORDER BY f.n, i.headline;
-- A filter to one member, in a list or not, leaves nothing to compare it with.
SELECT kind, headline FROM kpi.insights(kpi.period('2025-10'), '{"brand": ["Coral"]}') WHERE kind = 'concentration'
 UNION ALL SELECT member, note FROM kpi.drivers('revenue', kpi.period('2025-10'), filter => '{"Brand": ["Coral"]}') WHERE members ? 'brand';
-- A lower target is never less likely.
SELECT bool_and(p >= after) AS falls FROM (
    SELECT t, p_attain AS p, lead(p_attain) OVER (ORDER BY t) AS after
      FROM generate_series(2000, 6000, 500) AS t, kpi._attainment('revenue', NULL, '{}', '{}', 'sales', 0.8, jsonb_build_array(jsonb_build_object('key', '[]'::jsonb, 'target', t))) AS a) AS d;

SELECT * FROM kpi.suggest_targets('revenue', filter => '{"brand": "Nobody"}');
SELECT * FROM kpi.attainment('revenue', kpi.period('1999'));
\set VERBOSITY verbose
\set SHOW_CONTEXT never
SELECT kpi.drop_target('revenu', kpi.period('2025-11'));
SELECT * FROM kpi.suggest_targets('revenu');
SELECT * FROM kpi.suggest_targets('revenue', stretch => 1.5);
SELECT * FROM kpi.suggest_targets('revenue', method => 'guess');
SELECT * FROM kpi.suggest_targets('revenue', 'empty');
SELECT * FROM kpi.allocate_target('asp', 1);
SELECT * FROM kpi.allocate_target('revenue', -1);
SELECT * FROM kpi.attainment('revenue', level => 0);
