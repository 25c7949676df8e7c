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
