-- Prints one line a planted effect (found, days late), one a call (events, those that no planted effect explains) and one a
-- planted effect and baseline (named by kpi.drivers).
\set anomalies :truths '/truth_anomaly.csv'
\set promos :truths '/truth_promo_lift.csv'
\set launches :truths '/truth_launch.csv'
\set stockouts :truths '/truth_stockout.csv'
CREATE TEMP TABLE planted (id int, segment jsonb, "from" date, "to" date, factor float8, kind text);
CREATE TEMP TABLE promo (brand text, "from" date, "to" date, discount float8, lift float8, dip float8, dip_to date);
CREATE TEMP TABLE launch (sku text, brand text, launched date);
CREATE TEMP TABLE stockout (sku text, brand text, "from" date, "to" date);
SELECT format('COPY planted FROM %L CSV HEADER', :'anomalies') \gexec
SELECT format('COPY promo FROM %L CSV HEADER', :'promos') \gexec
SELECT format('COPY launch FROM %L CSV HEADER', :'launches') \gexec
SELECT format('COPY stockout FROM %L CSV HEADER', :'stockouts') \gexec

-- Whatever may move a series: the planted, launches, empty shelves, promotions and the dip after them.
CREATE TEMP TABLE known AS
SELECT segment, "from", "to" FROM planted WHERE kind <> 'none'
UNION ALL SELECT jsonb_build_object('brand', brand), "from", dip_to FROM promo
UNION ALL SELECT jsonb_build_object('brand', brand), launched, launched + 60 FROM launch
UNION ALL SELECT jsonb_build_object('brand', brand), "from", "to" FROM stockout
-- Lunar holidays and shopping days, which the generator's own calendar has.
UNION ALL SELECT '{}', d, d + 3 FROM unnest('{2024-11-11,2025-11-11,2024-11-29,2025-11-28}'::date[]) AS d
UNION ALL SELECT '{}', d - 10, d + 5 FROM unnest('{2024-02-10,2025-01-29,2024-09-17,2025-10-06}'::date[]) AS d;

CREATE TEMP TABLE found AS
SELECT v.name, a.members, a.event_id, min(a."time") AS "from", max(a."time") AS "to", min(a.impact) AS impact
  FROM (VALUES ('total', '{}'::text[]), ('brand', '{brand}'), ('channel', '{channel}'), ('vendor', '{vendor}'), ('brand and channel', '{brand,channel}'))
       AS v(name, dims),
       LATERAL kpi.anomalies('units', by => v.dims) AS a
 WHERE a.event_id IS NOT NULL
 GROUP BY v.name, a.members, a.event_id;

-- Drops and spikes are found while they last, on days that were flagged; a new level within two weeks.
SELECT 'planted', concat_ws(' ', coalesce(nullif((SELECT string_agg(k, ' and ' ORDER BY k) FROM jsonb_object_keys(p.segment) AS k), ''), 'total'), p.kind),
       (min(f."from") IS NOT NULL)::int, coalesce(greatest(min(f."from") - p."from", 0), 99)
  FROM planted AS p
  LEFT JOIN found AS f ON f.members = p.segment AND sign(f.impact) = sign(p.factor - 1) AND f."to" >= p."from"
                      AND f."from" <= least(p."to", p."from" + 13)
 WHERE p.kind IN ('drop', 'spike', 'level_shift', 'compensating') AND NOT p.segment ? 'product' AND p."from" >= '2024-02-01'
 GROUP BY p.id, p.segment, p.kind, p."from", p."to", p.factor;

SELECT 'alarms', v.name, count(f.event_id), count(f.event_id) FILTER (WHERE NOT explained), v.series * 1.92, 0
  FROM (VALUES ('total', 1), ('brand', (SELECT count(DISTINCT brand) FROM sales.order_line)), ('channel', (SELECT count(DISTINCT channel) FROM sales.order_line)),
               ('vendor', (SELECT count(DISTINCT vendor) FROM sales.order_line)),
               ('brand and channel', (SELECT count(DISTINCT (brand, channel)) FROM sales.order_line))) AS v(name, series)
  LEFT JOIN found AS f USING (name)
  -- What has members in common with an effect, while it lasts and a week after, as its end is a change too.
  LEFT JOIN LATERAL (SELECT EXISTS (SELECT FROM known AS k
                                     WHERE k."from" - 1 <= f."to" AND f."from" <= k."to" + 7
                                       AND NOT EXISTS (SELECT FROM jsonb_each(k.segment) AS s WHERE f.members ? s.key AND f.members -> s.key <> s.value))
                   ) AS e(explained) ON true
 GROUP BY v.name, v.series;

-- Causes of the days of each effect: against as many days before, and against six times as many.
SELECT 'named', concat_ws(' ', (SELECT string_agg(k, ' and ' ORDER BY k) FROM jsonb_object_keys(p.segment) AS k), p.kind),
       b.windows, (EXISTS (SELECT FROM kpi.drivers('units', daterange(p."from", p."to", '[]'), daterange(p."from" - b.windows * (p."to" - p."from" + 1), p."from")) AS d
                            WHERE d.kind = 'segment' AND (d.members = p.segment OR d.members ->> 'sku' = p.segment ->> 'product')))::int
  FROM planted AS p, (VALUES (1), (6)) AS b(windows)
 WHERE p.kind IN ('drop', 'spike', 'compensating') AND p.segment <> '{}' AND p."from" >= '2024-02-01';
