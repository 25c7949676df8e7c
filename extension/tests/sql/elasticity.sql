-- A shop whose demand is known: units answer with -2 for serum and with -0.5 for cream; tea never changes its price.
CREATE TABLE shop AS
SELECT '2024-01-01'::date + w * 7 + d AS sold_at, kind || ' ' || n AS article, kind, CASE WHEN d % 2 = 0 THEN 'Web' ELSE 'Shop' END AS place,
       round((100 * exp(p))::numeric, 2) AS price, round(exp(ln(8 + 3 * n) + slope * p))::int AS quantity
  FROM (SELECT w, n, k.kind, k.slope,
               -- Steps of up to 12 % that last for some weeks, by arithmetic, and serum's promotions of one week.
               CASE k.kind WHEN 'tea' THEN 0 ELSE ((w / 3 * 7919 + n * 104729) % 9 - 4) * 0.03 END
                   - CASE WHEN k.kind = 'serum' AND w % 20 = 7 THEN 0.15 ELSE 0 END AS p
          FROM generate_series(0, 99) AS w, generate_series(1, 5) AS n,
               (VALUES ('serum', -2.0), ('cream', -0.5), ('tea', -1.0)) AS k(kind, slope)) AS s, generate_series(0, 6) AS d;
SELECT kpi.register_source('shop', 'shop', at => 'sold_at', price => 'price', quantity => 'quantity', dimensions => '{sku=article,product_type=kind,channel=place}');

SELECT member, round(elasticity::numeric, 1) AS elasticity, lo < elasticity AND elasticity < hi AS inside, n_weeks, status, note
  FROM kpi.elasticity(source => 'shop') ORDER BY member;
SELECT member, round(elasticity::numeric, 1) AS elasticity, status FROM kpi.elasticity('{product_type}', source => 'shop') ORDER BY member;
SELECT member, round(elasticity::numeric, 1) AS elasticity, status FROM kpi.elasticity('{}', source => 'shop', filter => '{"product_type": "serum"}');
SELECT count(*), count(elasticity) FROM kpi.elasticity('{sku,channel}', source => 'shop');
SELECT DISTINCT status, note FROM kpi.elasticity(source => 'shop', period => kpi.period('2024-01'));
SELECT * FROM kpi.elasticity(source => 'shop', filter => '{"sku": "none"}');

-- What would happen: revenue moves by (1 + change) ^ (1 + elasticity), inside the prices seen.
SELECT member, round((expected / baseline)::numeric, 2) AS ratio, round((1.05 ^ -1.0)::numeric, 2) AS by_hand, lo < expected AND expected < hi AS inside, status
  FROM kpi.what_if('{"price": 0.05}', 2, source => 'shop', filter => '{"product_type": "serum"}');
SELECT member, round((expected / baseline)::numeric, 2) AS ratio, status FROM kpi.what_if('{"price": 0.05}', 2, by => '{product_type}', source => 'shop') ORDER BY 1;
SELECT round((expected / baseline)::numeric, 2) AS ratio, status FROM kpi.what_if('{"price": 0.05}', 2, metric => 'units', source => 'shop', filter => '{"product_type": "serum"}');
SELECT expected, status, note FROM kpi.what_if('{"price": 0.8}', 2, source => 'shop', filter => '{"product_type": "serum"}');
SELECT round((expected / baseline)::numeric, 3) AS ratio, status FROM kpi.what_if('{"units": -0.1}', 2, source => 'shop');
SELECT expected, status FROM kpi.what_if('{"delist": true}', 2, source => 'shop', filter => '{"sku": "tea 1"}');
SELECT status, expected < baseline * 1.5 AS no_wonder FROM kpi.what_if('{"promotion": 0.05}', 2, source => 'shop', filter => '{"product_type": "serum"}');
SELECT status FROM kpi.what_if('{"promotion": 0.05}', 2, source => 'shop', filter => '{"product_type": "cream"}');
-- What the filter names is changed, and nothing else is answered for.
SELECT member, round((expected / baseline)::numeric, 1) AS ratio, status
  FROM kpi.what_if('{"price": -0.05}', 2, by => '{sku}', source => 'shop', filter => '{"product_type": "serum", "channel": "Web"}') ORDER BY 1;
SELECT expected, status FROM kpi.what_if('{"price": 0.05}', 2, source => 'shop', filter => '{"product_type": "tea"}');
SELECT count(*) FROM kpi.what_if('{"price": 0.05}', 2, source => 'shop', filter => '{"sku": "none"}');

\set VERBOSITY verbose
\set SHOW_CONTEXT never
SELECT * FROM kpi.elasticity('{colour}', source => 'shop');
SELECT * FROM kpi.elasticity(level => 0, source => 'shop');
SELECT * FROM kpi.what_if('{"price": -2}', 2, source => 'shop');
SELECT * FROM kpi.what_if('{"weather": 1}', 2, source => 'shop');
SELECT * FROM kpi.what_if(NULL, 2, source => 'shop');
SELECT * FROM kpi.what_if('{}', 2, source => 'shop');
SELECT * FROM kpi.what_if('[]', 2, source => 'shop');
SELECT * FROM kpi.what_if('{"price": 0.1, "units": 0.1}', 2, source => 'shop');
SELECT * FROM kpi.what_if('{"price": "dear"}', 2, source => 'shop');
SELECT * FROM kpi.what_if('{"price": null}', 2, source => 'shop');
SELECT * FROM kpi.what_if('{"price": -1}', 2, source => 'shop');
SELECT expected, status FROM kpi.what_if('{"price": 1e9}', 2, source => 'shop', filter => '{"product_type": "serum"}');
SELECT * FROM kpi.what_if('{"price": 1e400}', 2, source => 'shop');
SELECT * FROM kpi.what_if('{"promotion": 1}', 2, source => 'shop');
SELECT * FROM kpi.what_if('{"promotion": -0.1}', 2, source => 'shop');
SELECT * FROM kpi.what_if('{"units": -1.5}', 2, source => 'shop');
SELECT * FROM kpi.what_if('{"units": 1e300}', 2, source => 'shop');
SELECT * FROM kpi.what_if('{"delist": false}', 2, source => 'shop');
SELECT * FROM kpi.what_if('{"price": 0.1}', 0, source => 'shop');
SELECT * FROM kpi.what_if('{"price": 0.1}', 2, metric => 'asp', source => 'shop');
