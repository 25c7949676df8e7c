-- Where a change comes from: of any cube, and of a metric over a source.

CREATE TYPE kpi.cube;

CREATE FUNCTION kpi.cube_in(cstring) RETURNS kpi.cube
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'cube_in';
CREATE FUNCTION kpi.cube_out(kpi.cube) RETURNS cstring
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'cube_out';

CREATE TYPE kpi.cube (
    INPUT = kpi.cube_in,
    OUTPUT = kpi.cube_out,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE kpi.cube IS
    'what was measured and what was expected of each combination of members; text form {"members": [["A"], ["Web"]], "leaves": [[[0, 0], 9, 10, []]]}';
COMMENT ON FUNCTION kpi.cube_in(cstring) IS 'reads the text form of a cube';
COMMENT ON FUNCTION kpi.cube_out(kpi.cube) IS 'writes the text form of a cube, which is JSON';

CREATE FUNCTION kpi._cube_add(kpi.cube, double precision, double precision, text[]) RETURNS kpi.cube
    IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'cube_add';
CREATE FUNCTION kpi._cube_combine(kpi.cube, kpi.cube) RETURNS kpi.cube
    IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'cube_combine';
CREATE FUNCTION kpi._cube_final(kpi.cube) RETURNS kpi.cube
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'cube_final';
COMMENT ON FUNCTION kpi._cube_add(kpi.cube, double precision, double precision, text[]) IS 'transition function of kpi.cube()';
COMMENT ON FUNCTION kpi._cube_combine(kpi.cube, kpi.cube) IS 'combine function of kpi.cube()';
COMMENT ON FUNCTION kpi._cube_final(kpi.cube) IS 'final function of kpi.cube(): one row a leaf';

CREATE AGGREGATE kpi.cube(actual double precision, expected double precision, members text[]) (
    SFUNC = kpi._cube_add, STYPE = kpi.cube, FINALFUNC = kpi._cube_final,
    COMBINEFUNC = kpi._cube_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE kpi.cube(double precision, double precision, text[]) IS
    'a cube for kpi.drivers(): rows of the same members add up; a NULL amount is 0, a NULL member is (none), rows without members are skipped; lines of two periods can be given as they are, with amount, 0 for the one and 0, amount for the other';

CREATE FUNCTION kpi.drivers(cube kpi.cube, dims text[], max_depth int DEFAULT 3, alpha double precision DEFAULT 0.05,
        min_share double precision DEFAULT 0.01, method text DEFAULT 'scan')
    RETURNS TABLE (rank int, kind text, members jsonb, member text, depth int, baseline double precision, value double precision,
                   expected double precision, change double precision, contribution double precision, ratio double precision,
                   ratio_lo double precision, ratio_hi double precision, p_adj double precision, surprise double precision,
                   status text, note text)
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c ROWS 5
    AS 'MODULE_PATHNAME', 'drivers_cube_wrapper';
COMMENT ON FUNCTION kpi.drivers(kpi.cube, text[], int, double precision, double precision, text) IS
    'where actual differs from expected: one row market (what all leaves share), one row a segment that moved against it, one row residual; contributions are points of the total''s growth and add up to it; dims names the members in their order; max_depth: dimensions that a segment may fix; alpha: chance of naming any segment where nothing happened; min_share: least share of what segments explain (0 to 1); method: scan, or adtributor for comparison; status of the market row is no_local_cause where nothing local happened';

CREATE FUNCTION kpi._drivers_leaves(members text[], actual double precision[], expected double precision[], history double precision[],
        dims text[], max_depth int, alpha double precision, min_share double precision, method text)
    RETURNS TABLE (rank int, kind text, members jsonb, member text, depth int, baseline double precision, value double precision,
                   expected double precision, change double precision, contribution double precision, ratio double precision,
                   ratio_lo double precision, ratio_hi double precision, p_adj double precision, surprise double precision,
                   status text, note text)
    IMMUTABLE PARALLEL SAFE LANGUAGE c ROWS 5
    AS 'MODULE_PATHNAME', 'drivers_leaves_wrapper';
COMMENT ON FUNCTION kpi._drivers_leaves(text[], double precision[], double precision[], double precision[], text[], int, double precision,
    double precision, text) IS 'kpi.drivers() over leaves in columns, with earlier windows that tell how much leaves move by themselves';

CREATE FUNCTION kpi._driver_dimensions(source text, filter jsonb) RETURNS text[]
    STABLE PARALLEL SAFE LANGUAGE sql
    -- A filter to one member leaves nothing to look for.
RETURN ARRAY(SELECT d FROM unnest('{brand,sku,product_type,price_tier,channel,vendor}'::text[]) AS d
              WHERE d = ANY (kpi._source_dimensions(source)) AND NOT kpi._pinned(filter) ? d);
COMMENT ON FUNCTION kpi._driver_dimensions(text, jsonb) IS 'where kpi.drivers() looks unless told';

CREATE FUNCTION kpi._drivers(metric text, period daterange, before daterange, dims text[], filter jsonb, max_depth int,
        alpha double precision, min_share double precision, method text, source text)
    RETURNS TABLE (rank int, kind text, members jsonb, member text, depth int, baseline double precision, value double precision,
                   expected double precision, change double precision, contribution double precision, ratio double precision,
                   ratio_lo double precision, ratio_hi double precision, p_adj double precision, surprise double precision,
                   status text, note text)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    def kpi.metrics := kpi._metric(_drivers.metric);
    now_period daterange := kpi._period($2, $10);
    then_period daterange := coalesce(kpi._period_or_last_month($3, NULL), kpi.previous(now_period));
    wanted text[] := kpi._by(coalesce($4, kpi._driver_dimensions($10, $5)));
    -- A ratio is explained through what it divides by what.
    parts text[] := CASE def.name WHEN 'asp' THEN '{revenue,units}' WHEN 'aov' THEN '{revenue,orders}'
                                  WHEN 'units_per_order' THEN '{units,orders}' WHEN 'return_rate' THEN '{returns,units}'
                                  ELSE ARRAY[def.name] END;
    windows daterange[] := ARRAY[now_period, then_period];
    first_day date;
    one daterange := then_period;
BEGIN
    IF _drivers.max_depth IS NULL OR _drivers.alpha IS NULL OR _drivers.min_share IS NULL OR _drivers.method IS NULL THEN
        RAISE EXCEPTION '% is NULL', CASE WHEN _drivers.max_depth IS NULL THEN 'max_depth' WHEN _drivers.alpha IS NULL THEN 'alpha'
                                          WHEN _drivers.min_share IS NULL THEN 'min_share' ELSE 'method' END
            USING ERRCODE = '22004', HINT = 'Give a value.';
    END IF;
    IF NOT def.additive AND cardinality(parts) = 1 THEN
        RAISE EXCEPTION 'metric "%" does not add up, so its change cannot be divided among segments', def.name USING ERRCODE = '22023',
            HINT = 'Ask for an additive metric or for one of asp, aov, units_per_order, return_rate.';
    END IF;
    IF now_period IS NULL THEN
        RETURN;
    END IF;
    IF cardinality(wanted) = 0 THEN
        RAISE EXCEPTION 'no dimension to look in' USING ERRCODE = '22023', HINT = 'Name dimensions in dims, or filter less.';
    END IF;
    IF NOT kpi._metric_available($10, def.name) THEN
        RETURN QUERY SELECT 1, 'market', '{}'::jsonb, 'Total', 0, NULL::float8, NULL::float8, NULL::float8, NULL::float8, NULL::float8,
            NULL::float8, NULL::float8, NULL::float8, NULL::float8, NULL::float8, 'not_available',
            kpi._not_available($10, def.name);
        RETURN;
    END IF;
    -- Up to six windows before the baseline show how much leaves move by themselves.
    first_day := (SELECT e.first_day FROM kpi._extent($10) AS e);
    FOR i IN 1..6 LOOP
        one := kpi.previous(one);
        EXIT WHEN one IS NULL OR lower(one) < first_day;
        windows := windows || one;
    END LOOP;
    IF cardinality(parts) = 1 THEN
        RETURN QUERY
        WITH leaf AS (
            SELECT f.key, coalesce(max(f.value) FILTER (WHERE f.period = 1), 0)::float8 AS a,
                   coalesce(max(f.value) FILTER (WHERE f.period = 2), 0)::float8 AS b,
                   jsonb_object_agg(f.period, f.value) AS w
              FROM kpi._figures($10, parts, wanted, $5, windows) AS f
             GROUP BY f.key
        ), packed AS (
            SELECT array_agg(l.key ORDER BY l.key) AS members, array_agg(l.a ORDER BY l.key) AS actual,
                   array_agg(l.b ORDER BY l.key) AS expected,
                   array_agg(ARRAY(SELECT coalesce((l.w ->> i::text)::float8, 0)
                                     FROM generate_series(cardinality(windows), 2, -1) AS i) ORDER BY l.key) AS history
              FROM leaf AS l
        )
        SELECT d.*
          FROM packed AS k, kpi._drivers_leaves(k.members, k.actual, k.expected, k.history, wanted, _drivers.max_depth, _drivers.alpha,
                                                _drivers.min_share, _drivers.method) AS d
         WHERE k.members IS NOT NULL;
        RETURN;
    END IF;
    -- Ratios: at the old rates, what would the numerator have been? Then rates moved where it differs.
    RETURN QUERY
    WITH f AS (
        SELECT f.key, coalesce(max(f.value) FILTER (WHERE f.period = 1 AND f.metric = parts[1]), 0)::float8 AS n1,
               coalesce(max(f.value) FILTER (WHERE f.period = 1 AND f.metric = parts[2]), 0)::float8 AS d1,
               coalesce(max(f.value) FILTER (WHERE f.period = 2 AND f.metric = parts[1]), 0)::float8 AS n0,
               coalesce(max(f.value) FILTER (WHERE f.period = 2 AND f.metric = parts[2]), 0)::float8 AS d0
          FROM kpi._figures($10, parts, wanted, $5, windows[1:2]) AS f
         GROUP BY f.key
    ), sold AS (
        -- Returns are a share of what was sold, which is units and returns.
        SELECT f.key, kpi._members(wanted, f.key) AS members, f.n1, f.d1 + own.n1 AS d1, f.n0, f.d0 + own.n0 AS d0
          FROM f, LATERAL (SELECT CASE WHEN def.name = 'return_rate' THEN f.n1 ELSE 0 END AS n1,
                                  CASE WHEN def.name = 'return_rate' THEN f.n0 ELSE 0 END AS n0) AS own
    ), whole AS (
        SELECT sum(s.n1) AS n1, nullif(sum(s.d1), 0) AS d1, sum(s.n0) AS n0, nullif(sum(s.d0), 0) AS d0 FROM sold AS s
    ), leaf AS (
        SELECT s.*, CASE WHEN s.d1 <= 0 THEN 0 WHEN s.d0 > 0 AND s.n0 >= 0 THEN s.d1 * s.n0 / s.d0 ELSE s.d1 * w.n0 / w.d0 END AS e
          FROM sold AS s, whole AS w
    ), packed AS (
        SELECT array_agg(l.key ORDER BY l.key) AS members, array_agg(CASE WHEN l.d1 > 0 THEN l.n1 ELSE 0 END ORDER BY l.key) AS actual,
               array_agg(coalesce(l.e, 0) ORDER BY l.key) AS expected, sum(l.e) AS e
          FROM leaf AS l
    ), d AS (
        SELECT d.*, k.e / w.d1 / nullif(w.n0 / w.d0, 0) AS scale, w.n1 / w.d1 / nullif(w.n0 / w.d0, 0) - 1 AS growth
          FROM packed AS k, whole AS w,
               kpi._drivers_leaves(k.members, k.actual, k.expected, '{}', wanted, _drivers.max_depth, _drivers.alpha,
                                   _drivers.min_share, _drivers.method) AS d
         WHERE k.members IS NOT NULL
    )
    SELECT d.rank, d.kind, d.members, d.member, d.depth, part.r0,
           CASE d.kind WHEN 'residual' THEN NULL ELSE part.r1 END, CASE d.kind WHEN 'residual' THEN NULL ELSE part.r0 * part.centre END,
           CASE d.kind WHEN 'residual' THEN NULL ELSE part.r1 - part.r0 END,
           CASE d.kind WHEN 'residual' THEN d.growth - sum(d.contribution * d.scale) FILTER (WHERE d.kind <> 'residual') OVER ()
                ELSE d.contribution * d.scale END,
           d.ratio, d.ratio_lo, d.ratio_hi, d.p_adj, d.surprise, d.status,
           CASE WHEN d.kind = 'residual' THEN concat_ws('; ', nullif(d.note, ''), 'with the change of mix among segments') ELSE d.note END
      FROM d, LATERAL (SELECT sum(l.n0) / nullif(sum(l.d0), 0) AS r0, sum(l.n1) / nullif(sum(l.d1), 0) AS r1,
                              max(m.ratio) AS centre
                         FROM leaf AS l, (SELECT m.ratio FROM d AS m WHERE m.kind = 'market') AS m
                        WHERE l.members @> d.members) AS part
     ORDER BY d.rank;
END $$;
COMMENT ON FUNCTION kpi._drivers(text, daterange, daterange, text[], jsonb, int, double precision, double precision, text, text) IS
    'behind kpi.drivers(metric)';

CREATE FUNCTION kpi.drivers(metric text, period daterange DEFAULT NULL, baseline daterange DEFAULT NULL, dims text[] DEFAULT NULL,
        filter jsonb DEFAULT '{}', max_depth int DEFAULT 3, alpha double precision DEFAULT 0.05, min_share double precision DEFAULT 0.01,
        method text DEFAULT 'scan', source text DEFAULT 'sales')
    RETURNS TABLE (rank int, kind text, members jsonb, member text, depth int, baseline double precision, value double precision,
                   expected double precision, change double precision, contribution double precision, ratio double precision,
                   ratio_lo double precision, ratio_hi double precision, p_adj double precision, surprise double precision,
                   status text, note text)
    STABLE PARALLEL SAFE LANGUAGE sql
AS $$ SELECT * FROM kpi._drivers($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) $$;
COMMENT ON FUNCTION kpi.drivers(text, daterange, daterange, text[], jsonb, int, double precision, double precision, text, text) IS
    'where the change of a metric between two periods comes from: one row market (what all of sales share), one row a segment that moved against it, one row residual; contributions are points of the total''s growth and add up to it; dims NULL: brand, sku, product_type, price_tier, channel, vendor as far as the source has them; asp, aov, units_per_order and return_rate are explained through numerator and denominator; period NULL: the last complete calendar month, baseline NULL: the period of the same shape before; other arguments as for a cube';

-- A period in quotes could be the dims of a cube; as text it is neither.
CREATE FUNCTION kpi.drivers(metric text, period text, baseline text DEFAULT NULL, dims text[] DEFAULT NULL,
        filter jsonb DEFAULT '{}', max_depth int DEFAULT 3, alpha double precision DEFAULT 0.05, min_share double precision DEFAULT 0.01,
        method text DEFAULT 'scan', source text DEFAULT 'sales')
    RETURNS TABLE (rank int, kind text, members jsonb, member text, depth int, baseline double precision, value double precision,
                   expected double precision, change double precision, contribution double precision, ratio double precision,
                   ratio_lo double precision, ratio_hi double precision, p_adj double precision, surprise double precision,
                   status text, note text)
    STABLE PARALLEL SAFE LANGUAGE sql
AS $$
    SELECT * FROM kpi._drivers($1, CASE WHEN $2 ~ '^[[(]' THEN $2::daterange ELSE kpi.period_in($10, $2) END,
                               CASE WHEN $3 ~ '^[[(]' THEN $3::daterange ELSE kpi.period_in($10, $3) END,
                               $4, $5, $6, $7, $8, $9, $10)
$$;
COMMENT ON FUNCTION kpi.drivers(text, text, text, text[], jsonb, int, double precision, double precision, text, text) IS
    'kpi.drivers(metric) with periods in quotes: ''2025-10'', ''last month'' or ''[2025-10-01,2025-11-01)''';

-- '{brand}' in fourth place, an untyped literal, could else be min_share of a cube, and the call would not be unique.
CREATE FUNCTION kpi.drivers(metric text, period text, baseline text, dims text,
        filter jsonb DEFAULT '{}', max_depth int DEFAULT 3, alpha double precision DEFAULT 0.05, min_share double precision DEFAULT 0.01,
        method text DEFAULT 'scan', source text DEFAULT 'sales')
    RETURNS TABLE (rank int, kind text, members jsonb, member text, depth int, baseline double precision, value double precision,
                   expected double precision, change double precision, contribution double precision, ratio double precision,
                   ratio_lo double precision, ratio_hi double precision, p_adj double precision, surprise double precision,
                   status text, note text)
    STABLE PARALLEL SAFE LANGUAGE sql
AS $$ SELECT * FROM kpi.drivers($1, $2, $3, $4::text[], $5, $6, $7, $8, $9, $10) $$;
COMMENT ON FUNCTION kpi.drivers(text, text, text, text, jsonb, int, double precision, double precision, text, text) IS
    'the same, with dims as a literal, so that arguments may also be given by place';
