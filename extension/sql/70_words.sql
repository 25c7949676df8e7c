-- In words: planning, asking, wording, and the language model beside them.

CREATE FUNCTION kpi._plan(question text, context jsonb, catalogue jsonb) RETURNS jsonb
    IMMUTABLE PARALLEL SAFE COST 10000 LANGUAGE c AS 'MODULE_PATHNAME', 'words_plan_wrapper';
COMMENT ON FUNCTION kpi._plan(text, jsonb, jsonb) IS 'the plan of a question, by the built-in planner; context is the plan of the question before';

CREATE FUNCTION kpi._plan_call(plan jsonb, question text, asof text) RETURNS jsonb
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'words_call_wrapper';
COMMENT ON FUNCTION kpi._plan_call(jsonb, text, text) IS 'the SELECT that runs a plan, written from its checked parts, and what is shown around its rows';

CREATE FUNCTION kpi._plan_refusal(plan jsonb, question text) RETURNS text
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'words_refusal_wrapper';
COMMENT ON FUNCTION kpi._plan_refusal(jsonb, text) IS 'what is said where a plan is not run';

CREATE FUNCTION kpi.narrate(kind text, facts jsonb, lang text DEFAULT 'en') RETURNS text
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'words_narrate_wrapper';
COMMENT ON FUNCTION kpi.narrate(text, jsonb, text) IS
    'the built-in wording of a function''s rows, without network; kind: the function, as in breakdown; facts: jsonb_agg of its rows, or {"rows": [...], "metric": "revenue", "period": "2025-10", "baseline": ..., "filter": {...}, "currency": "EUR"}; lang: en or ko';

CREATE FUNCTION kpi._facts_kind(facts jsonb) RETURNS text
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'words_kind_wrapper';
COMMENT ON FUNCTION kpi._facts_kind(jsonb) IS 'the function that rows come from, by their columns';

CREATE FUNCTION kpi._verify(kind text, reply text, facts jsonb) RETURNS jsonb
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'words_verify_wrapper';
COMMENT ON FUNCTION kpi._verify(text, text, jsonb) IS 'what in a text is not in the facts: [{"kind", "at"}], empty where it may be shown';

CREATE FUNCTION kpi._llm_configured() RETURNS boolean
    STABLE PARALLEL RESTRICTED LANGUAGE c AS 'MODULE_PATHNAME', 'llm_configured_wrapper';
COMMENT ON FUNCTION kpi._llm_configured() IS 'whether pg_kpi.llm_endpoint is set';

CREATE FUNCTION kpi._llm_limits() RETURNS jsonb
    STABLE PARALLEL RESTRICTED LANGUAGE c AS 'MODULE_PATHNAME', 'llm_limits_wrapper';
COMMENT ON FUNCTION kpi._llm_limits() IS 'calls a minute, seconds in the cache, the model';

CREATE FUNCTION kpi._llm_probe() RETURNS text
    VOLATILE PARALLEL UNSAFE COST 1000000 LANGUAGE c AS 'MODULE_PATHNAME', 'llm_probe_wrapper';
COMMENT ON FUNCTION kpi._llm_probe() IS 'whether the endpoint answers, in a word';

CREATE FUNCTION kpi._llm_words(kind text, facts jsonb, notes text, question text, lang text, model text) RETURNS jsonb
    VOLATILE PARALLEL UNSAFE COST 1000000 LANGUAGE c AS 'MODULE_PATHNAME', 'llm_words_wrapper';
COMMENT ON FUNCTION kpi._llm_words(text, jsonb, text, text, text, text) IS
    'the notes as the model words them, checked against the facts, or null with the reason; calls the endpoint';

CREATE FUNCTION kpi._llm_route(question text, catalogue jsonb) RETURNS jsonb
    VOLATILE STRICT PARALLEL UNSAFE COST 1000000 LANGUAGE c AS 'MODULE_PATHNAME', 'llm_route_wrapper';
COMMENT ON FUNCTION kpi._llm_route(text, jsonb) IS 'the function that the model takes a question for; calls the endpoint';

CREATE FUNCTION kpi._ask_arm_timer() RETURNS boolean
    VOLATILE PARALLEL UNSAFE LANGUAGE c AS 'MODULE_PATHNAME', 'ask_arm_timer_wrapper';
COMMENT ON FUNCTION kpi._ask_arm_timer() IS 'arms pg_kpi.ask_timeout for the running statement where no statement_timeout runs';

REVOKE EXECUTE ON FUNCTION kpi._llm_probe(), kpi._llm_words(text, jsonb, text, text, text, text), kpi._llm_route(text, jsonb) FROM PUBLIC;

-- What people teach, and what was asked.

CREATE TABLE kpi.ask_examples (
    question text PRIMARY KEY CHECK (length(question) BETWEEN 3 AND 500),
    plan jsonb NOT NULL CHECK (jsonb_typeof(plan) = 'object' AND jsonb_typeof(plan -> 'function') = 'string'
                               AND jsonb_typeof(coalesce(plan -> 'args', '{}')) = 'object'),
    added_by name NOT NULL DEFAULT current_user,
    added_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE kpi.ask_examples IS 'questions and what they mean; kpi.ask() reads a like question the same way from then on';
COMMENT ON COLUMN kpi.ask_examples.question IS 'the question';
COMMENT ON COLUMN kpi.ask_examples.plan IS 'what it means, as kpi.plan() writes it: {"function": "breakdown", "args": {...}}';
COMMENT ON COLUMN kpi.ask_examples.added_by IS 'who taught it';
COMMENT ON COLUMN kpi.ask_examples.added_at IS 'when';
SELECT pg_catalog.pg_extension_config_dump('kpi.ask_examples', '');
GRANT SELECT ON kpi.ask_examples TO PUBLIC;

CREATE TABLE kpi.ask_turns (
    conversation uuid NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    role name NOT NULL DEFAULT current_user,
    question text NOT NULL,
    plan jsonb NOT NULL,
    PRIMARY KEY (conversation, asked_at)
);
COMMENT ON TABLE kpi.ask_turns IS 'what was asked in each conversation; every role sees its own';
COMMENT ON COLUMN kpi.ask_turns.conversation IS 'the conversation that kpi.ask() returned';
COMMENT ON COLUMN kpi.ask_turns.asked_at IS 'when';
COMMENT ON COLUMN kpi.ask_turns.role IS 'who asked';
COMMENT ON COLUMN kpi.ask_turns.question IS 'the question';
COMMENT ON COLUMN kpi.ask_turns.plan IS 'the plan that was run';

CREATE TABLE kpi.llm_calls (
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    role name NOT NULL DEFAULT current_user,
    function text NOT NULL,
    model text NOT NULL,
    prompt_sha256 text NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    ms bigint NOT NULL,
    status text NOT NULL
);
CREATE INDEX llm_calls_role_at ON kpi.llm_calls (role, at);
COMMENT ON TABLE kpi.llm_calls IS 'calls of the language model; every role sees its own; the prompt is kept as a digest only';
COMMENT ON COLUMN kpi.llm_calls.at IS 'when';
COMMENT ON COLUMN kpi.llm_calls.role IS 'who';
COMMENT ON COLUMN kpi.llm_calls.function IS 'the function that called';
COMMENT ON COLUMN kpi.llm_calls.model IS 'the model asked for';
COMMENT ON COLUMN kpi.llm_calls.prompt_sha256 IS 'digest of the facts and the question';
COMMENT ON COLUMN kpi.llm_calls.prompt_tokens IS 'tokens read, as the endpoint counts';
COMMENT ON COLUMN kpi.llm_calls.completion_tokens IS 'tokens written, as the endpoint counts';
COMMENT ON COLUMN kpi.llm_calls.ms IS 'milliseconds';
COMMENT ON COLUMN kpi.llm_calls.status IS 'ok, or what went wrong';

CREATE TABLE kpi.llm_answers (
    role name NOT NULL DEFAULT current_user,
    key text NOT NULL,
    answer text NOT NULL,
    model text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (role, key)
);
COMMENT ON TABLE kpi.llm_answers IS 'checked answers of the model, kept for pg_kpi.llm_cache; every role has its own';
COMMENT ON COLUMN kpi.llm_answers.role IS 'whose';
COMMENT ON COLUMN kpi.llm_answers.key IS 'digest of model, facts, question and language';
COMMENT ON COLUMN kpi.llm_answers.answer IS 'the answer';
COMMENT ON COLUMN kpi.llm_answers.model IS 'the model';
COMMENT ON COLUMN kpi.llm_answers.at IS 'when';

-- Kept rows belong to their role, also where tables are read by name.
ALTER TABLE kpi.ask_turns ENABLE ROW LEVEL SECURITY;
ALTER TABLE kpi.llm_calls ENABLE ROW LEVEL SECURITY;
ALTER TABLE kpi.llm_answers ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON kpi.ask_turns USING (role = current_user) WITH CHECK (role = current_user);
CREATE POLICY own ON kpi.llm_calls USING (role = current_user) WITH CHECK (role = current_user);
CREATE POLICY own ON kpi.llm_answers USING (role = current_user) WITH CHECK (role = current_user);
GRANT SELECT, INSERT ON kpi.ask_turns, kpi.llm_calls TO PUBLIC;
GRANT SELECT, INSERT, UPDATE ON kpi.llm_answers TO PUBLIC;

CREATE VIEW kpi.llm_usage WITH (security_invoker) AS
SELECT c.role, c.function, c.model, c.at::date AS day, count(*) AS calls, count(*) FILTER (WHERE c.status <> 'ok') AS errors,
       sum(c.prompt_tokens) AS prompt_tokens, sum(c.completion_tokens) AS completion_tokens,
       round(avg(c.ms)) AS mean_ms, max(c.ms) AS max_ms
  FROM kpi.llm_calls AS c
 GROUP BY 1, 2, 3, 4;
COMMENT ON VIEW kpi.llm_usage IS 'calls of the language model a day: tokens, latency, errors; a role sees its own, the owner all';
COMMENT ON COLUMN kpi.llm_usage.role IS 'who called';
COMMENT ON COLUMN kpi.llm_usage.function IS 'the function that called';
COMMENT ON COLUMN kpi.llm_usage.model IS 'the model asked for';
COMMENT ON COLUMN kpi.llm_usage.day IS 'the day';
COMMENT ON COLUMN kpi.llm_usage.calls IS 'calls';
COMMENT ON COLUMN kpi.llm_usage.errors IS 'calls without a usable reply';
COMMENT ON COLUMN kpi.llm_usage.prompt_tokens IS 'tokens read';
COMMENT ON COLUMN kpi.llm_usage.completion_tokens IS 'tokens written';
COMMENT ON COLUMN kpi.llm_usage.mean_ms IS 'mean milliseconds';
COMMENT ON COLUMN kpi.llm_usage.max_ms IS 'longest milliseconds';
GRANT SELECT ON kpi.llm_usage TO PUBLIC;

-- What the planner may know, as the caller sees it.

CREATE FUNCTION kpi._ask_catalogue() RETURNS jsonb
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    dimension text;
    names jsonb;
    listed jsonb := '[]';
BEGIN
    -- Rows of words: these have members that are no names.
    FOREACH dimension IN ARRAY kpi._source_dimensions('sales') LOOP
        names := '[]';
        IF dimension <> ALL ('{customer,price_tier,weekday,month,week}') THEN
            SELECT coalesce(jsonb_agg(g.name ORDER BY g.lines DESC), '[]') INTO names
              FROM (SELECT f.key[1] AS name, f.value AS lines
                      FROM kpi._figures('sales', '{lines}', ARRAY[dimension], '{}', ARRAY[NULL::daterange]) AS f
                     WHERE f.key[1] IS NOT NULL AND f.key[1] <> '(none)' AND length(f.key[1]) <= 200
                     ORDER BY f.value DESC NULLS LAST LIMIT 5000) AS g;
        END IF;
        listed := listed || jsonb_build_object('name', dimension, 'members', names,
            'label', (SELECT d.label FROM kpi.dimensions AS d WHERE d.name = dimension AND NOT d.built_in));
    END LOOP;
    RETURN jsonb_build_object(
        'asof', kpi.asof('sales'),
        'dimensions', listed,
        'aliases', (SELECT coalesce(jsonb_agg(jsonb_build_object('alias', a.alias, 'dimension', a.dimension, 'member', a.member)), '[]')
                      FROM (SELECT * FROM kpi.aliases ORDER BY alias LIMIT 2000) AS a),
        'metrics', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', m.name, 'label', m.label)), '[]')
                      FROM (SELECT * FROM kpi.metrics WHERE NOT built_in ORDER BY name LIMIT 200) AS m),
        'examples', (SELECT coalesce(jsonb_agg(jsonb_build_object('question', e.question, 'plan', e.plan)), '[]')
                       FROM (SELECT * FROM kpi.ask_examples ORDER BY added_at DESC LIMIT 200) AS e));
END $$;
COMMENT ON FUNCTION kpi._ask_catalogue() IS 'members, aliases, metrics and taught questions that the planner reads, as the caller may see them';

CREATE FUNCTION kpi._ask_context(conversation uuid) RETURNS jsonb
    STABLE PARALLEL SAFE LANGUAGE sql
    RETURN (SELECT t.plan FROM kpi.ask_turns AS t WHERE t.conversation = _ask_context.conversation AND t.role = current_user
             ORDER BY t.asked_at DESC LIMIT 1);
COMMENT ON FUNCTION kpi._ask_context(uuid) IS 'the last plan of a conversation of the caller''s';

CREATE FUNCTION kpi.plan(question text, conversation uuid DEFAULT NULL) RETURNS jsonb
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    catalogue jsonb := kpi._ask_catalogue();
BEGIN
    IF question IS NULL OR catalogue ->> 'asof' IS NULL THEN
        RETURN '{"function": "none", "args": {}, "confidence": 0.99}';
    END IF;
    RETURN kpi._plan(left(question, 1000), kpi._ask_context(conversation), catalogue);
END $$;
COMMENT ON FUNCTION kpi.plan(text, uuid) IS
    'what kpi.ask() would run: {"function": "breakdown", "args": {"metric": "revenue", "by": ["sku"], "period": "2025-10", "top": 5}, "confidence": 0.93, "alternatives": [...]}; function none: it cannot be answered; conversation: as kpi.ask() returned it, for "and by channel?"';

-- Runs the SELECT that the plan's parts were written into. STABLE: SPI runs it read-only.
CREATE FUNCTION kpi._ask_rows(statement text, most int) RETURNS jsonb
    STABLE PARALLEL RESTRICTED LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found jsonb;
BEGIN
    -- With the star: a column may have the name of the row, as r of kpi.rfm() once did.
    EXECUTE format('SELECT coalesce(jsonb_agg(to_jsonb(said.*)), ''[]''::jsonb) FROM (SELECT * FROM (%s) AS q LIMIT %s) AS said', statement, most) INTO found;
    RETURN found;
END $$;
COMMENT ON FUNCTION kpi._ask_rows(text, int) IS 'rows of the SELECT behind an answer as jsonb, at most so many, read-only';

CREATE FUNCTION kpi._ask_may_write() RETURNS boolean
    STABLE PARALLEL SAFE LANGUAGE sql
    RETURN NOT pg_catalog.pg_is_in_recovery() AND pg_catalog.current_setting('transaction_read_only') = 'off';
COMMENT ON FUNCTION kpi._ask_may_write() IS 'whether turns and calls can be logged: not on a standby or in a read-only transaction';

CREATE FUNCTION kpi._llm_may() RETURNS boolean
    STABLE PARALLEL RESTRICTED LANGUAGE sql
    RETURN kpi._llm_configured()
       AND pg_catalog.has_function_privilege('kpi._llm_words(text, jsonb, text, text, text, text)', 'EXECUTE')
       AND pg_catalog.has_function_privilege('kpi._llm_route(text, jsonb)', 'EXECUTE');
COMMENT ON FUNCTION kpi._llm_may() IS 'whether an endpoint is set and the caller was granted its use by kpi.allow_llm()';

CREATE FUNCTION kpi._llm_log(caller text, model text, digest text, calls jsonb) RETURNS void
    VOLATILE PARALLEL UNSAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF kpi._ask_may_write() THEN
        INSERT INTO kpi.llm_calls (function, model, prompt_sha256, prompt_tokens, completion_tokens, ms, status)
        SELECT caller, model, digest, (c ->> 'prompt_tokens')::bigint, (c ->> 'completion_tokens')::bigint, (c ->> 'ms')::bigint, c ->> 'status'
          FROM jsonb_array_elements(calls) AS c;
    END IF;
END $$;
COMMENT ON FUNCTION kpi._llm_log(text, text, text, jsonb) IS 'writes calls of the model down, where the transaction may write';

CREATE FUNCTION kpi._llm_answer(caller text, kind text, facts jsonb, notes text, question text, lang text, model text)
    RETURNS TABLE (answer text, engine text, verified boolean, note text)
    VOLATILE PARALLEL UNSAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    limits jsonb := kpi._llm_limits();
    used text := coalesce(nullif(btrim(model), ''), limits ->> 'model');
    digest text;
    made jsonb;
BEGIN
    answer := notes;
    engine := 'built_in';
    verified := true;
    IF NOT kpi._llm_may() THEN
        RETURN NEXT;
        RETURN;
    END IF;
    digest := encode(sha256(convert_to(concat_ws(E'\n', used, kind, facts::text, notes, question, lang), 'UTF8')), 'hex');
    IF (limits ->> 'cache')::int > 0 THEN
        SELECT a.answer, a.model, true, NULL INTO answer, engine, verified, note FROM kpi.llm_answers AS a
         WHERE a.role = current_user AND a.key = digest AND a.at > clock_timestamp() - make_interval(secs => (limits ->> 'cache')::int);
        IF FOUND THEN
            RETURN NEXT;
            RETURN;
        END IF;
        answer := notes;
        engine := 'built_in';
        verified := true;
    END IF;
    IF (SELECT count(*) FROM kpi.llm_calls AS c WHERE c.role = current_user AND c.at > clock_timestamp() - interval '1 minute')
       >= (limits ->> 'rate')::int THEN
        note := 'rate_limit';
        RETURN NEXT;
        RETURN;
    END IF;
    made := kpi._llm_words(kind, facts, notes, question, lang, model);
    PERFORM kpi._llm_log(caller, used, digest, made -> 'calls');
    IF made ->> 'text' IS NULL THEN
        note := 'the model''s answer was not used: ' || (made ->> 'status')
             || coalesce(': ' || (SELECT string_agg(DISTINCT f ->> 'kind', ', ') FROM jsonb_array_elements(made -> 'faults') AS f), '');
    ELSE
        answer := made ->> 'text';
        engine := used;
        IF (limits ->> 'cache')::int > 0 AND kpi._ask_may_write() THEN
            INSERT INTO kpi.llm_answers AS a (key, answer, model) VALUES (digest, made ->> 'text', used)
                ON CONFLICT (role, key) DO UPDATE SET answer = excluded.answer, at = clock_timestamp();
        END IF;
    END IF;
    RETURN NEXT;
END $$;
COMMENT ON FUNCTION kpi._llm_answer(text, text, jsonb, text, text, text, text) IS
    'the notes, worded by the model where that is allowed, answers in time and passes the check; else as they are, with the reason';

CREATE TYPE kpi.answer AS (
    answer text, plan jsonb, sql text, rows jsonb, chart jsonb, suggestions text[],
    engine text, verified boolean, note text, conversation uuid, ms int
);
COMMENT ON TYPE kpi.answer IS 'what kpi.ask() returns';

CREATE FUNCTION kpi._ask_kept(plan jsonb, OUT rows jsonb, OUT made_at timestamptz)
    STABLE STRICT PARALLEL RESTRICTED LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    args CONSTANT jsonb := plan -> 'args';
    function CONSTANT text := plan ->> 'function';
    -- What the function's own default gives: kept for the last complete month.
    asof CONSTANT date := kpi.asof('sales');
    month CONSTANT daterange := daterange((date_trunc('month', asof + 1) - interval '1 month')::date, date_trunc('month', asof + 1)::date);
    asked CONSTANT daterange := CASE WHEN args ? 'period' THEN kpi.period(args ->> 'period') ELSE month END;
BEGIN
    IF coalesce(args -> 'filter', '{}') <> '{}' OR coalesce(args -> 'exclude', '{}') <> '{}' THEN
        RETURN;
    END IF;
    IF function IN ('recommend', 'insights') AND asked = month THEN
        SELECT jsonb_path_query_array(a.rows, format('$[0 to %s]', coalesce((args ->> 'top')::int, 5) - 1)::jsonpath), a.made_at
          INTO rows, made_at
          FROM kpi.answer_latest AS a
         WHERE a.source = 'sales' AND a.answer = function AND a.period = month AND a.mark = kpi._latest_mark('sales');
    ELSIF function = 'what_if' AND coalesce(args ->> 'horizon', '3') = '3' AND coalesce(args ->> 'grain', 'month') = 'month'
        AND coalesce(args ->> 'metric', 'revenue') = 'revenue' AND NOT args ? 'by' THEN
        SELECT a.rows, a.made_at INTO rows, made_at
          FROM kpi.answer_latest AS a
         WHERE a.source = 'sales' AND a.answer = function AND a.arguments = args -> 'change' AND a.mark = kpi._latest_mark('sales');
    ELSIF function = 'elasticity' AND NOT args ? 'period' THEN
        SELECT a.rows, a.made_at INTO rows, made_at
          FROM kpi.answer_latest AS a
         WHERE a.source = 'sales' AND a.answer = function AND a.mark = kpi._latest_mark('sales')
           AND a.arguments = CASE args -> 'by' WHEN '["product_type"]' THEN '{}' ELSE jsonb_build_object('by', coalesce(args -> 'by', '["sku"]')) END;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    -- A role that reads sales alone is answered from them.
    rows := NULL;
END $$;
COMMENT ON FUNCTION kpi._ask_kept(jsonb) IS 'rows that kpi.refresh_latest() kept of what a plan asks for, while the data is the same; NULL where there are none';

CREATE FUNCTION kpi.ask(question text, conversation uuid DEFAULT NULL, period daterange DEFAULT NULL, filter jsonb DEFAULT '{}')
    RETURNS kpi.answer
    VOLATILE PARALLEL UNSAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- More rows than anybody reads under an answer; the query can be pasted and run without the limit.
    most CONSTANT int := 1000;
    began timestamptz := clock_timestamp();
    said kpi.answer;
    catalogue jsonb;
    made jsonb;
    routed jsonb;
    facts jsonb;
    total jsonb;
    kept text;
    lang text := CASE WHEN question ~ '[가-힣]' THEN 'ko' ELSE 'en' END;
    code text;
BEGIN
    said.engine := 'built_in';
    said.verified := true;
    said.conversation := coalesce(conversation, gen_random_uuid());
    said.rows := '[]';
    said.chart := '{"type": "none"}';
    said.plan := '{"function": "none", "args": {}, "confidence": 0.99}';
    PERFORM kpi._ask_arm_timer();
    BEGIN
        catalogue := kpi._ask_catalogue();
        IF question IS NOT NULL AND catalogue ->> 'asof' IS NOT NULL THEN
            said.plan := kpi._plan(left(question, 1000), kpi._ask_context(conversation), catalogue);
        END IF;
        -- Where the planner guesses, a second opinion may choose among its own readings; never more than that.
        IF (said.plan ->> 'confidence')::float8 < 0.6 AND jsonb_array_length(coalesce(said.plan -> 'alternatives', '[]')) > 0 AND kpi._llm_may() THEN
            routed := kpi._llm_route(question, catalogue - 'examples');
            PERFORM kpi._llm_log('ask', kpi._llm_limits() ->> 'model', encode(sha256(convert_to(question, 'UTF8')), 'hex'), routed -> 'calls');
            IF routed ->> 'function' = said.plan ->> 'function' THEN
                said.plan := jsonb_set(said.plan, '{confidence}', '0.9');
            ELSE
                SELECT jsonb_set(a, '{confidence}', '0.6') INTO made
                  FROM jsonb_array_elements(said.plan -> 'alternatives') AS a WHERE a ->> 'function' = routed ->> 'function' LIMIT 1;
                said.plan := coalesce(made, said.plan);
            END IF;
        END IF;
        IF period IS NOT NULL AND NOT isempty(period) AND NOT said.plan -> 'args' ? 'period' AND said.plan ->> 'function' <> 'none' THEN
            said.plan := jsonb_set(said.plan, '{args,period}', to_jsonb(lower(period)::text || '..' || (upper(period) - 1)::text));
        END IF;
        IF filter IS NOT NULL AND filter <> '{}' AND said.plan ->> 'function' <> 'none' THEN
            said.plan := kpi._ask_filter(said.plan, filter);
        END IF;
        made := kpi._plan_call(said.plan, coalesce(question, ''), coalesce(catalogue ->> 'asof', '2000-01-01'));
        lang := made ->> 'lang';
        said.suggestions := ARRAY(SELECT jsonb_array_elements_text(made -> 'suggestions'));
        IF said.plan ->> 'function' = 'none' OR NOT (made ->> 'sure')::boolean THEN
            said.answer := kpi._plan_refusal(said.plan, coalesce(question, ''));
            said.note := CASE WHEN said.plan ->> 'function' = 'none' THEN 'not answerable' ELSE 'ambiguous' END;
        ELSE
            said.sql := made ->> 'sql';
            said.chart := made -> 'chart';
            SELECT k.rows, 'kept answer, made at ' || to_char(k.made_at, 'YYYY-MM-DD HH24:MI') INTO said.rows, kept FROM kpi._ask_kept(said.plan) AS k;
            said.rows := coalesce(said.rows, kpi._ask_rows(said.sql, most));
            facts := (made -> 'facts') || jsonb_build_object('rows', said.rows, 'cut', jsonb_array_length(said.rows) = most);
            IF made ->> 'total_sql' IS NOT NULL THEN
                total := kpi._ask_rows(made ->> 'total_sql', 1);
                IF jsonb_array_length(total) = 1 THEN
                    facts := jsonb_set(facts, '{rows}', jsonb_build_array((total -> 0) || '{"kind": "total"}') || said.rows);
                END IF;
            END IF;
            said.answer := kpi.narrate(said.plan ->> 'function', facts, lang);
            IF jsonb_array_length(said.rows) > 0 THEN
                SELECT w.answer, w.engine, w.verified, w.note INTO said.answer, said.engine, said.verified, said.note
                  FROM kpi._llm_answer('ask', said.plan ->> 'function', facts, said.answer, question, lang, NULL) AS w;
            END IF;
            said.note := concat_ws('; ', nullif(said.note, ''), kept);
            said.note := nullif(said.note, '');
            IF jsonb_array_length(said.rows) = most THEN
                said.note := concat_ws('; ', said.note, 'first ' || most || ' rows');
            END IF;
            IF kpi._ask_may_write() THEN
                INSERT INTO kpi.ask_turns (conversation, question, plan)
                VALUES (said.conversation, left(question, 1000), said.plan - 'alternatives');
            END IF;
        END IF;
    EXCEPTION WHEN OTHERS THEN
        -- Messages of the server may quote data: the code alone leaves.
        GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE;
        said.rows := '[]';
        said.answer := CASE
            WHEN code = '42501' THEN CASE lang WHEN 'ko' THEN '이 데이터를 볼 권한이 없습니다.' ELSE 'You have no access to the data behind this question.' END
            WHEN code = '42883' THEN CASE lang WHEN 'ko' THEN '이 질문에 답하는 기능이 없습니다.' ELSE 'The function behind this question is not available.' END
            ELSE CASE lang WHEN 'ko' THEN '질문에 답하지 못했습니다.' ELSE 'The question could not be answered.' END END;
        said.note := 'SQLSTATE ' || code;
        -- Nothing was registered yet: that tells no data, and how to go on.
        IF code = '22023' AND NOT EXISTS (SELECT FROM kpi.sources AS s WHERE s.name = 'sales') THEN
            said.answer := CASE lang WHEN 'ko' THEN '판매 데이터가 아직 등록되지 않았습니다.' ELSE 'No sales are registered yet.' END;
            said.note := 'source "sales" does not exist; kpi.register_source() registers a table as one';
        END IF;
        said.engine := 'built_in';
    END;
    said.ms := (extract(epoch FROM clock_timestamp() - began) * 1000)::int;
    RETURN said;
END $$;
COMMENT ON FUNCTION kpi.ask(text, uuid, daterange, jsonb) IS
    'answers a question in plain language: the answer, the plan and the query behind it, its rows, a chart hint and what to ask next; runs one function of kpi as the caller, read-only, within pg_kpi.ask_timeout; period and filter hold where the question names none; conversation: as returned, for follow-ups';

CREATE FUNCTION kpi._ask_filter(plan jsonb, filter jsonb) RETURNS jsonb
    IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    dimension text;
    chosen jsonb;
    args jsonb := coalesce(plan -> 'args', '{}');
BEGIN
    FOR dimension, chosen IN SELECT f.key, f.value FROM jsonb_each(filter) AS f LOOP
        CONTINUE WHEN coalesce(args -> 'filter', '{}') ? dimension OR coalesce(args -> 'exclude', '{}') ? dimension;
        IF jsonb_typeof(chosen) = 'object' THEN
            args := args || jsonb_build_object('exclude', coalesce(args -> 'exclude', '{}')
                || jsonb_build_object(dimension, CASE jsonb_typeof(chosen -> 'not') WHEN 'array' THEN chosen -> 'not' ELSE jsonb_build_array(chosen -> 'not') END));
        ELSE
            args := args || jsonb_build_object('filter', coalesce(args -> 'filter', '{}')
                || jsonb_build_object(dimension, CASE jsonb_typeof(chosen) WHEN 'array' THEN chosen ELSE jsonb_build_array(chosen) END));
        END IF;
    END LOOP;
    RETURN plan || jsonb_build_object('args', args);
END $$;
COMMENT ON FUNCTION kpi._ask_filter(jsonb, jsonb) IS 'a plan held to the dashboard''s filter, except where the question says otherwise';

CREATE FUNCTION kpi.llm_explain(facts jsonb, question text DEFAULT NULL, lang text DEFAULT NULL, model text DEFAULT NULL) RETURNS text
    VOLATILE PARALLEL UNSAFE COST 1000000 LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kind text := coalesce(kpi._facts_kind(facts), '');
    words text := coalesce(llm_explain.lang, CASE WHEN question ~ '[가-힣]' THEN 'ko' ELSE 'en' END);
BEGIN
    RETURN (SELECT w.answer FROM kpi._llm_answer('llm_explain', kind, facts, kpi.narrate(kind, facts, words), left(question, 500), words, model) AS w);
END $$;
COMMENT ON FUNCTION kpi.llm_explain(jsonb, text, text, text) IS
    'any rows explained, as in SELECT kpi.llm_explain(jsonb_agg(d)) FROM kpi.drivers(''revenue'') d; by the model where one is set and allowed and its text passes the check, else by the built-in wording';

CREATE FUNCTION kpi.llm_explain(metric text, period daterange, baseline daterange DEFAULT NULL, filter jsonb DEFAULT '{}',
        question text DEFAULT NULL, lang text DEFAULT NULL, model text DEFAULT NULL) RETURNS text
    VOLATILE PARALLEL UNSAFE COST 1000000 LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    words text := coalesce(llm_explain.lang, CASE WHEN question ~ '[가-힣]' THEN 'ko' ELSE 'en' END);
    -- Each part of the facts and the query that gathers it; a part that is not to be had is left out.
    part record;
    found jsonb;
    gathered jsonb := '[]';
    notes text := '';
    around jsonb := jsonb_build_object('metric', llm_explain.metric);
BEGIN
    FOR part IN
        SELECT * FROM (VALUES
            ('compare', 'SELECT coalesce(jsonb_agg(to_jsonb(r)), ''[]'') FROM kpi.compare(metric => $1, period => $2, baseline => $3, filter => $4) AS r'),
            ('bridge', 'SELECT coalesce(jsonb_agg(to_jsonb(r)), ''[]'') FROM kpi.bridge(period => $2, baseline => $3, filter => $4) AS r WHERE $1 = ''revenue'''),
            ('drivers', 'SELECT coalesce(jsonb_agg(to_jsonb(r)), ''[]'') FROM kpi.drivers(metric => $1, period => $2, baseline => $3, filter => $4) AS r'),
            ('anomalies', 'SELECT coalesce(jsonb_agg(to_jsonb(r)), ''[]'') FROM kpi.anomalies(metric => $1, period => $2, filter => $4) AS r WHERE r.is_anomaly'),
            ('attainment', 'SELECT coalesce(jsonb_agg(to_jsonb(r)), ''[]'') FROM kpi.attainment(metric => $1, period => $2, filter => $4) AS r WHERE r.target IS NOT NULL')
        ) AS v (kind, statement)
    LOOP
        BEGIN
            EXECUTE part.statement INTO found USING metric, period, baseline, filter;
        EXCEPTION WHEN undefined_function OR invalid_parameter_value THEN
            -- The first part says what is wrong with the arguments; the others are extras.
            IF part.kind = 'compare' THEN
                RAISE;
            END IF;
            CONTINUE;
        END;
        CONTINUE WHEN found = '[]';
        -- How much the total changed is said with the first part.
        notes := btrim(notes || ' ' || kpi.narrate(part.kind, around || jsonb_build_object('rows', CASE part.kind
            WHEN 'drivers' THEN (SELECT jsonb_agg(CASE WHEN f.r ->> 'member' = 'Total' THEN f.r - 'baseline' ELSE f.r END ORDER BY f.at)
                                   FROM jsonb_array_elements(found) WITH ORDINALITY AS f (r, at))
            ELSE found END), words));
        gathered := gathered || found;
    END LOOP;
    RETURN (SELECT w.answer FROM kpi._llm_answer('llm_explain', 'drivers', around || jsonb_build_object('rows', gathered), notes,
                                                  left(question, 500), words, model) AS w);
END $$;
COMMENT ON FUNCTION kpi.llm_explain(text, daterange, daterange, jsonb, text, text, text) IS
    'a metric''s change explained: gathers compare, bridge, drivers, anomalies and targets itself, then words them as llm_explain(jsonb) does';

CREATE FUNCTION kpi.llm_status()
    RETURNS TABLE (configured boolean, model text, status text, ms int)
    VOLATILE PARALLEL UNSAFE COST 1000000 LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    began timestamptz := clock_timestamp();
BEGIN
    configured := kpi._llm_configured();
    model := nullif(kpi._llm_limits() ->> 'model', '');
    status := kpi._llm_probe();
    ms := (extract(epoch FROM clock_timestamp() - began) * 1000)::int;
    RETURN NEXT;
END $$;
COMMENT ON FUNCTION kpi.llm_status() IS 'whether the endpoint answers: ok, not_configured, no_connection, http_401, …; calls it';

CREATE FUNCTION kpi.allow_llm(role regrole, allow boolean DEFAULT true) RETURNS void
    VOLATILE PARALLEL UNSAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF role IS NULL OR allow IS NULL THEN
        RAISE EXCEPTION 'role and allow must be given' USING ERRCODE = '22004', HINT = 'For example kpi.allow_llm(''kpi_analyst'').';
    END IF;
    EXECUTE format(
        CASE WHEN allow THEN 'GRANT' ELSE 'REVOKE' END || ' EXECUTE ON FUNCTION kpi._llm_probe(), kpi._llm_words(text, jsonb, text, text, text, text), '
        'kpi._llm_route(text, jsonb), kpi.llm_status(), kpi.llm_explain(jsonb, text, text, text), '
        'kpi.llm_explain(text, daterange, daterange, jsonb, text, text, text) ' || CASE WHEN allow THEN 'TO' ELSE 'FROM' END || ' %s', role);
END $$;
COMMENT ON FUNCTION kpi.allow_llm(regrole, boolean) IS 'lets a role use the language model through ask and llm_explain, or no longer';
REVOKE EXECUTE ON FUNCTION kpi.llm_status(), kpi.llm_explain(jsonb, text, text, text),
    kpi.llm_explain(text, daterange, daterange, jsonb, text, text, text), kpi.allow_llm(regrole, boolean) FROM PUBLIC;
