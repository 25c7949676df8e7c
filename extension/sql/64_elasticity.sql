-- How demand answers to price.

CREATE FUNCTION kpi._elasticity_fit(items text[], kinds text[], channels text[], days int[], lines double precision[], units double precision[], revenue double precision[],
        promoted double precision[], level double precision)
    RETURNS TABLE (is_kind boolean, name text, elasticity double precision, lo double precision, hi double precision, n_weeks int,
                   price_lo double precision, price_hi double precision, r2 double precision, status text, note text,
                   sd double precision, price double precision, promotion double precision, promotion_error double precision)
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'elasticity_fit_wrapper';
COMMENT ON FUNCTION kpi._elasticity_fit(text[], text[], text[], int[], double precision[], double precision[], double precision[], double precision[], double precision) IS
    'elasticities of items and of kinds from rows by item, channel and day (counted from a Monday), one value a row in each array';

-- The answers of one regression with the groups they are for; read by elasticity() and what_if().
CREATE FUNCTION kpi._elasticities(by text[], period daterange, filter jsonb, source text, level double precision)
    RETURNS TABLE (key text[], elasticity double precision, lo double precision, hi double precision, n_weeks int,
                   price_lo double precision, price_hi double precision, r2 double precision, status text, note text,
                   sd double precision, price double precision, promotion double precision, promotion_error double precision)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    known text[] := kpi._source_dimensions(source);
    dims text[] := kpi._by(by);
    item text := CASE WHEN 'sku' = ANY (known) THEN 'sku' WHEN 'product' = ANY (known) THEN 'product' END;
    -- With sku or product among the dimensions a group is an item, else its products are pooled.
    single boolean := dims && '{sku,product}';
    grouped text[];
    kind text;
    -- A channel with a price level of its own must not look like a price that moves.
    channelled boolean := 'channel' = ANY (known) AND NOT 'channel' = ANY (dims);
    span daterange := kpi._whole_period($2, source);
    weeks daterange;
    discounts boolean := kpi._metric_available(source, 'discount_depth');
BEGIN
    IF item IS NULL THEN
        RAISE EXCEPTION 'source "%" has neither sku nor product', source USING ERRCODE = '22023',
            HINT = 'Map one of them with kpi.register_source().';
    END IF;
    IF level IS NULL OR level <= 0 OR level >= 1 THEN
        RAISE EXCEPTION 'level is %, but must be between 0 and 1, both excluded', level USING ERRCODE = '22023', HINT = 'Give for example 0.9.';
    END IF;
    IF span IS NULL THEN
        RETURN;
    END IF;
    kind := CASE WHEN single AND NOT 'product_type' = ANY (dims) AND 'product_type' = ANY (known) THEN 'product_type' END;
    grouped := CASE WHEN single THEN dims ELSE dims || item END;
    grouped := CASE WHEN kind IS NULL THEN grouped ELSE grouped || kind END;
    grouped := CASE WHEN channelled THEN grouped || 'channel'::text ELSE grouped END;
    -- Whole ISO weeks only: a cut week would look like weak demand.
    weeks := daterange(date_trunc('week', (lower(span) + 6)::timestamp)::date,
                       greatest(date_trunc('week', (lower(span) + 6)::timestamp), date_trunc('week', upper(span)::timestamp))::date);
    IF isempty(weeks) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH f AS (
        SELECT f.key[1:cardinality(dims)] AS key,
               CASE WHEN single THEN f.key[1:cardinality(dims)] ELSE f.key[1:cardinality(dims) + 1] END AS item,
               CASE WHEN channelled THEN f.key[cardinality(grouped)] ELSE '' END AS channel,
               CASE WHEN kind IS NOT NULL THEN f.key[cardinality(dims) + 1]
                    WHEN single AND 'product_type' = ANY (dims) THEN f.key[array_position(dims, 'product_type')]
                    WHEN single THEN '' ELSE array_to_string(f.key[1:cardinality(dims)], e'\x1f') END AS kind,
               f."time" - '1969-12-29'::date AS day, max(f.value) FILTER (WHERE f.metric = 'lines') AS lines,
               max(f.value) FILTER (WHERE f.metric = 'units') AS units,
               max(f.value) FILTER (WHERE f.metric = 'revenue') AS revenue,
               max(f.value) FILTER (WHERE f.metric = 'discount_depth') AS depth
          FROM kpi._figures(source, CASE WHEN discounts THEN '{lines,revenue,units,discount_depth}' ELSE '{lines,revenue,units}'::text[] END,
                            grouped, filter, ARRAY[weeks], 'day') AS f
         GROUP BY f.key, f."time"
    ), a AS (
        SELECT array_agg(array_to_string(f.item, e'\x1f')) AS items, array_agg(f.kind) AS kinds, array_agg(f.channel) AS channels,
               array_agg(f.day) AS days, array_agg(f.lines::double precision) AS lines, array_agg(f.units::double precision) AS units,
               array_agg(f.revenue::double precision) AS revenue,
               -- 5 % below the list price is a promotion.
               array_agg(CASE WHEN f.depth >= 0.05 THEN f.units ELSE 0 END::double precision) AS promoted
          FROM f WHERE f.units > 0 AND f.revenue > 0
    ), g AS (
        SELECT DISTINCT f.key, CASE WHEN single THEN array_to_string(f.item, e'\x1f') ELSE f.kind END AS name FROM f
    )
    SELECT g.key, e.elasticity, e.lo, e.hi, e.n_weeks, e.price_lo, e.price_hi, e.r2, e.status, e.note,
           coalesce(e.sd, (e.hi - e.lo) / 2 / 1.6448536269514722), e.price, e.promotion, e.promotion_error
      FROM a
     CROSS JOIN LATERAL kpi._elasticity_fit(a.items, a.kinds, a.channels, a.days, a.lines, a.units, a.revenue, a.promoted, level) AS e
      JOIN g ON g.name = e.name
     WHERE e.is_kind <> single;
END $$;
COMMENT ON FUNCTION kpi._elasticities(text[], daterange, jsonb, text, double precision) IS 'behind kpi.elasticity() and kpi.what_if()';

CREATE FUNCTION kpi._elasticity(by text[], period daterange, filter jsonb, source text, level double precision)
    RETURNS TABLE (members jsonb, member text, elasticity double precision, lo double precision, hi double precision, n_weeks int,
                   price_lo double precision, price_hi double precision, r2 double precision, status text, note text)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    dims text[] := kpi._by(by);
BEGIN
    RETURN QUERY
    SELECT kpi._members(dims, e.key), kpi._member(e.key), e.elasticity, e.lo, e.hi, e.n_weeks,
           -- A group of products has no one price.
           CASE WHEN dims && '{sku,product}' THEN e.price_lo END, CASE WHEN dims && '{sku,product}' THEN e.price_hi END,
           e.r2, e.status, e.note
      FROM kpi._elasticities(dims, $2, filter, source, level) AS e
     ORDER BY e.key;
END $$;
COMMENT ON FUNCTION kpi._elasticity(text[], daterange, jsonb, text, double precision) IS 'behind kpi.elasticity()';

CREATE FUNCTION kpi.elasticity(by text[] DEFAULT '{sku}', period daterange DEFAULT NULL, filter jsonb DEFAULT '{}',
        source text DEFAULT 'sales', level double precision DEFAULT 0.9)
    RETURNS TABLE (members jsonb, member text, elasticity double precision, lo double precision, hi double precision, n_weeks int,
                   price_lo double precision, price_hi double precision, r2 double precision, status text, note text)
    STABLE PARALLEL SAFE LANGUAGE sql
AS $$ SELECT * FROM kpi._elasticity($1, $2, $3, $4, $5) $$;
COMMENT ON FUNCTION kpi.elasticity(text[], daterange, jsonb, text, double precision) IS
    'by how many per cent units move with 1 % of price, with its interval at level: one pooled weekly regression with season, promotions, trends and week effects, each product shrunk to its type; without sku or product in by a group''s figure is the mean of its products; associational, causal only as far as prices were not set in anticipation of demand; status: ok, pooled (mostly the type''s), short, no_price_variation';

CREATE FUNCTION kpi._what_if_answers(groups int, buckets int, history double precision[], cells int[], grain text, horizon int, kind text,
        amount double precision, units_metric boolean, answers double precision[], level double precision)
    RETURNS TABLE ("position" int, baseline double precision, expected double precision, lo double precision, hi double precision, status text)
    STABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'what_if_answers_wrapper';
COMMENT ON FUNCTION kpi._what_if_answers(int, int, double precision[], int[], text, int, text, double precision, boolean, double precision[], double precision) IS
    'answers a change for groups: cells are the groups, then the places of the history''s values; answers seven values a group';

CREATE FUNCTION kpi._what_if(change jsonb, horizon int, grain text, metric text, by text[], filter jsonb, source text, level double precision)
    RETURNS TABLE (members jsonb, member text, baseline numeric, expected numeric, lo numeric, hi numeric, status text, note text)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    def kpi.metrics := kpi._metric(_what_if.metric);
    dims text[] := kpi._by(by);
    unit text := kpi._grain(_what_if.grain);
    kind text;
    amount double precision := 0;
    data record;
    closed date;
    begun date;
    step interval := CASE unit WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || unit)::interval END;
BEGIN
    IF NOT def.name IN ('revenue', 'units') THEN
        RAISE EXCEPTION 'metric is "%", but must be revenue or units', def.name USING ERRCODE = '22023',
            HINT = 'A price answers in these two.';
    END IF;
    IF jsonb_typeof(change) IS DISTINCT FROM 'object' OR (SELECT count(*) FROM jsonb_object_keys(change)) <> 1 THEN
        RAISE EXCEPTION 'change is %, but must name one change', coalesce(change::text, 'NULL') USING ERRCODE = '22023',
            HINT = 'Give {"price": 0.05}, {"promotion": 0.2}, {"units": -0.1} or {"delist": true}.';
    END IF;
    kind := (SELECT k FROM jsonb_object_keys(change) AS k);
    IF NOT kind IN ('price', 'promotion', 'units', 'delist')
       OR kind <> 'delist' AND jsonb_typeof(change -> kind) <> 'number' OR kind = 'delist' AND change -> kind <> 'true' THEN
        RAISE EXCEPTION 'change % is not known', change USING ERRCODE = '22023',
            HINT = 'Give {"price": 0.05}, {"promotion": 0.2}, {"units": -0.1} or {"delist": true}; fractions of what is.';
    END IF;
    IF kind <> 'delist' AND abs((change ->> kind)::numeric) > 1e12 THEN
        RAISE EXCEPTION 'change of % is beyond 1e12', kind USING ERRCODE = '22023', HINT = 'Give a fraction of what is: 0.05 is 5 %.';
    END IF;
    IF kind <> 'delist' THEN
        amount := (change ->> kind)::double precision;
    END IF;
    IF horizon IS NULL OR horizon < 1 OR horizon > 400 THEN
        RAISE EXCEPTION 'horizon is %, but must be between 1 and 400', horizon USING ERRCODE = '22023', HINT = 'It counts buckets of the grain.';
    END IF;
    SELECT e.first_day, e.last_day INTO data FROM kpi._extent(source) AS e;
    IF data.last_day IS NULL THEN
        RETURN;
    END IF;
    -- Complete buckets only.
    closed := date_trunc(unit, (data.last_day + 1)::timestamp)::date;
    begun := date_trunc(unit, data.first_day::timestamp)::date;
    IF begun >= closed THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH f AS MATERIALIZED (
        SELECT f.key, b.place, f.value
          FROM kpi._figures(source, ARRAY[def.name], dims, filter, ARRAY[daterange(begun, closed)], unit) AS f
          JOIN (SELECT b::date AS "time", (row_number() OVER (ORDER BY b))::int - 1 AS place
                  FROM generate_series(begun::timestamp, (closed - 1)::timestamp, step) AS b) AS b ON b."time" = f."time"
         WHERE f.value IS NOT NULL
    ), g AS MATERIALIZED (
        SELECT k.key, (row_number() OVER (ORDER BY k.key))::int AS place FROM (SELECT DISTINCT f.key FROM f) AS k
    ), e AS MATERIALIZED (
        SELECT e.* FROM kpi._elasticities(dims, NULL, filter, source, 0.9) AS e WHERE kind IN ('price', 'promotion')
    ), h AS (
        SELECT array_agg(f.value::double precision ORDER BY g.place, f.place) AS history,
               array_agg(g.place ORDER BY g.place, f.place) || array_agg(f.place ORDER BY g.place, f.place) AS cells
          FROM f JOIN g ON g.key = f.key
    ), a AS (
        SELECT count(DISTINCT g.place)::int AS n, array_agg(v.value ORDER BY g.place, v.i) AS answers
          FROM g LEFT JOIN e ON e.key = g.key
         CROSS JOIN LATERAL (VALUES (1, e.elasticity), (2, e.sd), (3, e.promotion), (4, e.promotion_error), (5, e.price),
                                    (6, e.price_lo), (7, e.price_hi)) AS v(i, value)
    )
    SELECT kpi._members(dims, g.key), kpi._member(g.key), round(w.baseline::numeric, 2), round(w.expected::numeric, 2),
           round(w.lo::numeric, 2), round(w.hi::numeric, 2), w.status,
           CASE w.status
                WHEN 'outside_range' THEN format('prices moved between %s and %s of the price now; beyond, nothing is known',
                                                 to_char(100 * e.price_lo / nullif(e.price, 0), 'FM999,999,999,990 %'), to_char(100 * e.price_hi / nullif(e.price, 0), 'FM999,999,999,990 %'))
                WHEN 'no_elasticity' THEN coalesce(e.note, 'no elasticity could be estimated')
                WHEN 'no_promotion_seen' THEN 'no promotion was seen: the answer rests on the price alone'
                ELSE CASE WHEN kind = 'delist' THEN 'what other products would win back is not known and not counted'
                          WHEN kind IN ('price', 'promotion') THEN 'associational: causal as far as prices were not set in anticipation of demand' END END
      FROM h CROSS JOIN a
     CROSS JOIN LATERAL kpi._what_if_answers(a.n, (SELECT count(*)::int FROM generate_series(begun::timestamp, (closed - 1)::timestamp, step)),
                                             h.history, h.cells, unit, horizon, kind, amount, def.name = 'units', a.answers, level) AS w
      JOIN g ON g.place = w."position"
      LEFT JOIN e ON e.key = g.key
     ORDER BY w.baseline DESC, g.key;
END $$;
COMMENT ON FUNCTION kpi._what_if(jsonb, int, text, text, text[], jsonb, text, double precision) IS 'behind kpi.what_if()';

CREATE FUNCTION kpi.what_if(change jsonb, horizon int DEFAULT 3, grain text DEFAULT 'month', metric text DEFAULT 'revenue', by text[] DEFAULT '{}',
        filter jsonb DEFAULT '{}', source text DEFAULT 'sales', level double precision DEFAULT 0.9)
    RETURNS TABLE (members jsonb, member text, baseline numeric, expected numeric, lo numeric, hi numeric, status text, note text)
    STABLE PARALLEL SAFE LANGUAGE sql
AS $$ SELECT * FROM kpi._what_if($1, $2, $3, $4, $5, $6, $7, $8) $$;
COMMENT ON FUNCTION kpi.what_if(jsonb, int, text, text, text[], jsonb, text, double precision) IS
    'revenue or units over the next horizon buckets without (baseline) and with a change to what the filter names: {"price": 0.05} dearer, {"promotion": 0.2} off the list price, {"units": -0.1}, {"delist": true}; from the estimated elasticity and promotion effect on top of the forecast, with an interval at level; status: ok, outside_range (that price was never seen: no answer), no_elasticity, no_promotion_seen';
