-- Answers that take longer than a viewer of a dashboard waits, over millions of lines: kept by kpi.refresh_latest().

CREATE TABLE kpi.answer_latest (
    source text NOT NULL REFERENCES kpi.sources ON DELETE CASCADE,
    answer text NOT NULL,
    arguments jsonb NOT NULL,
    period daterange NOT NULL,
    mark text NOT NULL,
    rows jsonb NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, answer, arguments)
);
COMMENT ON TABLE kpi.answer_latest IS 'answers without a filter for dashboards; written by kpi.refresh_latest(), read by kpi.latest()';
COMMENT ON COLUMN kpi.answer_latest.source IS 'source of the figures';
COMMENT ON COLUMN kpi.answer_latest.answer IS 'the function, or what is made of its rows';
COMMENT ON COLUMN kpi.answer_latest.arguments IS 'what else it was asked with';
COMMENT ON COLUMN kpi.answer_latest.period IS 'period it was asked for';
COMMENT ON COLUMN kpi.answer_latest.mark IS 'state of the data it was made from: any other, and it is not served';
COMMENT ON COLUMN kpi.answer_latest.rows IS 'the rows, in order';
COMMENT ON COLUMN kpi.answer_latest.made_at IS 'when it was made';

-- $1 period, $2 filter, $3 source, $4 arguments.
CREATE FUNCTION kpi._latest_query(answer text) RETURNS text
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE answer
    WHEN 'insights' THEN 'SELECT * FROM kpi.insights($1, $2, 10, $3)'
    WHEN 'drivers' THEN 'SELECT * FROM kpi.drivers(''revenue'', $1, filter => $2, source => $3)'
    WHEN 'recommend' THEN 'SELECT * FROM kpi.recommend($1, $2, 20, $3)'
    WHEN 'elasticity' THEN
        'SELECT * FROM kpi.elasticity(ARRAY(SELECT jsonb_array_elements_text(coalesce($4 -> ''by'', ''["product_type"]''))), NULL, $2, $3)'
    WHEN 'what_if' THEN 'SELECT * FROM kpi.what_if($4, 3, ''month'', ''revenue'', ''{}'', $2, $3)'
    WHEN 'launches' THEN
        'SELECT l.member, max(l.age_weeks) AS weeks, max(l.cumulative) AS revenue,
                (array_agg(l.index_to_peers ORDER BY l.age_weeks DESC) FILTER (WHERE l.index_to_peers IS NOT NULL))[1] AS index_to_peers
           FROM kpi.launch_curve(''sku'', ''revenue'', $2, $3) AS l
          WHERE NOT l.is_censored GROUP BY l.member HAVING max(l.age_weeks) >= 1 ORDER BY max(l.age_weeks), l.member LIMIT 30'
    -- Where few launches are that old, the curve would jump as one drops out.
    WHEN 'launch_curve' THEN
        'SELECT c.week, c.low, c.middle, c.high
           FROM (SELECT l.age_weeks AS week, count(*) AS launches, max(count(*)) OVER () AS most,
                        percentile_cont(0.1) WITHIN GROUP (ORDER BY l.cumulative::float8) AS low,
                        percentile_cont(0.5) WITHIN GROUP (ORDER BY l.cumulative::float8) AS middle,
                        percentile_cont(0.9) WITHIN GROUP (ORDER BY l.cumulative::float8) AS high
                   FROM kpi.launch_curve(''sku'', ''revenue'', $2, $3) AS l
                  WHERE NOT l.is_censored GROUP BY 1) AS c
          WHERE 2 * c.launches > c.most ORDER BY 1'
    END
$$;
COMMENT ON FUNCTION kpi._latest_query(text) IS 'the query behind an answer of kpi.latest()';

-- Lines, targets: what the answers rest on. NULL: kept answers may not be served, as to a caller for whom row security filters the lines.
CREATE FUNCTION kpi._latest_mark(source text) RETURNS text
    STABLE STRICT PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    lines regclass := (SELECT s.relation FROM kpi.sources AS s WHERE s.name = source AND s.rollup);
BEGIN
    IF lines IS NULL OR NOT has_table_privilege(lines, 'SELECT') OR row_security_active(lines) OR EXISTS (SELECT FROM sales.touched) THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT concat_ws(' ', r.first_day, r.last_day, extract(epoch FROM r.refreshed_at), t.n, extract(epoch FROM t.set_at))
              FROM sales.rollup_state AS r
             CROSS JOIN (SELECT count(*) AS n, max(t.set_at) AS set_at FROM kpi.targets AS t WHERE t.source = _latest_mark.source) AS t);
END $$;
COMMENT ON FUNCTION kpi._latest_mark(text) IS 'the state of a source''s lines and targets, for kpi.latest()';

CREATE FUNCTION kpi.latest(answer text, period daterange DEFAULT NULL, filter jsonb DEFAULT '{}', arguments jsonb DEFAULT '{}',
        source text DEFAULT 'sales')
    RETURNS jsonb
    STABLE PARALLEL RESTRICTED LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    query text := kpi._latest_query(answer);
    made jsonb;
BEGIN
    IF query IS NULL THEN
        RAISE EXCEPTION 'there is no answer "%"', answer USING ERRCODE = '22023',
            HINT = 'There are insights, drivers, recommend, elasticity, what_if, launches and launch_curve.';
    END IF;
    IF filter = '{}' AND has_table_privilege('kpi.answer_latest', 'SELECT') THEN
        SELECT a.rows INTO made FROM kpi.answer_latest AS a
         WHERE a.source = lower(latest.source) AND a.answer = latest.answer AND a.arguments = latest.arguments
           AND a.period = coalesce(latest.period, 'empty') AND a.mark = kpi._latest_mark(lower(latest.source));
    END IF;
    IF made IS NULL THEN
        EXECUTE 'SELECT coalesce(jsonb_agg(to_jsonb(kept.*)), ''[]'') FROM (' || query || ') AS kept' INTO made USING period, filter, source, arguments;
    END IF;
    RETURN made;
END $$;
COMMENT ON FUNCTION kpi.latest(text, daterange, jsonb, jsonb, text) IS
    'rows of insights, drivers, recommend, elasticity, what_if, launches or launch_curve: those that kpi.refresh_latest() kept where the data is still the same and no filter is asked for, else made now';

CREATE FUNCTION kpi.refresh_latest(source text DEFAULT 'sales') RETURNS void
    VOLATILE PARALLEL UNSAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    asof date := kpi.asof(source);  -- raises for an unknown source
    state text := kpi._latest_mark(lower(source));
    month daterange := daterange((date_trunc('month', asof + 1) - interval '1 month')::date, date_trunc('month', asof + 1)::date);
BEGIN
    DELETE FROM kpi.answer_latest AS a WHERE a.source = lower(refresh_latest.source);
    IF state IS NULL OR asof IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO kpi.answer_latest (source, answer, arguments, period, mark, rows)
    SELECT lower(refresh_latest.source), w.answer, w.arguments, coalesce(w.period, 'empty'), state,
           kpi.latest(w.answer, w.period, '{}', w.arguments, refresh_latest.source)
      FROM (VALUES ('insights', '{}'::jsonb, month), ('drivers', '{}', month), ('recommend', '{}', month), ('elasticity', '{}', NULL), ('elasticity', '{"by": ["sku"]}', NULL),
                   ('launches', '{}', NULL), ('launch_curve', '{}', NULL),
                   ('what_if', '{"price": 0.05}', NULL), ('what_if', '{"price": -0.05}', NULL), ('what_if', '{"promotion": 0.2}', NULL),
                   ('what_if', '{"units": -0.1}', NULL)) AS w(answer, arguments, period);
END $$;
COMMENT ON FUNCTION kpi.refresh_latest(text) IS
    'makes the answers of kpi.latest() for the last complete month anew; for a scheduler, after kpi.refresh(): over ten million lines it takes minutes';

-- What refreshing keeps tells of all lines of a source: hidden from those who may not read it, or see only some of it by row security.
DO $$
DECLARE
    derived regclass;
BEGIN
    FOREACH derived IN ARRAY '{kpi.forecast_latest,kpi.anomaly_open,kpi.target_status,kpi.answer_latest}'::regclass[] LOOP
        EXECUTE pg_catalog.format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', derived);
        EXECUTE pg_catalog.format('CREATE POLICY all_lines_or_none ON %s USING (source IN (
            SELECT s.name FROM kpi.sources AS s
             WHERE pg_catalog.has_table_privilege(s.relation, ''SELECT'') AND NOT pg_catalog.row_security_active(s.relation)))', derived);
        EXECUTE pg_catalog.format('COMMENT ON POLICY all_lines_or_none ON %s IS %L', derived,
            'hidden from those who may not read all lines of the source');
    END LOOP;
END $$;
