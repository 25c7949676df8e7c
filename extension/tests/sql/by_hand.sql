-- Figures against SQL written by hand on the base table from the definitions alone, for random filters, periods and groups,
-- with and without the rollup. It runs on any database that `kpi init` made: members and days are drawn from its data.
\i extension/tests/compare.sql
CREATE FUNCTION pg_temp.take_lines() RETURNS void LANGUAGE plpgsql AS $take$
BEGIN
DROP TABLE IF EXISTS line, tier;
CREATE TEMP TABLE line AS
SELECT l.sold_on AS day, l.quantity AS q, l.revenue AS r, l.order_ref, l.customer_ref, l.list_price, l.sku AS plain_sku, l.brand AS plain_brand,
       coalesce(l.brand, '(none)') AS brand, coalesce(l.sku, '(none)') AS sku, coalesce(l.product, '(none)') AS product,
       coalesce(l.product_type, '(none)') AS product_type, coalesce(l.channel, '(none)') AS channel, coalesce(l.vendor, '(none)') AS vendor,
       to_char(l.sold_on, 'Dy') AS weekday, to_char(l.sold_on, 'YYYY-MM') AS month, min(l.sold_on) FILTER (WHERE l.quantity > 0) OVER (PARTITION BY l.sku) AS first_sold
  FROM sales.order_line AS l;
-- Tier by quartile, within the product type, of the median list price, else price, of the last 90 days on sale.
CREATE TEMP TABLE tier AS
WITH sold AS (
    SELECT sku, nullif(max(product_type), '(none)') AS kind, min(day) AS first_sold, max(day) AS last_sold FROM line WHERE q > 0 GROUP BY sku
), price AS (
    SELECT s.sku, (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY p.price)
                     FROM (SELECT coalesce(max(l.list_price), round(sum(l.r) / sum(l.q), 4)) AS price FROM line AS l
                            WHERE l.sku = s.sku AND l.day > s.last_sold - 90 GROUP BY l.day HAVING sum(l.q) > 0) AS p) AS price
      FROM sold AS s
), cut AS (
    SELECT s.kind, percentile_disc(0.25) WITHIN GROUP (ORDER BY p.price) AS a, percentile_disc(0.5) WITHIN GROUP (ORDER BY p.price) AS b,
           percentile_disc(0.75) WITHIN GROUP (ORDER BY p.price) AS c
      FROM sold AS s JOIN price AS p USING (sku) GROUP BY 1
)
SELECT s.*, p.price, CASE WHEN p.price <= c.a THEN 'value' WHEN p.price <= c.b THEN 'mid' WHEN p.price <= c.c THEN 'premium' WHEN p.price > c.c THEN 'luxury' END AS tier
  FROM sold AS s JOIN price AS p USING (sku) JOIN cut AS c ON c.kind IS NOT DISTINCT FROM s.kind;
ALTER TABLE line ADD price_tier text;
UPDATE line SET price_tier = coalesce((SELECT t.tier FROM tier AS t WHERE t.sku = line.sku), '(none)');
CREATE INDEX ON line (day);
ANALYZE line;
END $take$;
SELECT pg_temp.take_lines();

-- A condition and the filter that says the same.
CREATE FUNCTION pg_temp.draw_filter(OUT filter jsonb, OUT condition text) LANGUAGE plpgsql AS $$
DECLARE
    dim text;
    members text[];
    form int;
BEGIN
    filter := '{}';
    condition := 'true';
    FOR dim IN SELECT d FROM unnest('{brand,channel,vendor,product_type,sku,weekday,price_tier}'::text[]) AS d ORDER BY random() LIMIT floor(random() * 3) LOOP
        EXECUTE format('SELECT array_agg(m) FROM (SELECT %1$I AS m FROM line GROUP BY 1 ORDER BY random() LIMIT 1 + floor(random() * 3)) AS t', dim) INTO members;
        form := floor(random() * 4);
        filter := filter || jsonb_build_object(dim, CASE form WHEN 0 THEN to_jsonb(members[1]) WHEN 1 THEN to_jsonb(members)
            WHEN 2 THEN jsonb_build_object('not', members[1]) ELSE jsonb_build_object('not', members) END);
        condition := condition || format(CASE form WHEN 0 THEN ' AND %1$I = %2$L' WHEN 1 THEN ' AND %1$I = ANY (%3$L)'
            WHEN 2 THEN ' AND %1$I <> %2$L' ELSE ' AND NOT %1$I = ANY (%3$L)' END, dim, members[1], members);
    END LOOP;
END $$;

-- What a metric is, over `line`.
CREATE FUNCTION pg_temp.formula(metric text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE metric
        WHEN 'revenue' THEN 'sum(r)' WHEN 'units' THEN 'sum(q)' WHEN 'lines' THEN 'count(*)::numeric'
        WHEN 'orders' THEN 'nullif(count(DISTINCT order_ref), 0)::numeric' WHEN 'customers' THEN 'nullif(count(DISTINCT customer_ref), 0)::numeric'
        WHEN 'aov' THEN 'sum(r) / nullif(count(DISTINCT order_ref), 0)' WHEN 'asp' THEN 'sum(r) / nullif(sum(q), 0)'
        WHEN 'units_per_order' THEN 'sum(q) / nullif(count(DISTINCT order_ref), 0)'
        WHEN 'returns' THEN 'coalesce(-sum(q) FILTER (WHERE q < 0), 0)'
        WHEN 'return_rate' THEN 'coalesce(-sum(q) FILTER (WHERE q < 0), 0) / sum(q) FILTER (WHERE q > 0)'
        WHEN 'discount_depth' THEN '1 - sum(r) FILTER (WHERE list_price IS NOT NULL) / nullif(sum(list_price * q), 0)'
        WHEN 'skus' THEN 'count(DISTINCT plain_sku)::numeric' WHEN 'brands' THEN 'count(DISTINCT plain_brand)::numeric'
        WHEN 'new_sku_revenue' THEN 'coalesce(sum(r) FILTER (WHERE day - first_sold < 90), 0)'
        WHEN 'new_sku_share' THEN 'coalesce(sum(r) FILTER (WHERE day - first_sold < 90), 0) / nullif(sum(r), 0)' END
$$;

CREATE FUNCTION pg_temp.differences(cases int) RETURNS TABLE (call text, rollup boolean, row_by_kpi jsonb, row_by_hand jsonb) LANGUAGE plpgsql AS $$
DECLARE
    simple text[] := '{revenue,units,lines,orders,customers,aov,asp,units_per_order,returns,return_rate,discount_depth,skus,brands,new_sku_revenue,new_sku_share}';
    extent daterange := (SELECT daterange(min(day), max(day), '[]') FROM line);
    picked record;
    metric text;
    flow text;
    expression text;
    groups text[];
    key text;       -- the groups as an array
    now_first date; now_end date; old_first date;
    during text; before text; span text; spans text;
    kpi_sql text; hand_sql text;
    grain text;
    answer record;
    compared int := 0;
BEGIN
    PERFORM setseed(0.7);
    FOR i IN 1..cases LOOP
        SELECT * INTO picked FROM pg_temp.draw_filter();
        metric := simple[1 + floor(random() * cardinality(simple))];
        flow := (metric = ANY ('{revenue,units,lines,returns,new_sku_revenue}'))::text;
        expression := pg_temp.formula(metric);
        SELECT coalesce(array_agg(d), '{}') INTO groups
          FROM (SELECT d FROM unnest('{brand,channel,vendor,product_type,sku,weekday,price_tier}'::text[]) AS d ORDER BY random() LIMIT floor(random() * 3)) AS t;
        key := 'ARRAY[' || array_to_string(groups, ', ') || ']::text[]';
        -- Two adjoining spans of days, so that what comes before is clear without the calendar's help.
        now_first := lower(extent) + 100 + floor(random() * (upper(extent) - lower(extent) - 200))::int;
        now_end := now_first + 20 + floor(random() * 70)::int;
        old_first := now_first - (now_end - now_first);
        during := format('day >= %L AND day < %L', now_first, now_end);
        before := format('day >= %L AND day < %L', old_first, now_first);
        span := format('%L', daterange(now_first, now_end));
        spans := format('%L, %L', daterange(now_first, now_end), daterange(old_first, now_first));
        CASE i % 10
        WHEN 0 THEN
            kpi_sql := format('SELECT kpi.value(%L, %s, %L)', metric, span, picked.filter);
            hand_sql := format('SELECT (SELECT %s FROM line WHERE %s AND %s HAVING count(*) > 0)', expression, during, picked.condition);
        WHEN 1 THEN
            kpi_sql := format('SELECT member, value, share, rank, cumulative_share, abc FROM kpi.breakdown(%L, %s, %L, %L)', metric, span, groups, picked.filter);
            hand_sql := format($q$
                WITH g AS (SELECT %s AS key, %s AS v FROM line WHERE %s AND %s GROUP BY 1)
                SELECT CASE WHEN key = '{}' THEN 'Total' ELSE array_to_string(key, ' · ') END, v,
                       CASE WHEN %s THEN v / nullif(sum(v) OVER (), 0) END, rank() OVER (ORDER BY v DESC),
                       CASE WHEN %5$s THEN sum(v) OVER (ORDER BY v DESC, key ROWS UNBOUNDED PRECEDING) / nullif(sum(v) OVER (), 0) END,
                       CASE WHEN %5$s AND sum(v) OVER () > 0 THEN
                            CASE WHEN coalesce(sum(v) OVER (ORDER BY v DESC, key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) < 0.80 * sum(v) OVER () THEN 'A'
                                 WHEN coalesce(sum(v) OVER (ORDER BY v DESC, key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) < 0.95 * sum(v) OVER () THEN 'B' ELSE 'C' END END
                  FROM g WHERE v IS NOT NULL ORDER BY v DESC, key$q$, key, expression, during, picked.condition, flow);
        WHEN 2 THEN
            kpi_sql := format('SELECT member, value, baseline, change, change_pct, contribution, share, share_change FROM kpi.compare(%L, %s, %L, %L)',
                              metric, spans, groups, picked.filter);
            hand_sql := format($q$
                WITH g AS (
                    SELECT key, CASE WHEN %1$s THEN coalesce(n.v, 0) ELSE n.v END AS n, CASE WHEN %1$s THEN coalesce(o.v, 0) ELSE o.v END AS o
                      FROM (SELECT %2$s AS key, %3$s AS v FROM line WHERE %4$s AND %6$s GROUP BY 1) AS n
                      FULL JOIN (SELECT %2$s AS key, %3$s AS v FROM line WHERE %5$s AND %6$s GROUP BY 1) AS o USING (key)
                     WHERE n.v IS NOT NULL OR o.v IS NOT NULL)
                SELECT CASE WHEN key = '{}' THEN 'Total' ELSE array_to_string(key, ' · ') END, n, o, n - o, CASE WHEN o > 0 THEN (n - o) / o END,
                       CASE WHEN %1$s AND sum(o) OVER () > 0 THEN (n - o) / sum(o) OVER () END,
                       CASE WHEN %1$s THEN n / nullif(sum(n) OVER (), 0) END,
                       CASE WHEN %1$s THEN n / nullif(sum(n) OVER (), 0) - o / nullif(sum(o) OVER (), 0) END
                  FROM g ORDER BY abs(n - o) DESC NULLS LAST, key$q$, flow, key, expression, during, before, picked.condition);
        WHEN 3 THEN
            kpi_sql := format('SELECT member, round(price, 6), round(volume, 6), round(mix, 6), new, discontinued, round(other, 6), change FROM kpi.bridge(%s, %L, %L)',
                              spans, groups, picked.filter);
            hand_sql := format($q$
                WITH p AS (
                    SELECT %1$s AS key, sku, coalesce(sum(q) FILTER (WHERE %2$s), 0) AS q1, coalesce(sum(r) FILTER (WHERE %2$s), 0) AS r1,
                           coalesce(sum(q) FILTER (WHERE %3$s), 0) AS q0, coalesce(sum(r) FILTER (WHERE %3$s), 0) AS r0
                      FROM line WHERE (%2$s OR %3$s) AND %4$s GROUP BY 1, 2
                ), t AS (SELECT sum(q1) AS q1, sum(q0) AS q0 FROM p WHERE q1 > 0 AND q0 > 0),
                part AS (
                    SELECT key, p.r1 - p.r0 AS change, CASE WHEN p.q1 > 0 AND p.q0 > 0 THEN p.r1 - p.q1 * p.r0 / p.q0 END AS price,
                           CASE WHEN p.q1 > 0 AND p.q0 > 0 THEN (t.q1 - t.q0) * p.r0 / t.q0 END AS volume,
                           CASE WHEN p.q1 > 0 AND p.q0 > 0 THEN p.q1 * p.r0 / p.q0 - t.q1 * p.r0 / t.q0 END AS mix,
                           CASE WHEN p.q0 = 0 AND p.q1 > 0 THEN p.r1 END AS new, CASE WHEN p.q1 = 0 AND p.q0 > 0 THEN -p.r0 END AS gone
                      FROM p, t)
                SELECT CASE WHEN key = '{}' THEN 'Total' ELSE array_to_string(key, ' · ') END, round(coalesce(sum(price), 0), 6), round(coalesce(sum(volume), 0), 6),
                       round(coalesce(sum(mix), 0), 6), coalesce(sum(new), 0), coalesce(sum(gone), 0),
                       round(sum(change) - coalesce(sum(price), 0) - coalesce(sum(volume), 0) - coalesce(sum(mix), 0) - coalesce(sum(new), 0) - coalesce(sum(gone), 0), 6), sum(change)
                  FROM part GROUP BY key ORDER BY abs(sum(change)) DESC, key$q$, key, during, before, picked.condition);
        WHEN 4 THEN
            grain := (ARRAY['day', 'week', 'month', 'quarter', 'year'])[1 + floor(random() * 5)];
            kpi_sql := format('SELECT "time", member, value FROM kpi.history(%L, %L, %s, %L, %L)', metric, grain, span, groups, picked.filter);
            hand_sql := format($q$
                WITH f AS (SELECT date_trunc(%1$L, day)::date AS b, %2$s AS key, %3$s AS v FROM line WHERE %4$s AND %5$s GROUP BY 1, 2),
                b AS (SELECT DISTINCT date_trunc(%1$L, d)::date AS b FROM generate_series(%6$L::timestamp, %7$L::timestamp - interval '1 day', '1 day') AS d)
                SELECT b, CASE WHEN key = '{}' THEN 'Total' ELSE array_to_string(key, ' · ') END, CASE WHEN %8$s THEN coalesce(v, 0) ELSE v END
                  FROM (SELECT DISTINCT key FROM f WHERE v IS NOT NULL) AS g CROSS JOIN b LEFT JOIN f USING (key, b) ORDER BY key, b$q$,
                grain, key, expression, during, picked.condition, now_first, now_end, flow);
        WHEN 5 THEN
            metric := (ARRAY['revenue', 'units', 'lines'])[1 + floor(random() * 3)];
            kpi_sql := format('SELECT round(hhi, 12), round(effective_n, 10), round(top1_share, 12), round(top5_share, 12), members_for_80, round(gini, 12) FROM kpi.concentration(%L, %s, %L, %L)',
                              metric, span, groups, picked.filter);
            hand_sql := format($q$
                WITH g AS (SELECT %s AS key, %s AS v FROM line WHERE %s AND %s GROUP BY 1 HAVING %2$s > 0),
                s AS (SELECT v, v / sum(v) OVER () AS share, rank, down FROM (SELECT v, row_number() OVER (ORDER BY v, key) AS rank, row_number() OVER (ORDER BY v DESC, key) AS down FROM g) AS x),
                c AS (SELECT *, coalesce(sum(v) OVER (ORDER BY down ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) < 0.80 * sum(v) OVER () AS needed, count(*) OVER () AS n FROM s)
                SELECT round(sum(share * share), 12), round(1 / sum(share * share), 10), round(max(share), 12), round(sum(share) FILTER (WHERE down <= 5), 12),
                       count(*) FILTER (WHERE needed), round(sum((2 * rank - n - 1) * share) / max(n), 12) FROM c HAVING count(*) > 0$q$,
                key, pg_temp.formula(metric), during, picked.condition);
        WHEN 6 THEN
            -- A half in the ninth digit may come out of a square root on either side.
            -- Whole ISO weeks of the data, 40 of them, so that every week is a whole one.
            now_first := date_trunc('week', now_first)::date;
            now_first := least(now_first, date_trunc('week', upper(extent))::date - 280);
            now_end := now_first + 280;
            during := format('day >= %L AND day < %L', now_first, now_end);
            kpi_sql := format('SELECT sku, brand, revenue, abc, xyz, round(adi::numeric, 8), round(cv2::numeric + 1e-12, 8), demand_class, round(velocity::numeric, 8), first_sold, last_sold FROM kpi.portfolio(%L, %L)',
                              daterange(now_first, now_end), picked.filter);
            hand_sql := format($q$
                WITH t AS (SELECT sku, max(brand) AS brand, sum(r) AS r, sum(q) AS u FROM line WHERE %1$s AND %2$s GROUP BY sku),
                w AS (SELECT sku, date_trunc('week', day) AS week, sum(q) AS u FROM line WHERE %1$s AND %2$s GROUP BY 1, 2 HAVING sum(q) > 0),
                d AS (SELECT w.sku, count(*) AS n, stddev_samp(u) / avg(u) AS cv FROM w GROUP BY 1),
                a AS (SELECT sku, (date_trunc('week', least(last_sold, %4$L::date - 1))::date - date_trunc('week', greatest(first_sold, %3$L::date))::date) / 7 + 1 AS weeks FROM tier),
                o AS (SELECT t.*, sum(r) OVER () AS whole, coalesce(sum(r) OVER (ORDER BY r DESC, sku ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS ahead FROM t)
                SELECT o.sku, o.brand, o.r, CASE WHEN whole > 0 THEN CASE WHEN ahead < 0.80 * whole THEN 'A' WHEN ahead < 0.95 * whole THEN 'B' ELSE 'C' END END,
                       CASE WHEN d.cv <= 0.5 THEN 'X' WHEN d.cv <= 1 THEN 'Y' ELSE 'Z' END,
                       round(a.weeks::numeric / d.n, 8), CASE WHEN d.n = 1 THEN 0.0 ELSE round(d.cv * d.cv + 1e-12, 8) END,
                       CASE WHEN coalesce(d.n, 0) < 3 THEN 'short' WHEN a.weeks <= 1.32 * d.n THEN CASE WHEN d.cv * d.cv <= 0.49 THEN 'smooth' ELSE 'erratic' END
                            WHEN d.cv * d.cv <= 0.49 THEN 'intermittent' ELSE 'lumpy' END,
                       round(o.u / nullif(greatest(least(i.last_sold, %4$L::date - 1) - greatest(i.first_sold, %3$L::date) + 1, 0), 0), 8), i.first_sold, i.last_sold
                  FROM o LEFT JOIN d USING (sku) LEFT JOIN tier AS i USING (sku) LEFT JOIN a ON a.sku = d.sku ORDER BY o.r DESC, o.sku$q$,
                during, picked.condition, now_first, now_end);
        WHEN 7 THEN
            kpi_sql := format('SELECT tier, price_lo, price_hi, skus, revenue, share, round(change_pct, 12) FROM kpi.price_tiers(%s, %L)', span, picked.filter);
            -- As many days before, except where a month or a year begins.
            IF extract(day FROM now_first) = 1 THEN
                CONTINUE;
            END IF;
            hand_sql := format($q$
                WITH n AS (SELECT price_tier, sku, sum(r) AS r FROM line WHERE %1$s AND %3$s GROUP BY 1, 2),
                o AS (SELECT price_tier, sum(r) AS r FROM line WHERE %2$s AND %3$s GROUP BY 1)
                SELECT price_tier, min(t.price), max(t.price), count(n.sku), coalesce(sum(n.r), 0), coalesce(sum(n.r), 0) / nullif(sum(sum(n.r)) OVER (), 0),
                       CASE WHEN max(o.r) > 0 THEN round((coalesce(sum(n.r), 0) - max(o.r)) / max(o.r), 12) END
                  FROM n FULL JOIN o USING (price_tier) LEFT JOIN tier AS t USING (sku) GROUP BY price_tier ORDER BY array_position('{value,mid,premium,luxury}', price_tier)$q$,
                during, before, picked.condition);
        WHEN 8 THEN
            kpi_sql := format('SELECT metric, value, baseline, change_pct, round(year_ago_pct, 12) FROM kpi.scorecard(%s, %L) WHERE metric = ANY (%L)', spans, picked.filter, simple);
            hand_sql := (SELECT string_agg(format($q$
                SELECT %L, n.v, o.v, CASE WHEN o.v > 0 THEN (n.v - o.v) / o.v END, CASE WHEN y.v > 0 THEN round((n.v - y.v) / y.v, 12) END
                  FROM (SELECT CASE WHEN count(*) > 0 THEN %2$s END AS v FROM line WHERE %3$s AND %6$s) AS n,
                       (SELECT CASE WHEN count(*) > 0 THEN %2$s END AS v FROM line WHERE %4$s AND %6$s) AS o,
                       (SELECT CASE WHEN count(*) > 0 THEN %2$s END AS v FROM line WHERE %5$s AND %6$s) AS y$q$,
                    m, pg_temp.formula(m), during, before,
                    format('day >= %L AND day < %L', lower(kpi.year_ago(daterange(now_first, now_end))), upper(kpi.year_ago(daterange(now_first, now_end)))),
                    picked.condition), ' UNION ALL ' ORDER BY o) FROM unnest(simple) WITH ORDINALITY AS u(m, o));
        ELSE
            metric := (ARRAY['hhi_brand', 'repeat_rate'])[1 + floor(random() * 2)];
            kpi_sql := format('SELECT round(kpi.value(%L, %s, %L), 12)', metric, span, picked.filter);
            hand_sql := CASE metric WHEN 'hhi_brand' THEN format($q$
                SELECT (SELECT round(sum((v / total) * (v / total)), 12) FROM (SELECT greatest(sum(r), 0) AS v, nullif(sum(greatest(sum(r), 0)) OVER (), 0) AS total
                  FROM line WHERE %s AND %s GROUP BY brand) AS b HAVING count(*) > 0)$q$, during, picked.condition)
                ELSE format($q$
                SELECT (SELECT round(count(*) FILTER (WHERE n > 1)::numeric / nullif(count(*), 0), 12) FROM (SELECT count(DISTINCT order_ref) AS n
                  FROM line WHERE %s AND %s AND customer_ref IS NOT NULL GROUP BY customer_ref) AS c HAVING count(*) > 0)$q$, during, picked.condition) END;
        END CASE;
        FOR answer IN SELECT * FROM pg_temp.compare(kpi_sql, hand_sql, (ARRAY[1, 6, 8, 8, 3, 6, 11, 7, 5, 1])[i % 10 + 1]) LOOP
            compared := compared + 1;
            IF NOT answer.same THEN
                call := kpi_sql; rollup := answer.rollup; row_by_kpi := answer.row_by_kpi; row_by_hand := answer.row_by_hand;
                RETURN NEXT;
            END IF;
        END LOOP;
    END LOOP;
    call := format('%s answers compared', compared);
    rollup := NULL; row_by_kpi := NULL; row_by_hand := NULL;
    RETURN NEXT;
END $$;
SELECT * FROM pg_temp.differences(120);
-- Again where half of the products have a list price.
BEGIN;
UPDATE sales.order_line SET list_price = round(price * 1.25) WHERE length(sku) % 2 = 0;
SELECT sales.refresh_rollup();
SELECT pg_temp.take_lines();
SELECT * FROM pg_temp.differences(100);
ROLLBACK;
