-- The aggregate: order of input is irrelevant, the same bucket adds up, gaps are zero, NULLs are skipped.
SELECT kpi.series(at, value) FROM (VALUES ('2024-03-05'::date, 2.5), ('2024-03-01', 1), ('2024-03-05', 0.5), (NULL, 9), ('2024-03-02', NULL)) AS t(at, value);
SELECT kpi.series(at, value) FROM (VALUES (NULL::date, 1.0), ('2024-01-01', NULL)) AS t(at, value);
SELECT kpi.series(at::timestamp, 1.0) FROM (VALUES ('2024-03-05 23:59'), ('2024-03-06 00:00'), ('1999-12-31 23:00')) AS t(at) WHERE at > '2000';
SET timezone = 'Asia/Seoul';
SELECT kpi.series(at, 1) FROM (VALUES ('2024-03-05 23:59+00'::timestamptz), ('2024-03-05 10:00+00')) AS t(at);
SET timezone = 'UTC';

-- The grain is read off the dates, or given.
SELECT kpi.series(d::date, 1) FROM generate_series('2024-01-01'::date, '2024-05-01', interval '1 month') AS d;
SELECT kpi.series(d::date, 1) FROM generate_series('2020-03-31'::date, '2024-03-31', interval '1 year') AS d;
SELECT kpi.series(d::date, 1) FROM generate_series('2024-01-03'::date, '2024-02-07', interval '7 days') AS d;
SELECT kpi.series(d::date, 1, 'week') FROM generate_series('2024-01-03'::date, '2024-01-20', interval '1 day') AS d;
SELECT kpi.series(d::date, 1, 'Quarter') FROM generate_series('2023-11-03'::date, '2024-07-20', interval '1 month') AS d;

-- NaN is a missing value, infinities are kept.
SELECT kpi.series(at, value) FROM (VALUES ('2024-03-01'::date, 'NaN'::float8), ('2024-03-02', 1), ('2024-03-03', 'Infinity')) AS t(at, value);
SELECT * FROM kpi.points('{"grain": "month", "start": "2024-02-01", "values": [1, null, 2.5, "Infinity"]}');

-- Text and JSON, in and out.
SELECT s::text::kpi.series::text = s::text AS same, s::jsonb FROM (SELECT kpi.series('2024-03-01'::date, 0.1) AS s) AS t;
SELECT '{"grain": "week", "start": "2024-03-03", "values": [1]}'::jsonb::kpi.series;
SELECT 'nonsense'::kpi.series;
SELECT '{"grain": "hour", "start": "2024-03-03", "values": [1]}'::kpi.series;
SELECT '{"grain": "day", "start": "2024-03-03", "values": [true]}'::kpi.series;

-- Wider buckets and a line of text.
SELECT kpi.resample(s, 'month'), kpi.resample(s, 'month', 'max'), kpi.sparkline(s), kpi.sparkline(s, 2)
  FROM (SELECT kpi.series(d::date, extract(day FROM d)) AS s FROM generate_series('2024-01-30'::date, '2024-02-03', interval '1 day') AS d) AS t;
SELECT kpi.resample('{"grain": "month", "start": "2024-02-01", "values": [1]}', 'day');
SELECT kpi.resample('{"grain": "month", "start": "2024-02-01", "values": [1]}', 'year', 'median');
SELECT kpi.sparkline('{"grain": "month", "start": "2024-02-01", "values": [1]}', 0);

-- Bad input: a SQLSTATE and a hint each.
\set VERBOSITY verbose
\set SHOW_CONTEXT never
SELECT kpi.series('infinity'::date, 1);
SELECT kpi.series(d, 1) FROM (VALUES ('0001-01-01'::date), ('20000-01-01')) AS t(d);
SELECT kpi.series('2024-01-01'::date, 1, 'fortnight');
SELECT kpi.series('2024-01-01'::date, 1, NULL);
\set VERBOSITY default

-- In parallel and through Partial Aggregate the answer is the same.
CREATE TABLE big AS SELECT '2020-01-01'::date + (i * 7919 % 1500) AS d, i % 5 AS g, (i % 100)::float8 AS v FROM generate_series(1, 200000) AS i;
ANALYZE big;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE one AS SELECT g, kpi.series(d, v) AS s FROM big GROUP BY g;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS off) SELECT g, kpi.series(d, v) FROM big GROUP BY g;
SELECT count(*) AS groups, bool_and(one.s::text = two.s::text) AS same
  FROM one JOIN (SELECT g, kpi.series(d, v) AS s FROM big GROUP BY g) AS two USING (g);
