-- From the rollup and from the lines answers are equal to the last digit, for random filters and groups.
SELECT kpi._rollup_used('sales');
CREATE FUNCTION pg_temp.differences(cases int) RETURNS TABLE (call text, with_rollup text, without text) LANGUAGE plpgsql AS $$
DECLARE
    dims text[] := '{brand,sku,product_type,channel,vendor,price_tier,weekday,month}';
    members jsonb := '{"brand": ["Aurora", "Birch", "(none)"], "channel": ["Web", "Amazon"], "vendor": ["North", "West"], "product_type": ["serum", "mask"],
                       "price_tier": ["value", "luxury"], "weekday": ["Mon", "Sun"], "sku": ["House Mask", "Birch Serum 30ml"]}';
    pick text;
    filter jsonb;
BEGIN
    PERFORM setseed(0.42);
    FOR i IN 1..cases LOOP
        filter := '{}';
        FOR pick IN SELECT k FROM jsonb_object_keys(members) AS k ORDER BY random() LIMIT floor(random() * 3) LOOP
            filter := filter || jsonb_build_object(pick, CASE WHEN random() < 0.3 THEN jsonb_build_object('not', members -> pick) ELSE members -> pick END);
        END LOOP;
        call := format('SELECT jsonb_agg(to_jsonb(r)) FROM kpi.%s AS r',
            (ARRAY[format('breakdown(%L, kpi.period(%L), %L, %L)', (SELECT name FROM kpi.metrics ORDER BY random() LIMIT 1), 'last 9 months',
                          (SELECT array_agg(d) FROM (SELECT d FROM unnest(dims) AS d ORDER BY random() LIMIT floor(random() * 4)) AS t), filter),
                   format('compare(%L, kpi.period(%L), by => %L, filter => %L)', (SELECT name FROM kpi.metrics ORDER BY random() LIMIT 1), '2025-Q3',
                          (SELECT array_agg(d) FROM (SELECT d FROM unnest(dims) AS d ORDER BY random() LIMIT floor(random() * 3)) AS t), filter),
                   format('history(%L, %L, by => %L, filter => %L)', (SELECT name FROM kpi.metrics ORDER BY random() LIMIT 1),
                          (ARRAY['day', 'week', 'month', 'quarter', 'year'])[1 + floor(random() * 5)], (SELECT array_agg(d) FROM (SELECT d FROM unnest(dims) AS d ORDER BY random() LIMIT 1) AS t), filter),
                   format('scorecard(filter => %L)', filter),
                   format('bridge(kpi.period(%L), by => %L, filter => %L)', '2025-Q2', (SELECT ARRAY[d] FROM unnest(dims) AS d ORDER BY random() LIMIT 1), filter),
                   format('price_tiers(filter => %L)', filter), format('portfolio(filter => %L)', filter)])[1 + floor(random() * 7)]);
        SET LOCAL pg_kpi.use_rollup = on;
        EXECUTE call INTO with_rollup;
        SET LOCAL pg_kpi.use_rollup = off;
        EXECUTE call INTO without;
        IF with_rollup IS DISTINCT FROM without THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;
SELECT * FROM pg_temp.differences(150);

-- A hand-made change is answered for at once: the lines are read until the rollup is refreshed.
BEGIN;
INSERT INTO sales.order_line (load_id, line_no, sold_on, brand, sku, channel, price, quantity, revenue) VALUES (1, 100001, '2025-10-10', 'Aurora', 'New One', 'Web', 10, 3, 30);
SELECT kpi._rollup_used('sales'), kpi.value('revenue', filter => '{"sku": "New One"}');
SELECT kpi.refresh();
SELECT kpi._rollup_used('sales'), kpi.value('revenue', filter => '{"sku": "New One"}');
UPDATE sales.order_line SET revenue = 33 WHERE sku = 'New One';
SELECT * FROM sales.touched;
SELECT kpi.refresh();
SELECT kpi._rollup_used('sales'), kpi.value('revenue', filter => '{"sku": "New One"}');
SELECT * FROM pg_temp.differences(40);
DELETE FROM sales.order_line WHERE sku = 'New One';
SELECT kpi.refresh();
SELECT * FROM pg_temp.differences(40);
ROLLBACK;

-- A load says which one it is, and only its lines are added.
BEGIN;
INSERT INTO sales.load (file, sha256, mode, state, accepted) VALUES ('more', repeat('1', 64), 'append', 'done', 2) RETURNING load_id = 2 AS second;
SET LOCAL kpi.load_id = '2';
INSERT INTO sales.order_line (load_id, line_no, sold_on, brand, sku, channel, price, quantity, revenue)
VALUES (2, 1, '2025-11-19', 'Aurora', 'New One', 'Web', 10, 3, 30), (2, 2, '2025-11-25', NULL, 'House Mask', 'Web', 3.2, 1, 3.2);
SELECT load_id, day FROM sales.touched;
SELECT kpi.refresh();
SELECT kpi._rollup_used('sales'), kpi.asof(), first_day, last_day, has_orders FROM sales.rollup_state;
SELECT * FROM pg_temp.differences(60);
-- Taken back: its days are counted again.
DELETE FROM sales.order_line WHERE load_id = 2;
SELECT kpi.refresh(), kpi.asof();
SELECT * FROM pg_temp.differences(40);
ROLLBACK;

-- Truncated and refilled.
BEGIN;
TRUNCATE sales.order_line;
SELECT kpi.value('revenue', kpi.period('2025-10')), kpi.asof();
SELECT kpi.refresh();
SELECT kpi._rollup_used('sales'), kpi.asof(), (SELECT count(*) FROM kpi.scorecard());
ROLLBACK;

-- Row security on the lines switches the rollup off for those it applies to.
CREATE ROLE test_web LOGIN;
GRANT kpi_reader TO test_web;
ALTER TABLE sales.order_line ENABLE ROW LEVEL SECURITY;
CREATE POLICY web_only ON sales.order_line TO test_web USING (channel = 'Web');
SET ROLE test_web;
SELECT kpi._rollup_used('sales'), kpi.value('revenue') = (SELECT sum(revenue) FROM sales.order_line WHERE sold_on >= '2025-10-01' AND sold_on < '2025-11-01') AS own_lines;
SELECT member FROM kpi.breakdown('revenue', by => '{channel}');
-- Nor do the BI views, the rollup itself or what refresh() derived tell of the others' lines.
SELECT (SELECT array_agg(DISTINCT channel) FROM kpi.channel_monthly) AS channels,
       (SELECT sum(revenue) FROM kpi.monthly) = (SELECT sum(revenue) FROM sales.order_line) AS own_lines,
       (SELECT count(*) FROM sales.rollup) AS rollup, (SELECT count(*) FROM sales.rollup_sku) AS rollup_sku,
       (SELECT count(*) FROM kpi.forecast_latest) AS forecasts, (SELECT count(*) FROM kpi.anomaly_open) AS anomalies;
RESET ROLE;
SELECT (SELECT count(*) FROM kpi.forecast_latest) > 0 AS forecasts;
-- Who does not see all lines cannot count them.
GRANT kpi_loader TO test_web;
SET ROLE test_web;
SELECT kpi.refresh();
RESET ROLE;
REVOKE kpi_loader FROM test_web;
SELECT kpi._rollup_used('sales');
-- Without it on the lines the same role reads the rollup, and to the same figures.
ALTER TABLE sales.order_line DISABLE ROW LEVEL SECURITY;
SET ROLE test_web;
SELECT kpi._rollup_used('sales'), (SELECT sum(revenue) FROM kpi.monthly) = (SELECT sum(revenue) FROM sales.order_line) AS same,
       (SELECT count(*) FROM kpi.forecast_latest) > 0 AS forecasts;
RESET ROLE;
ALTER TABLE sales.order_line ENABLE ROW LEVEL SECURITY;

-- Without rights on the lines there is nothing to see; a reader cannot write.
SET ROLE test_web;
SELECT kpi.set_target('revenue', kpi.period('2025-10'), 1);
SELECT kpi.refresh();
RESET ROLE;
REVOKE kpi_reader FROM test_web;
SET ROLE test_web;
SELECT kpi.value('revenue');
RESET ROLE;
DROP POLICY web_only ON sales.order_line;
DROP ROLE test_web;

-- Dropping the extension leaves every sales line.
SET client_min_messages = error;
DROP EXTENSION pg_kpi CASCADE;
SELECT count(*), sum(revenue) FROM sales.order_line;
