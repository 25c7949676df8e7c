-- Answers kept for dashboards are those of the functions, and are served only as long as they are.
\set SHOW_CONTEXT never
SET search_path = public;
CREATE TEMP TABLE asked AS
SELECT w.answer, w.arguments::jsonb, w.period, kpi.latest(w.answer, w.period, '{}', w.arguments::jsonb) AS live
  FROM (VALUES ('insights', '{}', kpi.period('2025-10')), ('drivers', '{}', kpi.period('2025-10')), ('recommend', '{}', kpi.period('2025-10')),
               ('elasticity', '{}', NULL), ('elasticity', '{"by": ["sku"]}', NULL), ('launches', '{}', NULL), ('launch_curve', '{}', NULL), ('what_if', '{"price": 0.05}', NULL)) AS w(answer, arguments, period);
SELECT answer, jsonb_array_length(live) > 0 AS rows FROM asked WHERE answer NOT LIKE 'launch%' ORDER BY 1;
SELECT live = (SELECT jsonb_agg(to_jsonb(d)) FROM kpi.drivers('revenue', kpi.period('2025-10')) AS d) AS same FROM asked WHERE answer = 'drivers';
SELECT count(*) FROM kpi.answer_latest;
SELECT kpi.refresh_latest();
SELECT answer, arguments, period FROM kpi.answer_latest ORDER BY 1, 2;
SELECT count(*) AS asked, count(*) FILTER (WHERE k.rows = a.live) AS same FROM asked AS a JOIN kpi.answer_latest AS k USING (answer, arguments);

-- Served: the period that was asked for, without a filter.
UPDATE kpi.answer_latest SET rows = '[{"kept": true}]';
SELECT kpi.latest('drivers', kpi.period('2025-10'));
SELECT kpi.latest('drivers', kpi.period('2025-09')) = '[{"kept": true}]' AS kept;
SELECT kpi.latest('drivers', kpi.period('2025-10'), '{"brand": "Aurora"}') = '[{"kept": true}]' AS kept;
SELECT kpi.latest('what_if', NULL, '{}', '{"price": 0.05}'), kpi.latest('what_if', NULL, '{}', '{"price": 0.07}') = '[{"kept": true}]' AS kept;
SELECT (kpi.ask('price elasticity')).note LIKE 'kept answer%' AS kept, (kpi.ask('price elasticity by product type')).note LIKE 'kept answer%' AS by_type,
       coalesce((kpi.ask('price elasticity of Aurora')).note, '') LIKE 'kept answer%' AS of_one;

-- Not to those who see other lines than the one who made them.
GRANT USAGE ON SCHEMA kpi, sales TO kpi_reader;
CREATE POLICY own ON sales.order_line TO kpi_reader USING (brand = 'Aurora');
SET ROLE kpi_reader;
SELECT kpi.latest('drivers', kpi.period('2025-10'));
RESET ROLE;
ALTER TABLE sales.order_line ENABLE ROW LEVEL SECURITY;
SET ROLE kpi_reader;
SELECT kpi.latest('drivers', kpi.period('2025-10')) = '[{"kept": true}]' AS kept;
SELECT count(*) AS read_directly FROM kpi.answer_latest;
SELECT kpi.refresh_latest();
RESET ROLE;
ALTER TABLE sales.order_line DISABLE ROW LEVEL SECURITY;

-- Not after a target was set, nor after lines came.
SELECT kpi.set_target('revenue', kpi.period('2025-12'), 1000);
SELECT kpi.latest('drivers', kpi.period('2025-10')) = '[{"kept": true}]' AS kept;
SELECT kpi.refresh_latest();
UPDATE kpi.answer_latest SET rows = '[{"kept": true}]';
SELECT kpi.latest('drivers', kpi.period('2025-10')) = '[{"kept": true}]' AS kept;
UPDATE sales.order_line SET quantity = quantity + 1 WHERE line_no = 2400;
SELECT kpi.latest('drivers', kpi.period('2025-10')) = '[{"kept": true}]' AS kept;
SELECT kpi.refresh();
SELECT kpi.latest('drivers', kpi.period('2025-10')) = '[{"kept": true}]' AS kept;

-- A table of one's own has no rollup that would tell whether it has changed: its answers are made when they are asked for.
CREATE TABLE shop AS SELECT sold_on, brand, sku, price, quantity FROM sales.order_line;
SELECT kpi.register_source('shop', 'shop', at => 'sold_on', price => 'price', quantity => 'quantity', dimensions => '{brand,sku}');
SELECT kpi.refresh_latest('shop');
SELECT count(*) FROM kpi.answer_latest WHERE source = 'shop';
SELECT jsonb_array_length(kpi.latest('drivers', kpi.period('2025-10'), source => 'shop')) > 0 AS rows;

SELECT kpi.latest('insight');
SELECT kpi.latest('insights', source => 'sale');
SELECT kpi.refresh_latest('sale');
