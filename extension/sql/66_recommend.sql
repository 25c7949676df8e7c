-- What to do next.

CREATE FUNCTION kpi._recommend_rules(item_names text[], item_kinds text[], channel_names text[], days int[], item int[], channel int[],
        lines double precision[], units double precision[], revenue double precision[], promoted double precision[], last_day int)
    RETURNS TABLE (action text, subject text, reason text, expected_uplift double precision, lo double precision, hi double precision,
                   confidence double precision, evidence jsonb, rule text, status text)
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'recommend_rules_wrapper';
COMMENT ON FUNCTION kpi._recommend_rules(text[], text[], text[], int[], int[], int[], double precision[], double precision[], double precision[], double precision[], int) IS
    'applies the rules to lines summed by day (from 1970-01-01), item and channel (positions in the names)';

CREATE FUNCTION kpi._recommend_fix_cause(member text, members jsonb, value double precision, expected double precision, p double precision,
        args jsonb, today int)
    RETURNS TABLE (action text, subject text, reason text, expected_uplift double precision, lo double precision, hi double precision,
                   confidence double precision, evidence jsonb, rule text, status text)
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'recommend_fix_cause_wrapper';
COMMENT ON FUNCTION kpi._recommend_fix_cause(text, jsonb, double precision, double precision, double precision, jsonb, int) IS
    'advice on a significant segment that sold less than expected; no row for any other';

CREATE FUNCTION kpi._recommend_set_target(metric text, period text, commit double precision, stretch double precision, p_stretch double precision,
        achievable boolean, today int)
    RETURNS TABLE (action text, subject text, reason text, expected_uplift double precision, lo double precision, hi double precision,
                   confidence double precision, evidence jsonb, rule text, status text)
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'recommend_set_target_wrapper';
COMMENT ON FUNCTION kpi._recommend_set_target(text, text, double precision, double precision, double precision, boolean, int) IS
    'advice on a period without a target; no row where the figures are not sound';

-- Advice that rests on other functions: the causes of last month's gap, and a coming month without a target.
CREATE FUNCTION kpi._recommend_others(today date, filter jsonb, source text)
    RETURNS TABLE (action text, subject text, reason text, expected_uplift double precision, lo double precision, hi double precision,
                   confidence double precision, evidence jsonb, rule text, status text)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    closed daterange := kpi._period_or_last_month(NULL, today);
    next_month daterange := kpi._next_month(source);
    next_name text := to_char(lower(next_month), 'YYYY-MM');
BEGIN
    IF closed IS NOT NULL AND EXISTS (SELECT FROM pg_proc AS p WHERE p.proname = 'drivers' AND p.pronamespace = 'kpi'::regnamespace) THEN
        RETURN QUERY
        SELECT r.*
          FROM kpi.drivers('revenue', period => closed, filter => filter, source => source) AS d
         CROSS JOIN LATERAL kpi._recommend_fix_cause(d.member, d.members, d.value::double precision, d.expected::double precision,
                                d.p_adj::double precision,
                                jsonb_build_object('metric', 'revenue', 'period', closed, 'filter', coalesce(filter, '{}')),
                                today - '1970-01-01'::date) AS r
         WHERE d.kind = 'segment' AND d.value < d.expected
         LIMIT 3;
    END IF;
    -- A target is for what is to come, not for a look back.
    IF today = kpi.asof(source) AND coalesce(filter, '{}') = '{}' AND NOT EXISTS (
           SELECT FROM kpi.targets AS t
            WHERE t.source = lower(_recommend_others.source) AND t.metric = 'revenue' AND t.period = next_month AND t.members = '{}') THEN
        RETURN QUERY
        SELECT r.*
          FROM kpi.suggest_targets('revenue', next_month, source => source) AS t
         CROSS JOIN LATERAL kpi._recommend_set_target('revenue', next_name, t.commit::double precision, t.stretch_target::double precision,
                                0.25, coalesce(t.achievable, true), today - '1970-01-01'::date) AS r
         WHERE t.status IN ('ok', 'needs_process_change');
    END IF;
END $$;
COMMENT ON FUNCTION kpi._recommend_others(date, jsonb, text) IS 'advice from drivers() and suggest_targets(), for kpi.recommend()';

CREATE FUNCTION kpi._recommend(period daterange, filter jsonb, most int, source text)
    RETURNS TABLE (rank bigint, action text, subject text, reason text, expected_uplift double precision, lo double precision,
                   hi double precision, confidence double precision, evidence jsonb, rule text, status text)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    known text[] := kpi._source_dimensions(source);
    item text := CASE WHEN 'sku' = ANY (known) THEN 'sku' WHEN 'product' = ANY (known) THEN 'product' END;
    typed boolean := 'product_type' = ANY (known);
    channelled boolean := 'channel' = ANY (known);
    span daterange := kpi._whole_period($1, source);
    data daterange;
    today date;
BEGIN
    IF most < 1 THEN
        RAISE EXCEPTION 'top is %, but must be at least 1', most USING ERRCODE = '22023', HINT = 'Leave it out for twenty.';
    END IF;
    IF item IS NULL THEN
        RAISE EXCEPTION 'source "%" has neither sku nor product', source USING ERRCODE = '22023',
            HINT = 'Map one of them with kpi.register_source().';
    END IF;
    -- Advice of a day rests on what was known on it.
    SELECT least(upper(span) - 1, e.last_day), daterange(e.first_day, greatest(e.first_day, least(upper(span), e.last_day + 1))) INTO today, data
      FROM kpi._extent(source) AS e;
    IF today IS NULL OR isempty(data) THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format($q$
    WITH f AS MATERIALIZED (
        SELECT g.k1 AS item, %2$s AS kind, %3$s AS channel, g.bucket AS day, g.m1 AS lines, g.m2 AS units, g.m3 AS revenue, g.m4 AS depth
          FROM (%1$s) AS g
    ), items AS (
        SELECT f.item, min(f.kind) AS kind, (row_number() OVER (ORDER BY f.item))::int AS place FROM f GROUP BY f.item
    ), channels AS (
        SELECT f.channel, (row_number() OVER (ORDER BY f.channel))::int AS place FROM f GROUP BY f.channel
    ), a AS (
        SELECT array_agg(f.day - '1970-01-01'::date) AS days, array_agg(items.place) AS item, array_agg(channels.place) AS channel,
               array_agg(f.lines::double precision) AS lines, array_agg(f.units::double precision) AS units,
               array_agg(f.revenue::double precision) AS revenue,
               array_agg(CASE WHEN f.depth >= 0.05 THEN f.units ELSE 0 END::double precision) AS promoted
          FROM f JOIN items ON items.item = f.item JOIN channels ON channels.channel = f.channel
    ), rules AS (
        SELECT r.*
          FROM a
         CROSS JOIN LATERAL kpi._recommend_rules(
                   (SELECT array_agg(items.item ORDER BY items.place) FROM items), (SELECT array_agg(items.kind ORDER BY items.place) FROM items),
                   (SELECT array_agg(channels.channel ORDER BY channels.place) FROM channels),
                   a.days, a.item, a.channel, a.lines, a.units, a.revenue, a.promoted, $1 - '1970-01-01'::date) AS r
         -- Inside of some channels nothing is said about how much hangs on one.
         WHERE r.action <> 'diversify' OR NOT EXISTS (SELECT FROM jsonb_object_keys($2) AS k WHERE lower(btrim(k)) = 'channel')
        UNION ALL
        SELECT r.* FROM kpi._recommend_others($1, $2, $3) AS r
    )
    SELECT row_number() OVER w, r.action, r.subject, r.reason, r.expected_uplift, r.lo, r.hi, r.confidence,
           -- The call is to run as it stands: on this source, inside of this filter.
           jsonb_set(r.evidence, '{args}', (r.evidence -> 'args')
                     || CASE WHEN $2 <> '{}' OR r.evidence -> 'args' ? 'filter'
                             THEN jsonb_build_object('filter', coalesce($2, '{}') || coalesce(r.evidence -> 'args' -> 'filter', '{}')) ELSE '{}' END
                     || CASE WHEN r.action = 'price' AND $1 < kpi.asof($3) THEN jsonb_build_object('period', $4)
                             WHEN r.action = 'set_target' THEN jsonb_build_object('period', kpi._next_month($3)) ELSE '{}' END
                     || CASE WHEN lower($3) <> 'sales' THEN jsonb_build_object('source', $3) ELSE '{}' END),
           r.rule, r.status
      FROM rules AS r
    WINDOW w AS (ORDER BY CASE WHEN r.action IN ('delist', 'diversify') THEN 0
                               ELSE greatest(coalesce(r.expected_uplift, 0), 0) * coalesce(r.confidence, 0.5) END DESC, r.action, r.subject)
     ORDER BY 1
     LIMIT $5
    $q$, kpi._cells_query(source, '{lines,units,revenue,discount_depth}', ARRAY[item] || CASE WHEN typed THEN ARRAY['product_type'] ELSE '{}' END
                          || CASE WHEN channelled THEN ARRAY['channel'] ELSE '{}' END, filter, lower(data), upper(data)),
        CASE WHEN typed THEN 'g.k2' ELSE $s$''$s$ END, CASE WHEN channelled THEN CASE WHEN typed THEN 'g.k3' ELSE 'g.k2' END ELSE $s$''$s$ END)
    USING today, filter, source, data, most;
END $$;
COMMENT ON FUNCTION kpi._recommend(daterange, jsonb, int, text) IS 'behind kpi.recommend()';

CREATE FUNCTION kpi.recommend(period daterange DEFAULT NULL, filter jsonb DEFAULT '{}', top int DEFAULT 20, source text DEFAULT 'sales')
    RETURNS TABLE (rank bigint, action text, subject text, reason text, expected_uplift double precision, lo double precision,
                   hi double precision, confidence double precision, evidence jsonb, rule text, status text)
    STABLE PARALLEL SAFE LANGUAGE sql
AS $$ SELECT * FROM kpi._recommend($1, $2, $3, $4) $$;
COMMENT ON FUNCTION kpi.recommend(daterange, jsonb, int, text) IS
    'what to do next, greatest expected uplift × confidence first; uplift is of revenue over four weeks with its 90 % interval, confidence the rule''s hit rate on past dates of the same data (NULL: never put to the test), evidence the call that shows it ("function", "args"), the figures, what would change the advice, and its expiry; status: ok, directional (its size is not known), suspected; period NULL: all of the data, else what was known at its end';
