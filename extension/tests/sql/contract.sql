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
