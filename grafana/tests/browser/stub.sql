-- A kpi.ask() that answers as it is told: the panel's tests need slow answers, errors and unsafe texts.
CREATE SCHEMA kpi;
CREATE TABLE kpi.asked (n int GENERATED ALWAYS AS IDENTITY, question text, conversation uuid, period daterange, filter jsonb);
CREATE FUNCTION kpi.period(first timestamptz, last timestamptz) RETURNS daterange LANGUAGE sql AS $$ SELECT daterange(first::date, last::date, '[]') $$;
CREATE FUNCTION kpi._ask(question text, before uuid, period daterange, filter jsonb)
    RETURNS TABLE (answer text, plan jsonb, sql text, rows jsonb, chart jsonb, suggestions text[], engine text, verified boolean, note text,
                   conversation uuid, ms double precision)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO kpi.asked (question, conversation, period, filter) VALUES ($1, $2, $3, $4);
    IF $1 = 'slow' THEN
        PERFORM pg_sleep(8);
    ELSIF $1 = 'error' THEN
        RAISE EXCEPTION 'permission denied for function ask' USING ERRCODE = '42501';
    END IF;
    RETURN QUERY SELECT
        format(E'**Revenue** grew by 4.2 %%.\n\n- Aurora led\n\n<img src="https://elsewhere.example/x.png?d=secret"> <script>window.hacked = true</script> '
               '[elsewhere](https://elsewhere.example/) [protocol](//elsewhere.example) [here](/d/kpi-why) <a href="javascript:alert(1)" onclick="alert(1)">js</a>'),
        '{"function": "history", "args": {"metric": "revenue", "grain": "month"}, "confidence": 0.93}'::jsonb,
        'SELECT * FROM kpi.history(''revenue'', ''month'')',
        (SELECT jsonb_agg(jsonb_build_object('time', (date '2025-01-01' + n * interval '1 month')::date, 'member', 'Total', 'value', 100 + n * 7.5, 'change_pct', 0.042))
           FROM generate_series(0, 11) AS n),
        '{"type": "line", "x": "time", "y": "value"}'::jsonb, '{"And by channel?","Why?"}'::text[], 'built_in', $1 <> 'unverified', '',
        coalesce($2, '11111111-2222-3333-4444-555555555555'::uuid), 12.5::double precision;
END $$;
CREATE FUNCTION kpi.ask(question text, conversation uuid DEFAULT NULL, period daterange DEFAULT NULL, filter jsonb DEFAULT '{}')
    RETURNS TABLE (answer text, plan jsonb, sql text, rows jsonb, chart jsonb, suggestions text[], engine text, verified boolean, note text,
                   conversation uuid, ms double precision)
    LANGUAGE sql AS $$ SELECT * FROM kpi._ask($1, $2, $3, $4) $$;
GRANT USAGE ON SCHEMA kpi TO kpi_grafana_ask;
