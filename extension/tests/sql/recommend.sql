-- A shop with one known answer each: a serum whose demand answers strongly to price, a tea that ran out, and a channel that fades.
CREATE TABLE shop AS
SELECT '2024-01-01'::date + w * 7 + d AS sold_at, kind || ' ' || n AS article, kind,
       CASE WHEN d IN (0, 2, 4) THEN 'Web' WHEN d IN (1, 3) THEN 'Shop' ELSE 'Mall' END AS place,
       round((100 * exp(p))::numeric, 2) AS price,
       greatest(1, round(exp(ln(8 + 3 * n) + slope * p) * CASE WHEN d IN (0, 2, 4) THEN 1 + w / 100.0 WHEN d IN (1, 3) THEN 1.5 - w / 100.0 ELSE 1 END))::int AS quantity
  FROM (SELECT w, n, k.kind, k.slope,
               CASE k.kind WHEN 'tea' THEN 0 ELSE ((w / 4 * 7919 + n * 104729) % 9 - 4) * 0.03 END AS p
          FROM generate_series(0, 99) AS w, generate_series(1, 5) AS n,
               (VALUES ('serum', -2.2), ('tea', -1.0)) AS k(kind, slope)) AS s, generate_series(0, 6) AS d
 -- Tea 5 sold every day until ten days before the end.
 WHERE NOT (kind = 'tea' AND n = 5 AND w * 7 + d >= 690);
SELECT kpi.register_source('shop', 'shop', at => 'sold_at', price => 'price', quantity => 'quantity', dimensions => '{sku=article,product_type=kind,channel=place}');
CREATE TEMP TABLE advice AS SELECT * FROM kpi.recommend(source => 'shop');

SELECT action, count(*), bool_and(rule = action || '/1') AS ruled, min(status) AS status FROM advice GROUP BY 1 ORDER BY 1;
SELECT count(*) > 0 AS some, bool_and(reason LIKE 'Lower%' AND subject LIKE 'serum%' AND expected_uplift > 0 AND lo <= expected_uplift AND expected_uplift <= hi) AS lower_serum
  FROM advice WHERE action = 'price';
SELECT subject, status, evidence ->> 'function' AS function, evidence -> 'args' -> 'filter' AS filter, evidence -> 'values' -> 'days' AS days FROM advice WHERE action = 'restock';
SELECT subject, expected_uplift, status FROM advice WHERE action = 'reallocate';
SELECT bool_and(evidence ? 'function' AND evidence ? 'args' AND evidence ? 'would_change_our_mind' AND (evidence ->> 'expires')::date > '2025-11-30') AS explained,
       bool_and(confidence IS NULL OR confidence > 0 AND confidence < 1) AS confident FROM advice;
-- The greatest expected uplift × confidence comes first.
SELECT bool_and(worth >= after) AS ranked FROM (SELECT w.worth, lead(w.worth) OVER (ORDER BY rank) AS after
  FROM advice, LATERAL (SELECT CASE WHEN action IN ('delist', 'diversify') THEN 0 ELSE greatest(coalesce(expected_uplift, 0), 0) * coalesce(confidence, 0.5) END AS worth) AS w) AS d;
-- What a click opens answers: every call of the evidence runs as it stands and has rows.
CREATE FUNCTION pg_temp.opens(evidence jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM kpi.%I(%s)', evidence ->> 'function',
                   (SELECT string_agg(format('%I => %L', a.key, CASE jsonb_typeof(a.value) WHEN 'array' THEN translate(a.value::text, '[]', '{}') ELSE a.value #>> '{}' END), ', ')
                      FROM jsonb_each(evidence -> 'args') AS a)) INTO n;
    RETURN n;
END $$;
SELECT action, min(evidence ->> 'function') AS function, bool_and(pg_temp.opens(evidence) > 0) AS opens FROM advice GROUP BY 1 ORDER BY 1;
-- And shows the figures of the advice.
SELECT count(*) > 0 AS some, bool_and(round(e.elasticity::numeric, 6) = round((a.evidence -> 'values' ->> 'elasticity')::numeric, 6)) AS same_elasticity
  FROM advice AS a JOIN kpi.elasticity('{sku}', level => 0.95, source => 'shop') AS e ON e.member = a.subject WHERE a.action = 'price';
SELECT bool_and(pg_temp.opens(evidence) > 0) AS opens FROM kpi.recommend(kpi.period('2025-07'), filter => '{"product_type": "serum"}', source => 'shop');
-- A look back knows what was known then: tea 5 was there.
SELECT count(*) AS restock FROM kpi.recommend(kpi.period('2025-07'), source => 'shop') WHERE action = 'restock';
SELECT count(*) <= 3 AS at_most FROM kpi.recommend(top => 3, source => 'shop');
SELECT * FROM kpi.recommend(filter => '{"sku": "none"}', source => 'shop');
-- How much hangs on one channel is said of all channels, not of lines without any nor of those that a filter leaves.
SELECT kpi.register_source('unplaced', 'shop', at => 'sold_at', price => 'price', quantity => 'quantity', dimensions => '{sku=article,product_type=kind}');
SELECT action, subject FROM kpi.recommend(source => 'unplaced') WHERE action = 'diversify'
 UNION ALL SELECT action, subject FROM kpi.recommend(filter => '{"channel": "Mall"}', source => 'shop') WHERE action = 'diversify';
-- A target that is set is not asked for again.
SELECT kpi.set_target('revenue', (SELECT kpi._next_month('shop')), 1, source => 'shop');
SELECT count(*) AS set_target FROM kpi.recommend(source => 'shop') WHERE action = 'set_target';
\set VERBOSITY verbose
\set SHOW_CONTEXT never
SELECT * FROM kpi.recommend(top => 0);
SELECT * FROM kpi.recommend(source => 'nowhere');
