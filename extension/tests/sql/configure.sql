-- A company that has its own table registers it and copies nothing.
CREATE SCHEMA shop;
CREATE TABLE shop.sale ("Sold At" timestamptz, article text, "Unit Price" float8, pieces int, house text, region text, cost numeric, bill int, buyer text);
INSERT INTO shop.sale VALUES
    ('2025-01-31 23:30+00', 'Soap', 2.5, 4, 'Fa', 'North', 6, 1, 'ann'), ('2025-02-01 00:30+00', 'Soap', 2.5, 2, 'Fa', 'South', 3, 2, 'bob'),
    ('2025-02-10 12:00+00', 'Comb', 4, 1, NULL, 'North', 1, 3, 'ann'), ('2025-02-28 12:00+00', 'Comb', 4, NULL, 'Fa', 'North', 1, 3, 'ann'),
    (NULL, 'Soap', 9, 9, 'Fa', 'South', 1, 4, 'cat');
SELECT kpi.register_source('shop', 'shop.sale', at => 'Sold At', price => 'Unit Price', quantity => 'pieces',
                           dimensions => '{brand=house,product=article,region}', order_ref => 'bill', customer_ref => 'buyer');
SELECT kpi.asof('shop');
SELECT m.name, kpi.value(m.name, '[2025-01-01,2025-03-01)', source => 'shop') FROM kpi.metrics AS m ORDER BY place;
SELECT member, value FROM kpi.breakdown('revenue', source => 'shop');
SELECT member, value FROM kpi.breakdown('units', '[2025-01-01,2025-03-01)', '{sku,region}', source => 'shop');
SELECT member, value FROM kpi.breakdown('units', '[2025-01-01,2025-03-01)', '{price_tier}', source => 'shop');
SELECT member, value FROM kpi.breakdown('orders', '[2025-01-01,2025-03-01)', '{customer}', source => 'shop');
SELECT sku, product, brand, revenue, abc FROM kpi.portfolio(source => 'shop');
SET timezone = 'Asia/Seoul';
SELECT "time", value FROM kpi.history('units', 'day', '[2025-01-31,2025-02-03)', source => 'shop');
SET timezone = 'UTC';

-- Metrics and dimensions of one's own, over the house's columns and the relation's others.
SELECT kpi.define_metric('margin', 'sum(revenue - cost)', unit => 'EUR');
SELECT kpi.define_dimension('half', $$CASE WHEN extract(day FROM day) < 15 THEN 'first' ELSE 'second' END$$);
SELECT member, value FROM kpi.breakdown('margin', '[2025-01-01,2025-03-01)', '{half}', source => 'shop');
SELECT kpi.define_metric('big_lines', 'count(*) FILTER (WHERE revenue > 50)', label => 'Big lines');
SELECT kpi.value('big_lines', kpi.period('2025-10')), member, value FROM kpi.breakdown('big_lines', kpi.period('2025-10'), '{half}');
-- A metric that names a column which another source does not have.
\set VERBOSITY terse
SELECT kpi.value('margin');
\set VERBOSITY default

-- NULL and infinite days and NULL values are skipped; a NaN makes what it is added to NaN, and nothing fails.
INSERT INTO shop.sale ("Sold At", article, "Unit Price", pieces, house) VALUES ('infinity', 'Soap', 1, 1, 'Fa'), ('-infinity', 'Soap', 1, 1, 'Fa'),
    (NULL, 'Soap', 1, 1, 'Fa'), ('2025-02-20', 'Soap', NULL, 1, 'Fa'), ('2025-02-20', 'Oil', 'NaN', 1, 'Bo'), ('2025-02-21', 'Wax', 'Infinity', 1, 'Cy');
SELECT kpi.asof('shop'), (SELECT count(*) FROM kpi.history('units', source => 'shop')) AS days;
SELECT member, value, share, abc FROM kpi.breakdown('revenue', source => 'shop');
SELECT metric, value, state FROM kpi.scorecard('[2025-02-01,2025-03-01)', source => 'shop') WHERE metric IN ('revenue', 'units');
SELECT f.name, (SELECT count(*) FROM kpi.portfolio(source => 'shop')), (SELECT count(*) FROM kpi.cohorts(source => 'shop')), (SELECT count(*) FROM kpi.bridge('[2025-02-01,2025-03-01)', source => 'shop')),
       (SELECT count(*) FROM kpi.concentration(source => 'shop')), (SELECT count(*) FROM kpi.price_tiers(source => 'shop')), (SELECT count(*) FROM kpi.forecast('revenue', 3, 'month', source => 'shop')) > 0 AS forecast
  FROM (VALUES ('rows')) AS f(name);
-- A product returned the day before its first sale; a period within one week.
CREATE TABLE shop.early (at date, article text, price numeric, pieces int);
INSERT INTO shop.early VALUES ('2025-01-31', 'Jar', 2, -1), ('2025-02-01', 'Jar', 2, 3), ('2025-01-01', 'Pot', 2, 1);
SELECT kpi.register_source('early', 'shop.early', at => 'at', price => 'price', quantity => 'pieces', dimensions => '{sku=article}');
SELECT sku, revenue, velocity FROM kpi.portfolio('[2025-01-01,2025-02-01)', source => 'early');
SELECT sku, adi, demand_class FROM kpi.portfolio('[2025-02-01,2025-02-02)', source => 'EARLY');
-- Growth on a base that is not positive is NULL, and so are its contributions.
SELECT member, value, baseline, change_pct, contribution FROM kpi.compare('revenue', '[2025-02-01,2025-02-02)', '[2025-01-31,2025-02-01)', '{sku}', source => 'early');
-- Partitions, views over them, and row security.
CREATE TABLE shop.part (sold timestamptz, sku text, brand text, price numeric, qty int) PARTITION BY RANGE (sold);
CREATE TABLE shop.part_2024 PARTITION OF shop.part FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE shop.part_2025 PARTITION OF shop.part FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO shop.part SELECT '2024-06-01'::timestamptz + i * interval '7 hours', 'a' || i % 5, 'b' || i % 3, 2.5 + i % 3, 1 + i % 4 FROM generate_series(1, 900) AS i;
CREATE VIEW shop.part_view WITH (security_invoker) AS SELECT * FROM shop.part;
SELECT kpi.register_source(n, ('shop.' || n)::regclass, at => 'sold', price => 'price', quantity => 'qty', dimensions => '{sku,brand}') FROM unnest('{part,part_view}'::text[]) AS n;
ALTER TABLE shop.part ENABLE ROW LEVEL SECURITY;
CREATE ROLE test_b1;
CREATE POLICY b1 ON shop.part TO test_b1 USING (brand = 'b1');
GRANT USAGE ON SCHEMA shop TO test_b1;
GRANT SELECT ON shop.part, shop.part_view TO test_b1;
SELECT s, kpi.value('revenue', source => s) = (SELECT sum(price * qty) FROM shop.part WHERE sold >= '2025-01-01' AND sold < '2025-02-01') AS same FROM unnest('{part,part_view}'::text[]) AS s;
SET ROLE test_b1;
SELECT s, kpi.value('revenue', source => s) = (SELECT sum(price * qty) FROM shop.part WHERE sold >= '2025-01-01' AND sold < '2025-02-01') AS same,
       (SELECT array_agg(member) FROM kpi.breakdown('revenue', source => s)) FROM unnest('{part,part_view}'::text[]) AS s;
RESET ROLE;
DROP OWNED BY test_b1;
DROP ROLE test_b1;

-- A relation that went away.
DROP TABLE shop.sale;
\set VERBOSITY verbose
\set SHOW_CONTEXT never
SELECT kpi.value('revenue', source => 'shop');
\set VERBOSITY default

-- Aliases, and what pg_dump would keep.
SELECT kpi.add_alias('Amz', 'channel', 'Amazon');
TABLE kpi.aliases;
SELECT c.oid::regclass, (SELECT condition FROM unnest(e.extcondition) WITH ORDINALITY AS u(condition, i) WHERE i = o.ord)
  FROM pg_extension AS e, unnest(e.extconfig) WITH ORDINALITY AS o(oid, ord), pg_class AS c WHERE e.extname = 'pg_kpi' AND c.oid = o.oid ORDER BY 1::text;
