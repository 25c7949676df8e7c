-- Forecasts of a series and over a source.

CREATE FUNCTION kpi.forecast(series kpi.series, horizon int, level double precision DEFAULT 0.95, model text DEFAULT 'auto',
        season int DEFAULT NULL, regressors double precision[] DEFAULT NULL)
    RETURNS TABLE (step int, "time" date, forecast double precision, lo double precision, hi double precision,
                   level double precision, model text, status text, note text)
    STABLE PARALLEL RESTRICTED LANGUAGE c ROWS 12
    AS 'MODULE_PATHNAME', 'forecast_series_wrapper';
COMMENT ON FUNCTION kpi.forecast(kpi.series, int, double precision, text, int, double precision[]) IS
    'the steps after a series, whose buckets all count as complete: expected value and interval; horizon: 1 to 10000; level: between 0 and 1; model: auto, sarima, ets, theta, mstl, naive, snaive, croston, tsb; season in buckets (NULL: that of the grain, 1: none); regressors: observations plus horizon values each, one after the other';

CREATE FUNCTION kpi.sarima(series kpi.series, p int, d int, q int, sp int DEFAULT 0, sd int DEFAULT 0, sq int DEFAULT 0,
        season int DEFAULT 1, constant boolean DEFAULT NULL, method text DEFAULT 'ml')
    RETURNS TABLE (term text, estimate double precision, std_error double precision, z double precision, description text)
    STABLE PARALLEL RESTRICTED LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'sarima_series_wrapper';
COMMENT ON FUNCTION kpi.sarima(kpi.series, int, int, int, int, int, int, int, boolean, text) IS
    'a seasonal ARIMA (p,d,q)(sp,sd,sq)[season] by exact maximum likelihood: coefficients with standard errors, then sigma2, loglik, aic, aicc, bic; constant: NULL for a mean where nothing is differenced, as in R; method: ml, css, css-ml';

CREATE FUNCTION kpi.auto_arima(series kpi.series, season int DEFAULT NULL, stepwise boolean DEFAULT true)
    RETURNS TABLE (term text, estimate double precision, std_error double precision, z double precision, description text)
    STABLE PARALLEL RESTRICTED LANGUAGE c ROWS 12
    AS 'MODULE_PATHNAME', 'auto_arima_series_wrapper';
COMMENT ON FUNCTION kpi.auto_arima(kpi.series, int, boolean) IS
    'the seasonal ARIMA of least AICc: first row order, whose description is the model, then as kpi.sarima(); season in buckets (NULL: that of the grain: 7 days, 52 weeks, 12 months, 4 quarters); stepwise false tries all orders';

CREATE FUNCTION kpi.backtest(series kpi.series, horizon int, folds int DEFAULT 3, models text[] DEFAULT NULL,
        level double precision DEFAULT 0.95)
    RETURNS TABLE (model text, mae double precision, wape double precision, smape double precision, mase double precision,
                   bias double precision, coverage double precision, beats_naive boolean)
    STABLE PARALLEL RESTRICTED LANGUAGE c ROWS 7
    AS 'MODULE_PATHNAME', 'backtest_series_wrapper';
COMMENT ON FUNCTION kpi.backtest(kpi.series, int, int, text[], double precision) IS
    'errors of forecasts from earlier origins, each seeing only what came before: wape and bias are shares of the values (bias above 0: too high), smape in per cent, mase below 1 beats the seasonal naive forecast of the history, coverage is the share inside the interval of level; models NULL: auto, sarima, ets, theta, mstl, snaive, naive';

CREATE FUNCTION kpi.total(series kpi.series, horizon int, quantiles double precision[] DEFAULT '{0.1,0.5,0.9}')
    RETURNS TABLE (quantile double precision, value double precision)
    STABLE STRICT PARALLEL RESTRICTED LANGUAGE c ROWS 3
    AS 'MODULE_PATHNAME', 'total_series_wrapper';
COMMENT ON FUNCTION kpi.total(kpi.series, int, double precision[]) IS
    'quantiles of the sum over the horizon, from 2000 joint paths: not the sum of the steps'' quantiles';

CREATE FUNCTION kpi._forecast_groups(query text, grain text, asof date, horizon int, level double precision, model text,
        additive boolean, is_distinct boolean, reconcile boolean, dimensions int, history int)
    RETURNS TABLE (key text[], "time" date, value double precision, forecast double precision, lo double precision,
                   hi double precision, model text, status text, note text)
    STABLE STRICT PARALLEL RESTRICTED LANGUAGE c ROWS 1000
    AS 'MODULE_PATHNAME', 'forecast_groups_wrapper';
COMMENT ON FUNCTION kpi._forecast_groups(text, text, date, int, double precision, text, boolean, boolean, boolean, int, int) IS
    'forecasts every group of a query of figures on pg_kpi.threads threads';

CREATE FUNCTION kpi._forecast(metric text, horizon int, grain text, by text[], filter jsonb, wanted_level double precision,
        wanted_model text, reconcile boolean, history int, source text, include_partial boolean)
    RETURNS TABLE (members jsonb, member text, "time" date, value double precision, forecast double precision, lo double precision,
                   hi double precision, level double precision, model text, status text, note text)
    STABLE PARALLEL RESTRICTED LANGUAGE plpgsql ROWS 1000 SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    def kpi.metrics := kpi._metric(_forecast.metric);
    dims text[] := kpi._by(_forecast.by);
    unit text := kpi._grain(_forecast.grain);
    last_day date := kpi.asof(_forecast.source);
    -- A count of what is distinct within a bucket, and nothing made of it, only grows while that runs.
    counts_distinct boolean := def.inner_by IS NULL
        AND def.expression ~* '^\s*(nullif\s*\(\s*)?count\s*\(\s*distinct\s[^()]*\)\s*(,\s*0\s*\)\s*)?$';
BEGIN
    IF _forecast.horizon IS NULL OR wanted_level IS NULL OR wanted_model IS NULL THEN
        RAISE EXCEPTION '% is NULL', CASE WHEN _forecast.horizon IS NULL THEN 'horizon' WHEN wanted_level IS NULL THEN 'level' ELSE 'model' END
            USING ERRCODE = '22004', HINT = 'Give a value.';
    END IF;
    IF _forecast.reconcile AND NOT def.additive THEN
        RAISE EXCEPTION 'metric "%" does not add up, so its forecasts cannot be reconciled', def.name USING ERRCODE = '22023',
            HINT = 'Reconcile a sum, such as revenue or units.';
    END IF;
    IF NOT kpi._metric_available(_forecast.source, def.name) THEN
        RETURN QUERY SELECT '{}'::jsonb, 'Total', NULL::date, NULL::float8, NULL::float8, NULL::float8, NULL::float8, wanted_level,
            NULL::text, 'not_available', kpi._not_available(_forecast.source, def.name);
        RETURN;
    END IF;
    IF last_day IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT kpi._members(dims, f.key), kpi._member(f.key), f."time", f.value, f.forecast, f.lo, f.hi, wanted_level, f.model, f.status, f.note
      FROM kpi._forecast_groups(
               kpi._figures_query(_forecast.source, ARRAY[def.name], dims, _forecast.filter, ARRAY[NULL::date], ARRAY[NULL::date], unit),
               unit, kpi._last_judged(last_day, unit, _forecast.include_partial), _forecast.horizon, wanted_level, wanted_model, def.additive, counts_distinct, coalesce(_forecast.reconcile, false),
               cardinality(dims), coalesce(_forecast.history, 0)) AS f;
END $$;
COMMENT ON FUNCTION kpi._forecast(text, int, text, text[], jsonb, double precision, text, boolean, int, text, boolean) IS
    'behind kpi.forecast() over a source';

-- Arguments and columns share names, which plpgsql does not allow.
CREATE FUNCTION kpi.forecast(metric text, horizon int, grain text DEFAULT 'day', by text[] DEFAULT '{}', filter jsonb DEFAULT '{}',
        level double precision DEFAULT 0.95, model text DEFAULT 'auto', reconcile boolean DEFAULT false, history int DEFAULT 0,
        source text DEFAULT 'sales', include_partial boolean DEFAULT false)
    RETURNS TABLE (members jsonb, member text, "time" date, value double precision, forecast double precision, lo double precision,
                   hi double precision, level double precision, model text, status text, note text)
    STABLE PARALLEL RESTRICTED LANGUAGE sql ROWS 1000
BEGIN ATOMIC
    SELECT * FROM kpi._forecast($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);
END;
COMMENT ON FUNCTION kpi.forecast(text, int, text, text[], jsonb, double precision, text, boolean, int, text, boolean) IS
    'a metric''s forecast for every group; the first step is the running period with what it has taken in (value, status partial) where the data end inside it; include_partial: the running period counts as complete, and the first step is the one after; reconcile also gives the total and each beginning of by, and makes them add up; history: past periods to give, with value and without forecast';

-- '{brand}' in fourth place, an untyped literal, could else be a model of the other form, and the call would not be unique.
CREATE FUNCTION kpi.forecast(metric text, horizon int, grain text, by text, filter jsonb DEFAULT '{}',
        level double precision DEFAULT 0.95, model text DEFAULT 'auto', reconcile boolean DEFAULT false, history int DEFAULT 0,
        source text DEFAULT 'sales', include_partial boolean DEFAULT false)
    RETURNS TABLE (members jsonb, member text, "time" date, value double precision, forecast double precision, lo double precision,
                   hi double precision, level double precision, model text, status text, note text)
    STABLE PARALLEL RESTRICTED LANGUAGE sql ROWS 1000
BEGIN ATOMIC
    SELECT * FROM kpi._forecast($1, $2, $3, $4::text[], $5, $6, $7, $8, $9, $10, $11);
END;
COMMENT ON FUNCTION kpi.forecast(text, int, text, text, jsonb, double precision, text, boolean, int, text, boolean) IS
    'the same, with by as a literal, so that arguments may also be given by place';

-- Forecasts for dashboards, kept fresh by kpi.refresh()

CREATE TABLE kpi.forecast_latest (
    source text NOT NULL REFERENCES kpi.sources ON DELETE CASCADE,
    metric text NOT NULL,
    grain text NOT NULL,
    members jsonb NOT NULL,
    member text NOT NULL,
    "time" date NOT NULL,
    value double precision,
    forecast double precision,
    lo double precision,
    hi double precision,
    level double precision NOT NULL,
    model text,
    status text NOT NULL,
    note text,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, metric, grain, members, "time")
);
COMMENT ON TABLE kpi.forecast_latest IS
    'forecasts of revenue and units, 28 days and 6 months ahead, in total, by brand and by channel; written by kpi.refresh()';
COMMENT ON COLUMN kpi.forecast_latest.source IS 'source of the figures';
COMMENT ON COLUMN kpi.forecast_latest.metric IS 'revenue or units';
COMMENT ON COLUMN kpi.forecast_latest.grain IS 'day or month';
COMMENT ON COLUMN kpi.forecast_latest.members IS 'group, as {"brand": "A"}; {} is the total';
COMMENT ON COLUMN kpi.forecast_latest.member IS 'the group ready to print';
COMMENT ON COLUMN kpi.forecast_latest."time" IS 'first day of the period';
COMMENT ON COLUMN kpi.forecast_latest.value IS 'what the running period has taken in so far';
COMMENT ON COLUMN kpi.forecast_latest.forecast IS 'expected value of the whole period';
COMMENT ON COLUMN kpi.forecast_latest.lo IS 'lower bound of the interval';
COMMENT ON COLUMN kpi.forecast_latest.hi IS 'upper bound of the interval';
COMMENT ON COLUMN kpi.forecast_latest.level IS 'share of outcomes that the interval is to hold';
COMMENT ON COLUMN kpi.forecast_latest.model IS 'what was fitted';
COMMENT ON COLUMN kpi.forecast_latest.status IS 'ok, partial, or why not';
COMMENT ON COLUMN kpi.forecast_latest.note IS 'what was done to the series';
COMMENT ON COLUMN kpi.forecast_latest.made_at IS 'when it was made';

CREATE FUNCTION kpi._refresh_forecasts(source text) RETURNS void
    VOLATILE STRICT PARALLEL UNSAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM kpi.forecast_latest AS f WHERE f.source = lower(_refresh_forecasts.source);
    INSERT INTO kpi.forecast_latest (source, metric, grain, members, member, "time", value, forecast, lo, hi, level, model, status, note)
    SELECT lower(_refresh_forecasts.source), m.metric, g.grain, f.members, f.member, f."time", f.value, f.forecast, f.lo, f.hi, f.level,
           f.model, f.status, f.note
      FROM unnest('{revenue,units}'::text[]) AS m(metric)
     CROSS JOIN (VALUES ('day', 28), ('month', 6)) AS g(grain, horizon)
     CROSS JOIN (VALUES ('{}'::text[]), ('{brand}'), ('{channel}')) AS b(by)
     CROSS JOIN LATERAL kpi.forecast(m.metric, g.horizon, g.grain, b.by, source => _refresh_forecasts.source) AS f
     WHERE b.by <@ kpi._source_dimensions(_refresh_forecasts.source) AND f."time" IS NOT NULL;
END $$;
COMMENT ON FUNCTION kpi._refresh_forecasts(text) IS 'makes the forecasts of kpi.forecast_latest anew';
