-- Cohorts, attainment and the scorecard's target columns against SQL written by hand from the definitions alone, for random
-- filters, groups and periods, with and without the rollup. The fixture ends on 2025-11-19.
\i extension/tests/compare.sql
CREATE TEMP TABLE line AS
SELECT l.sold_on AS day, l.quantity AS q, l.revenue AS r, coalesce(l.brand, '(none)') AS brand, coalesce(l.sku, '(none)') AS sku,
       coalesce(l.product_type, '(none)') AS product_type, coalesce(l.channel, '(none)') AS channel, coalesce(l.vendor, '(none)') AS vendor
  FROM sales.order_line AS l;

CREATE FUNCTION pg_temp.draw_filter(most int, OUT filter jsonb, OUT condition text) LANGUAGE plpgsql AS $$
DECLARE
    dim text;
    members text[];
BEGIN
    filter := '{}';
    condition := 'true';
    FOR dim IN SELECT d FROM unnest('{brand,channel,vendor,product_type}'::text[]) AS d ORDER BY random() LIMIT floor(random() * 3) LOOP
        EXECUTE format('SELECT array_agg(m) FROM (SELECT %1$I AS m FROM line GROUP BY 1 ORDER BY random() LIMIT 1 + floor(random() * %2$s)) AS t', dim, most) INTO members;
        filter := filter || jsonb_build_object(dim, members);
        condition := condition || format(' AND %1$I = ANY (%2$L)', dim, members);
    END LOOP;
END $$;

-- The first row that differs, for each of many calls.
CREATE FUNCTION pg_temp.differences(cases int) RETURNS TABLE (call text, rollup boolean, row_by_kpi jsonb, row_by_hand jsonb) LANGUAGE plpgsql AS $$
DECLARE
    who text; grain text; metric text; expression text; step text;
    single jsonb;
    dims text[]; key text; span daterange; during text; target numeric;
    last_day date := (SELECT max(day) FROM line);
    picked record;
    kpi_sql text; hand_sql text;
    answer record;
    compared int := 0; filled int := 0;
BEGIN
    PERFORM setseed(0.4);
    FOR i IN 1..cases LOOP
        SELECT * INTO picked FROM pg_temp.draw_filter(CASE WHEN i % 3 = 0 THEN 3 ELSE 1 END);
        metric := (ARRAY['revenue', 'units'])[1 + floor(random() * 2)];
        expression := CASE metric WHEN 'revenue' THEN 'sum(r)' ELSE 'sum(q)' END;
        -- A month between 14 before the last and two after it.
        span := (SELECT daterange(m::date, (m + interval '1 month')::date)
                   FROM (SELECT date_trunc('month', last_day::timestamp) + (floor(random() * 17) - 14) * interval '1 month' AS m) AS t);
        during := format('day >= %L AND day < %L', lower(span), upper(span));
        target := round((random() * 3000)::numeric, 2);
        DELETE FROM kpi.targets;
        CASE i % 3
        WHEN 0 THEN
            who := (ARRAY['brand', 'sku', 'channel', 'vendor'])[1 + floor(random() * 4)];
            grain := (ARRAY['week', 'month', 'quarter'])[1 + floor(random() * 3)];
            step := CASE grain WHEN 'quarter' THEN '3 months' ELSE '1 ' || grain END;
            kpi_sql := format('SELECT cohort, age, size, active, value, round(retention, 9), round(value_retention, 6), cumulative, is_censored
                                 FROM kpi.cohorts(%L, %L, %L, %L) WHERE active IS NOT NULL ORDER BY 1, 2', who, grain, metric, picked.filter);
            hand_sql := format($q$
                WITH f AS (
                    SELECT %1$I AS member, date_trunc(%2$L, day)::date AS b, %3$s AS v, coalesce(sum(q) FILTER (WHERE q > 0), 0) > 0 AS active
                      FROM line WHERE %4$s GROUP BY 1, 2 HAVING date_trunc(%2$L, day)::date < date_trunc(%2$L, (%5$L::date + 1)::timestamp)
                ), born AS (SELECT member, min(b) AS cohort FROM f WHERE active GROUP BY 1),
                c AS (SELECT cohort, count(*) AS size FROM born GROUP BY 1),
                cell AS (
                    SELECT cohort, size, g.n::int - 1 AS age, g.b::date AS b
                      FROM c, generate_series(cohort::timestamp, date_trunc(%2$L, (%5$L::date + 1)::timestamp) - interval %6$L, %6$L) WITH ORDINALITY AS g(b, n)
                ), s AS (
                    SELECT cell.cohort, cell.age, size, count(*) FILTER (WHERE f.active) AS active, coalesce(sum(f.v), 0) AS v
                      FROM cell LEFT JOIN (born JOIN f USING (member)) ON born.cohort = cell.cohort AND f.b = cell.b GROUP BY 1, 2, 3
                )
                SELECT s.cohort, age, size, active, v, round(active::numeric / size, 9),
                       CASE WHEN age > 0 THEN round(v / (SELECT CASE WHEN count(*) = 3 AND sum(v) > 0 THEN sum(v) / 3 END FROM s AS t WHERE t.cohort = s.cohort AND t.age BETWEEN 1 AND 3), 6) END,
                       sum(v) OVER (PARTITION BY s.cohort ORDER BY age), s.cohort < (SELECT min(day) FROM line) + 28
                  FROM s ORDER BY 1, 2$q$, who, grain, expression, picked.condition, last_day, step);
        WHEN 1 THEN
            -- Some groups inside of the filter have a target, others none; of groups, only those with one are judged, if any has.
            dims := ARRAY[(ARRAY['brand', 'channel', 'vendor'])[1 + floor(random() * 3)]];
            single := (SELECT coalesce(jsonb_object_agg(e.key, e.value -> 0), '{}') FROM jsonb_each(picked.filter) AS e);
            EXECUTE format('SELECT kpi.set_target(%L, %L, (%s + 100 * row_number() OVER (ORDER BY m))::numeric, %L || jsonb_build_object(%L, m)) FROM (SELECT DISTINCT %I AS m FROM line) AS g WHERE m < ''N''',
                           metric, span, target, single, dims[1], dims[1]);
            kpi_sql := format('SELECT member, target, to_date, CASE WHEN status <> ''ok'' THEN expected_end END, CASE WHEN status <> ''ok'' THEN p_attain END,
                                      state = CASE WHEN status <> ''ok'' THEN state WHEN p_attain >= 0.5 THEN ''good'' WHEN p_attain >= 0.2 THEN ''watch'' ELSE ''bad'' END,
                                      CASE WHEN status <> ''ok'' THEN state END, status,
                                      status <> ''ok'' OR p_attain > 0 AND p_attain < 1 AND lo <= expected_end AND expected_end <= hi
                                 FROM kpi.attainment(%L, %L, %L, %L)', metric, span, dims, picked.filter);
            hand_sql := format($q$
                WITH v AS (SELECT %1$I AS m, %2$s AS v FROM line WHERE %3$s AND %4$s GROUP BY 1),
                g AS (SELECT t.members ->> %1$L AS m, t.target, coalesce(v.v, 0) AS v, %5$L::boolean AS closed
                        FROM kpi.targets AS t LEFT JOIN v ON v.m = t.members ->> %1$L WHERE t.members @> %6$L
                       UNION ALL SELECT m, NULL, v, %5$L FROM v WHERE NOT EXISTS (SELECT FROM kpi.targets AS t WHERE t.members @> %6$L))
                SELECT m, target, v, CASE WHEN closed THEN v END, CASE WHEN closed THEN (v >= target)::int::float8 END, true,
                       CASE WHEN target IS NULL THEN 'none' WHEN closed THEN CASE WHEN v >= target THEN 'good' WHEN v >= 0.9 * target THEN 'watch' ELSE 'bad' END END,
                       CASE WHEN target IS NULL THEN 'no_target' WHEN closed THEN 'closed' ELSE 'ok' END, true
                  FROM g ORDER BY target DESC NULLS LAST, v DESC, m$q$, dims[1], expression, during, picked.condition, upper(span) - 1 <= last_day, single);
        ELSE
            -- A target of what the filter names; a filter to one member a dimension is a group.
            PERFORM kpi.set_target(metric, span, target,
                                   (SELECT coalesce(jsonb_object_agg(e.key, e.value -> 0), '{}') FROM jsonb_each(picked.filter) AS e));
            kpi_sql := format('SELECT s.metric, s.value, s.target, round(s.attainment, 12), CASE WHEN a.status <> ''ok'' THEN s.expected_end END,
                                      s.expected_end IS NOT DISTINCT FROM a.expected_end AND s.p_attain IS NOT DISTINCT FROM a.p_attain AND s.state = a.state,
                                      CASE WHEN a.status <> ''ok'' THEN s.state END, a.status, a.target = s.target
                                 FROM kpi.scorecard(%2$L, filter => %3$L) AS s, kpi.attainment(%1$L, %2$L, filter => %3$L) AS a WHERE s.metric = %1$L', metric, span, picked.filter);
            hand_sql := format($q$
                WITH g AS (SELECT (SELECT %2$s FROM line WHERE %3$s AND %4$s) AS v, %5$s::numeric AS target, %6$L::boolean AS closed,
                                  (SELECT count(*) FROM line WHERE %4$s AND (%3$s OR %7$s)) AS n)
                SELECT %1$L, v, target, round(v / nullif(target, 0), 12), CASE WHEN closed THEN coalesce(v, 0) END, true,
                       CASE WHEN closed THEN CASE WHEN coalesce(v, 0) >= target THEN 'good' WHEN coalesce(v, 0) >= 0.9 * target THEN 'watch' ELSE 'bad' END END,
                       CASE WHEN closed THEN 'closed' ELSE 'ok' END, true
                  FROM g WHERE n > 0$q$, metric, expression, during, picked.condition, target, upper(span) - 1 <= last_day,
                format('day >= %L AND day < %L OR day >= %L AND day < %L', (lower(span) - interval '1 month')::date, lower(span),
                       (lower(span) - interval '1 year')::date, (upper(span) - interval '1 year')::date));
        END CASE;
        FOR answer IN SELECT * FROM pg_temp.compare(kpi_sql, hand_sql, 9) LOOP
            compared := compared + 1;
            IF answer.rollup AND answer.hand_rows > 0 THEN
                filled := filled + 1;
            END IF;
            IF NOT answer.same THEN
                call := kpi_sql; rollup := answer.rollup; row_by_kpi := answer.row_by_kpi; row_by_hand := answer.row_by_hand;
                RETURN NEXT;
            END IF;
        END LOOP;
    END LOOP;
    call := format('%s answers compared, %s by hand with rows', compared, filled);
    rollup := NULL; row_by_kpi := NULL; row_by_hand := NULL;
    RETURN NEXT;
END $$;
SELECT * FROM pg_temp.differences(120);

-- Handed down, the parts sum to the cent: one group, many, groups with returns only, totals that do not divide.
INSERT INTO sales.order_line (load_id, line_no, sold_on, sku, brand, channel, quantity, price, revenue)
SELECT min(load_id), 990000 + g, date '2025-06-01' + 20 * g, 'Only returned', 'Only returned', 'Web', -1, 10, -10 FROM sales.order_line, generate_series(1, 5) AS g GROUP BY g;
SELECT kpi.refresh();
SELECT setseed(0.2);
SELECT count(*) AS totals, count(*) FILTER (WHERE given <> total) AS wrong, min(least) >= 0 AS nobody_below
  FROM (SELECT t.total, sum(a.allocated) AS given, min(a.allocated) AS least
          FROM (SELECT i, round((10 ^ (random() * 9 - 2))::numeric, 2) AS total,
                       (ARRAY['{}', '{brand}', '{sku}', '{channel,vendor}', '{brand}'])[1 + i % 5]::text[] AS by,
                       CASE i % 5 WHEN 4 THEN '{"brand": "Only returned"}' ELSE '{}' END::jsonb AS filter FROM generate_series(1, 40) AS i) AS t
         CROSS JOIN LATERAL kpi.allocate_target('revenue', t.total, kpi.period('2025-12'), by => t.by, filter => t.filter) AS a
         GROUP BY t.i, t.total) AS d;

-- A metric whose columns are not mapped is not available, and says so.
SELECT member, commit, status, note FROM kpi.suggest_targets('discount_depth');
