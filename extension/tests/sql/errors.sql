-- Bad input is answered with a SQLSTATE, one line of fact and a hint.
\set VERBOSITY verbose
\set SHOW_CONTEXT never
SELECT kpi.value('revenu');
SELECT kpi.value(NULL);
SELECT kpi.value('revenue', source => 'sale');
SELECT * FROM kpi.breakdown('revenue', by => '{brnd}');
SELECT * FROM kpi.breakdown('revenue', by => '{brand,NULL}');
SELECT * FROM kpi.breakdown('revenue', top => 0);
SELECT * FROM kpi.history('revenue', 'fortnight');
SELECT * FROM kpi.concentration('asp');
SELECT kpi.value('revenue', 'empty');
SELECT kpi.value('revenue', '[2025-01-01,)');
SELECT kpi.value('revenue', '[2025-02-01,2025-01-01)');
SELECT kpi.value('revenue', '[4713-01-01 BC,2025-01-01)');
SELECT kpi.compare('revenue', '[0001-01-01,2025-01-02)');
SELECT kpi.value('revenue', '[0001-01-01,20000-01-01)') = (SELECT sum(revenue) FROM sales.order_line) AS all_of_it, kpi.value('revenue', kpi.period('9999'));
SELECT kpi.value('revenue', filter => '["brand"]');
SELECT kpi.value('revenue', filter => '{"brand": {"like": "A"}}');
SELECT kpi.value('revenue', filter => '{"colour": "red"}');
SELECT kpi.value('revenue', filter => '{"brand": "x'' OR true; DROP TABLE sales.order_line; --"}');
SELECT kpi.value('revenue', filter => '{"brand": "\\"}');

SELECT kpi.define_metric('m', 'sum(revenue); DROP TABLE sales.order_line');
SELECT kpi.define_metric('m', 'sum(revenue)) FROM sales.order_line; DROP TABLE sales.order_line; --');
SELECT kpi.define_metric('m', 'sum(revenue)) FROM sales.order_line --');
SELECT kpi.define_metric('m', 'sum(revenue), sum(quantity)');
SELECT kpi.define_metric('m', 'sum(revenue), 1) FROM (SELECT 1 AS revenue) AS x, (SELECT (1');
SELECT kpi.define_metric('m', '(SELECT max(price) FROM sales.order_line)');
SELECT kpi.define_metric('m', 'sum(revenue) * random()');
SELECT kpi.define_metric('m', 'sum(nextval(''sales.load_load_id_seq''))');
SELECT kpi.define_metric('m', 'sum(sum(revenue)) OVER ()');
SELECT kpi.define_metric('m', 'revenue');
SELECT kpi.define_metric('m', 'sum(revenu)');
SELECT kpi.define_metric('m', '');
SELECT kpi.define_metric('m', NULL);
SELECT kpi.define_metric('revenue', 'sum(price)');
SELECT kpi.define_metric('Big Metric', 'sum(price)');
SELECT kpi.define_metric('m', 'sum(price)', better => 'left');
CREATE FUNCTION public.mine(numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT $1';
SELECT kpi.define_metric('m', 'sum(public.mine(price))');
SELECT kpi.define_metric('m', 'max(product)');
SELECT kpi.define_metric('m', 'sum(length(table_to_xml(''pg_authid'', true, true, '''')::text))');
SELECT kpi.define_metric('m', 'sum(kpi.value(''revenue''))');
SELECT kpi.define_metric('m', 'sum(revenue) OVER ()');
SELECT kpi.define_metric('m', 'sum(generate_series(1, 3))');
SELECT kpi.define_dimension('d', 'sum(price)');
SELECT kpi.define_dimension('brand', 'channel');

SELECT kpi.register_source('s', 'sales.order_line', at => 'sold_at', price => 'price', quantity => 'quantity');
SELECT kpi.register_source('s', 'sales.order_line', at => 'brand', price => 'price', quantity => 'quantity');
SELECT kpi.register_source('s', 'sales.order_line', at => 'sold_on', price => 'price', quantity => 'quantity', dimensions => '{brand,area=channl}');
SELECT kpi.register_source('s', 'sales.order_line', at => 'sold_on', price => 'product', quantity => 'quantity');
SELECT kpi.register_source('s', 'sales.order_line', at => 'sold_on', price => 'price', quantity => 'quantity', dimensions => '{brand,brand=channel}');
SELECT kpi.register_source('s', 'sales.order_line', at => 'sold_on', price => 'price', quantity => 'quantity', dimensions => '{weekday=brand}');
SELECT kpi.register_source('s', 'sales.order_line', at => 'sold_on', price => 'price', quantity => 'quantity', dimensions => '{customer=brand}');
SELECT kpi.register_source('s', 'sales.order_line', at => 'sold_on', price => 'price', quantity => 'quantity', dimensions => '{=brand}');
SELECT kpi.register_source(NULL, 'sales.order_line', at => 'sold_on', price => 'price', quantity => 'quantity');
SELECT kpi.set_target('revenue', kpi.period('2025-10'), 'NaN');
SELECT kpi.set_target('revenue', NULL, 1);
SELECT kpi.set_target('revenue', kpi.period('2025-10'), 1, '{"shop": "A"}');
SELECT kpi.set_target('revenue', kpi.period('2025-10'), 1, '{"brand": ["A"]}');
SELECT kpi.add_alias('', 'brand', 'A');
SELECT kpi.add_alias('amz', 'chanel', 'Amazon');
INSERT INTO sales.order_line (load_id, line_no, sold_on, sku, price, quantity, revenue) VALUES (1, 99999, '2025-01-01', 'x', 'NaN', 1, 1);
SELECT kpi.refresh('nowhere');
-- A NULL is named, in whatever the function reads.
SELECT kpi.value('revenue', source => NULL);
SELECT * FROM kpi.attainment(source => NULL);
SELECT * FROM kpi.elasticity(source => NULL);
SELECT * FROM kpi.launch_curve('product', source => NULL);
SELECT * FROM kpi.price_tiers(source => NULL);
SELECT kpi.allow_llm(NULL);
SELECT * FROM kpi.history('revenue', NULL);
SELECT * FROM kpi.insights(top => -1);
SELECT count(*) FROM kpi.anomalies('revenue', model => 'x');
SELECT count(*) FROM kpi.elasticity(period => '[2025-12-31,2026-01-01)');
\set VERBOSITY default
-- A question before anything is registered says so.
BEGIN;
DELETE FROM kpi.sources WHERE name = 'sales';
SELECT answer, note FROM kpi.ask('revenue last month');
ROLLBACK;
-- The server is alive and nothing was kept.
SELECT count(*) FROM kpi.metrics WHERE name = 'm';
SELECT count(*) FROM sales.order_line;
