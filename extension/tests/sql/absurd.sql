-- Absurd series and cubes are answered, not crashed on.
\set SHOW_CONTEXT never
CREATE FUNCTION pg_temp.judged(s kpi.series) RETURNS TABLE (model text, points bigint, judged bigint, flagged bigint) LANGUAGE sql AS
$$ SELECT m, count(*), count(a.p), count(*) FILTER (WHERE a.is_anomaly)
     FROM unnest('{monitoring,retrospective}'::text[]) AS m, kpi.anomalies($1, model => m) AS a GROUP BY m ORDER BY m $$;

-- Constant, all zero, all NULL, one point
SELECT j.* FROM pg_temp.judged((SELECT kpi.series('2024-01-01'::date + n, 7) FROM generate_series(0, 199) AS n)) AS j;
SELECT j.* FROM pg_temp.judged((SELECT kpi.series('2024-01-01'::date + n, 0) FROM generate_series(0, 199) AS n)) AS j;
SELECT j.* FROM pg_temp.judged((SELECT kpi.series('2024-01-01'::date + n, NULL::float8) FROM generate_series(0, 199) AS n)) AS j;
SELECT j.* FROM pg_temp.judged((SELECT kpi.series('2024-01-01'::date, 5))) AS j;
SELECT count(*) AS changes FROM kpi.changepoints((SELECT kpi.series('2024-01-01'::date, 5)));
SELECT * FROM kpi.decompose((SELECT kpi.series('2024-01-01'::date, 5)));
-- A constant that breaks: that is news.
SELECT "time", value, expected, kind FROM kpi.anomalies((SELECT kpi.series('2024-01-01'::date + n, CASE WHEN n = 150 THEN 2 ELSE 7 END) FROM generate_series(0, 199) AS n))
 WHERE is_anomaly;
-- Below zero, not finite, huge and tiny
SELECT j.* FROM pg_temp.judged((SELECT kpi.series('2024-01-01'::date + n, -100 - n % 7 - n * 48271 % 11) FROM generate_series(0, 199) AS n)) AS j;
SELECT j.* FROM pg_temp.judged((SELECT kpi.series('2024-01-01'::date + n, CASE n % 50 WHEN 1 THEN 'NaN'::float8 WHEN 2 THEN 'Infinity' WHEN 3 THEN '-Infinity' ELSE n * 48271 % 11 END)
                                  FROM generate_series(0, 199) AS n)) AS j;
SELECT j.points, j.judged FROM pg_temp.judged((SELECT kpi.series('2024-01-01'::date + n, CASE n % 3 WHEN 0 THEN 1e308 WHEN 1 THEN 1e-308 ELSE -1e308 END) FROM generate_series(0, 99) AS n)) AS j;
-- Ten million points: the days of a calendar are fewer, so it is refused or answered in full.
SELECT count(*) = 2000000 AS all_of_them FROM kpi.anomalies((SELECT kpi.series('0001-01-01'::date + n, 100 + n * 48271::bigint % 11) FROM generate_series(0, 1999999) AS n));
SELECT count(*) FROM kpi.anomalies((SELECT kpi.series('0001-01-01'::date + n, 1) FROM unnest('{0,9999999}'::int[]) AS n));

-- Cubes: one leaf, all leaves equal, 300 members, nothing expected, nothing at all
SELECT kind, status FROM kpi.drivers((SELECT kpi.cube(5, 10, '{a,b}')), '{d,e}');
SELECT kind, status FROM kpi.drivers((SELECT kpi.cube(7, 7, ARRAY[(n % 3)::text, (n % 5)::text]) FROM generate_series(1, 60) AS n), '{d,e}');
SELECT kind, member, status FROM kpi.drivers((SELECT kpi.cube(CASE WHEN n % 300 = 17 THEN 20 ELSE 100 END + n * 48271::bigint % 11, 100, ARRAY[(n % 300)::text, (n % 4)::text])
                                                FROM generate_series(1, 1200) AS n), '{sku,channel}');
SELECT kind, status, note FROM kpi.drivers((SELECT kpi.cube(n, 0, ARRAY[(n % 3)::text, (n % 5)::text]) FROM generate_series(1, 60) AS n), '{d,e}');
SELECT kind, status, note FROM kpi.drivers((SELECT kpi.cube(0, 0, ARRAY[(n % 3)::text]) FROM generate_series(1, 60) AS n), '{d}');
-- Below zero, not finite, NULL amounts, NULL members
SELECT kind, status FROM kpi.drivers((SELECT kpi.cube(-n, -10, ARRAY[(n % 3)::text, (n % 5)::text]) FROM generate_series(1, 60) AS n), '{d,e}');
SELECT kind, status, note FROM kpi.drivers((SELECT kpi.cube(CASE n % 3 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' ELSE '-Infinity' END::float8, 10, ARRAY[(n % 7)::text])
                                              FROM generate_series(1, 60) AS n), '{d}');
SELECT kind, status FROM kpi.drivers((SELECT kpi.cube(NULL, NULL, ARRAY[(n % 7)::text]) FROM generate_series(1, 60) AS n), '{d}');
SELECT kind, member, round(ratio::numeric, 1) AS ratio FROM kpi.drivers((SELECT kpi.cube(CASE WHEN n % 5 = 0 THEN 30 ELSE 100 END + n * 48271::bigint % 7, 100,
        ARRAY[CASE WHEN n % 5 > 0 THEN 'b' || n % 5 END, (n % 8)::text]) FROM generate_series(1, 400) AS n), '{brand,channel}');
-- What is asked for does not exist.
SELECT * FROM kpi.drivers((SELECT kpi.cube(1, 2, '{a,b}')), '{d}');
SELECT * FROM kpi.drivers((SELECT kpi.cube(1, 2, '{a}')), '{d,e}');
SELECT kpi.cube(1, 2, m) FROM (VALUES ('{a}'::text[]), ('{a,b}')) AS v(m);
SELECT * FROM kpi.drivers((SELECT kpi.cube(1, 2, '{a}')), '{d}', alpha => 0);
SELECT * FROM kpi.drivers((SELECT kpi.cube(1, 2, '{a}')), '{d}', alpha => 'NaN');
SELECT * FROM kpi.drivers((SELECT kpi.cube(1, 2, '{a}')), '{d}', min_share => 1);
SELECT * FROM kpi.drivers((SELECT kpi.cube(1, 2, '{a}')), '{d}', min_share => -0.1);
SELECT * FROM kpi.drivers((SELECT kpi.cube(1, 2, '{a}')), '{d}', max_depth => 0);
SELECT * FROM kpi.drivers((SELECT kpi.cube(1, 2, '{a}')), '{d}', method => 'magic');
SELECT * FROM kpi.anomalies((SELECT kpi.series('2024-01-01'::date, 5)), sensitivity => 1);
SELECT * FROM kpi.anomalies((SELECT kpi.series('2024-01-01'::date, 5)), sensitivity => 'NaN');
SELECT * FROM kpi.decompose((SELECT kpi.series('2024-01-01'::date, 5)), season => '{0}');
