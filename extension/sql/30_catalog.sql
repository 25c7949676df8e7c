-- Private functions behind the sales layer: they look the catalogue up and write SQL (Rust, core/src/query).

CREATE FUNCTION kpi._figures_query(source text, metrics text[], by text[], filter jsonb, firsts date[], ends date[], grain text)
    RETURNS text STABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'figures_query_wrapper';
COMMENT ON FUNCTION kpi._figures_query(text, text[], text[], jsonb, date[], date[], text) IS
    'the SELECT behind kpi._figures()';

CREATE FUNCTION kpi._cells_query(source text, metrics text[], by text[], filter jsonb, first date, "end" date)
    RETURNS text STABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'cells_query_wrapper';
COMMENT ON FUNCTION kpi._cells_query(text, text[], text[], jsonb, date, date) IS
    'a SELECT of days, a column a metric: k1, k2, …, bucket, m1, m2, …; for who reads many small cells';

CREATE FUNCTION kpi._lines_query(source text) RETURNS text
    STABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'lines_query_wrapper';
COMMENT ON FUNCTION kpi._lines_query(text) IS
    'a SELECT of a source''s lines with the house''s column names: day, price, quantity, revenue, order_ref, customer_ref, list_price, the dimensions, other columns';

CREATE FUNCTION kpi._items_query(source text) RETURNS text
    STABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'items_query_wrapper';
COMMENT ON FUNCTION kpi._items_query(text) IS
    'a SELECT of a source''s products: item, first_sold, last_sold, list_price, price_tier';

CREATE FUNCTION kpi._extent_query(source text) RETURNS text
    STABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'extent_query_wrapper';
COMMENT ON FUNCTION kpi._extent_query(text) IS 'a SELECT of a source''s first_day and last_day';

CREATE FUNCTION kpi._source_dimensions(source text) RETURNS text[]
    STABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'source_dimensions_wrapper';
COMMENT ON FUNCTION kpi._source_dimensions(text) IS 'the names of all dimensions that a source has';

CREATE FUNCTION kpi._metric_available(source text, metric text) RETURNS boolean
    STABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'metric_available_wrapper';
COMMENT ON FUNCTION kpi._metric_available(text, text) IS 'whether the columns that a metric reads are mapped in a source';

CREATE FUNCTION kpi._not_available(source text, metric text) RETURNS text
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
    RETURN pg_catalog.format('metric "%s" reads columns that source "%s" does not map', metric, source);
COMMENT ON FUNCTION kpi._not_available(text, text) IS 'the note of a row whose status is not_available';

CREATE FUNCTION kpi._rollup_used(source text) RETURNS boolean
    STABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'rollup_used_wrapper';
COMMENT ON FUNCTION kpi._rollup_used(text) IS
    'whether the caller''s figures come from the daily rollup now: it is complete, readable, and no row security filters the lines';

CREATE FUNCTION kpi._nearest(name text, existing text[]) RETURNS text[]
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'nearest_names_wrapper';
COMMENT ON FUNCTION kpi._nearest(text, text[]) IS 'the names most like a name, best first, at most three';

CREATE FUNCTION kpi._check_expression(kind text, expression text, source text) RETURNS void
    VOLATILE STRICT PARALLEL UNSAFE LANGUAGE c AS 'MODULE_PATHNAME', 'check_expression_wrapper';
COMMENT ON FUNCTION kpi._check_expression(text, text, text) IS
    'raises unless the expression is one a metric or dimension may keep; plans it once';

CREATE FUNCTION kpi._figures(source text, metrics text[], by text[], filter jsonb, periods daterange[], grain text DEFAULT NULL)
    RETURNS TABLE (period int, "time" date, key text[], metric text, value numeric)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    -- The parts of the query are many and small, one a period: workers that share them out cost more than they save.
    -- A part over many lines still gets workers of its own.
    SET enable_parallel_append = off
AS $$
BEGIN
    RETURN QUERY EXECUTE kpi._figures_query(source, metrics, by, filter,
        ARRAY(SELECT lower(p) FROM unnest(periods) WITH ORDINALITY AS u(p, i) ORDER BY i),
        ARRAY(SELECT upper(p) FROM unnest(periods) WITH ORDINALITY AS u(p, i) ORDER BY i),
        grain);
END $$;
COMMENT ON FUNCTION kpi._figures(text, text[], text[], jsonb, daterange[], text) IS
    'figures in long form, from the rollup where it may be; period counts from 1, a NULL period is all of time; time is the bucket where a grain is given; key holds the members in the order of by';

CREATE FUNCTION kpi._members(by text[], key text[]) RETURNS jsonb
    IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN CASE WHEN pg_catalog.cardinality(key) > 0
                THEN pg_catalog.jsonb_object(by[1:pg_catalog.cardinality(key)], key) ELSE '{}'::jsonb END;
COMMENT ON FUNCTION kpi._members(text[], text[]) IS 'a group as {"brand": "A"}';

CREATE FUNCTION kpi._member(key text[]) RETURNS text
    IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN CASE WHEN pg_catalog.cardinality(key) > 0 THEN pg_catalog.array_to_string(key, ' · ') ELSE 'Total' END;
COMMENT ON FUNCTION kpi._member(text[]) IS 'a group ready to print: members joined by " · ", Total for none';

-- A filter's dimensions are written in any case; what is wrong with a filter is for kpi._figures() to say.
CREATE FUNCTION kpi._pinned(filter jsonb) RETURNS jsonb
    IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN (SELECT coalesce(pg_catalog.jsonb_object_agg(pg_catalog.lower(pg_catalog.btrim(e.key)),
                                CASE pg_catalog.jsonb_typeof(e.value) WHEN 'array' THEN e.value -> 0 ELSE e.value END), '{}')
              FROM pg_catalog.jsonb_each(CASE pg_catalog.jsonb_typeof(filter) WHEN 'object' THEN filter ELSE '{}' END) AS e
             WHERE CASE pg_catalog.jsonb_typeof(e.value) WHEN 'array' THEN pg_catalog.jsonb_array_length(e.value) = 1
                                                         ELSE pg_catalog.jsonb_typeof(e.value) = 'string' END);
COMMENT ON FUNCTION kpi._pinned(jsonb) IS 'the dimensions that a filter leaves one member of, as {"brand": "A"}';

CREATE FUNCTION kpi._admits(filter jsonb, members jsonb) RETURNS boolean
    IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN (SELECT coalesce(pg_catalog.bool_and(coalesce(
                       CASE pg_catalog.jsonb_typeof(e.value)
                            WHEN 'object' THEN NOT (e.value -> 'not') @> (members -> pg_catalog.lower(pg_catalog.btrim(e.key)))
                            ELSE e.value @> (members -> pg_catalog.lower(pg_catalog.btrim(e.key))) END, false)), true)
              FROM pg_catalog.jsonb_each(CASE pg_catalog.jsonb_typeof(filter) WHEN 'object' THEN filter ELSE '{}' END) AS e);
COMMENT ON FUNCTION kpi._admits(jsonb, jsonb) IS
    'whether all of a group, as {"brand": "A"}, lies inside of a filter: it names, for each dimension of the filter, a member that passes';

-- In plpgsql, which plans it once a session; SQL would at every call.
CREATE FUNCTION kpi._by(by text[]) RETURNS text[]
    IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT coalesce(array_agg(d.n ORDER BY d.i), '{}')
              FROM (SELECT lower(btrim(u.name)) AS n, min(u.i) AS i
                      FROM unnest(by) WITH ORDINALITY AS u(name, i) GROUP BY 1) AS d);
END $$;
COMMENT ON FUNCTION kpi._by(text[]) IS 'dimension names in lower case without repeats, as figures group by them';

CREATE FUNCTION kpi._metric(name text) RETURNS kpi.metrics
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    def kpi.metrics;
BEGIN
    SELECT * INTO def FROM kpi.metrics AS m WHERE m.name = lower(btrim(_metric.name));
    IF NOT FOUND THEN
        IF _metric.name IS NULL THEN
            RAISE EXCEPTION 'metric is NULL' USING ERRCODE = '22004', HINT = 'kpi.metrics lists the metrics.';
        END IF;
        RAISE EXCEPTION 'metric "%" does not exist', _metric.name USING ERRCODE = '22023',
            HINT = coalesce('Did you mean ' || nullif(array_to_string(kpi._nearest(_metric.name,
                       ARRAY(SELECT m.name FROM kpi.metrics AS m)), ', '), '') || '?',
                   'kpi.metrics lists the metrics.');
    END IF;
    RETURN def;
END $$;
COMMENT ON FUNCTION kpi._metric(text) IS 'looks a metric up; 22023 with the nearest names where there is none';

-- Periods

CREATE FUNCTION kpi._grain(grain text) RETURNS text
    IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF lower(btrim(grain)) = ANY ('{day,week,month,quarter,year}') THEN
        RETURN lower(btrim(grain));
    END IF;
    IF grain IS NULL THEN
        RAISE EXCEPTION 'grain is NULL' USING ERRCODE = '22004', HINT = 'Give day, week, month, quarter or year.';
    END IF;
    RAISE EXCEPTION 'grain "%" does not exist', grain USING ERRCODE = '22023', HINT = 'Give day, week, month, quarter or year.';
END $$;
COMMENT ON FUNCTION kpi._grain(text) IS 'a grain in lower case, or 22023';

CREATE FUNCTION kpi._extent(source text, OUT first_day date, OUT last_day date)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE kpi._extent_query(source) INTO first_day, last_day;
END $$;
COMMENT ON FUNCTION kpi._extent(text) IS 'the first and the last day with data';

CREATE FUNCTION kpi.asof(source text DEFAULT 'sales') RETURNS date
    STABLE STRICT PARALLEL SAFE LANGUAGE sql
    RETURN (SELECT e.last_day FROM kpi._extent(source) AS e);
COMMENT ON FUNCTION kpi.asof(text) IS 'the last day with data; relative periods count from it';

CREATE FUNCTION kpi._period_parse(period text, asof date) RETURNS daterange
    IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'period_parse_wrapper';
COMMENT ON FUNCTION kpi._period_parse(text, date) IS 'reads a period; relative ones count from asof';

CREATE FUNCTION kpi.period_in(source text, period text) RETURNS daterange
    STABLE STRICT PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    today date := CASE WHEN NOT period ~ '^\s*\d' THEN kpi.asof(source) END;
    wanted daterange := kpi._period_parse(period, coalesce(today, '2000-01-01'));
BEGIN
    RETURN CASE WHEN today IS NOT NULL OR period ~ '^\s*\d' THEN wanted END;
END $$;
COMMENT ON FUNCTION kpi.period_in(text, text) IS
    'kpi.period(text) counted from the last day of data of another source than sales; NULL where that has no data to count from';

-- One argument only: with a second of type text, kpi.period($__timeFrom(), $__timeTo()) would mean that one.
CREATE FUNCTION kpi.period(period text) RETURNS daterange
    STABLE STRICT PARALLEL SAFE LANGUAGE sql
    RETURN kpi.period_in('sales', period);
COMMENT ON FUNCTION kpi.period(text) IS
    'a period by name: 2025, 2025-H1, 2025-Q4, 2025-11, 2025-W48, 2025-11-03, 2025-11-03..2025-11-09, last 30 days (rolls, ends at asof), last 3 months (complete ones), this month (to asof), last week, next quarter, yesterday, ytd, qtd, mtd, wtd; relative ones count from kpi.asof()';

CREATE FUNCTION kpi.period(first timestamptz, last timestamptz) RETURNS daterange
    STABLE STRICT PARALLEL SAFE LANGUAGE sql
    RETURN pg_catalog.daterange(least(first, last)::date, greatest(first, last)::date, '[]');
COMMENT ON FUNCTION kpi.period(timestamptz, timestamptz) IS
    'the days from one moment to another, both included, as in kpi.period($__timeFrom(), $__timeTo())';

CREATE FUNCTION kpi.previous(period daterange) RETURNS daterange
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'period_previous_wrapper';
COMMENT ON FUNCTION kpi.previous(daterange) IS
    'the period of the same shape before: months before months, an ISO week before a week, the same days of last year before a year to date, of last month before a month to date, else as many days';

CREATE FUNCTION kpi.year_ago(period daterange) RETURNS daterange
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'period_year_ago_wrapper';
COMMENT ON FUNCTION kpi.year_ago(daterange) IS 'the same dates a year earlier; whole ISO weeks keep their number';

CREATE FUNCTION kpi._period_or_last_month(period daterange, asof date) RETURNS daterange
    IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'period_or_last_month_wrapper';
COMMENT ON FUNCTION kpi._period_or_last_month(daterange, date) IS
    'the period, checked (22023 where it is empty or infinite), or the last complete calendar month as of asof';

CREATE FUNCTION kpi._period(period daterange, source text) RETURNS daterange
    STABLE PARALLEL SAFE LANGUAGE sql
    RETURN kpi._period_or_last_month(period, CASE WHEN period IS NULL THEN kpi.asof(source) END);
COMMENT ON FUNCTION kpi._period(daterange, text) IS
    'the period, checked, or the last complete calendar month in the data';

CREATE FUNCTION kpi._whole_period(period daterange, source text) RETURNS daterange
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF period IS NOT NULL THEN
        RETURN kpi._period_or_last_month(period, NULL);
    END IF;
    RETURN (SELECT daterange(e.first_day, e.last_day, '[]') FROM kpi._extent(source) AS e WHERE e.last_day IS NOT NULL);
END $$;
COMMENT ON FUNCTION kpi._whole_period(daterange, text) IS 'the period, checked, or all days from the first to the last with data';

CREATE FUNCTION kpi._last_judged(last_day date, unit text, include_partial boolean) RETURNS date
    IMMUTABLE PARALLEL SAFE LANGUAGE sql
RETURN CASE WHEN include_partial
            THEN (date_trunc(unit, last_day::timestamp) + CASE unit WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || unit)::interval END)::date - 1
            ELSE last_day END;
COMMENT ON FUNCTION kpi._last_judged(date, text, boolean) IS
    'the day up to which periods count as complete: the last of the data, or the end of the period that it lies in';
