-- Web sells less of Birch alone; the market falls by a tenth.
CREATE TEMP TABLE cell AS
SELECT brand, channel, vendor, 100 + n % 37 AS before,
       round((100 + n % 37) * 0.9 * CASE WHEN brand = 'B2' AND channel = 'Web' THEN 0.4 ELSE 1 END) + n % 7 - 3 AS after
  FROM (SELECT 'B' || b AS brand, c AS channel, 'V' || v AS vendor, (b * 7919 + ascii(c) * 31 + v * 104729) % 1009 AS n
          FROM generate_series(1, 6) AS b, unnest('{Web,Shop,Amazon,Mall}'::text[]) AS c, generate_series(1, 8) AS v) AS g;

SELECT rank, kind, member, members, depth, round(ratio::numeric, 2) AS ratio, round(contribution::numeric, 3) AS contribution, p_adj < 0.001 AS sure, status
  FROM kpi.drivers((SELECT kpi.cube(after, before, ARRAY[brand, channel, vendor]) FROM cell), '{brand,channel,vendor}') ORDER BY rank;
-- Contributions add up to the growth.
SELECT abs(sum(contribution) - (SELECT (sum(after) - sum(before)) / sum(before) FROM cell)) < 1e-9 AS adds_up
  FROM kpi.drivers((SELECT kpi.cube(after, before, ARRAY[brand, channel, vendor]) FROM cell), '{brand,channel,vendor}');
-- Nothing local: the market alone moved.
SELECT kind, round(ratio::numeric, 2) AS ratio, status, note
  FROM kpi.drivers((SELECT kpi.cube(before * 0.8 + (before * 31)::int % 5, before, ARRAY[brand, channel, vendor]) FROM cell), '{brand,channel,vendor}');
SELECT kind, count(*) FROM kpi.drivers((SELECT kpi.cube(after, before, ARRAY[brand, channel, vendor]) FROM cell), '{brand,channel,vendor}', method => 'adtributor')
 GROUP BY kind ORDER BY kind;

-- Rows add up, in any order and in parts; text and back.
SELECT (SELECT kpi.cube(a, b, m) FROM (VALUES (1, 2, '{x,y}'::text[]), (3, 4, '{z,y}'), (5, 6, '{x,y}')) AS v(a, b, m))::text
     = (SELECT kpi.cube(a, b, m) FROM (VALUES (3, 4, '{z,y}'::text[]), (6, 8, '{x,y}')) AS v(a, b, m))::text AS same;
SELECT kpi.cube(1, NULL, ARRAY['a', NULL])::text::kpi.cube::text AS text;
SELECT kpi.cube(1, 2, NULL) IS NULL AS nothing;
SELECT kpi._cube_combine(kpi.cube(1, 2, '{a}'), kpi.cube(3, 4, '{a}')) ::text FROM (VALUES (1)) AS v(x);

-- Odd cubes are answered.
\set SHOW_CONTEXT never
SELECT kind, status FROM kpi.drivers((SELECT kpi.cube(1, 2, '{a}')), '{d}');
SELECT kind, status FROM kpi.drivers((SELECT kpi.cube(1, 0, ARRAY[n::text]) FROM generate_series(1, 300) AS n), '{d}');
SELECT kind, status, note FROM kpi.drivers((SELECT kpi.cube(CASE WHEN n = 1 THEN 'NaN'::float8 ELSE 10 END, 10, ARRAY[(n % 9)::text]) FROM generate_series(1, 90) AS n), '{d}');
SELECT count(*) FROM kpi.drivers(NULL::kpi.cube, '{d}');
SELECT * FROM kpi.drivers((SELECT kpi.cube(1, 2, '{a}')), '{d,e}');
SELECT * FROM kpi.drivers((SELECT kpi.cube(1, 2, '{a}')), '{d}', alpha => 2);
SELECT kpi.cube(1, 2, ARRAY[]::text[]);
SELECT 'nonsense'::kpi.cube;

-- Over a source
SELECT kind, member, status FROM kpi.drivers('revenue', kpi.period('2025-10')) ORDER BY rank;
SELECT kind, status FROM kpi.drivers('revenue', '[2025-10-01,2025-11-01)') ORDER BY rank;
SELECT kind, status FROM kpi.drivers('revenue', period => '2025-10', baseline => '2024-10', dims => '{brand}') ORDER BY rank;
-- Arguments by place mean what they mean by name, typed or not.
SELECT count(*) AS rows, count(DISTINCT (rank, member, value, p_adj)) AS different
  FROM (SELECT * FROM kpi.drivers('revenue', '2025-10', '2024-10', '{brand}') UNION ALL SELECT * FROM kpi.drivers('revenue', period => '2025-10', baseline => '2024-10', dims => '{brand}')
        UNION ALL SELECT * FROM kpi.drivers('revenue', kpi.period('2025-10'), kpi.period('2024-10'), '{brand}') UNION ALL SELECT * FROM kpi.drivers('revenue', '2025-10', '2024-10', ARRAY['brand'])
       ) AS d;
SELECT count(*) > 0 AS answered FROM kpi.drivers('revenue', NULL, NULL, '{brand}');
SELECT count(*) > 0 AS answered FROM kpi.drivers('revenue');
SELECT abs(sum(contribution) - (SELECT change_pct FROM kpi.compare('revenue', kpi.period('2025-10')))) < 1e-6 AS adds_up
  FROM kpi.drivers('revenue', kpi.period('2025-10'));
SELECT abs(sum(contribution) - (SELECT change_pct FROM kpi.compare('asp', kpi.period('2025-10')))) < 1e-6 AS adds_up
  FROM kpi.drivers('asp', kpi.period('2025-10'));
SELECT kind, status FROM kpi.drivers('return_rate', kpi.period('2025-10'), dims => '{channel}') ORDER BY rank;
SELECT status FROM kpi.drivers('aov');
SELECT * FROM kpi.drivers('skus');
SELECT * FROM kpi.drivers('revenue', dims => '{brnd}');
SELECT * FROM kpi.drivers('revenue', dims => '{}');

-- Insights
SELECT bool_and(headline <> '' AND detail <> '' AND jsonb_array_length(evidence) > 0) AS told, count(*) = count(DISTINCT (members, kind)) AS no_repeats
  FROM kpi.insights(kpi.period('2025-10'));
SELECT count(*) <= 2 AS few FROM kpi.insights(kpi.period('2025-10'), top => 2);
-- A change of any size is told in full.
CREATE TABLE burst AS
SELECT date '2025-01-01' + d AS day, 'B' || b AS brand, CASE WHEN d >= 59 AND b = 1 THEN 9000 ELSE 10 END AS price, 1 AS quantity
  FROM generate_series(0, 89) AS d, generate_series(1, 6) AS b;
SELECT kpi.register_source('burst', 'burst', at => 'day', price => 'price', quantity => 'quantity', dimensions => '{brand}');
SELECT kind, headline FROM kpi.insights(kpi.period('2025-03'), source => 'burst');
