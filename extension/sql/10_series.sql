-- Type kpi.series and its algebra: for any table, not only sales.

CREATE TYPE kpi.series;

CREATE FUNCTION kpi.series_in(cstring) RETURNS kpi.series
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'series_in';
CREATE FUNCTION kpi.series_out(kpi.series) RETURNS cstring
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'series_out';

CREATE TYPE kpi.series (
    INPUT = kpi.series_in,
    OUTPUT = kpi.series_out,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE kpi.series IS
    'an evenly spaced series: a grain, the first day and one value a bucket; text form {"grain": "month", "start": "2024-01-01", "values": [1, null]}';
COMMENT ON FUNCTION kpi.series_in(cstring) IS 'reads the text form of a series';
COMMENT ON FUNCTION kpi.series_out(kpi.series) IS 'writes the text form of a series, which is JSON';

CREATE FUNCTION kpi._series_add(kpi.series, date, double precision) RETURNS kpi.series
    IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'series_add_date';
CREATE FUNCTION kpi._series_add(kpi.series, timestamp, double precision) RETURNS kpi.series
    IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'series_add_timestamp';
CREATE FUNCTION kpi._series_add(kpi.series, timestamptz, double precision) RETURNS kpi.series
    STABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'series_add_timestamptz';
CREATE FUNCTION kpi._series_add(kpi.series, date, double precision, text) RETURNS kpi.series
    IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'series_add_date';
CREATE FUNCTION kpi._series_add(kpi.series, timestamp, double precision, text) RETURNS kpi.series
    IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'series_add_timestamp';
CREATE FUNCTION kpi._series_add(kpi.series, timestamptz, double precision, text) RETURNS kpi.series
    STABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'series_add_timestamptz';
CREATE FUNCTION kpi._series_combine(kpi.series, kpi.series) RETURNS kpi.series
    IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'series_combine';
CREATE FUNCTION kpi._series_final(kpi.series) RETURNS kpi.series
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'series_final';

COMMENT ON FUNCTION kpi._series_add(kpi.series, date, double precision) IS 'transition function of kpi.series(date, float8)';
COMMENT ON FUNCTION kpi._series_add(kpi.series, timestamp, double precision) IS 'transition function of kpi.series(timestamp, float8)';
COMMENT ON FUNCTION kpi._series_add(kpi.series, timestamptz, double precision) IS 'transition function of kpi.series(timestamptz, float8)';
COMMENT ON FUNCTION kpi._series_add(kpi.series, date, double precision, text) IS 'transition function of kpi.series(date, float8, text)';
COMMENT ON FUNCTION kpi._series_add(kpi.series, timestamp, double precision, text) IS 'transition function of kpi.series(timestamp, float8, text)';
COMMENT ON FUNCTION kpi._series_add(kpi.series, timestamptz, double precision, text) IS 'transition function of kpi.series(timestamptz, float8, text)';
COMMENT ON FUNCTION kpi._series_combine(kpi.series, kpi.series) IS 'combine function of kpi.series()';
COMMENT ON FUNCTION kpi._series_final(kpi.series) IS 'final function of kpi.series(): settles the grain';

CREATE AGGREGATE kpi.series(at date, value double precision) (
    SFUNC = kpi._series_add, STYPE = kpi.series, FINALFUNC = kpi._series_final,
    COMBINEFUNC = kpi._series_combine, PARALLEL = SAFE);
CREATE AGGREGATE kpi.series(at timestamp, value double precision) (
    SFUNC = kpi._series_add, STYPE = kpi.series, FINALFUNC = kpi._series_final,
    COMBINEFUNC = kpi._series_combine, PARALLEL = SAFE);
CREATE AGGREGATE kpi.series(at timestamptz, value double precision) (
    SFUNC = kpi._series_add, STYPE = kpi.series, FINALFUNC = kpi._series_final,
    COMBINEFUNC = kpi._series_combine, PARALLEL = SAFE);
CREATE AGGREGATE kpi.series(at date, value double precision, grain text) (
    SFUNC = kpi._series_add, STYPE = kpi.series, FINALFUNC = kpi._series_final,
    COMBINEFUNC = kpi._series_combine, PARALLEL = SAFE);
CREATE AGGREGATE kpi.series(at timestamp, value double precision, grain text) (
    SFUNC = kpi._series_add, STYPE = kpi.series, FINALFUNC = kpi._series_final,
    COMBINEFUNC = kpi._series_combine, PARALLEL = SAFE);
CREATE AGGREGATE kpi.series(at timestamptz, value double precision, grain text) (
    SFUNC = kpi._series_add, STYPE = kpi.series, FINALFUNC = kpi._series_final,
    COMBINEFUNC = kpi._series_combine, PARALLEL = SAFE);

DO $$
DECLARE
    at text;
BEGIN
    FOREACH at IN ARRAY '{date,timestamp,timestamptz}'::text[] LOOP
        EXECUTE pg_catalog.format($c$COMMENT ON AGGREGATE kpi.series(%s, double precision) IS
            'an evenly spaced series of the summed values; the grain is read off the dates: year, quarter or month where all are first (or last) days of a month, week where all are one weekday, else day; a bucket without rows is 0, a NaN is missing'$c$, at);
        EXECUTE pg_catalog.format($c$COMMENT ON AGGREGATE kpi.series(%s, double precision, text) IS
            'an evenly spaced series of the summed values with the given grain (day, week, month, quarter, year); a bucket without rows is 0, a NaN is missing'$c$, at);
    END LOOP;
END $$;

CREATE FUNCTION kpi.points(series kpi.series)
    RETURNS TABLE ("time" date, value double precision)
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c ROWS 365
    AS 'MODULE_PATHNAME', 'series_points_wrapper';
COMMENT ON FUNCTION kpi.points(kpi.series) IS
    'first day and value of each bucket, oldest first; a missing value is NULL';

CREATE FUNCTION kpi.resample(series kpi.series, grain text, how text DEFAULT 'sum')
    RETURNS kpi.series
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c
    AS 'MODULE_PATHNAME', 'series_resample_wrapper';
COMMENT ON FUNCTION kpi.resample(kpi.series, text, text) IS
    'the series in wider buckets; grain: day, week, month, quarter, year, not finer than it is; how: sum, mean, min, max, first, last; missing values are passed over';

CREATE FUNCTION kpi.sparkline(series kpi.series, width int DEFAULT 24)
    RETURNS text
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c
    AS 'MODULE_PATHNAME', 'series_sparkline_wrapper';
COMMENT ON FUNCTION kpi.sparkline(kpi.series, int) IS
    'the series as a line of blocks from its least to its greatest value; more than width (1 to 1000) buckets are averaged; a missing value is a space';

CREATE FUNCTION kpi._sparkline("values" double precision[]) RETURNS text
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c
    AS 'MODULE_PATHNAME', 'values_sparkline_wrapper';
COMMENT ON FUNCTION kpi._sparkline(double precision[]) IS 'values as a line of blocks; NULL is a space';

CREATE FUNCTION kpi._series_json(kpi.series) RETURNS jsonb
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
    RETURN $1::text::jsonb;
COMMENT ON FUNCTION kpi._series_json(kpi.series) IS 'behind the cast of a series to jsonb';
CREATE FUNCTION kpi._series_json(jsonb) RETURNS kpi.series
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
    RETURN $1::text::kpi.series;
COMMENT ON FUNCTION kpi._series_json(jsonb) IS 'behind the cast of jsonb to a series';
CREATE CAST (kpi.series AS jsonb) WITH FUNCTION kpi._series_json(kpi.series);
COMMENT ON CAST (kpi.series AS jsonb) IS 'a series as {"grain", "start", "values"}';
CREATE CAST (jsonb AS kpi.series) WITH FUNCTION kpi._series_json(jsonb);
COMMENT ON CAST (jsonb AS kpi.series) IS 'a series from {"grain", "start", "values"}';
