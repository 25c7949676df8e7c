-- What is unusual, and since when: of any series, and of all groups of a source.

CREATE FUNCTION kpi._anomalies(series kpi.series, sensitivity double precision, model text, direction text)
    RETURNS TABLE (members jsonb, member text, "time" date, value double precision, expected double precision, lo double precision, hi double precision,
                   score double precision, p double precision, q double precision, direction text, is_anomaly boolean, event_id int,
                   impact double precision, kind text, recovered boolean)
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c ROWS 365
    AS 'MODULE_PATHNAME', 'anomalies_series_wrapper';
COMMENT ON FUNCTION kpi._anomalies(kpi.series, double precision, text, text) IS 'behind kpi.anomalies(series)';

CREATE FUNCTION kpi.anomalies(series kpi.series, sensitivity double precision DEFAULT 0.95, model text DEFAULT 'auto',
        direction text DEFAULT 'both')
    RETURNS TABLE ("time" date, value double precision, expected double precision, lo double precision, hi double precision,
                   score double precision, p double precision, q double precision, direction text, is_anomaly boolean, event_id int,
                   impact double precision, kind text, recovered boolean)
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql ROWS 365
AS $$
    SELECT a."time", a.value, a.expected, a.lo, a.hi, a.score, a.p, a.q, a.direction, a.is_anomaly, a.event_id, a.impact, a.kind, a.recovered
      FROM kpi._anomalies($1, $2, $3, $4) AS a
$$;
COMMENT ON FUNCTION kpi.anomalies(kpi.series, double precision, text, text) IS
    'each point of a series against what was to be expected; lo and hi hold sensitivity (0 to 1) of ordinary points, is_anomaly where q is at most 1 - sensitivity; model: auto or monitoring (from the points before alone, as an alert would have said on the day) or retrospective; direction: both, up, down; kind: spike, drop, level_shift; impact: value less expected, summed over the event; the first four seasons of monitoring are not judged';

CREATE FUNCTION kpi.changepoints(series kpi.series)
    RETURNS TABLE ("time" date, before_mean double precision, after_mean double precision, change_pct double precision, p double precision)
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c ROWS 5
    AS 'MODULE_PATHNAME', 'changepoints_series_wrapper';
COMMENT ON FUNCTION kpi.changepoints(kpi.series) IS
    'when the level of a series changed for good, oldest first; change_pct is a fraction; p: chance of so large a change anywhere, had nothing changed';

CREATE FUNCTION kpi._decompose(series kpi.series, season int[])
    RETURNS TABLE ("time" date, value double precision, trend double precision, seasonal double precision, remainder double precision)
    IMMUTABLE PARALLEL SAFE LANGUAGE c ROWS 365
    AS 'MODULE_PATHNAME', 'decompose_series_wrapper';
COMMENT ON FUNCTION kpi._decompose(kpi.series, int[]) IS 'behind kpi.decompose()';

CREATE FUNCTION kpi.decompose(series kpi.series, season int[] DEFAULT NULL)
    RETURNS TABLE ("time" date, value double precision, trend double precision, seasonal double precision, remainder double precision)
    IMMUTABLE PARALLEL SAFE LANGUAGE sql ROWS 365
AS $$ SELECT d.* FROM kpi._decompose($1, $2) AS d WHERE $1 IS NOT NULL $$;
COMMENT ON FUNCTION kpi.decompose(kpi.series, int[]) IS
    'trend, seasonal and remainder, which add up to the value; robust to outliers; season: buckets in each season, as {7,365}, NULL: the grain''s own (7 for days, 52 for weeks, 12 for months)';

CREATE FUNCTION kpi._anomalies_groups(query text, dims text[], grain text, asof date, first date, last date, sensitivity double precision,
        fdr double precision, model text, direction text, additive boolean)
    RETURNS TABLE (members jsonb, member text, "time" date, value double precision, expected double precision, lo double precision, hi double precision,
                   score double precision, p double precision, q double precision, direction text, is_anomaly boolean, event_id int,
                   impact double precision, kind text, recovered boolean)
    STABLE PARALLEL RESTRICTED LANGUAGE c ROWS 1000
    AS 'MODULE_PATHNAME', 'anomalies_groups_wrapper';
COMMENT ON FUNCTION kpi._anomalies_groups(text, text[], text, date, date, date, double precision, double precision, text, text, boolean) IS
    'judges every group of a query of figures on pg_kpi.threads threads; q over all groups and days';

CREATE FUNCTION kpi._anomalies_of(metric text, grain text, period daterange, by text[], filter jsonb, sensitivity double precision,
        fdr double precision, model text, side text, source text, include_partial boolean)
    RETURNS TABLE (members jsonb, member text, "time" date, value double precision, expected double precision, lo double precision,
                   hi double precision, score double precision, p double precision, q double precision, direction text,
                   is_anomaly boolean, event_id int, impact double precision, kind text, recovered boolean, status text, note text)
    STABLE PARALLEL RESTRICTED LANGUAGE plpgsql ROWS 1000 SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    def kpi.metrics := kpi._metric(_anomalies_of.metric);
    dims text[] := kpi._by(_anomalies_of.by);
    unit text := kpi._grain(_anomalies_of.grain);
    span daterange := CASE WHEN _anomalies_of.period IS NOT NULL THEN kpi._period(_anomalies_of.period, _anomalies_of.source) END;
    last_day date := kpi.asof(_anomalies_of.source);
BEGIN
    IF _anomalies_of.sensitivity IS NULL OR _anomalies_of.fdr IS NULL OR _anomalies_of.model IS NULL OR side IS NULL THEN
        RAISE EXCEPTION '% is NULL', CASE WHEN _anomalies_of.sensitivity IS NULL THEN 'sensitivity' WHEN _anomalies_of.fdr IS NULL THEN 'fdr'
                                          WHEN _anomalies_of.model IS NULL THEN 'model' ELSE 'direction' END
            USING ERRCODE = '22004', HINT = 'Give a value.';
    END IF;
    IF NOT kpi._metric_available(_anomalies_of.source, def.name) THEN
        RETURN QUERY SELECT '{}'::jsonb, 'Total', NULL::date, NULL::float8, NULL::float8, NULL::float8, NULL::float8, NULL::float8,
            NULL::float8, NULL::float8, NULL::text, false, NULL::int, NULL::float8, NULL::text, NULL::boolean,
            'not_available', kpi._not_available(_anomalies_of.source, def.name);
        RETURN;
    END IF;
    IF last_day IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT a.members, a.member, a."time", a.value, a.expected, a.lo, a.hi, a.score, a.p, a.q, a.direction,
           a.is_anomaly, a.event_id, a.impact, a.kind, a.recovered, CASE WHEN a.p IS NULL THEN 'not_judged' ELSE 'ok' END, NULL::text
      FROM kpi._anomalies_groups(
               kpi._figures_query(_anomalies_of.source, ARRAY[def.name], dims, _anomalies_of.filter, ARRAY[NULL::date],
                                  ARRAY[CASE WHEN upper(span) <= last_day THEN upper(span) END], unit),
               dims, unit, least(kpi._last_judged(last_day, unit, _anomalies_of.include_partial), upper(span) - 1), lower(span), upper(span) - 1, _anomalies_of.sensitivity, _anomalies_of.fdr,
               _anomalies_of.model, side, def.additive) AS a;
END $$;
CREATE FUNCTION kpi.anomalies(metric text, grain text DEFAULT 'day', period daterange DEFAULT NULL, by text[] DEFAULT '{}',
        filter jsonb DEFAULT '{}', sensitivity double precision DEFAULT 0.95, fdr double precision DEFAULT 0.05,
        model text DEFAULT 'auto', direction text DEFAULT 'both', source text DEFAULT 'sales', include_partial boolean DEFAULT false)
    RETURNS TABLE (members jsonb, member text, "time" date, value double precision, expected double precision, lo double precision,
                   hi double precision, score double precision, p double precision, q double precision, direction text,
                   is_anomaly boolean, event_id int, impact double precision, kind text, recovered boolean, status text, note text)
    STABLE PARALLEL RESTRICTED LANGUAGE sql ROWS 1000
AS $$ SELECT * FROM kpi._anomalies_of($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) $$;

-- NULL in third place, untyped, could else be a model of the other form, and the call would not be unique.
CREATE FUNCTION kpi.anomalies(metric text, grain text, period text, by text DEFAULT '{}',
        filter jsonb DEFAULT '{}', sensitivity double precision DEFAULT 0.95, fdr double precision DEFAULT 0.05,
        model text DEFAULT 'auto', direction text DEFAULT 'both', source text DEFAULT 'sales', include_partial boolean DEFAULT false)
    RETURNS TABLE (members jsonb, member text, "time" date, value double precision, expected double precision, lo double precision,
                   hi double precision, score double precision, p double precision, q double precision, direction text,
                   is_anomaly boolean, event_id int, impact double precision, kind text, recovered boolean, status text, note text)
    STABLE PARALLEL RESTRICTED LANGUAGE sql ROWS 1000
AS $$ SELECT * FROM kpi._anomalies_of($1, $2, $3::daterange, $4::text[], $5, $6, $7, $8, $9, $10, $11) $$;

COMMENT ON FUNCTION kpi._anomalies_of(text, text, daterange, text[], jsonb, double precision, double precision, text, text, text, boolean) IS
    'behind kpi.anomalies(metric)';
COMMENT ON FUNCTION kpi.anomalies(text, text, daterange, text[], jsonb, double precision, double precision, text, text, text, boolean) IS
    'a metric over time against what was to be expected, for every group; period: days to give (NULL: all), judged from all the data before its end; q is the rate of false discoveries (Benjamini and Hochberg) over all groups and days of the call, is_anomaly where q is at most fdr; flags on one side at most two gaps apart are one event, with impact (value less expected) and whether it recovered; days of kpi.calendar are held against their own kind; status: ok, not_judged (no value, the first four seasons, the first three days of a kind of the calendar) or not_available; include_partial: the running period is judged as if it were over; other arguments as for a series';
COMMENT ON FUNCTION kpi.anomalies(text, text, text, text, jsonb, double precision, double precision, text, text, text, boolean) IS
    'the same, with period and by as literals, so that arguments may also be given by place';

-- Open anomalies for dashboards and alerts, kept fresh by kpi.refresh()

CREATE TABLE kpi.anomaly_open (
    source text NOT NULL REFERENCES kpi.sources ON DELETE CASCADE,
    metric text NOT NULL,
    members jsonb NOT NULL,
    member text NOT NULL,
    started date NOT NULL,
    last_seen date NOT NULL,
    kind text NOT NULL,
    direction text NOT NULL,
    value double precision NOT NULL,
    expected double precision NOT NULL,
    impact double precision NOT NULL,
    change_pct double precision,
    q double precision NOT NULL,
    refreshed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, metric, members, started)
);
COMMENT ON TABLE kpi.anomaly_open IS 'events of the last four weeks of data that have not recovered: revenue and units in total, by brand and by channel; written by kpi.refresh()';
COMMENT ON COLUMN kpi.anomaly_open.source IS 'source of the figures';
COMMENT ON COLUMN kpi.anomaly_open.metric IS 'metric';
COMMENT ON COLUMN kpi.anomaly_open.members IS 'group, as {"brand": "A"}; {} is the total';
COMMENT ON COLUMN kpi.anomaly_open.member IS 'group, ready to print';
COMMENT ON COLUMN kpi.anomaly_open.started IS 'first day of the event';
COMMENT ON COLUMN kpi.anomaly_open.last_seen IS 'last day of the event so far';
COMMENT ON COLUMN kpi.anomaly_open.kind IS 'spike, drop or level_shift';
COMMENT ON COLUMN kpi.anomaly_open.direction IS 'up or down';
COMMENT ON COLUMN kpi.anomaly_open.value IS 'the metric over the event''s days';
COMMENT ON COLUMN kpi.anomaly_open.expected IS 'what was expected over the event''s days';
COMMENT ON COLUMN kpi.anomaly_open.impact IS 'value less expected';
COMMENT ON COLUMN kpi.anomaly_open.change_pct IS 'impact as a fraction of expected';
COMMENT ON COLUMN kpi.anomaly_open.q IS 'least q of the event''s days';
COMMENT ON COLUMN kpi.anomaly_open.refreshed_at IS 'when the row was written';

CREATE FUNCTION kpi._refresh_anomalies(source text) RETURNS void
    VOLATILE PARALLEL UNSAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last_day date := kpi.asof(source);
    known text[] := kpi._source_dimensions(source);
    what text;
    dims text[];
BEGIN
    DELETE FROM kpi.anomaly_open AS o WHERE o.source = lower(_refresh_anomalies.source);
    IF last_day IS NULL THEN
        RETURN;
    END IF;
    FOREACH what IN ARRAY '{revenue,units}'::text[] LOOP
        FOR dims IN SELECT u.d FROM (VALUES ('{}'::text[]), ('{brand}'), ('{channel}')) AS u(d) WHERE u.d <@ known LOOP
            INSERT INTO kpi.anomaly_open AS o (source, metric, members, member, started, last_seen, kind, direction, value, expected,
                                               impact, change_pct, q)
            SELECT lower(_refresh_anomalies.source), what, a.members, a.member, min(a."time"), max(a."time"), min(a.kind),
                   CASE WHEN min(a.impact) >= 0 THEN 'up' ELSE 'down' END, sum(a.value), sum(a.expected), min(a.impact),
                   min(a.impact) / nullif(sum(a.expected), 0), min(a.q)
              FROM kpi.anomalies(what, period => daterange(last_day - 27, last_day, '[]'), by => dims,
                                 source => _refresh_anomalies.source) AS a
             WHERE a.event_id IS NOT NULL AND NOT a.recovered AND a.value IS NOT NULL AND a.expected IS NOT NULL
             GROUP BY a.event_id, a.members, a.member;
        END LOOP;
    END LOOP;
END $$;
COMMENT ON FUNCTION kpi._refresh_anomalies(text) IS 'writes kpi.anomaly_open; called by kpi.refresh()';
