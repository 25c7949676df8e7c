-- Views for BI tools: plain columns, the caller's own rights, columns only ever added.

CREATE VIEW kpi.daily WITH (security_invoker) AS
SELECT f."time" AS day,
       max(f.value) FILTER (WHERE f.metric = 'revenue') AS revenue,
       max(f.value) FILTER (WHERE f.metric = 'units') AS units,
       max(f.value) FILTER (WHERE f.metric = 'lines')::bigint AS lines,
       max(f.value) FILTER (WHERE f.metric = 'asp') AS asp,
       max(f.value) FILTER (WHERE f.metric = 'return_rate') AS return_rate
  FROM kpi._figures('sales', '{revenue,units,lines,asp,return_rate}', '{}', '{}', '{NULL}', 'day') AS f
 GROUP BY 1;

CREATE VIEW kpi.weekly WITH (security_invoker) AS
SELECT f."time" AS week,
       max(f.value) FILTER (WHERE f.metric = 'revenue') AS revenue,
       max(f.value) FILTER (WHERE f.metric = 'units') AS units,
       max(f.value) FILTER (WHERE f.metric = 'lines')::bigint AS lines,
       max(f.value) FILTER (WHERE f.metric = 'asp') AS asp,
       max(f.value) FILTER (WHERE f.metric = 'return_rate') AS return_rate
  FROM kpi._figures('sales', '{revenue,units,lines,asp,return_rate}', '{}', '{}', '{NULL}', 'week') AS f
 GROUP BY 1;

CREATE VIEW kpi.monthly WITH (security_invoker) AS
SELECT f."time" AS month,
       max(f.value) FILTER (WHERE f.metric = 'revenue') AS revenue,
       max(f.value) FILTER (WHERE f.metric = 'units') AS units,
       max(f.value) FILTER (WHERE f.metric = 'lines')::bigint AS lines,
       max(f.value) FILTER (WHERE f.metric = 'asp') AS asp,
       max(f.value) FILTER (WHERE f.metric = 'return_rate') AS return_rate
  FROM kpi._figures('sales', '{revenue,units,lines,asp,return_rate}', '{}', '{}', '{NULL}', 'month') AS f
 GROUP BY 1;

CREATE VIEW kpi.brand_monthly WITH (security_invoker) AS
SELECT f."time" AS month, f.key[1] AS brand,
       max(f.value) FILTER (WHERE f.metric = 'revenue') AS revenue,
       max(f.value) FILTER (WHERE f.metric = 'units') AS units,
       max(f.value) FILTER (WHERE f.metric = 'lines')::bigint AS lines,
       max(f.value) FILTER (WHERE f.metric = 'asp') AS asp,
       max(f.value) FILTER (WHERE f.metric = 'revenue')
           / nullif(sum(max(f.value) FILTER (WHERE f.metric = 'revenue')) OVER (PARTITION BY f."time"), 0) AS share
  FROM kpi._figures('sales', '{revenue,units,lines,asp}', '{brand}', '{}', '{NULL}', 'month') AS f
 GROUP BY 1, 2;

CREATE VIEW kpi.channel_monthly WITH (security_invoker) AS
SELECT f."time" AS month, f.key[1] AS channel,
       max(f.value) FILTER (WHERE f.metric = 'revenue') AS revenue,
       max(f.value) FILTER (WHERE f.metric = 'units') AS units,
       max(f.value) FILTER (WHERE f.metric = 'lines')::bigint AS lines,
       max(f.value) FILTER (WHERE f.metric = 'asp') AS asp,
       max(f.value) FILTER (WHERE f.metric = 'revenue')
           / nullif(sum(max(f.value) FILTER (WHERE f.metric = 'revenue')) OVER (PARTITION BY f."time"), 0) AS share
  FROM kpi._figures('sales', '{revenue,units,lines,asp}', '{channel}', '{}', '{NULL}', 'month') AS f
 GROUP BY 1, 2;

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
