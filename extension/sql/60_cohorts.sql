-- Cohorts, launches and customers: how those who came together do afterwards.

CREATE FUNCTION kpi._wilson_interval(successes bigint, trials bigint, level double precision)
    RETURNS TABLE (lo double precision, hi double precision)
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'wilson_interval_wrapper';
COMMENT ON FUNCTION kpi._wilson_interval(bigint, bigint, double precision) IS 'Wilson''s interval of a share; NULL for no trials';

CREATE FUNCTION kpi._ratio_interval(parts double precision[], bases double precision[], level double precision)
    RETURNS TABLE (lo double precision, hi double precision)
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'ratio_interval_wrapper';
COMMENT ON FUNCTION kpi._ratio_interval(double precision[], double precision[], double precision) IS
    'bootstrap interval of sum(parts) / sum(bases) over members; NULL for fewer than two members';

CREATE FUNCTION kpi._customer_values(frequency int[], recency double precision[], age double precision[], mean_value double precision[],
        months int, discount double precision)
    RETURNS TABLE ("position" int, purchases double precision, p_alive double precision, value double precision, clv double precision,
                   status text, note text)
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'customer_values_wrapper';
COMMENT ON FUNCTION kpi._customer_values(int[], double precision[], double precision[], double precision[], int, double precision) IS
    'BG/NBD and Gamma-Gamma by maximum likelihood; times in weeks';

CREATE FUNCTION kpi._entity(entity text, source text) RETURNS text
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known text[] := kpi._source_dimensions(source);
BEGIN
    IF lower(btrim(entity)) = ANY (known) THEN
        RETURN lower(btrim(entity));
    END IF;
    IF lower(btrim(entity)) = 'customer' THEN
        RAISE EXCEPTION 'source "%" has no customers', source USING ERRCODE = '22023',
            HINT = 'Map the column that tells customers apart: kpi.register_source(…, customer_ref => ''…'').';
    END IF;
    RAISE EXCEPTION 'dimension "%" does not exist', entity USING ERRCODE = '22023',
        HINT = 'The dimensions are ' || array_to_string(known, ', ') || '.';
END $$;
COMMENT ON FUNCTION kpi._entity(text, text) IS 'the dimension whose members are followed, or 22023';

CREATE FUNCTION kpi.cohorts(entity text DEFAULT 'brand', grain text DEFAULT 'month', metric text DEFAULT 'revenue',
        filter jsonb DEFAULT '{}', source text DEFAULT 'sales', level double precision DEFAULT 0.95)
    RETURNS TABLE (cohort date, age int, size bigint, active bigint, value numeric, retention numeric, value_retention numeric,
                   cumulative numeric, is_censored boolean, retention_lo double precision, retention_hi double precision,
                   value_retention_lo double precision, value_retention_hi double precision)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    def kpi.metrics := kpi._metric(cohorts.metric);
    who text := kpi._entity(cohorts.entity, cohorts.source);
    unit text := kpi._grain(cohorts.grain);
    step interval := CASE unit WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || unit)::interval END;
    -- Who sold already in the first four weeks of data may have begun before them.
    censored_days constant int := 28;
    data record;
    closed date;
BEGIN
    IF NOT def.additive THEN
        RAISE EXCEPTION 'metric "%" does not add up, so it cannot be followed over cohorts', def.name USING ERRCODE = '22023',
            HINT = 'Ask for an additive metric, for example revenue or units.';
    END IF;
    IF level IS NULL OR level <= 0 OR level >= 1 THEN
        RAISE EXCEPTION 'level is %, but must be between 0 and 1, both excluded', level USING ERRCODE = '22023', HINT = 'Give for example 0.95.';
    END IF;
    SELECT e.first_day, e.last_day INTO data FROM kpi._extent(cohorts.source) AS e;
    -- The first bucket that is not complete in the data; it and later ones are left out.
    closed := date_trunc(unit, (data.last_day + 1)::timestamp)::date;
    RETURN QUERY
    WITH f AS MATERIALIZED (
        -- A group is active where it sold units, whatever came back.
        SELECT f.key[1] AS member, f."time",
               coalesce(max(f.value) FILTER (WHERE f.metric = def.name), 0) AS value,
               coalesce(sum(f.value) FILTER (WHERE f.metric IN ('units', 'returns')), 0) > 0 AS active
          FROM kpi._figures(cohorts.source, ARRAY(SELECT DISTINCT n FROM unnest(ARRAY[def.name, 'units', 'returns']) AS n),
                            ARRAY[who], cohorts.filter, ARRAY[NULL::daterange], unit) AS f
         WHERE f."time" < closed AND NOT (who = 'customer' AND f.key[1] = '(none)')
         GROUP BY 1, 2
    ), born AS MATERIALIZED (
        SELECT f.member, min(f."time") AS cohort FROM f WHERE f.active GROUP BY 1
    ), cohort AS (
        SELECT born.cohort, count(*) AS size, array_agg(born.member ORDER BY born.member) AS members FROM born GROUP BY 1
    ), bucket AS (
        SELECT b::date AS "time", (row_number() OVER (ORDER BY b))::int AS place
          FROM generate_series((SELECT min(cohort.cohort) FROM cohort)::timestamp, (closed - 1)::timestamp, step) AS b
    ), cell AS (
        SELECT c.cohort, c.size, c.members, at.place - origin.place AS age, at."time"
          FROM cohort AS c
          JOIN bucket AS origin ON origin."time" = c.cohort
          JOIN bucket AS at ON at."time" >= c.cohort
    ), own AS (
        -- A member's value in months 1 to 3, the base of value retention: month 0 is cut by the launch.
        SELECT born.cohort, born.member, m.place - origin.place AS age, f.active, f.value
          FROM born
          JOIN bucket AS origin ON origin."time" = born.cohort
          JOIN f ON f.member = born.member
          JOIN bucket AS m ON m."time" = f."time" AND m."time" >= born.cohort
    ), base AS (
        SELECT own.cohort, own.member, sum(own.value) / 3 AS base FROM own WHERE own.age BETWEEN 1 AND 3 GROUP BY 1, 2
    ), summed AS (
        SELECT cell.cohort, cell.age, cell.size,
               count(own.member) FILTER (WHERE own.active) AS active,
               coalesce(sum(own.value), 0) AS value
          FROM cell LEFT JOIN own ON own.cohort = cell.cohort AND own.age = cell.age
         GROUP BY 1, 2, 3
    ), based AS (
        SELECT s.*, sum(s.value) OVER (PARTITION BY s.cohort ORDER BY s.age) AS cumulative,
               -- Not before months 1 to 3 are over.
               CASE WHEN count(*) FILTER (WHERE s.age BETWEEN 1 AND 3) OVER (PARTITION BY s.cohort) = 3
                    THEN nullif(greatest(sum(s.value) FILTER (WHERE s.age BETWEEN 1 AND 3) OVER (PARTITION BY s.cohort), 0), 0) / 3 END AS base
          FROM summed AS s
    ), spread AS (
        SELECT c.cohort, m.member, cell.age, coalesce(own.value, 0) AS part, coalesce(base.base, 0) AS base
          FROM cohort AS c
         CROSS JOIN unnest(c.members) AS m(member)
          JOIN cell ON cell.cohort = c.cohort AND cell.age > 0
          LEFT JOIN own ON own.cohort = c.cohort AND own.member = m.member AND own.age = cell.age
          LEFT JOIN base ON base.cohort = c.cohort AND base.member = m.member
    ), drawn AS (
        SELECT s.cohort, s.age, i.lo, i.hi
          FROM (SELECT spread.cohort, spread.age, array_agg(spread.part::double precision ORDER BY spread.member) AS parts,
                       array_agg(spread.base::double precision ORDER BY spread.member) AS bases
                  FROM spread GROUP BY 1, 2) AS s
         CROSS JOIN LATERAL kpi._ratio_interval(s.parts, s.bases, level) AS i
    )
    SELECT c.cohort, a.age, c.size, b.active, b.value, b.active::numeric / nullif(c.size, 0),
           CASE WHEN a.age > 0 THEN b.value / b.base END, b.cumulative, c.cohort < data.first_day + censored_days,
           w.lo, w.hi,
           CASE WHEN b.base IS NOT NULL THEN d.lo END, CASE WHEN b.base IS NOT NULL THEN d.hi END
      FROM cohort AS c
     CROSS JOIN generate_series(0, (SELECT max(cell.age) FROM cell)) AS a(age)
      LEFT JOIN based AS b ON b.cohort = c.cohort AND b.age = a.age
      LEFT JOIN LATERAL kpi._wilson_interval(b.active, c.size, level) AS w ON true
      LEFT JOIN drawn AS d ON d.cohort = c.cohort AND d.age = a.age
     ORDER BY c.cohort, a.age;
END $$;
COMMENT ON FUNCTION kpi.cohorts(text, text, text, jsonb, text, double precision) IS
    'members of a dimension (brand, sku, product, customer, …) by the bucket of their first sale, followed bucket by bucket; age counts from 0; size members, of which active sold units at that age; retention = active / size with Wilson''s interval; value_retention = value / mean value of ages 1 to 3, with a bootstrap interval over members; ages not yet over are NULL; is_censored: selling already in the first four weeks of data, so its first sale is not known';

CREATE FUNCTION kpi.launch_curve(entity text DEFAULT 'sku', metric text DEFAULT 'revenue', filter jsonb DEFAULT '{}',
        source text DEFAULT 'sales', weeks int DEFAULT 52)
    RETURNS TABLE (member text, age_weeks int, value numeric, cumulative numeric, index_to_peers numeric, is_censored boolean)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    def kpi.metrics := kpi._metric(launch_curve.metric);
    who text := kpi._entity(launch_curve.entity, launch_curve.source);
    censored_days constant int := 28;
    -- Peers are the members of the same type, where a member has one.
    typed boolean := who IN ('sku', 'product') AND 'product_type' = ANY (kpi._source_dimensions(launch_curve.source));
    data record;
BEGIN
    IF NOT def.additive THEN
        RAISE EXCEPTION 'metric "%" does not add up, so it has no launch curve', def.name USING ERRCODE = '22023',
            HINT = 'Ask for an additive metric, for example revenue or units.';
    END IF;
    IF weeks IS NULL OR weeks < 1 THEN
        RAISE EXCEPTION 'weeks is %, but must be at least 1', weeks USING ERRCODE = '22023', HINT = 'Leave it out for a year.';
    END IF;
    SELECT e.first_day, e.last_day INTO data FROM kpi._extent(launch_curve.source) AS e;
    RETURN QUERY
    WITH f AS MATERIALIZED (
        SELECT f.key[1] AS member, CASE WHEN typed THEN f.key[2] END AS kind, f."time",
               coalesce(max(f.value) FILTER (WHERE f.metric = def.name), 0) AS value,
               coalesce(sum(f.value) FILTER (WHERE f.metric IN ('units', 'returns')), 0) > 0 AS active
          FROM kpi._figures(launch_curve.source, ARRAY(SELECT DISTINCT n FROM unnest(ARRAY[def.name, 'units', 'returns']) AS n),
                            CASE WHEN typed THEN ARRAY[who, 'product_type'] ELSE ARRAY[who] END, launch_curve.filter,
                            ARRAY[NULL::daterange], 'day') AS f
         GROUP BY 1, 2, 3
    ), born AS MATERIALIZED (
        SELECT f.member, min(f.kind) AS kind, min(f."time") AS first FROM f WHERE f.active GROUP BY 1
    ), weekly AS (
        SELECT born.member, ((f."time" - born.first) / 7)::int AS age, sum(f.value) AS value
          FROM born JOIN f ON f.member = born.member AND f."time" >= born.first
         GROUP BY 1, 2
    ), curve AS (
        -- Only weeks that are over; a week without sales is 0.
        SELECT born.member, born.kind, a.age, coalesce(w.value, 0) AS value, born.first < data.first_day + censored_days AS is_censored,
               sum(coalesce(w.value, 0)) OVER (PARTITION BY born.member ORDER BY a.age) AS cumulative
          FROM born
         CROSS JOIN LATERAL generate_series(0, least(weeks - 1, (data.last_day - born.first + 1) / 7 - 1)) AS a(age)
          LEFT JOIN weekly AS w ON w.member = born.member AND w.age = a.age
    ), peers AS (
        SELECT c.*, sum(c.cumulative) FILTER (WHERE NOT c.is_censored) OVER same AS total,
               count(*) FILTER (WHERE NOT c.is_censored) OVER same AS n
          FROM curve AS c
        WINDOW same AS (PARTITION BY c.kind, c.age)
    )
    SELECT p.member, p.age, p.value, p.cumulative,
           CASE WHEN NOT p.is_censored THEN p.cumulative / nullif((p.total - p.cumulative) / nullif(p.n - 1, 0), 0) END,
           p.is_censored
      FROM peers AS p
     ORDER BY p.member, p.age;
END $$;
COMMENT ON FUNCTION kpi.launch_curve(text, text, jsonb, text, int) IS
    'a metric by weeks since a member''s own first sale; index_to_peers = cumulative / mean cumulative of the other members (of the same product type, for sku and product) at the same age; is_censored: selling already in the first four weeks of data, so not indexed and nobody''s peer; only weeks that are over';

CREATE FUNCTION kpi.rfm(asof date DEFAULT NULL, filter jsonb DEFAULT '{}', source text DEFAULT 'sales')
    RETURNS TABLE (customer text, recency_days int, frequency bigint, monetary numeric, r int, f int, m int, segment text)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    who text := kpi._entity('customer', rfm.source);
    today date := coalesce(rfm.asof, kpi.asof(rfm.source));
BEGIN
    IF today IS NULL OR today < (SELECT e.first_day FROM kpi._extent(rfm.source) AS e) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH d AS (
        SELECT g.key[1] AS customer, g."time", max(g.value) FILTER (WHERE g.metric = 'revenue') AS revenue,
               coalesce(sum(g.value) FILTER (WHERE g.metric IN ('units', 'returns')), 0) AS units
          FROM kpi._figures(rfm.source, '{revenue,units,returns}', ARRAY[who], rfm.filter, ARRAY[(SELECT daterange(e.first_day, today, '[]') FROM kpi._extent(rfm.source) AS e)], 'day') AS g
         WHERE g.key[1] <> '(none)'
         GROUP BY 1, 2
    ), c AS (
        SELECT d.customer, today - max(d."time") FILTER (WHERE d.units > 0) AS recency_days,
               count(*) FILTER (WHERE d.units > 0) AS frequency, sum(d.revenue) AS monetary
          FROM d GROUP BY 1
        HAVING count(*) FILTER (WHERE d.units > 0) > 0
    )
    SELECT s.customer, s.recency_days, s.frequency, s.monetary, s.r, s.f, s.m,
           CASE WHEN s.r >= 4 AND s.f >= 4 AND s.m >= 4 THEN 'champion'
                WHEN s.r >= 3 AND s.f >= 4 THEN 'loyal'
                WHEN s.r >= 4 AND s.f <= 2 THEN 'new'
                WHEN s.r >= 3 THEN 'promising'
                WHEN s.f >= 4 OR s.m >= 4 THEN 'at_risk'
                WHEN s.r = 2 THEN 'fading'
                ELSE 'lost' END
      -- Equal figures get equal scores: the share of customers that do worse, in fifths.
      FROM (SELECT c.*,
                   1 + least(4, floor(5 * percent_rank() OVER (ORDER BY c.recency_days DESC)))::int AS r,
                   1 + least(4, floor(5 * percent_rank() OVER (ORDER BY c.frequency)))::int AS f,
                   1 + least(4, floor(5 * percent_rank() OVER (ORDER BY c.monetary)))::int AS m
              FROM c) AS s
     ORDER BY s.monetary DESC, s.customer;
END $$;
COMMENT ON FUNCTION kpi.rfm(date, jsonb, text) IS
    'customers by recency (days since the last purchase), frequency (days with a purchase) and monetary value (net revenue) up to asof (NULL: the last day with data), each in fifths from 1 to 5, 5 the best, equal figures alike; segment: champion, loyal, new, promising, at_risk, fading, lost; needs a mapped customer';

CREATE FUNCTION kpi.customer_value(horizon_months int DEFAULT 12, filter jsonb DEFAULT '{}', source text DEFAULT 'sales',
        discount double precision DEFAULT 0.01)
    RETURNS TABLE (customer text, purchases bigint, first_bought date, last_bought date, mean_value numeric, expected_purchases double precision,
                   p_alive double precision, expected_value double precision, clv double precision, status text, note text)
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    who text := kpi._entity('customer', customer_value.source);
    today date := kpi.asof(customer_value.source);
BEGIN
    IF horizon_months IS NULL OR horizon_months < 1 OR horizon_months > 120 THEN
        RAISE EXCEPTION 'horizon_months is %, but must be between 1 and 120', horizon_months USING ERRCODE = '22023', HINT = 'Leave it out for a year.';
    END IF;
    IF discount IS NULL OR discount < 0 OR discount >= 1 THEN
        RAISE EXCEPTION 'discount is %, but must be from 0 to below 1', discount USING ERRCODE = '22023',
            HINT = 'Give the rate of a month, for example 0.01.';
    END IF;
    RETURN QUERY
    WITH d AS (
        -- What a customer buys on one day is one purchase.
        SELECT g.key[1] AS customer, g."time", max(g.value) FILTER (WHERE g.metric = 'revenue') AS revenue
          FROM kpi._figures(customer_value.source, '{revenue,units,returns}', ARRAY[who], customer_value.filter, ARRAY[NULL::daterange], 'day') AS g
         WHERE g.key[1] <> '(none)'
         GROUP BY 1, 2
        HAVING coalesce(sum(g.value) FILTER (WHERE g.metric IN ('units', 'returns')), 0) > 0
    ), c AS (
        SELECT d.customer, count(*) AS purchases, min(d."time") AS first, max(d."time") AS last,
               (sum(d.revenue) - min(d.revenue) FILTER (WHERE d.is_first)) / nullif(count(*) - 1, 0) AS mean_repeat,
               avg(d.revenue) AS mean_value
          FROM (SELECT d.*, d."time" = min(d."time") OVER (PARTITION BY d.customer) AS is_first FROM d) AS d
         GROUP BY 1
    ), a AS (
        SELECT array_agg((c.purchases - 1)::int ORDER BY c.customer) AS frequency,
               array_agg((c.last - c.first) / 7.0::double precision ORDER BY c.customer) AS recency,
               array_agg((today - c.first) / 7.0::double precision ORDER BY c.customer) AS age,
               array_agg(c.mean_repeat::double precision ORDER BY c.customer) AS mean_repeat
          FROM c
    )
    SELECT c.customer, c.purchases, c.first, c.last, c.mean_value, v.purchases, v.p_alive, v.value, v.clv, v.status, v.note
      FROM (SELECT c.*, row_number() OVER (ORDER BY c.customer) AS "position" FROM c) AS c
      JOIN (SELECT v.* FROM a CROSS JOIN LATERAL kpi._customer_values(a.frequency, a.recency, a.age, a.mean_repeat, horizon_months, discount) AS v) AS v
        ON v."position" = c."position"
     ORDER BY v.clv DESC NULLS LAST, c.customer;
END $$;
COMMENT ON FUNCTION kpi.customer_value(int, jsonb, text, double precision) IS
    'what each customer is expected to buy: purchases (days with one) so far and expected over the horizon, probability to be active still (BG/NBD), expected value of a purchase (Gamma-Gamma) and clv, the discounted value over the horizon; discount: rate a month; needs a mapped customer';
