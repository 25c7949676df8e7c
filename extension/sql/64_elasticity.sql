-- How demand answers to price.

CREATE FUNCTION kpi._elasticity_fit(items text[], kinds text[], weeks int[], units double precision[], revenue double precision[],
        promoted double precision[], level double precision)
    RETURNS TABLE (is_kind boolean, name text, elasticity double precision, lo double precision, hi double precision, n_weeks int,
                   price_lo double precision, price_hi double precision, r2 double precision, status text, note text,
                   sd double precision, price double precision, promotion double precision, promotion_error double precision)
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'elasticity_fit_wrapper';
COMMENT ON FUNCTION kpi._elasticity_fit(text[], text[], int[], double precision[], double precision[], double precision[], double precision) IS
    'elasticities of items and of kinds from rows by item and week, one value a row in each array';

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
    -- Whole ISO weeks only: a cut week would look like weak demand.
    weeks := daterange((date_trunc('week', (lower(span) + 6)::timestamp))::date, date_trunc('week', upper(span)::timestamp)::date);
    IF isempty(weeks) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH f AS (
        SELECT f.key[1:cardinality(dims)] AS key,
               CASE WHEN single THEN f.key[1:cardinality(dims)] ELSE f.key END AS item,
               CASE WHEN kind IS NOT NULL THEN f.key[cardinality(grouped)]
                    WHEN single AND 'product_type' = ANY (dims) THEN f.key[array_position(dims, 'product_type')]
                    WHEN single THEN '' ELSE array_to_string(f.key[1:cardinality(dims)], e'\x1f') END AS kind,
               (f."time" - '1969-12-29'::date) / 7 AS week,
               max(f.value) FILTER (WHERE f.metric = 'units') AS units,
               max(f.value) FILTER (WHERE f.metric = 'revenue') AS revenue,
               max(f.value) FILTER (WHERE f.metric = 'discount_depth') AS depth
          FROM kpi._figures(source, CASE WHEN discounts THEN '{revenue,units,discount_depth}' ELSE '{revenue,units}'::text[] END,
                            grouped, filter, ARRAY[weeks], 'week') AS f
         GROUP BY f.key, f."time"
    ), a AS (
        SELECT array_agg(array_to_string(f.item, e'\x1f') ORDER BY f.item, f.week) AS items,
               array_agg(f.kind ORDER BY f.item, f.week) AS kinds, array_agg(f.week ORDER BY f.item, f.week) AS weeks,
               array_agg(f.units::double precision ORDER BY f.item, f.week) AS units,
               array_agg(f.revenue::double precision ORDER BY f.item, f.week) AS revenue,
               -- 5 % below the list price is a promotion.
               array_agg(CASE WHEN f.depth >= 0.05 THEN f.units ELSE 0 END::double precision ORDER BY f.item, f.week) AS promoted
          FROM f WHERE f.units > 0 AND f.revenue > 0
    ), g AS (
        SELECT DISTINCT f.key, CASE WHEN single THEN array_to_string(f.item, e'\x1f') ELSE f.kind END AS name FROM f
    )
    SELECT g.key, e.elasticity, e.lo, e.hi, e.n_weeks, e.price_lo, e.price_hi, e.r2, e.status, e.note,
           coalesce(e.sd, (e.hi - e.lo) / 2 / 1.6448536269514722), e.price, e.promotion, e.promotion_error
      FROM a
     CROSS JOIN LATERAL kpi._elasticity_fit(a.items, a.kinds, a.weeks, a.units, a.revenue, a.promoted, level) AS e
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
    SELECT kpi._members(dims, e.key), kpi._member(e.key), e.elasticity, e.lo, e.hi, e.n_weeks, e.price_lo, e.price_hi, e.r2, e.status, e.note
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
