-- A line is continued; the horizon, the level and the status come along.
SELECT step, "time", round(forecast::numeric, 1) AS forecast, lo <= forecast AND forecast <= hi AS inside, level, status
  FROM kpi.forecast((SELECT kpi.series('2024-01-01'::date + make_interval(months => m), 100 + 5 * m, 'month') FROM generate_series(0, 23) AS m), 3, 0.8);
-- Each model answers.
SELECT m.model, count(*), bool_and(f.lo <= f.forecast AND f.forecast <= f.hi) AS inside
  FROM unnest('{auto,sarima,ets,theta,mstl,naive,snaive,croston,tsb}'::text[]) AS m(model)
 CROSS JOIN LATERAL (SELECT kpi.series(d::date, 20 + 5 * (extract(isodow FROM d)::int % 3) + (extract(doy FROM d)::int * 37 % 11), 'day') AS s
                       FROM generate_series('2025-01-01'::timestamp, '2025-06-30', '1 day') AS d) AS x
 CROSS JOIN LATERAL kpi.forecast(x.s, 14, model => m.model) AS f
 GROUP BY 1 ORDER BY 1;
-- Bad data get a row and a status, never an error.
SELECT c.case, f.forecast, f.lo, f.hi, f.status
  FROM (VALUES ('constant', '{"grain": "month", "start": "2025-01-01", "values": [5, 5, 5, 5, 5, 5]}'::kpi.series),
               ('one', '{"grain": "month", "start": "2025-01-01", "values": [5]}'),
               ('zero', '{"grain": "month", "start": "2025-01-01", "values": [0, 0, 0, 0, 0, 0]}'),
               ('unknown', '{"grain": "month", "start": "2025-01-01", "values": [null, null]}')) AS c("case", s)
 CROSS JOIN LATERAL kpi.forecast(c.s, 1) AS f ORDER BY 1;
SELECT count(*) FROM kpi.forecast(NULL::kpi.series, 3);
-- Regressors known ahead.
SELECT f.step, f.forecast > 150 AS promoted
  FROM kpi.forecast((SELECT kpi.series('2025-01-06'::date + 7 * w, 100 + w % 3 + CASE WHEN w % 8 = 0 THEN 80 ELSE 0 END, 'week') FROM generate_series(0, 39) AS w),
                    3, regressors => (SELECT array_agg(CASE WHEN w % 8 = 0 THEN 1.0 ELSE 0.0 END ORDER BY w) FROM generate_series(0, 42) AS w), season => 1) AS f;
-- Airline model on the numbers of Box and Jenkins: R gives ma1 -0.4018, sma1 -0.5569, log-likelihood 244.70.
CREATE TEMP TABLE air AS
SELECT '1949-01-01'::date + make_interval(months => i::int - 1) AS month, v
  FROM unnest('{112,118,132,129,121,135,148,148,136,119,104,118,115,126,141,135,125,149,170,170,158,133,114,140,145,150,178,163,172,178,199,199,184,162,146,166,171,180,193,181,183,218,230,242,209,191,172,194,196,196,236,235,229,243,264,272,237,211,180,201,204,188,235,227,234,264,302,293,259,229,203,229,242,233,267,269,270,315,364,347,312,274,237,278,284,277,317,313,318,374,413,405,355,306,271,306,315,301,356,348,355,422,465,467,404,347,305,336,340,318,362,348,363,435,491,505,404,359,310,337,360,342,406,396,420,472,548,559,463,407,362,405,417,391,419,461,472,535,622,606,508,461,390,432}'::float8[]) WITH ORDINALITY AS u(v, i);
SELECT term, round(estimate::numeric, 3) AS estimate, round(std_error::numeric, 3) AS std_error
  FROM kpi.sarima((SELECT kpi.series(month, ln(v), 'month') FROM air), 0, 1, 1, sd => 1, sq => 1, season => 12) WHERE term NOT IN ('aicc', 'bic');
SELECT term, description FROM kpi.auto_arima((SELECT kpi.series(month, ln(v), 'month') FROM air)) LIMIT 1;
SELECT model, round(mase::numeric, 1) AS mase, beats_naive
  FROM kpi.backtest((SELECT kpi.series(month, v, 'month') FROM air), 12, models => '{auto,snaive}');
SELECT quantile, value > lag(value) OVER (ORDER BY quantile) AS more FROM kpi.total((SELECT kpi.series(month, v, 'month') FROM air), 12);
-- Over a source: complete periods are fitted, the running one comes first with what it has taken in.
SELECT member, "time", value IS NOT NULL AS has_value, forecast >= value AS at_least, status
  FROM kpi.forecast('revenue', 2, 'month', history => 1);
SELECT "time", status FROM kpi.forecast('revenue', 1);
SELECT member, count(*), min(status) AS status FROM kpi.forecast('units', 4, 'week', by => '{brand}') WHERE status <> 'partial' GROUP BY 1 ORDER BY 1;
-- A distinct count that runs ends with no less than it has; an average may, and the step after is as it was.
BEGIN;
INSERT INTO sales.order_line (load_id, line_no, sold_on, sku, brand, channel, quantity, price, revenue)
SELECT max(load_id), 900000 + g, '2025-11-19', 'New ' || g, 'Birch', 'Web', 1, 900, 900 FROM sales.order_line, generate_series(1, 30) AS g GROUP BY g;
SELECT kpi.define_metric('shelf', 'count(DISTINCT sku)', additive => false);
SELECT m, f."time", f.value, lo >= value AS lo, forecast >= value AS forecast, forecast < 9 AS usual, f.status
  FROM unnest('{skus,shelf,asp}'::text[]) AS m, kpi.forecast(m, 2, 'month') AS f WHERE m <> 'asp' OR f.value IS NOT NULL ORDER BY m, f."time";
ROLLBACK;
-- Arguments by place mean what they mean by name, typed or not.
SELECT count(*) AS rows, count(DISTINCT (member, "time", forecast, lo, hi)) AS different
  FROM (SELECT * FROM kpi.forecast('revenue', 2, 'month', '{channel}') UNION ALL SELECT * FROM kpi.forecast('revenue', 2, grain => 'month', by => '{channel}')
        UNION ALL SELECT * FROM kpi.forecast('revenue', 2, 'month', ARRAY['channel']) UNION ALL SELECT * FROM kpi.forecast('revenue', 2, 'month', '{channel}', '{}', 0.95, 'auto')
       ) AS f;
SELECT count(*) FROM kpi.forecast('revenue', 2, 'month', 'channel');
-- Reconciled forecasts add up.
SELECT count(*) AS steps, bool_and(abs(total - parts) < 1e-6 * total) AS add_up
  FROM (SELECT "time", sum(forecast) FILTER (WHERE members = '{}') AS total, sum(forecast) FILTER (WHERE members ? 'brand' AND members ? 'channel') AS parts
          FROM kpi.forecast('revenue', 3, 'month', '{brand,channel}', reconcile => true) GROUP BY 1) AS t;
-- The same to the last bit on any number of threads.
SET pg_kpi.threads = 1;
CREATE TEMP TABLE one AS SELECT * FROM kpi.forecast('revenue', 14, by => '{sku,channel}');
SET pg_kpi.threads = 4;
SELECT count(*) FROM (TABLE one EXCEPT SELECT * FROM kpi.forecast('revenue', 14, by => '{sku,channel}')) AS d;
RESET pg_kpi.threads;
-- Absurd series: sane rows with a status each, whatever the model.
CREATE TEMP TABLE absurd AS
SELECT c.name, format('{"grain": "month", "start": "2020-01-01", "values": [%s]}', string_agg(coalesce(c.value::text, 'null'), ',' ORDER BY t))::kpi.series AS series
  FROM generate_series(0, 59) AS t
 CROSS JOIN LATERAL (VALUES ('alternating', 1 - 2 * (t % 2)::float8), ('explosive', 2::float8 ^ (t * 15)), ('huge', 1e300 * (1 + t % 7)::float8),
                            ('tiny', 1e-300 * (1 + t % 7)::float8), ('outlier', CASE WHEN t = 30 THEN 1e8 ELSE 100 + t % 7 END),
                            ('gappy', CASE WHEN t % 3 = 0 THEN 10 + t % 5 END), ('one sale', (t = 40)::int), ('steps', CASE WHEN t < 30 THEN 1 ELSE 1e6 END + t % 3)
                    ) AS c(name, value) GROUP BY 1;
SELECT a.name, count(*) AS rows, bool_and(f.lo <= f.forecast AND f.forecast <= f.hi AND f.lo > '-Infinity' AND f.hi < 'Infinity') AS sane,
       string_agg(DISTINCT f.status, ', ' ORDER BY f.status) AS statuses
  FROM absurd AS a CROSS JOIN unnest('{auto,sarima,ets,theta,mstl,naive,snaive,croston,tsb}'::text[]) AS m(model)
 CROSS JOIN LATERAL kpi.forecast(a.series, 3, model => m.model) AS f GROUP BY 1 ORDER BY 1;
-- A season longer than the series, and NaN among the values.
SELECT count(*), bool_and(forecast BETWEEN 90 AND 120) AS sane
  FROM absurd AS a CROSS JOIN LATERAL kpi.forecast(a.series, 3, season => 5000) AS f WHERE a.name = 'outlier';
SELECT count(*), bool_and(forecast BETWEEN 5 AND 15) AS sane
  FROM kpi.forecast((SELECT kpi.series('2025-01-01'::date + i, CASE WHEN i % 4 = 1 THEN 'NaN'::float8 ELSE 10 + i % 3 END, 'day') FROM generate_series(0, 39) AS i), 2);
-- The first step over a source is the first incomplete period, with what it has taken in so far.
SELECT f."time" = date_trunc('month', kpi.asof() + 1)::date AS is_first, f.status, abs(f.value - kpi.value('revenue', daterange(f."time", kpi.asof() + 1))::float8) < 1e-6 AS so_far
  FROM kpi.forecast('revenue', 3, 'month') AS f ORDER BY f."time" LIMIT 1;
-- Every level of a hierarchy adds up, not only the total.
WITH f AS (SELECT * FROM kpi.forecast('revenue', 2, 'month', '{brand,channel}', reconcile => true))
SELECT count(*) > 0 AS brands, bool_and(abs(b.forecast - p.parts) <= 1e-9 * b.forecast) AS add_up
  FROM f AS b
 CROSS JOIN LATERAL (SELECT sum(c.forecast) AS parts FROM f AS c
                      WHERE c."time" = b."time" AND c.members ->> 'brand' = b.members ->> 'brand' AND c.members ? 'channel') AS p
 WHERE b.members ? 'brand' AND NOT b.members ? 'channel';
-- A statement timeout ends the work soon: of many groups, and within one long fit. Two seconds leave room for a busy machine.
CREATE FUNCTION pg_temp.ends_in_time(call text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    began timestamptz := clock_timestamp();
BEGIN
    EXECUTE call;
    RETURN clock_timestamp() - began < '2.5 s';
EXCEPTION WHEN query_canceled THEN
    RETURN clock_timestamp() - began < '2.5 s';
END $$;
CREATE TEMP TABLE weeks AS
SELECT kpi.series('2015-01-05'::date + 7 * w, 100 + 20 * sin(w * 0.12) + w * 7919 % 13, 'week') AS s FROM generate_series(0, 519) AS w;
SET pg_kpi.threads = 1;
SET statement_timeout = '500ms';
SELECT pg_temp.ends_in_time($q$SELECT count(*) FROM kpi._forecast_groups('SELECT NULL::daterange, date ''2023-01-01'' + d, ARRAY[k::text], ''m'', 50 + (d * 37 + k * d * 7919) % 101
    FROM generate_series(1, 400) AS k, generate_series(0, 364) AS d', 'day', '2023-12-31', 28, 0.9, 'auto', true, false, false, 1, 0)$q$);
SELECT pg_temp.ends_in_time('SELECT count(*) FROM weeks, kpi.auto_arima(s, 52, false)');
SELECT pg_temp.ends_in_time('SELECT count(*) FROM weeks, kpi.sarima(s, 2, 1, 2, 1, 1, 1, 52)');
SELECT pg_temp.ends_in_time('SELECT count(*) FROM weeks, kpi.sarima(s, 2, 0, 1, 1, 0, 1, 104)');
SELECT pg_temp.ends_in_time('SELECT count(*) FROM weeks, kpi.backtest(s, 13, 100)');
RESET statement_timeout;
RESET pg_kpi.threads;
-- Calendar.
SELECT name, min(day), max(day), count(*) FROM kpi.calendar GROUP BY 1 ORDER BY 1;
SELECT name, day FROM kpi.calendar WHERE extract(year FROM day) = 2027 ORDER BY day;
-- Refreshed with the rollup.
SELECT kpi.refresh();
SELECT metric, grain, count(DISTINCT members) AS groups, count(DISTINCT "time") AS periods FROM kpi.forecast_latest GROUP BY 1, 2 ORDER BY 1, 2;
SELECT status, note FROM kpi.forecast('aov', 1);
-- Errors.
\set VERBOSITY verbose
SELECT kpi.forecast((SELECT kpi.series(month, v) FROM air), 0);
SELECT kpi.forecast((SELECT kpi.series(month, v) FROM air), 10001);
SELECT kpi.forecast((SELECT kpi.series(month, v) FROM air), NULL);
SELECT kpi.forecast((SELECT kpi.series(month, v) FROM air), 1, 0);
SELECT kpi.forecast((SELECT kpi.series(month, v) FROM air), 1, 1);
SELECT kpi.forecast((SELECT kpi.series(month, v) FROM air), 1, NULL);
SELECT kpi.forecast((SELECT kpi.series(month, v) FROM air), 1, season => 0);
SELECT kpi.forecast('revenue', 0);
SELECT kpi.forecast('revenue', NULL);
SELECT kpi.forecast('revenue', 1, level => 1);
SELECT kpi.forecast((SELECT kpi.series(month, v) FROM air), 1, 1.5);
SELECT kpi.forecast((SELECT kpi.series(month, v) FROM air), 1, model => 'arma');
SELECT kpi.forecast((SELECT kpi.series(month, v) FROM air), 1, regressors => '{1,2}');
SELECT kpi.forecast('revenu', 1);
SELECT kpi.forecast('asp', 1, reconcile => true);
SET pg_kpi.max_series = 2;
SELECT kpi.forecast('revenue', 1, by => '{brand}');

-- The running period counts as complete where that is asked for: the first step is the one after.
SELECT "time", value IS NOT NULL AS running, status FROM kpi.forecast('revenue', 1, 'month');
SELECT "time", value IS NOT NULL AS running, status FROM kpi.forecast('revenue', 1, 'month', include_partial => true);
SELECT max("time") FROM kpi.anomalies('revenue', 'month');
SELECT max("time") FROM kpi.anomalies('revenue', 'month', include_partial => true);
