-- What is worth knowing: a ranked feed over the other functions.

CREATE FUNCTION kpi._insights(period daterange, filter jsonb, top int, source text)
    RETURNS TABLE (kind text, headline text, detail text, impact double precision, metric text, members jsonb, evidence jsonb, span daterange,
                   also jsonb)
    STABLE PARALLEL RESTRICTED LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    now_period daterange := kpi._period($1, $4);
    then_period daterange := kpi.previous(now_period);
    known text[] := kpi._source_dimensions($4);
    dim text;
    row_now record;
    total record;
    money constant text := 'FM999,999,999,999,990';
    points constant text := 'FM999,999,999,990.0';
    -- Periods of unequal length are told apart.
    days text := CASE WHEN upper(now_period) - lower(now_period) <> upper(then_period) - lower(then_period)
                      THEN format(' (%s days after %s)', upper(now_period) - lower(now_period), upper(then_period) - lower(then_period))
                      ELSE '' END;
    call text;
BEGIN
    IF now_period IS NULL THEN
        RETURN;
    END IF;
    SELECT c.* INTO total FROM kpi.compare('revenue', now_period, then_period, '{}', $2, $4) AS c;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- What changed most, and whether it is local.
    call := format('SELECT * FROM kpi.drivers(''revenue'', %L::daterange, %L::daterange, filter => %L, source => %L)', now_period, then_period,
                   $2, $4);
    FOR row_now IN SELECT d.* FROM kpi.drivers('revenue', now_period, then_period, NULL, $2, source => $4) AS d
                    WHERE kpi._driver_dimensions($4, $2) <> '{}' LOOP
        IF row_now.kind = 'segment' AND row_now.status = 'ok' THEN
            kind := 'driver';
            headline := format('%s: revenue is %s %% %s expected', row_now.member,
                               to_char(100 * abs(row_now.ratio - 1), points), CASE WHEN row_now.ratio < 1 THEN 'below' ELSE 'above' END);
            detail := format('%s after %s; moved with the rest it would have been %s. Of the total''s change of %s, this segment explains %s points.',
                             to_char(row_now.value, money), to_char(row_now.baseline, money), to_char(row_now.expected, money),
                             coalesce(to_char(100 * total.change_pct, points) || ' %', to_char(total.change, money)),
                             coalesce(to_char(100 * row_now.contribution, points), 'no'));
            impact := row_now.value - row_now.expected;
            members := row_now.members;
        ELSIF row_now.kind = 'market' AND row_now.ratio IS NOT NULL AND abs(row_now.ratio - 1) >= 0.05 THEN
            kind := 'market';
            headline := format('The market as a whole moved by %s %%', to_char(100 * (row_now.ratio - 1), 'FMSG999,999,999,990.0'));
            detail := format('What all segments share changed revenue by %s; in total it went from %s to %s%s.',
                             to_char(row_now.expected - row_now.baseline, 'FMSG999,999,999,999,990'), to_char(row_now.baseline, money),
                             to_char(row_now.value, money), days);
            impact := row_now.expected - row_now.baseline;
            members := '{}';
        ELSE
            CONTINUE;
        END IF;
        metric := 'revenue';
        evidence := jsonb_build_array(jsonb_strip_nulls(to_jsonb(row_now)) || jsonb_build_object('call', call));
        RETURN NEXT;
    END LOOP;
    -- Unusual days that have not gone back to normal, or that cost or brought most.
    FOREACH dim IN ARRAY ARRAY['', 'brand', 'channel'] LOOP
        CONTINUE WHEN dim <> '' AND (NOT dim = ANY (known) OR kpi._pinned($2) ? dim);
        call := format('SELECT * FROM kpi.anomalies(''revenue'', period => %L, by => %L, filter => %L, source => %L) WHERE event_id IS NOT NULL',
                       now_period, CASE WHEN dim = '' THEN '{}'::text[] ELSE ARRAY[dim] END, $2, $4);
        FOR row_now IN
            SELECT a.members, a.member, a.event_id, min(a."time") AS started, max(a."time") AS last_seen, min(a.kind) AS shape,
                   sum(a.value) AS value, sum(a.expected) AS expected, min(a.impact) AS impact, min(a.q) AS q,
                   bool_and(a.recovered) AS recovered
              FROM kpi.anomalies('revenue', period => now_period, by => CASE WHEN dim = '' THEN '{}'::text[] ELSE ARRAY[dim] END,
                                 filter => $2, source => $4) AS a
             WHERE a.event_id IS NOT NULL
             GROUP BY a.members, a.member, a.event_id
        LOOP
            kind := 'anomaly';
            headline := format('%s: %s of revenue %s', row_now.member, replace(row_now.shape, '_', ' '),
                               CASE WHEN NOT row_now.recovered THEN format('from %s, still open', row_now.started)
                                    WHEN row_now.started = row_now.last_seen THEN format('on %s', row_now.started)
                                    ELSE format('from %s to %s', row_now.started, row_now.last_seen) END);
            detail := format('%s where %s was to be expected.', to_char(row_now.value, money), to_char(row_now.expected, money));
            impact := row_now.impact;
            metric := 'revenue';
            members := row_now.members;
            evidence := jsonb_build_array(to_jsonb(row_now) || jsonb_build_object('call', call));
            span := daterange(row_now.started, row_now.last_seen, '[]');
            RETURN NEXT;
        END LOOP;
    END LOOP;
    span := NULL;
    FOREACH dim IN ARRAY ARRAY['brand', 'channel'] LOOP
        CONTINUE WHEN NOT dim = ANY (known) OR kpi._pinned($2) ? dim;
        -- A new leader.
        SELECT c.*, lead_before.member AS before, lead_before.members AS members_before,
               c.value - coalesce(kpi.value('revenue', now_period, coalesce($2, '{}') || lead_before.members, $4), 0) AS lead INTO row_now
          FROM (SELECT * FROM kpi.compare('revenue', now_period, then_period, ARRAY[dim], $2, $4) ORDER BY value DESC, member LIMIT 1) AS c,
               (SELECT b.member, b.members FROM kpi.breakdown('revenue', then_period, ARRAY[dim], $2, 1, $4) AS b) AS lead_before
         WHERE lead_before.member <> c.member;
        IF FOUND THEN
            kind := 'new_leader';
            headline := format('%s is the largest %s now, before it was %s', row_now.member, dim, row_now.before);
            detail := format('Revenue of %s went from %s to %s, %s more than that of %s.', row_now.member, to_char(row_now.baseline, money),
                             to_char(row_now.value, money), to_char(row_now.lead, money), row_now.before);
            impact := row_now.lead;
            metric := 'revenue';
            members := row_now.members;
            also := row_now.members_before;
            evidence := jsonb_build_array(to_jsonb(row_now) || jsonb_build_object('call',
                format('SELECT * FROM kpi.compare(''revenue'', %L, %L, %L, %L, %L)', now_period, then_period, ARRAY[dim], $2, $4)));
            RETURN NEXT;
            also := NULL;
        END IF;
        -- Much depends on one.
        SELECT c.*, b.member, b.members, b.value INTO row_now
          FROM kpi.concentration('revenue', now_period, ARRAY[dim], $2, $4) AS c,
               kpi.breakdown('revenue', now_period, ARRAY[dim], $2, 1, $4) AS b
         WHERE c.top1_share >= 0.5 AND c.effective_n < 3;
        IF FOUND THEN
            kind := 'concentration';
            headline := format('%s %% of revenue hang on one %s, %s', to_char(100 * row_now.top1_share, points), dim, row_now.member);
            detail := format('The %ss are worth %s of equal size.', dim, to_char(row_now.effective_n, points));
            impact := 0;
            metric := 'revenue';
            members := row_now.members;
            evidence := jsonb_build_array(to_jsonb(row_now) || jsonb_build_object('call',
                format('SELECT * FROM kpi.concentration(''revenue'', %L, %L, %L, %L)', now_period, ARRAY[dim], $2, $4)));
            RETURN NEXT;
        END IF;
        -- The mix moved: the same members sell, but dearer or cheaper ones sell more of it.
        CONTINUE WHEN dim <> 'brand' OR NOT known && '{sku,product}';
        SELECT sum(b.mix)::float8 AS mix, sum(b.change)::float8 AS change INTO row_now
          FROM kpi.bridge(now_period, then_period, ARRAY[dim], $2, $4) AS b;
        IF row_now.mix <> 0 AND abs(row_now.mix) >= 0.03 * total.baseline THEN
            kind := 'mix';
            headline := format('A shift to %s %ss %s %s of revenue', CASE WHEN row_now.mix > 0 THEN 'dearer' ELSE 'cheaper' END, dim,
                               CASE WHEN row_now.mix > 0 THEN 'brought' ELSE 'took' END, to_char(abs(row_now.mix), money));
            detail := 'At the units and the prices of before and the mix of now; kpi.bridge() gives the other parts.';
            impact := row_now.mix;
            metric := 'revenue';
            members := '{}';
            evidence := jsonb_build_array(to_jsonb(row_now) || jsonb_build_object('call',
                format('SELECT * FROM kpi.bridge(%L, %L, %L, %L, %L)', now_period, then_period, ARRAY[dim], $2, $4)));
            RETURN NEXT;
        END IF;
    END LOOP;
    -- Targets missed, or behind their time.
    FOR row_now IN
        SELECT t.metric AS what, t.members, kpi._member(ARRAY(SELECT e.value FROM jsonb_each_text(t.members) AS e)) AS member, t.target,
               kpi.value(t.metric, t.period, coalesce($2, '{}') || t.members, $4) AS value
          FROM kpi.targets AS t
         WHERE t.source = lower($4) AND t.period = now_period AND t.metric IN ('revenue', 'units') AND t.target > 0
               -- A target is for all of its group, so only groups inside of the filter have one here.
               AND kpi._admits($2, t.members)
    LOOP
        CONTINUE WHEN row_now.value IS NULL OR row_now.value >= 0.95 * row_now.target;
        kind := 'target';
        headline := format('%s: %s %% of the %s target', row_now.member, to_char(100 * row_now.value / row_now.target, points), row_now.what);
        detail := format('%s of %s.', to_char(row_now.value, money), to_char(row_now.target, money));
        impact := (row_now.value - row_now.target)::float8;
        metric := row_now.what;
        members := row_now.members;
        evidence := jsonb_build_array(to_jsonb(row_now) || jsonb_build_object('call',
            format('SELECT kpi.value(%L, %L, %L, %L)', row_now.what, now_period, coalesce($2, '{}') || row_now.members, $4)));
        RETURN NEXT;
    END LOOP;
END $$;
COMMENT ON FUNCTION kpi._insights(daterange, jsonb, int, text) IS 'all that kpi.insights() chooses from';

CREATE FUNCTION kpi.insights(period daterange DEFAULT NULL, filter jsonb DEFAULT '{}', top int DEFAULT 10, source text DEFAULT 'sales')
    RETURNS TABLE (rank bigint, kind text, headline text, detail text, impact double precision, metric text, members jsonb, evidence jsonb)
    STABLE PARALLEL RESTRICTED LANGUAGE plpgsql ROWS 10 SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    i record;
    -- One cause, one insight: each finding joins the first that speaks of the same, the most specific first.
    same int;
    told jsonb[] := '{}';
BEGIN
    IF $3 < 1 THEN
        RAISE EXCEPTION 'top is %, but must be at least 1', $3 USING ERRCODE = '22023', HINT = 'Leave top out for the first ten.';
    END IF;
    FOR i IN SELECT n.* FROM kpi._insights($1, $2, $3, $4) WITH ORDINALITY AS n
              ORDER BY n.kind <> 'driver', n.kind <> 'anomaly' OR n.members = '{}', abs(n.impact) DESC NULLS LAST, n.ordinality
    LOOP
        SELECT min(t.place) INTO same
          FROM unnest(told) WITH ORDINALITY AS t(one, place)
         WHERE CASE WHEN i.kind IN ('driver', 'anomaly', 'market') AND t.one ->> 'kind' IN ('driver', 'anomaly', 'market') THEN
                        t.one -> 'members' = i.members
                        -- An event of a group, or of the total, that this one's money makes at least half of.
                        OR i.kind = 'anomaly' AND coalesce(i.span && (t.one ->> 'span')::daterange, true)
                           AND sign((t.one ->> 'impact')::float8) = sign(i.impact) AND 2 * abs((t.one ->> 'impact')::float8) >= abs(i.impact)
                           AND (t.one -> 'members' @> i.members OR i.members @> (t.one -> 'members') OR t.one ->> 'kind' = 'anomaly')
                    WHEN i.kind = 'new_leader' THEN t.one ->> 'kind' = 'driver' AND t.one -> 'members' IN (i.members, i.also)
                    ELSE t.one ->> 'kind' = i.kind AND t.one -> 'members' = i.members END;
        IF same IS NULL THEN
            told := told || to_jsonb(i);
        ELSE
            told[same] := jsonb_set(told[same], '{evidence}', (told[same] -> 'evidence') || i.evidence);
        END IF;
    END LOOP;
    RETURN QUERY
    SELECT row_number() OVER (ORDER BY abs(r.impact) DESC NULLS LAST, r.kind, r.headline), r.kind, r.headline, r.detail, r.impact, r.metric,
           r.members, r.evidence
      FROM unnest(told) AS t(one), jsonb_to_record(t.one) AS r(kind text, headline text, detail text, impact double precision, metric text,
                                                               members jsonb, evidence jsonb)
     ORDER BY 1
     LIMIT $3;
END $$;
COMMENT ON FUNCTION kpi.insights(daterange, jsonb, int, text) IS
    'what is worth knowing about a period, largest money impact first: driver and market (what moved against the period before), anomaly, new_leader, concentration, mix, target; evidence holds the rows behind each, with the call that gives them; one cause is one insight: what speaks of the same is evidence of the most specific; period NULL: the last complete calendar month';
