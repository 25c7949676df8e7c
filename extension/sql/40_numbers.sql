-- Where do we stand: figures over a source of sales lines.

CREATE FUNCTION kpi.value(metric text, period daterange DEFAULT NULL, filter jsonb DEFAULT '{}', source text DEFAULT 'sales')
    RETURNS numeric
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    def kpi.metrics := kpi._metric(value.metric);
BEGIN
    RETURN (SELECT f.value FROM kpi._figures(source, ARRAY[def.name], '{}', filter,
                                             ARRAY[kpi._period(value.period, source)]) AS f);
END $$;
COMMENT ON FUNCTION kpi.value(text, daterange, jsonb, text) IS
    'one figure, in the metric''s unit; period NULL: the last complete calendar month; filter: {"brand": "A", "channel": ["Web"], "vendor": {"not": ["X"]}}; NULL where there is no data or a column that the metric needs is not mapped';

CREATE FUNCTION kpi.history(metric text, grain text DEFAULT 'day', period daterange DEFAULT NULL, by text[] DEFAULT '{}',
        filter jsonb DEFAULT '{}', source text DEFAULT 'sales')
    RETURNS TABLE ("time" date, members jsonb, member text, value numeric, is_partial boolean)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    def kpi.metrics := kpi._metric(history.metric);
    dims text[] := kpi._by(history.by);
    span daterange := kpi._whole_period(history.period, history.source);
    data record;
    unit text := kpi._grain(history.grain);
    step interval := CASE unit WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || unit)::interval END;
BEGIN
    SELECT e.first_day, e.last_day INTO data FROM kpi._extent(history.source) AS e;
    span := span * daterange(data.first_day, data.last_day, '[]');
    IF span IS NULL OR isempty(span) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH f AS MATERIALIZED (
        SELECT f."time", f.key, f.value
          FROM kpi._figures(history.source, ARRAY[def.name], dims, history.filter, ARRAY[span], unit) AS f
    ), bucket AS (
        SELECT b::date AS "time",
               (b + step)::date - 1 > data.last_day
               OR (b::date < lower(span) AND lower(span) > data.first_day)
               OR (b + step)::date > upper(span) AND upper(span) <= data.last_day AS is_partial
          FROM generate_series(date_trunc(unit, lower(span)::timestamp), (upper(span) - 1)::timestamp, step) AS b
    )
    SELECT bucket."time", kpi._members(dims, g.key), kpi._member(g.key),
           coalesce(f.value, CASE WHEN def.additive THEN 0.0 END), bucket.is_partial
      FROM (SELECT DISTINCT f.key FROM f) AS g
     CROSS JOIN bucket
      LEFT JOIN f ON f.key = g.key AND f."time" = bucket."time"
     ORDER BY g.key, bucket."time";
END $$;
COMMENT ON FUNCTION kpi.history(text, text, daterange, text[], jsonb, text) IS
    'a metric over time, one row a bucket and group; grain: day, week (ISO), month, quarter, year; period NULL: all of the data; a bucket without lines is 0 for an additive metric and NULL for a ratio; is_partial: the bucket is not over in the data, or is cut by the period';

CREATE FUNCTION kpi.breakdown(metric text, period daterange DEFAULT NULL, by text[] DEFAULT '{brand}', filter jsonb DEFAULT '{}',
        top int DEFAULT NULL, source text DEFAULT 'sales')
    RETURNS TABLE (members jsonb, member text, value numeric, share numeric, rank bigint, cumulative_share numeric, abc text)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    def kpi.metrics := kpi._metric(breakdown.metric);
    dims text[] := kpi._by(breakdown.by);
BEGIN
    IF top < 1 THEN
        RAISE EXCEPTION 'top is %, but must be at least 1', top USING ERRCODE = '22023', HINT = 'Leave top out for all members.';
    END IF;
    RETURN QUERY
    WITH f AS (
        SELECT f.key, f.value, sum(f.value) OVER () AS total,
               sum(f.value) OVER (ORDER BY f.value DESC NULLS LAST, f.key ROWS UNBOUNDED PRECEDING) AS running,
               rank() OVER (ORDER BY f.value DESC NULLS LAST) AS rank,
               row_number() OVER (ORDER BY f.value DESC NULLS LAST, f.key) AS place
          FROM kpi._figures(source, ARRAY[def.name], dims, filter, ARRAY[kpi._period(breakdown.period, source)]) AS f
    )
    SELECT kpi._members(dims, f.key), kpi._member(f.key), f.value,
           CASE WHEN def.additive THEN f.value / nullif(f.total, 0) END,
           f.rank,
           CASE WHEN def.additive THEN f.running / nullif(f.total, 0) END,
           CASE WHEN NOT def.additive OR f.total <= 0 THEN NULL
                WHEN f.running - f.value < 0.80 * f.total THEN 'A'
                WHEN f.running - f.value < 0.95 * f.total THEN 'B' ELSE 'C' END
      FROM f
     ORDER BY f.place
     LIMIT top;
END $$;
COMMENT ON FUNCTION kpi.breakdown(text, daterange, text[], jsonb, int, text) IS
    'a metric by group, greatest first; share and cumulative_share are fractions of the total, rank gives ties the same number, abc: A while the share before the member is below 0.80, B below 0.95, else C; the three are NULL for a metric that does not add up; period NULL: the last complete calendar month';

-- plpgsql takes no name twice, so what has baseline both as argument and as column is wrapped in SQL.
CREATE FUNCTION kpi._compare(metric text, period daterange, before daterange, by text[], filter jsonb, source text)
    RETURNS TABLE (members jsonb, member text, value numeric, baseline numeric, change numeric, change_pct numeric,
                   contribution numeric, share numeric, share_change numeric)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    def kpi.metrics := kpi._metric(_compare.metric);
    dims text[] := kpi._by(_compare.by);
    now_period daterange := kpi._period($2, source);
    then_period daterange := coalesce(kpi._period_or_last_month($3, NULL), kpi.previous(now_period));
BEGIN
    RETURN QUERY
    WITH f AS (
        SELECT f.key,
               coalesce(max(f.value) FILTER (WHERE f.period = 1), CASE WHEN def.additive THEN 0.0 END) AS value,
               coalesce(max(f.value) FILTER (WHERE f.period = 2), CASE WHEN def.additive THEN 0.0 END) AS baseline
          FROM kpi._figures(source, ARRAY[def.name], dims, filter, ARRAY[now_period, then_period]) AS f
         GROUP BY f.key
    ), t AS (
        SELECT f.*, nullif(sum(f.value) OVER (), 0) AS total, nullif(sum(f.baseline) OVER (), 0) AS total_before
          FROM f
    )
    SELECT kpi._members(dims, t.key), kpi._member(t.key), t.value, t.baseline, t.value - t.baseline,
           CASE WHEN t.baseline > 0 THEN (t.value - t.baseline) / t.baseline END,
           CASE WHEN def.additive AND t.total_before > 0 THEN (t.value - t.baseline) / t.total_before END,
           CASE WHEN def.additive THEN t.value / t.total END,
           CASE WHEN def.additive THEN t.value / t.total - t.baseline / t.total_before END
      FROM t
     ORDER BY abs(t.value - t.baseline) DESC NULLS LAST, t.key;
END $$;
COMMENT ON FUNCTION kpi._compare(text, daterange, daterange, text[], jsonb, text) IS 'behind kpi.compare()';

CREATE FUNCTION kpi.compare(metric text, period daterange DEFAULT NULL, baseline daterange DEFAULT NULL, by text[] DEFAULT '{}',
        filter jsonb DEFAULT '{}', source text DEFAULT 'sales')
    RETURNS TABLE (members jsonb, member text, value numeric, baseline numeric, change numeric, change_pct numeric,
                   contribution numeric, share numeric, share_change numeric)
    STABLE PARALLEL SAFE LANGUAGE sql
AS $$ SELECT * FROM kpi._compare($1, $2, $3, $4, $5, $6) $$;
COMMENT ON FUNCTION kpi.compare(text, daterange, daterange, text[], jsonb, text) IS
    'a metric in two periods, by group, greatest change first; change_pct is the own growth as a fraction (NULL where the baseline is not positive), contribution the points of the total''s growth (they sum to it, and are NULL where it is), share the fraction of the total; period NULL: the last complete calendar month, baseline NULL: the period of the same shape before';

CREATE FUNCTION kpi.bridge(period daterange DEFAULT NULL, baseline daterange DEFAULT NULL, by text[] DEFAULT '{brand}',
        filter jsonb DEFAULT '{}', source text DEFAULT 'sales')
    RETURNS TABLE (members jsonb, member text, price numeric, volume numeric, mix numeric, new numeric, discontinued numeric,
                   other numeric, change numeric)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    dims text[] := kpi._by(bridge.by);
    known text[] := kpi._source_dimensions(source);
    leaf text[];
    now_period daterange := kpi._period($1, source);
    then_period daterange := coalesce(kpi._period_or_last_month($2, NULL), kpi.previous(now_period));
BEGIN
    -- Products first, groups after: groups first would turn mix into price.
    leaf := CASE WHEN dims && '{sku,product}' THEN dims WHEN 'sku' = ANY (known) THEN dims || '{sku}'::text[]
                 WHEN 'product' = ANY (known) THEN dims || '{product}'::text[] END;
    IF leaf IS NULL THEN
        RAISE EXCEPTION 'source "%" has neither sku nor product', source USING ERRCODE = '22023', HINT = 'Map one of them with kpi.register_source().';
    END IF;
    RETURN QUERY
    WITH f AS (
        SELECT f.key,
               coalesce(max(f.value) FILTER (WHERE f.metric = 'units' AND f.period = 1), 0) AS q1,
               coalesce(max(f.value) FILTER (WHERE f.metric = 'revenue' AND f.period = 1), 0) AS r1,
               coalesce(max(f.value) FILTER (WHERE f.metric = 'units' AND f.period = 2), 0) AS q0,
               coalesce(max(f.value) FILTER (WHERE f.metric = 'revenue' AND f.period = 2), 0) AS r0
          FROM kpi._figures(source, '{revenue,units}', leaf, filter, ARRAY[now_period, then_period]) AS f
         GROUP BY f.key
    ), t AS (
        SELECT f.*, f.q0 > 0 AND f.q1 > 0 AS continuing,
               sum(f.q1) FILTER (WHERE f.q0 > 0 AND f.q1 > 0) OVER () AS q1_all,
               sum(f.q0) FILTER (WHERE f.q0 > 0 AND f.q1 > 0) OVER () AS q0_all
          FROM f
    ), p AS (
        -- Both are rounded once and used twice, so that the parts sum to the change exactly.
        SELECT t.*,
               CASE WHEN t.continuing THEN round(t.r0 * t.q1_all / t.q0_all, 10) END AS at_old_mix,
               CASE WHEN t.continuing THEN round(t.r0 * t.q1 / t.q0, 10) END AS at_old_price
          FROM t
    )
    SELECT kpi._members(dims, g.key), kpi._member(g.key), g.price, g.volume, g.mix, g.new, g.discontinued,
           g.change - g.price - g.volume - g.mix - g.new - g.discontinued, g.change
      FROM (SELECT p.key[1:cardinality(dims)] AS key,
                   coalesce(sum(p.r1 - p.at_old_price), 0) AS price,
                   coalesce(sum(p.at_old_mix - p.r0), 0) AS volume,
                   coalesce(sum(p.at_old_price - p.at_old_mix), 0) AS mix,
                   coalesce(sum(p.r1) FILTER (WHERE p.q0 = 0 AND p.q1 > 0), 0) AS new,
                   coalesce(-sum(p.r0) FILTER (WHERE p.q1 = 0 AND p.q0 > 0), 0) AS discontinued,
                   sum(p.r1 - p.r0) AS change
              FROM p GROUP BY 1) AS g
     ORDER BY abs(g.change) DESC, g.key;
END $$;
COMMENT ON FUNCTION kpi.bridge(daterange, daterange, text[], jsonb, text) IS
    'the change of revenue as price, volume, mix, new and discontinued products, per group; computed per product and rolled up, so the parts sum to the change exactly; other holds what products with returns only account for; period NULL: the last complete calendar month, baseline NULL: the period of the same shape before';

CREATE FUNCTION kpi.concentration(metric text DEFAULT 'revenue', period daterange DEFAULT NULL, by text[] DEFAULT '{brand}',
        filter jsonb DEFAULT '{}', source text DEFAULT 'sales')
    RETURNS TABLE (hhi numeric, effective_n numeric, top1_share numeric, top5_share numeric, members_for_80 bigint, gini numeric)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    def kpi.metrics := kpi._metric(concentration.metric);
BEGIN
    IF NOT def.additive THEN
        RAISE EXCEPTION 'metric "%" does not add up, so it has no shares', def.name USING ERRCODE = '22023',
            HINT = 'Ask for an additive metric, for example revenue or units.';
    END IF;
    RETURN QUERY
    WITH f AS (
        SELECT f.value, sum(f.value) OVER () AS total, count(*) OVER () AS n,
               row_number() OVER (ORDER BY f.value, f.key) AS place,
               row_number() OVER (ORDER BY f.value DESC, f.key) AS rank,
               sum(f.value) OVER (ORDER BY f.value DESC, f.key ROWS UNBOUNDED PRECEDING) AS running
          FROM kpi._figures(source, ARRAY[def.name], concentration.by, filter, ARRAY[kpi._period(concentration.period, source)]) AS f
         WHERE f.value > 0
    )
    SELECT sum(f.value * f.value) / (max(f.total) * max(f.total)),
           (max(f.total) * max(f.total)) / sum(f.value * f.value),
           max(f.value) / max(f.total),
           sum(f.value) FILTER (WHERE f.rank <= 5) / max(f.total),
           count(*) FILTER (WHERE f.running - f.value < 0.80 * f.total),
           sum((2 * f.place - f.n - 1) * f.value) / (max(f.n) * max(f.total))
      FROM f
    HAVING count(*) > 0;
END $$;
COMMENT ON FUNCTION kpi.concentration(text, daterange, text[], jsonb, text) IS
    'how much hangs on few: hhi (sum of squared shares, 0 to 1), effective_n (1/hhi), share of the greatest and of the five greatest, members needed for 80 %, Gini coefficient; over members with positive figures; period NULL: the last complete calendar month';

CREATE FUNCTION kpi.portfolio(period daterange DEFAULT NULL, filter jsonb DEFAULT '{}', source text DEFAULT 'sales')
    RETURNS TABLE (sku text, product text, brand text, revenue numeric, abc text, xyz text, adi double precision, cv2 double precision,
                   demand_class text, velocity double precision, first_sold date, last_sold date)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    known text[] := kpi._source_dimensions(source);
    dims text[] := ARRAY['sku', CASE WHEN 'product' = ANY (known) AND 'sku' = ANY (known) THEN 'product' END,
                         CASE WHEN 'brand' = ANY (known) THEN 'brand' END];
    span daterange := kpi._whole_period($1, source);
    weeks daterange;
BEGIN
    IF NOT known && '{sku,product}' THEN
        RAISE EXCEPTION 'source "%" has neither sku nor product', source USING ERRCODE = '22023',
            HINT = 'Map one of them with kpi.register_source().';
    END IF;
    IF span IS NULL THEN
        RETURN;
    END IF;
    -- Whole ISO weeks only: a cut week would look like weak demand.
    weeks := daterange(date_trunc('week', (lower(span) + 6)::timestamp)::date,
                       greatest(date_trunc('week', (lower(span) + 6)::timestamp), date_trunc('week', upper(span)::timestamp))::date);
    RETURN QUERY EXECUTE format($q$
    WITH total AS (
        SELECT f.key[1] AS sku, max(f.key[2]) AS product, max(f.key[3]) AS brand,
               sum(f.value) FILTER (WHERE f.metric = 'revenue') AS revenue,
               sum(f.value) FILTER (WHERE f.metric = 'units') AS units
          FROM (SELECT ARRAY[f.key[1], %1$s, %2$s] AS key, f.metric, f.value
                  FROM kpi._figures($1, '{revenue,units}', $2, $3, ARRAY[$4]) AS f) AS f
         GROUP BY 1
    ), week AS (
        SELECT f.key[1] AS sku, f."time", f.value AS units
          FROM kpi._figures($1, '{units}', '{sku}', $3, ARRAY[CASE WHEN isempty($5) THEN $4 ELSE $5 END], 'week') AS f
         WHERE f.value > 0
    ), item AS (%3$s), demand AS (
        SELECT w.sku, count(*) AS active,
               (least(max(upper($5)), date_trunc('week', (max(i.last_sold) + 7)::timestamp)::date)
                - greatest(min(lower($5)), date_trunc('week', min(i.first_sold)::timestamp)::date)) / 7 AS span_weeks,
               avg(w.units) AS mean, coalesce(stddev_samp(w.units), 0) AS sd
          FROM week AS w JOIN item AS i ON i.item = w.sku
         GROUP BY w.sku
    ), shape AS (
        SELECT d.sku, greatest(d.span_weeks, d.active)::numeric / d.active AS adi,
               (d.sd / d.mean) * (d.sd / d.mean) AS cv2, d.sd / d.mean AS cv, d.active
          FROM demand AS d
    ), ranked AS (
        SELECT t.*, sum(t.revenue) OVER () AS all_revenue,
               sum(t.revenue) OVER (ORDER BY t.revenue DESC, t.sku ROWS UNBOUNDED PRECEDING) AS running
          FROM total AS t
    )
    SELECT r.sku, r.product, r.brand, r.revenue,
           CASE WHEN r.all_revenue <= 0 THEN NULL WHEN r.running - r.revenue < 0.80 * r.all_revenue THEN 'A'
                WHEN r.running - r.revenue < 0.95 * r.all_revenue THEN 'B' ELSE 'C' END,
           CASE WHEN s.active = 1 THEN 'Z' WHEN s.cv <= 0.5 THEN 'X' WHEN s.cv <= 1 THEN 'Y' ELSE 'Z' END,
           s.adi::double precision, s.cv2::double precision,
           CASE WHEN s.active < 3 OR s.active IS NULL THEN 'short'
                WHEN s.adi <= 1.32 AND s.cv2 <= 0.49 THEN 'smooth' WHEN s.adi <= 1.32 THEN 'erratic'
                WHEN s.cv2 <= 0.49 THEN 'intermittent' ELSE 'lumpy' END,
           -- A product may be returned on days before or after all its sales.
           CASE WHEN i.first_sold IS NOT NULL THEN
               (r.units / nullif(greatest(least(i.last_sold, upper($4) - 1) - greatest(i.first_sold, lower($4)) + 1, 0), 0))::double precision END,
           i.first_sold, i.last_sold
      FROM ranked AS r
      LEFT JOIN shape AS s ON s.sku = r.sku
      LEFT JOIN item AS i ON i.item = r.sku
     ORDER BY r.revenue DESC, r.sku
    $q$, CASE WHEN dims[2] IS NULL THEN 'f.key[1]' ELSE 'f.key[2]' END,
         CASE WHEN dims[3] IS NULL THEN 'NULL::text' ELSE format('f.key[%s]', CASE WHEN dims[2] IS NULL THEN 2 ELSE 3 END) END,
         kpi._items_query(source))
    USING source, array_remove(dims, NULL), filter, span, weeks;
END $$;
COMMENT ON FUNCTION kpi.portfolio(daterange, jsonb, text) IS
    'one row a product, greatest revenue first; abc by cumulative revenue (0.80, 0.95); xyz by the coefficient of variation of units over active weeks (X to 0.5, Y to 1; one active week has none and is Z); adi: weeks per active week; demand_class by adi 1.32 and cv2 0.49 (Syntetos–Boylan); short: fewer than 3 active weeks; velocity: units a day between first and last sale; period NULL: all of the data';

CREATE FUNCTION kpi.price_tiers(period daterange DEFAULT NULL, filter jsonb DEFAULT '{}', source text DEFAULT 'sales')
    RETURNS TABLE (tier text, price_lo numeric, price_hi numeric, skus bigint, revenue numeric, share numeric, change_pct numeric)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    now_period daterange := kpi._period($1, source);
BEGIN
    RETURN QUERY EXECUTE format($q$
    WITH f AS (
        SELECT f.period, f.key[1] AS tier, f.key[2] AS sku, f.value
          FROM kpi._figures($1, '{revenue}', '{price_tier,sku}', $2, ARRAY[$3, kpi.previous($3)]) AS f
    ), item AS (%s)
    SELECT f.tier, min(i.list_price) FILTER (WHERE f.period = 1), max(i.list_price) FILTER (WHERE f.period = 1),
           count(*) FILTER (WHERE f.period = 1), coalesce(sum(f.value) FILTER (WHERE f.period = 1), 0),
           coalesce(sum(f.value) FILTER (WHERE f.period = 1), 0)
               / nullif(sum(sum(f.value) FILTER (WHERE f.period = 1)) OVER (), 0),
           CASE WHEN sum(f.value) FILTER (WHERE f.period = 2) > 0
                THEN coalesce(sum(f.value) FILTER (WHERE f.period = 1), 0) / sum(f.value) FILTER (WHERE f.period = 2) - 1 END
      FROM f LEFT JOIN item AS i ON i.item = f.sku
     GROUP BY f.tier
     ORDER BY array_position('{value,mid,premium,luxury}', f.tier)
    $q$, kpi._items_query(source))
    USING source, filter, now_period;
END $$;
COMMENT ON FUNCTION kpi.price_tiers(daterange, jsonb, text) IS
    'revenue by price tier; a product''s tier is the quartile of its list price (without one: its median price over its last 90 days on sale) within its product type: value, mid, premium, luxury; price_lo and price_hi: least and greatest list price sold; change_pct against the period of the same shape before; period NULL: the last complete calendar month';

CREATE FUNCTION kpi._scorecard(period daterange, before daterange, filter jsonb, source text)
    RETURNS TABLE (metric text, label text, unit text, value numeric, baseline numeric, change_pct numeric, year_ago_pct numeric,
                   target numeric, attainment numeric, expected_end numeric, p_attain double precision, state text, spark text)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    now_period daterange := kpi._period($1, source);
    then_period daterange := coalesce(kpi._period_or_last_month($2, NULL), kpi.previous(now_period));
    spark_months constant int := 13;
    spark_span daterange;
    wanted text[] := ARRAY(SELECT m.name FROM kpi.metrics AS m WHERE m.place IS NOT NULL ORDER BY m.place);
    -- What needs every product or inner group of every month is not drawn.
    drawn text[] := ARRAY(SELECT m.name FROM kpi.metrics AS m
                           WHERE m.place IS NOT NULL AND m.inner_by IS NULL AND NOT m.reads && '{sku,first_sold}');
    -- A filter to one member a dimension is a group that may have targets of its own.
    pinned jsonb := kpi._pinned(filter);
BEGIN
    IF now_period IS NULL THEN
        RETURN;
    END IF;
    spark_span := daterange((date_trunc('month', (upper(now_period) - 1)::timestamp) - (spark_months - 1) * interval '1 month')::date,
                            upper(now_period));
    RETURN QUERY
    WITH f AS (
        SELECT f.metric, max(f.value) FILTER (WHERE f.period = 1) AS value,
               max(f.value) FILTER (WHERE f.period = 2) AS baseline, max(f.value) FILTER (WHERE f.period = 3) AS year_ago
          FROM kpi._figures(source, wanted, '{}', filter, ARRAY[now_period, then_period, kpi.year_ago(now_period)]) AS f
         GROUP BY f.metric
    ), month AS (
        SELECT f.metric, kpi._sparkline(array_agg(f.value ORDER BY f."time")::double precision[]) AS spark
          FROM kpi._figures(source, drawn, '{}', filter, ARRAY[spark_span], 'month') AS f
         GROUP BY f.metric
    ), t AS (
        SELECT m.name, m.label, m.unit, m.better, m.place, f.value, f.baseline, f.year_ago, g.target, month.spark,
               CASE WHEN f.baseline > 0 THEN (f.value - f.baseline) / f.baseline END AS change_pct,
               CASE WHEN f.year_ago > 0 THEN (f.value - f.year_ago) / f.year_ago END AS year_ago_pct,
               f.value / nullif(g.target, 0) AS attainment
          FROM kpi.metrics AS m
          LEFT JOIN f ON f.metric = m.name
          LEFT JOIN month ON month.metric = m.name
          LEFT JOIN kpi.targets AS g ON g.source = lower(_scorecard.source) AND g.metric = m.name
                AND g.period = now_period AND g.members = pinned AND kpi._admits(filter, g.members)
         WHERE m.place IS NOT NULL AND EXISTS (SELECT FROM f)
    )
    SELECT t.name, t.label, t.unit, t.value, t.baseline, t.change_pct, t.year_ago_pct, t.target, t.attainment,
           a.expected_end, a.p_attain,
           CASE WHEN t.target IS NOT NULL AND (a.status = 'ok' OR t.value IS NULL OR t.value NOT IN ('NaN', 'Infinity', '-Infinity')) THEN a.state
                WHEN t.value IS NULL OR t.value IN ('NaN', 'Infinity', '-Infinity') OR t.better = 'none' THEN 'none'
                WHEN t.change_pct IS NULL THEN 'none'
                ELSE CASE WHEN t.change_pct * CASE t.better WHEN 'down' THEN -1 ELSE 1 END >= 0 THEN 'good'
                          WHEN t.change_pct * CASE t.better WHEN 'down' THEN -1 ELSE 1 END >= -0.05 THEN 'watch' ELSE 'bad' END
           END,
           t.spark
      FROM t
      -- Only a target needs the rest of the period forecast: the filter is on t, so that nothing is called for other rows.
      LEFT JOIN (SELECT o.name, a.expected_end, a.p_attain, a.state, a.status
                   FROM t AS o
                  CROSS JOIN LATERAL kpi._attainment(o.name, now_period, '{}', filter, source, 0.8,
                             jsonb_build_array(jsonb_build_object('key', '[]'::jsonb, 'target', o.target))) AS a
                  WHERE o.target IS NOT NULL) AS a ON a.name = t.name
     ORDER BY t.place;
END $$;
COMMENT ON FUNCTION kpi._scorecard(daterange, daterange, jsonb, text) IS 'behind kpi.scorecard()';

CREATE FUNCTION kpi.scorecard(period daterange DEFAULT NULL, baseline daterange DEFAULT NULL, filter jsonb DEFAULT '{}',
        source text DEFAULT 'sales')
    RETURNS TABLE (metric text, label text, unit text, value numeric, baseline numeric, change_pct numeric, year_ago_pct numeric,
                   target numeric, attainment numeric, expected_end numeric, p_attain double precision, state text, spark text)
    STABLE PARALLEL SAFE LANGUAGE sql
AS $$ SELECT * FROM kpi._scorecard($1, $2, $3, $4) $$;
COMMENT ON FUNCTION kpi.scorecard(daterange, daterange, jsonb, text) IS
    'all headline metrics of a period: value, baseline, growth on it and on the year before (fractions), target and its attainment, expected_end and p_attain of a target (kpi.attainment()), state (good, watch, bad, none: of a running target by p_attain, else against the target within 10 %, else against the baseline within 5 %), spark: the last 13 months; a metric whose columns are not mapped has NULL figures; no rows where neither the period nor its baseline or the year before has data; period NULL: the last complete calendar month';
