-- Every object of the extension has a comment.
SELECT d.classid::regclass, pg_describe_object(d.classid, d.objid, 0) AS without_comment
  FROM pg_depend AS d JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'pg_kpi' AND d.deptype = 'e'
 WHERE obj_description(d.objid, d.classid::regclass::text) IS NULL
   AND NOT (d.classid = 'pg_type'::regclass AND (SELECT typtype = 'c' OR typelem <> 0 FROM pg_type WHERE oid = d.objid))
   AND d.classid NOT IN ('pg_namespace'::regclass, 'pg_init_privs'::regclass)
 ORDER BY 1, 2;
-- Every column of its tables and views has one.
SELECT c.oid::regclass, a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'kpi'::regnamespace AND c.relkind IN ('r', 'v', 'm') AND col_description(c.oid, a.attnum) IS NULL ORDER BY 1, 2;
-- No function runs with another's rights, but those named here.
SELECT p.oid::regprocedure FROM pg_proc AS p WHERE p.pronamespace IN ('kpi'::regnamespace, 'sales'::regnamespace) AND p.prosecdef ORDER BY 1::text;
-- plpgsql functions pin their search path.
SELECT p.oid::regprocedure FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
 WHERE p.pronamespace IN ('kpi'::regnamespace, 'sales'::regnamespace) AND l.lanname = 'plpgsql'
   AND NOT coalesce(p.proconfig @> '{"search_path=pg_catalog, pg_temp"}', false) ORDER BY 1::text;
-- What is volatile and what may not run in parallel is so on purpose.
SELECT p.proname, p.provolatile, p.proparallel FROM pg_proc AS p
 WHERE p.pronamespace = 'kpi'::regnamespace AND (p.provolatile = 'v' OR p.proparallel <> 's') AND p.proname NOT LIKE '\_%' ORDER BY 1, 2, 3;
-- The same holds for schema sales.
SELECT o.kind, o.name FROM (
    SELECT 'relation' AS kind, c.oid::regclass::text AS name, obj_description(c.oid, 'pg_class') AS comment FROM pg_class AS c
     WHERE c.relnamespace = 'sales'::regnamespace AND c.relkind IN ('r', 'v', 'm')
    UNION ALL
    SELECT 'column', c.oid::regclass || '.' || a.attname, col_description(c.oid, a.attnum) FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
     WHERE c.relnamespace = 'sales'::regnamespace AND c.relkind IN ('r', 'v', 'm') AND NOT a.attisdropped
    UNION ALL
    SELECT 'function', p.oid::regprocedure::text, obj_description(p.oid, 'pg_proc') FROM pg_proc AS p WHERE p.pronamespace = 'sales'::regnamespace) AS o
 WHERE o.comment IS NULL AND o.name NOT LIKE 'sales.\_sqlx\_%' ORDER BY 1, 2;
-- What BI tools see, as they see it: columns are only ever added at the end, and views run with the caller's rights.
\pset format unaligned
SELECT c.table_name, t.table_type, string_agg(c.column_name || ' ' || c.data_type, ', ' ORDER BY c.ordinal_position) AS columns
  FROM information_schema.columns AS c JOIN information_schema.tables AS t USING (table_schema, table_name)
 WHERE table_schema = 'kpi' AND table_name = ANY ('{daily,weekly,monthly,brand_monthly,channel_monthly,sku_health,forecast_latest,anomaly_open,target_status}')
 GROUP BY 1, 2 ORDER BY 1;
\pset format aligned
SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'kpi'::regnamespace AND c.relkind = 'v' AND NOT coalesce(c.reloptions && '{security_invoker=true,security_invoker=on}', false);
-- Every function that reads sales takes filter beside source; those that do not are listed.
SELECT p.oid::regprocedure FROM pg_proc AS p
 WHERE p.pronamespace = 'kpi'::regnamespace AND p.proname NOT LIKE '\_%' AND 'source' = ANY (p.proargnames[1:p.pronargs])
   AND NOT 'filter' = ANY (p.proargnames[1:p.pronargs]) ORDER BY 1::text;
-- A call by place finds one function, with every argument an untyped literal.
CREATE FUNCTION pg_temp.refused(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'EXPLAIN SELECT * FROM kpi.' || call;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END $$;
SELECT call, pg_temp.refused(call) FROM unnest(ARRAY[
    $$value('revenue', NULL, '{}')$$, $$history('revenue', 'day', NULL, '{brand}', '{}')$$, $$breakdown('revenue', NULL, '{brand}', '{}', 3)$$,
    $$compare('revenue', NULL, NULL, '{brand}', '{}')$$, $$scorecard(NULL, NULL, '{}')$$, $$bridge(NULL, NULL, '{brand}', '{}')$$,
    $$concentration('revenue', NULL, '{brand}', '{}')$$, $$portfolio(NULL, '{}')$$, $$price_tiers(NULL, '{}')$$, $$cohorts('brand', 'month', 'revenue', '{}')$$,
    $$launch_curve('sku', 'revenue', '{}')$$, $$rfm(NULL, '{}')$$, $$forecast('revenue', 2, 'day', '{brand}', '{}', 0.95, 'auto')$$,
    $$anomalies('revenue', 'day', NULL, '{brand}', '{}', 0.95, 0.05)$$, $$drivers('revenue', NULL, NULL, '{brand}', '{}', 3, 0.05, 0.01)$$,
    $$elasticity('{sku}', NULL, '{}')$$, $$suggest_targets('revenue', NULL, '{brand}', '{}', 0.75, 'forecast')$$, $$attainment('revenue', NULL, '{brand}', '{}')$$,
    $$what_if('{"price": 0.05}', 3, 'month', 'revenue', '{brand}', '{}')$$, $$recommend(NULL, '{}', 20)$$, $$insights(NULL, '{}', 10)$$,
    $$forecast(NULL::kpi.series, 2, 0.95, 'auto', 12, '{}')$$, $$total(NULL::kpi.series, 2, '{0.5}')$$, $$backtest(NULL::kpi.series, 2, 3, '{auto}')$$,
    $$decompose(NULL::kpi.series, '{7}')$$, $$anomalies(NULL::kpi.series, 0.95, 'auto', 'both')$$, $$drivers(NULL::kpi.cube, '{brand}', 3, 0.05, 0.01)$$]) AS call
 WHERE pg_temp.refused(call) IS NOT NULL;
