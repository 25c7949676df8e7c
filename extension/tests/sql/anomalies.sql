-- A drop of three days in two years of days, and a level that moved.
CREATE TEMP TABLE day AS
SELECT '2024-01-01'::date + n AS at,
       (200 + 40 * (n % 7 IN (5, 6))::int + (n::bigint * 48271 % 2147483647 % 23) - 11)
         * CASE WHEN n BETWEEN 400 AND 402 THEN 0.6 ELSE 1 END AS value
  FROM generate_series(0, 729) AS n;

SELECT "time", value, round(expected::numeric, 0) AS expected, round(score::numeric, 1) AS score, direction, event_id, kind, recovered
  FROM kpi.anomalies((SELECT kpi.series(at, value) FROM day)) WHERE is_anomaly;
SELECT count(*) AS days, count(expected) AS judged, bool_and(lo <= expected AND expected <= hi) AS inside
  FROM kpi.anomalies((SELECT kpi.series(at, value) FROM day));
SELECT "time", kind FROM kpi.anomalies((SELECT kpi.series(at, value) FROM day), model => 'retrospective', direction => 'down') WHERE is_anomaly;
SELECT count(*) FROM kpi.anomalies((SELECT kpi.series(at, value) FROM day), direction => 'up') WHERE is_anomaly;

-- Monitoring says on the day what it says later.
SELECT count(*) AS differ
  FROM kpi.anomalies((SELECT kpi.series(at, value) FROM day)) AS later
  JOIN kpi.anomalies((SELECT kpi.series(at, value) FROM day WHERE at < '2025-03-01')) AS early USING ("time")
 WHERE (later.p, later.q, later.expected, later.is_anomaly) IS DISTINCT FROM (early.p, early.q, early.expected, early.is_anomaly);

SELECT "time", round(before_mean::numeric) AS before, round(after_mean::numeric) AS after, round(change_pct::numeric, 2) AS change, p < 0.001 AS sure
  FROM kpi.changepoints((SELECT kpi.series(at, CASE WHEN at < '2025-01-01' THEN value ELSE value * 0.7 END) FROM day));

SELECT count(*) AS days, bool_and(abs(value - trend - seasonal - remainder) < 1e-9) AS adds_up
  FROM kpi.decompose((SELECT kpi.series(at, value) FROM day));
SELECT count(*) FROM kpi.decompose((SELECT kpi.series(at, value) FROM day), season => '{7,365}');
SELECT count(*) FROM kpi.decompose(NULL);

-- Odd series are answered.
SELECT s, count(*) AS points, count(*) FILTER (WHERE a.is_anomaly) AS flagged
  FROM (VALUES ('{"grain": "day", "start": "2024-01-01", "values": []}'),
               ('{"grain": "day", "start": "2024-01-01", "values": [1]}'),
               ('{"grain": "month", "start": "2024-01-01", "values": [null, null, null]}')) AS v(s), kpi.anomalies(v.s::kpi.series) AS a
 GROUP BY s ORDER BY s;
SELECT count(*) FILTER (WHERE is_anomaly) AS flagged FROM kpi.anomalies((SELECT kpi.series('2024-01-01'::date + n, 0) FROM generate_series(0, 200) AS n));
SELECT count(*) FILTER (WHERE is_anomaly) AS flagged FROM kpi.anomalies((SELECT kpi.series('2024-01-01'::date + n, 'NaN') FROM generate_series(0, 200) AS n));

-- Over a source
SELECT count(DISTINCT member) AS groups, min("time"), max("time"), count(*) = count(DISTINCT (member, "time")) AS one_row_a_day
  FROM kpi.anomalies('revenue', by => '{brand}');
SELECT count(*) AS rows, min("time"), max("time") FROM kpi.anomalies('revenue', period => kpi.period('2025-10'));
SELECT count(*) AS rows, max("time") FROM kpi.anomalies('units', grain => 'week', by => '{channel}', filter => '{"channel": ["Web", "Shop"]}');
SELECT members, member, status, count(*) > 0 AS days, count(p) = 0 AS without_p FROM kpi.anomalies('revenue', by => '{brand,channel}', filter => '{"brand": "Birch", "channel": "Web"}')
 GROUP BY 1, 2, 3 ORDER BY 3;
SELECT member, "time", is_anomaly, status, note FROM kpi.anomalies('aov');
SELECT count(*) >= 0 AS refreshed FROM kpi.anomaly_open;
-- Arguments by place mean what they mean by name, typed or not.
SELECT count(*) AS rows, count(DISTINCT (member, "time", expected, q)) AS different
  FROM (SELECT * FROM kpi.anomalies('revenue', 'week', NULL, '{brand}') UNION ALL SELECT * FROM kpi.anomalies('revenue', 'week', by => '{brand}')
        UNION ALL SELECT * FROM kpi.anomalies('revenue', 'week', NULL, ARRAY['brand']) UNION ALL SELECT * FROM kpi.anomalies('revenue', 'week', NULL, '{brand}', '{}', 0.95, 0.05)
       ) AS a;
SELECT count(*) AS rows, min("time"), max("time") FROM kpi.anomalies('revenue', 'day', '[2025-10-01,2025-11-01)');
SELECT count(*) FROM kpi.anomalies('revenue', 'day', NULL, 'brand');

\set SHOW_CONTEXT never
SELECT * FROM kpi.anomalies('revenu');
SELECT * FROM kpi.anomalies('revenue', fdr => 2);
SELECT * FROM kpi.anomalies('revenue', fdr => NULL);
SELECT * FROM kpi.anomalies('revenue', model => 'monitorin');
SELECT * FROM kpi.anomalies('revenue', direction => 'sideways');
