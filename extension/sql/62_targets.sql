-- Targets: how high, whether the process can reach them, who carries what, and where they stand.

CREATE FUNCTION kpi._targets_suggest(groups int, buckets int, "group" int[], place int[], value double precision[], last_year double precision[],
        grain text, skip int, length int, stretch double precision, method text, additive boolean)
    RETURNS TABLE ("position" int, commit double precision, stretch_target double precision, ambitious double precision,
                   growth_percentile double precision, upper_natural_limit double precision, achievable boolean, status text, note text)
    STABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'targets_suggest_wrapper';
COMMENT ON FUNCTION kpi._targets_suggest(int, int, int[], int[], double precision[], double precision[], text, int, int, double precision, text, boolean) IS
    'targets of groups from their complete buckets, sparse by group (from 1) and place (from 0)';

CREATE FUNCTION kpi._targets_attain(groups int, days int, "group" int[], place int[], value double precision[], target double precision[],
        first date, period_first date, period_end date, more_is_better boolean, level double precision)
    RETURNS TABLE ("position" int, expected_end double precision, lo double precision, hi double precision, p_attain double precision,
                   pace double precision, state text)
    STABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'targets_attain_wrapper';
COMMENT ON FUNCTION kpi._targets_attain(int, int, int[], int[], double precision[], double precision[], date, date, date, boolean, double precision) IS
    'where targets of groups stand, from daily values, sparse by group (from 1) and place (from 0)';

CREATE FUNCTION kpi._targets_allocate(groups int, buckets int, "group" int[], place int[], value double precision[], grain text, skip int,
        length int, total_cents bigint)
    RETURNS TABLE ("position" int, expected double precision, cents bigint)
    STABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'targets_allocate_wrapper';
COMMENT ON FUNCTION kpi._targets_allocate(int, int, int[], int[], double precision[], text, int, int, bigint) IS
    'a total handed down to groups in whole cents, by forecast and risk';

-- The complete buckets before a period, and where the period lies after them.
CREATE FUNCTION kpi._target_frame(period daterange, source text, OUT grain text, OUT history daterange, OUT buckets int, OUT skip int, OUT length int)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    data record;
    first date := lower(period);
    past date := upper(period);
    begun date;
BEGIN
    SELECT e.first_day, e.last_day INTO data FROM kpi._extent(source) AS e;
    IF data.last_day IS NULL OR period IS NULL THEN
        RETURN;
    END IF;
    grain := CASE WHEN first = date_trunc('month', first::timestamp) AND past = date_trunc('month', past::timestamp) THEN 'month'
                  WHEN first = date_trunc('week', first::timestamp) AND past = date_trunc('week', past::timestamp) THEN 'week'
                  ELSE 'day' END;
    begun := date_trunc(grain, data.first_day::timestamp)::date;
    -- A first bucket that lacks more than a tenth of its days would look like a launch.
    IF data.first_day - begun > (CASE grain WHEN 'month' THEN 3 ELSE 0 END) THEN
        begun := (begun + ('1 ' || grain)::interval)::date;
    END IF;
    history := daterange(begun, greatest(begun, least(date_trunc(grain, (data.last_day + 1)::timestamp)::date, first)));
    buckets := kpi._buckets_between(begun, greatest(begun, upper(history)), grain);
    skip := greatest(0, kpi._buckets_between(CASE WHEN isempty(history) THEN begun ELSE upper(history) END, first, grain));
    length := kpi._buckets_between(first, past, grain);
END $$;
COMMENT ON FUNCTION kpi._target_frame(daterange, text) IS
    'the grain that a period is made of (month, week or day), the complete buckets before it, how many lie between and in it';

CREATE FUNCTION kpi._buckets_between(a date, b date, grain text) RETURNS int
    IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN CASE grain WHEN 'month' THEN ((extract(year FROM b) - extract(year FROM a)) * 12 + extract(month FROM b) - extract(month FROM a))::int
                      WHEN 'week' THEN (b - a) / 7 ELSE b - a END;
COMMENT ON FUNCTION kpi._buckets_between(date, date, text) IS 'buckets from one bucket''s first day to another''s';

CREATE FUNCTION kpi._next_month(source text) RETURNS daterange
    STABLE PARALLEL SAFE LANGUAGE sql
    RETURN (SELECT pg_catalog.daterange((pg_catalog.date_trunc('month', a.last::timestamp) + interval '1 month')::date,
                                        (pg_catalog.date_trunc('month', a.last::timestamp) + interval '2 months')::date)
              FROM (SELECT kpi.asof(source) AS last) AS a WHERE a.last IS NOT NULL);
COMMENT ON FUNCTION kpi._next_month(text) IS 'the month after the one that the data end in';

CREATE FUNCTION kpi._suggest_targets(metric text, period daterange, by text[], filter jsonb, stretch double precision, method text, source text)
    RETURNS TABLE (members jsonb, member text, commit numeric, stretch_target numeric, ambitious numeric, last_year numeric,
                   implied_growth numeric, growth_percentile double precision, upper_natural_limit numeric, achievable boolean,
                   status text, note text)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    def kpi.metrics := kpi._metric(_suggest_targets.metric);
    dims text[] := kpi._by(by);
    span daterange := CASE WHEN $2 IS NULL THEN kpi._next_month(source) ELSE kpi._period($2, source) END;
    fewer boolean := def.better = 'down';
    -- A rate of returns in two digits would be one figure for all three targets.
    digits int := CASE WHEN def.additive OR def.unit = 'money' THEN 2 ELSE 6 END;
    frame record;
BEGIN
    SELECT * INTO frame FROM kpi._target_frame(span, source);
    IF stretch IS NULL OR stretch <= 0 OR stretch >= 1 THEN
        RAISE EXCEPTION 'stretch is %, but must be between 0 and 1, both excluded', stretch USING ERRCODE = '22023', HINT = 'Give for example 0.75.';
    END IF;
    IF NOT coalesce(lower(btrim(method)) = ANY ('{forecast,growth,peers}'), false) THEN
        RAISE EXCEPTION 'method "%" does not exist', method USING ERRCODE = '22023', HINT = 'Give forecast, growth or peers.';
    END IF;
    IF NOT kpi._metric_available(source, def.name) THEN
        RETURN QUERY SELECT '{}'::jsonb, 'Total', NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric, NULL::float8,
            NULL::numeric, NULL::boolean, 'not_available', kpi._not_available(source, def.name);
        RETURN;
    END IF;
    IF frame.length IS NULL THEN
        RETURN;
    END IF;
    IF isempty(frame.history) THEN
        RETURN QUERY
        SELECT kpi._members(dims, f.key), kpi._member(f.key), NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric, NULL::float8,
               NULL::numeric, NULL::boolean, 'short', 'nothing complete before the period'
          FROM kpi._figures(source, ARRAY[def.name], dims, filter, ARRAY[NULL::daterange]) AS f ORDER BY f.key;
        RETURN;
    END IF;
    IF frame.length > 800 THEN
        RAISE EXCEPTION 'period has % days, but a target by days may have 800', frame.length USING ERRCODE = '22023',
            HINT = 'Give whole months.';
    END IF;
    RETURN QUERY
    WITH f AS MATERIALIZED (
        SELECT f.key, f."time", f.value
          FROM kpi._figures(source, ARRAY[def.name], dims, filter, ARRAY[frame.history], frame.grain) AS f
         WHERE f.value IS NOT NULL
    ), g AS MATERIALIZED (
        SELECT k.key, (row_number() OVER (ORDER BY k.key))::int AS place FROM (SELECT DISTINCT f.key FROM f) AS k
    ), past AS (
        SELECT f.key, f.value FROM kpi._figures(source, ARRAY[def.name], dims, filter, ARRAY[kpi.year_ago(span)]) AS f
    ), a AS (
        SELECT array_agg(g.place) AS groups, array_agg(kpi._buckets_between(lower(frame.history), f."time", frame.grain)) AS places,
               array_agg(f.value::double precision) AS vals
          FROM f JOIN g ON g.key = f.key
    ), l AS (
        SELECT count(*)::int AS n, array_agg(past.value::double precision ORDER BY g.place) AS last_year
          FROM g LEFT JOIN past ON past.key = g.key
    )
    SELECT kpi._members(dims, g.key), kpi._member(g.key), round(t.commit::numeric, digits), round(t.stretch_target::numeric, digits),
           round((CASE WHEN fewer THEN low.stretch_target ELSE t.ambitious END)::numeric, digits),
           past.value, CASE WHEN past.value > 0 THEN t.stretch_target::numeric / past.value - 1 END, t.growth_percentile,
           round(t.upper_natural_limit::numeric, digits), CASE WHEN NOT fewer THEN t.achievable END,
           CASE WHEN fewer AND t.status = 'needs_process_change' THEN 'ok' ELSE t.status END, CASE WHEN NOT fewer OR t.status <> 'needs_process_change' THEN t.note ELSE '' END
      FROM a CROSS JOIN l
     CROSS JOIN LATERAL kpi._targets_suggest(l.n, frame.buckets, a.groups, a.places, a.vals, l.last_year, frame.grain, frame.skip, frame.length,
                                             CASE WHEN fewer THEN 1 - stretch ELSE stretch END, method, def.additive) AS t
      -- Where less is better, what one time in ten reaches is the low tenth; the function is strict, and not called elsewhere.
      LEFT JOIN LATERAL kpi._targets_suggest(l.n, frame.buckets, a.groups, a.places, a.vals, l.last_year, frame.grain, frame.skip, frame.length,
                                             CASE WHEN fewer THEN 0.1 END, method, def.additive) AS low ON low."position" = t."position"
      JOIN g ON g.place = t."position"
      LEFT JOIN past ON past.key = g.key
     ORDER BY past.value DESC NULLS LAST, g.key;
END $$;
COMMENT ON FUNCTION kpi._suggest_targets(text, daterange, text[], jsonb, double precision, text, text) IS 'behind kpi.suggest_targets()';

CREATE FUNCTION kpi.suggest_targets(metric text DEFAULT 'revenue', period daterange DEFAULT NULL, by text[] DEFAULT '{}', filter jsonb DEFAULT '{}',
        stretch double precision DEFAULT 0.75, method text DEFAULT 'forecast', source text DEFAULT 'sales')
    RETURNS TABLE (members jsonb, member text, commit numeric, stretch_target numeric, ambitious numeric, last_year numeric,
                   implied_growth numeric, growth_percentile double precision, upper_natural_limit numeric, achievable boolean,
                   status text, note text)
    STABLE PARALLEL SAFE LANGUAGE sql
AS $$ SELECT * FROM kpi._suggest_targets($1, $2, $3, $4, $5, $6, $7) $$;
COMMENT ON FUNCTION kpi.suggest_targets(text, daterange, text[], jsonb, double precision, text, text) IS
    'targets for a period, from what was known before it: commit is reached half of the time, stretch_target 1 - stretch of the time, ambitious one time in ten; method: forecast (quantiles of the period''s total over joint paths), growth (percentiles of past year-on-year growth), peers (growth of the other groups of the call, shrunk to the own); implied_growth of stretch_target on last_year and its percentile among past growth rates; upper_natural_limit: what the process as it is can reach (XmR on seasonally adjusted logs, around its line where it has no one level), achievable: stretch_target is below it (NULL where less is better: there stretch_target and ambitious are the lower ones, and no lower limit is known); period NULL: the next month';

CREATE FUNCTION kpi.allocate_target(metric text, target numeric, period daterange DEFAULT NULL, by text[] DEFAULT '{brand}', filter jsonb DEFAULT '{}',
        source text DEFAULT 'sales')
    RETURNS TABLE (members jsonb, member text, expected numeric, share_of_target numeric, allocated numeric)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    def kpi.metrics := kpi._metric(allocate_target.metric);
    dims text[] := kpi._by(allocate_target.by);
    total numeric := allocate_target.target;
    span daterange := CASE WHEN allocate_target.period IS NULL THEN kpi._next_month(source) ELSE kpi._period(allocate_target.period, source) END;
    frame record;
BEGIN
    IF NOT def.additive THEN
        RAISE EXCEPTION 'metric "%" does not add up, so its target cannot be handed down', def.name USING ERRCODE = '22023',
            HINT = 'Ask for an additive metric, for example revenue or units.';
    END IF;
    IF total IS NULL OR total < 0 OR total > 90000000000000000 OR total IN ('NaN', 'Infinity') THEN
        RAISE EXCEPTION 'target is %, but must be from 0 to 9e16', coalesce(total::text, 'NULL') USING ERRCODE = '22023', HINT = 'Give the total to hand down.';
    END IF;
    SELECT * INTO frame FROM kpi._target_frame(span, source);
    IF frame.length IS NULL OR isempty(frame.history) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH f AS MATERIALIZED (
        SELECT f.key, f."time", f.value
          FROM kpi._figures(source, ARRAY[def.name], dims, filter, ARRAY[frame.history], frame.grain) AS f
         WHERE f.value IS NOT NULL
    ), g AS MATERIALIZED (
        SELECT k.key, (row_number() OVER (ORDER BY k.key))::int AS place FROM (SELECT DISTINCT f.key FROM f) AS k
    ), a AS (
        SELECT array_agg(g.place) AS groups, array_agg(kpi._buckets_between(lower(frame.history), f."time", frame.grain)) AS places,
               array_agg(f.value::double precision) AS vals, (SELECT count(*)::int FROM g) AS n
          FROM f JOIN g ON g.key = f.key
    )
    SELECT kpi._members(dims, g.key), kpi._member(g.key), round(t.expected::numeric, 2),
           t.cents / 100.0 / nullif(round(total, 2), 0), round(t.cents / 100.0, 2)
      FROM a
     CROSS JOIN LATERAL kpi._targets_allocate(a.n, frame.buckets, a.groups, a.places, a.vals, frame.grain, frame.skip, frame.length,
                                              round(total * 100)::bigint) AS t
      JOIN g ON g.place = t."position"
     ORDER BY t.cents DESC, g.key;
END $$;
COMMENT ON FUNCTION kpi.allocate_target(text, numeric, daterange, text[], jsonb, text) IS
    'hands a total down to groups: each gets its forecast and, of what the total asks for beyond, a part in proportion to the variance of its forecast, covariances included, so that all are stretched alike; nobody below 0; the parts sum to the total to the cent; period NULL: the next month';

CREATE FUNCTION kpi._attainment(metric text, period daterange, by text[], filter jsonb, source text, level double precision, given jsonb)
    RETURNS TABLE (members jsonb, member text, target numeric, to_date numeric, expected_end numeric, lo numeric, hi numeric,
                   p_attain double precision, pace double precision, state text, status text, note text)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    def kpi.metrics := kpi._metric(_attainment.metric);
    dims text[] := kpi._by(by);
    -- Two years of days tell weekdays, months and trend.
    memory constant int := 731;
    data record;
    span daterange;
    past daterange;
    today date;
    -- A target is for all of its group: it must name the dimensions of the call, and those of the filter.
    named text[] := ARRAY(SELECT DISTINCT n FROM unnest(dims || ARRAY(SELECT lower(btrim(k)) FROM jsonb_object_keys(
                              CASE jsonb_typeof(filter) WHEN 'object' THEN filter ELSE '{}' END) AS k)) AS n ORDER BY n);
    pinned jsonb := kpi._pinned(filter);
BEGIN
    SELECT e.first_day, e.last_day INTO data FROM kpi._extent(source) AS e;
    IF data.last_day IS NULL THEN
        RETURN;
    END IF;
    IF level IS NULL OR level <= 0 OR level >= 1 THEN
        RAISE EXCEPTION 'level is %, but must be between 0 and 1, both excluded', level USING ERRCODE = '22023', HINT = 'Give for example 0.8.';
    END IF;
    span := CASE WHEN $2 IS NULL THEN daterange(date_trunc('month', data.last_day::timestamp)::date,
                                                (date_trunc('month', data.last_day::timestamp) + interval '1 month')::date)
                 ELSE kpi._period($2, source) END;
    IF upper(span) - lower(span) > 800 THEN
        RAISE EXCEPTION 'period has % days, but a target may have 800', upper(span) - lower(span) USING ERRCODE = '22023',
            HINT = 'Give a year, or less.';
    END IF;
    today := least(data.last_day, upper(span) - 1);
    past := daterange(greatest(data.first_day, least(lower(span), today) - memory), greatest(today, data.first_day), '[]');
    RETURN QUERY
    WITH t AS MATERIALIZED (
        SELECT ARRAY(SELECT g.members ->> d FROM unnest(dims) WITH ORDINALITY AS u(d, i) ORDER BY i) AS key, g.target
          FROM kpi.targets AS g
         WHERE given IS NULL AND g.source = lower(_attainment.source) AND g.metric = def.name AND g.period = span
           AND ARRAY(SELECT k FROM jsonb_object_keys(g.members) AS k ORDER BY k) = named AND kpi._admits(filter, g.members)
           -- Of two members of a dimension that is not grouped by, neither has the target of both.
           AND (SELECT bool_and(n = ANY (dims) OR pinned ? n) FROM unnest(named) AS n) IS NOT FALSE
        UNION ALL
        SELECT ARRAY(SELECT jsonb_array_elements_text(e -> 'key')), (e ->> 'target')::numeric FROM jsonb_array_elements(given) AS e
    ), now AS MATERIALIZED (
        SELECT f.key, f.value FROM kpi._figures(source, ARRAY[def.name], dims, filter, ARRAY[span]) AS f
    ), g AS MATERIALIZED (
        -- Groups with a target; where none is set, all that sold.
        SELECT k.key, t.target, now.value, (row_number() OVER (ORDER BY k.key))::int AS place
          FROM (SELECT t.key FROM t UNION SELECT now.key FROM now WHERE NOT EXISTS (SELECT FROM t)) AS k
          LEFT JOIN t ON t.key = k.key
          LEFT JOIN now ON now.key = k.key
    ), f AS MATERIALIZED (
        SELECT g.place AS "group", f."time" - lower(past) AS place, f.value
          FROM kpi._figures(source, ARRAY[def.name], dims, filter, ARRAY[past], 'day') AS f JOIN g ON g.key = f.key
         WHERE def.additive AND f.value IS NOT NULL
    ), a AS (
        SELECT coalesce((SELECT array_agg(f."group") FROM f), '{}') AS groups, coalesce((SELECT array_agg(f.place) FROM f), '{}') AS places,
               coalesce((SELECT array_agg(f.value::double precision) FROM f), '{}') AS vals,
               coalesce((SELECT array_agg(g.target::double precision ORDER BY g.place) FROM g), '{}') AS targets,
               (SELECT count(*)::int FROM g) AS n
    ), judged AS (
        SELECT j.*
          FROM a
         CROSS JOIN LATERAL kpi._targets_attain(a.n, upper(past) - lower(past), a.groups, a.places, a.vals, a.targets, lower(past),
                                                lower(span), upper(span), def.better <> 'down', level) AS j
         WHERE def.additive
    )
    SELECT kpi._members(dims, g.key), kpi._member(g.key), g.target,
           CASE WHEN def.additive THEN coalesce(g.value, 0) ELSE g.value END,
           -- What is closed is exact.
           CASE WHEN today >= upper(span) - 1 THEN CASE WHEN def.additive THEN coalesce(g.value, 0) ELSE g.value END
                ELSE round(j.expected_end::numeric, 2) END,
           CASE WHEN today < upper(span) - 1 THEN round(j.lo::numeric, 2) END,
           CASE WHEN today < upper(span) - 1 THEN round(j.hi::numeric, 2) END,
           CASE WHEN today >= upper(span) - 1 THEN
                     CASE WHEN g.target IS NOT NULL AND (def.additive OR g.value IS NOT NULL) THEN
                          CASE WHEN def.better = 'down' AND coalesce(g.value, 0) <= g.target OR def.better <> 'down' AND coalesce(g.value, 0) >= g.target
                               THEN 1 ELSE 0 END::double precision END
                ELSE j.p_attain END,
           j.pace,
           CASE WHEN g.target IS NULL THEN 'none'
                WHEN def.additive AND today < upper(span) - 1 THEN j.state
                WHEN g.value IS NULL AND NOT def.additive THEN 'none'
                WHEN def.better = 'down' THEN CASE WHEN coalesce(g.value, 0) <= g.target THEN 'good' WHEN g.value <= 1.1 * g.target THEN 'watch' ELSE 'bad' END
                ELSE CASE WHEN coalesce(g.value, 0) >= g.target THEN 'good' WHEN g.value >= 0.9 * g.target THEN 'watch' ELSE 'bad' END END,
           CASE WHEN g.target IS NULL THEN 'no_target' WHEN today >= upper(span) - 1 THEN 'closed'
                WHEN NOT def.additive THEN 'not_additive' ELSE 'ok' END,
           CASE WHEN g.target IS NULL THEN 'no target is set for this period and group'
                WHEN today < upper(span) - 1 AND NOT def.additive THEN 'a ratio''s rest of the period is not forecast; state compares the figure so far' END
      FROM g LEFT JOIN judged AS j ON j."position" = g.place
     ORDER BY g.target DESC NULLS LAST, g.value DESC NULLS LAST, g.key;
END $$;
COMMENT ON FUNCTION kpi._attainment(text, daterange, text[], jsonb, text, double precision, jsonb) IS
    'behind kpi.attainment() and the scorecard; given: targets in place of the kept ones, as [{"key": ["A"], "target": 1}]';

CREATE FUNCTION kpi.attainment(metric text DEFAULT 'revenue', period daterange DEFAULT NULL, by text[] DEFAULT '{}', filter jsonb DEFAULT '{}',
        source text DEFAULT 'sales', level double precision DEFAULT 0.8)
    RETURNS TABLE (members jsonb, member text, target numeric, to_date numeric, expected_end numeric, lo numeric, hi numeric,
                   p_attain double precision, pace double precision, state text, status text, note text)
    STABLE PARALLEL SAFE LANGUAGE sql
AS $$ SELECT * FROM kpi._attainment($1, $2, $3, $4, $5, $6, NULL) $$;
COMMENT ON FUNCTION kpi.attainment(text, daterange, text[], jsonb, text, double precision) IS
    'where targets stand: the figure so far, the expected figure at the end with its interval at level, p_attain the probability that the target is reached (over joint paths of the rest), pace = figure so far / (target × share of the period''s total that is usually in by now), state: good (p at least 0.5), watch (at least 0.2), bad, none without a target; of a closed period against the figure, within 10 % watch; period NULL: the running month';
