-- Views for BI tools: plain columns, the caller's own rights, columns only ever added.

-- By time alone, and by month and one dimension: one text each, as they differ by the grain or the dimension only.
DO $$
DECLARE
    v record;
BEGIN
    FOR v IN VALUES ('daily', 'day'), ('weekly', 'week'), ('monthly', 'month') LOOP
        EXECUTE pg_catalog.format($v$
            CREATE VIEW kpi.%1$I WITH (security_invoker) AS
            SELECT f."time" AS %2$I,
                   max(f.value) FILTER (WHERE f.metric = 'revenue') AS revenue,
                   max(f.value) FILTER (WHERE f.metric = 'units') AS units,
                   max(f.value) FILTER (WHERE f.metric = 'lines')::bigint AS lines,
                   max(f.value) FILTER (WHERE f.metric = 'asp') AS asp,
                   max(f.value) FILTER (WHERE f.metric = 'return_rate') AS return_rate
              FROM kpi._figures('sales', '{revenue,units,lines,asp,return_rate}', '{}', '{}', '{NULL}', %2$L) AS f
             GROUP BY 1$v$, v.column1, v.column2);
    END LOOP;
    FOR v IN VALUES ('brand_monthly', 'brand'), ('channel_monthly', 'channel') LOOP
        EXECUTE pg_catalog.format($v$
            CREATE VIEW kpi.%1$I WITH (security_invoker) AS
            SELECT m.month, m.%2$I, m.revenue, m.units, m.lines, m.asp,
                   m.revenue / nullif(sum(m.revenue) OVER (PARTITION BY m.month), 0) AS share
              FROM (SELECT f."time" AS month, f.key[1] AS %2$I,
                           max(f.value) FILTER (WHERE f.metric = 'revenue') AS revenue,
                           max(f.value) FILTER (WHERE f.metric = 'units') AS units,
                           max(f.value) FILTER (WHERE f.metric = 'lines')::bigint AS lines,
                           max(f.value) FILTER (WHERE f.metric = 'asp') AS asp
                      FROM kpi._figures('sales', '{revenue,units,lines,asp}', ARRAY[%2$L], '{}', '{NULL}', 'month') AS f
                     GROUP BY 1, 2) AS m$v$, v.column1, v.column2);
    END LOOP;
END $$;

CREATE VIEW kpi.sku_health WITH (security_invoker) AS
SELECT p.sku, p.product, p.brand, p.revenue, p.abc, p.xyz, p.adi, p.cv2, p.demand_class, p.velocity, p.first_sold, p.last_sold,
       kpi.asof('sales') - p.last_sold AS days_since_sold
  FROM kpi.portfolio() AS p;

COMMENT ON VIEW kpi.daily IS 'sales by day';
COMMENT ON VIEW kpi.weekly IS 'sales by ISO week';
COMMENT ON VIEW kpi.monthly IS 'sales by calendar month';
COMMENT ON VIEW kpi.brand_monthly IS 'sales by month and brand';
COMMENT ON VIEW kpi.channel_monthly IS 'sales by month and channel';
COMMENT ON VIEW kpi.sku_health IS 'one row a product: revenue, ABC/XYZ class, demand pattern, velocity, first and last sale';

DO $$
DECLARE
    c record;
BEGIN
    FOR c IN
        SELECT v.view, a.column_name, a.text
          FROM (VALUES ('day', 'day of sale'), ('week', 'Monday of the ISO week'), ('month', 'first day of the month'),
                       ('brand', 'brand; (none) where there is none'), ('channel', 'channel; (none) where there is none'),
                       ('revenue', 'revenue, net of returns, in the data''s currency'), ('units', 'units, net of returns'),
                       ('lines', 'sales lines'), ('asp', 'average selling price: revenue / units'),
                       ('return_rate', 'returned units as a fraction of sold units'), ('share', 'fraction of the month''s revenue'),
                       ('sku', 'stock keeping unit'), ('product', 'product name'), ('abc', 'A, B or C by cumulative revenue'),
                       ('xyz', 'X, Y or Z by the variation of weekly units'), ('adi', 'weeks per week with sales'),
                       ('cv2', 'squared coefficient of variation of weekly units'), ('demand_class', 'smooth, erratic, intermittent, lumpy or short'),
                       ('velocity', 'units a day between first and last sale'), ('first_sold', 'first day with a sale'),
                       ('last_sold', 'last day with a sale'), ('days_since_sold', 'days from the last sale to the last day of data')) AS a(column_name, text)
          JOIN (SELECT k.relname AS view, t.attname AS column_name
                  FROM pg_catalog.pg_class AS k JOIN pg_catalog.pg_attribute AS t ON t.attrelid = k.oid AND t.attnum > 0
                 WHERE k.relkind = 'v' AND k.relnamespace = 'kpi'::pg_catalog.regnamespace) AS v USING (column_name)
    LOOP
        EXECUTE pg_catalog.format('COMMENT ON COLUMN kpi.%I.%I IS %L', c.view, c.column_name, c.text);
    END LOOP;
END $$;

GRANT SELECT ON kpi.daily, kpi.weekly, kpi.monthly, kpi.brand_monthly, kpi.channel_monthly, kpi.sku_health TO PUBLIC;

-- Where every target stands, kept fresh by kpi.refresh()

CREATE TABLE kpi.target_status (
    source text NOT NULL REFERENCES kpi.sources ON DELETE CASCADE,
    metric text NOT NULL REFERENCES kpi.metrics ON DELETE CASCADE,
    period daterange NOT NULL,
    members jsonb NOT NULL,
    member text NOT NULL,
    target numeric NOT NULL,
    to_date numeric,
    expected_end numeric,
    lo numeric,
    hi numeric,
    p_attain double precision,
    pace double precision,
    state text NOT NULL,
    status text NOT NULL,
    note text,
    refreshed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, metric, period, members)
);
COMMENT ON TABLE kpi.target_status IS 'where every target of kpi.targets stands, as kpi.attainment() says; written by kpi.refresh()';
COMMENT ON COLUMN kpi.target_status.source IS 'source of the figures';
COMMENT ON COLUMN kpi.target_status.metric IS 'metric';
COMMENT ON COLUMN kpi.target_status.period IS 'days that the target is for';
COMMENT ON COLUMN kpi.target_status.members IS 'group, as {"brand": "A"}; {} is the total';
COMMENT ON COLUMN kpi.target_status.member IS 'group, ready to print';
COMMENT ON COLUMN kpi.target_status.target IS 'figure to reach';
COMMENT ON COLUMN kpi.target_status.to_date IS 'figure so far';
COMMENT ON COLUMN kpi.target_status.expected_end IS 'expected figure at the end of the period';
COMMENT ON COLUMN kpi.target_status.lo IS 'lower bound of the expected figure, at 0.8';
COMMENT ON COLUMN kpi.target_status.hi IS 'upper bound of the expected figure, at 0.8';
COMMENT ON COLUMN kpi.target_status.p_attain IS 'probability that the target is reached';
COMMENT ON COLUMN kpi.target_status.pace IS 'figure so far as a fraction of what is usually in by now on the way to the target';
COMMENT ON COLUMN kpi.target_status.state IS 'good, watch, bad or none';
COMMENT ON COLUMN kpi.target_status.status IS 'ok, closed, not_additive, or failed with the reason in note';
COMMENT ON COLUMN kpi.target_status.note IS 'reason of the status';
COMMENT ON COLUMN kpi.target_status.refreshed_at IS 'when the row was written';
GRANT SELECT ON kpi.target_status TO PUBLIC;

CREATE FUNCTION kpi._refresh_targets(source text) RETURNS void
    VOLATILE STRICT PARALLEL UNSAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    g record;
BEGIN
    DELETE FROM kpi.target_status AS s WHERE s.source = lower(_refresh_targets.source);
    FOR g IN SELECT DISTINCT t.metric, t.period, ARRAY(SELECT jsonb_object_keys(t.members) AS k ORDER BY k) AS dims
               FROM kpi.targets AS t WHERE t.source = lower(_refresh_targets.source) LOOP
        BEGIN
            INSERT INTO kpi.target_status (source, metric, period, members, member, target, to_date, expected_end, lo, hi, p_attain, pace,
                                           state, status, note)
            SELECT lower(_refresh_targets.source), g.metric, g.period, a.members, a.member, a.target, a.to_date, a.expected_end, a.lo, a.hi,
                   a.p_attain, a.pace, a.state, a.status, a.note
              FROM kpi.attainment(g.metric, g.period, g.dims, source => _refresh_targets.source) AS a
             WHERE a.target IS NOT NULL;
        EXCEPTION WHEN OTHERS THEN
            -- A target whose metric or dimension the source has no more must not keep the others from being told.
            INSERT INTO kpi.target_status (source, metric, period, members, member, target, state, status, note)
            SELECT t.source, t.metric, t.period, t.members,
                   coalesce((SELECT string_agg(e.value, ' · ' ORDER BY e.key) FROM jsonb_each_text(t.members) AS e), 'Total'), t.target,
                   'none', 'failed', SQLERRM
              FROM kpi.targets AS t
             WHERE t.source = lower(_refresh_targets.source) AND t.metric = g.metric AND t.period = g.period
               AND ARRAY(SELECT jsonb_object_keys(t.members) AS k ORDER BY k) = g.dims;
        END;
    END LOOP;
END $$;
COMMENT ON FUNCTION kpi._refresh_targets(text) IS 'writes kpi.target_status; called by kpi.refresh()';

-- Derived, and dumped all the same: a restored database shows them before its first kpi.refresh().
SELECT pg_catalog.pg_extension_config_dump('kpi.forecast_latest', '');
SELECT pg_catalog.pg_extension_config_dump('kpi.anomaly_open', '');
SELECT pg_catalog.pg_extension_config_dump('kpi.target_status', '');
