-- A small load onto many lines touches rows all over the rollup: room in its pages keeps such changes out of the indexes.
ALTER TABLE sales.rollup SET (fillfactor = 75);

-- Levels are counted one by one, each in a table of its own in memory: GROUPING SETS over all of them sorts the lines
-- three times, which takes three times as long on 10 million. Rows come in the order of the key, so that its index is
-- walked once and grows at its end.
CREATE OR REPLACE FUNCTION sales.rollup_query(condition text) RETURNS text
    IMMUTABLE LANGUAGE sql
    RETURN (
    SELECT 'SELECT * FROM (' || string_agg(
               'SELECT ' || quote_literal(v.level) || '::text AS level, sold_on, ' || v.members || ',
                    count(*) AS lines, sum(quantity) AS quantity, sum(revenue) AS revenue,
                    coalesce(sum(quantity) FILTER (WHERE quantity > 0), 0) AS sold,
                    coalesce(-sum(quantity) FILTER (WHERE quantity < 0), 0) AS returned
                 FROM sales.order_line WHERE ' || condition || ' GROUP BY sold_on, ' || v.groups, ' UNION ALL ' ORDER BY v.level)
           || ') AS u ORDER BY 1, 2, 3, 4, 5, 6, 7, 8'
      FROM (VALUES
           ('brand', 'brand, NULL::text AS sku, NULL::text AS product, NULL::text AS product_type, NULL::text AS channel, NULL::text AS vendor',
            'brand'),
           ('type', 'NULL::text AS brand, NULL::text AS sku, NULL::text AS product, product_type, NULL::text AS channel, NULL::text AS vendor',
            'product_type'),
           ('channel', 'NULL::text AS brand, NULL::text AS sku, NULL::text AS product, NULL::text AS product_type, channel, vendor',
            'channel, vendor'),
           ('brand_channel', 'brand, NULL::text AS sku, NULL::text AS product, NULL::text AS product_type, channel, NULL::text AS vendor',
            'brand, channel'),
           ('sku', 'brand, sku, product, product_type, NULL::text AS channel, NULL::text AS vendor',
            'sku, product, brand, product_type')) AS v(level, members, groups));

CREATE OR REPLACE FUNCTION sales.refresh_rollup_sku(loads bigint[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    skus text[];
BEGIN
    IF loads IS NULL THEN
        DELETE FROM sales.rollup_sku;
        INSERT INTO sales.rollup_sku (sku, first_sold, last_sold, product_type)
        SELECT r.sku, min(r.day), max(r.day), max(r.product_type)
          FROM sales.rollup AS r WHERE r.level = 'sku' AND r.sold > 0 GROUP BY 1;
    ELSE
        EXECUTE 'INSERT INTO sales.rollup_sku AS s (sku, first_sold, last_sold, product_type)
            SELECT l.sku, min(l.sold_on), max(l.sold_on), max(l.product_type)
              FROM sales.order_line AS l WHERE l.load_id = ANY ($1) AND l.quantity > 0 GROUP BY 1
            ON CONFLICT (sku) DO UPDATE
               SET first_sold = least(s.first_sold, excluded.first_sold), last_sold = greatest(s.last_sold, excluded.last_sold),
                   product_type = greatest(s.product_type, excluded.product_type)' USING loads;
        -- Another article's price is what it was: only those that the loads sold or took back are looked at.
        EXECUTE 'SELECT array_agg(DISTINCT l.sku) FROM sales.order_line AS l WHERE l.load_id = ANY ($1)' INTO skus USING loads;
    END IF;
    WITH priced AS (
        SELECT s.sku, p.list_price
          FROM sales.rollup_sku AS s
         CROSS JOIN LATERAL (
               SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY d.price) AS list_price
                 FROM (SELECT round(sum(r.revenue) / sum(r.quantity), 4) AS price
                         FROM sales.rollup AS r
                        WHERE r.level = 'sku' AND r.sku = s.sku AND r.day > s.last_sold - 90
                        GROUP BY r.day HAVING sum(r.quantity) > 0) AS d) AS p
         WHERE loads IS NULL OR s.sku = ANY (skus)
    )
    UPDATE sales.rollup_sku AS s SET list_price = p.list_price
      FROM priced AS p WHERE s.sku = p.sku AND s.list_price IS DISTINCT FROM p.list_price;
    WITH cuts AS (
        SELECT p.product_type, percentile_disc(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY p.list_price) AS q
          FROM sales.rollup_sku AS p GROUP BY 1
    ), tiers AS (
        SELECT s.sku, CASE WHEN s.list_price <= c.q[1] THEN 'value' WHEN s.list_price <= c.q[2] THEN 'mid'
                           WHEN s.list_price <= c.q[3] THEN 'premium' WHEN s.list_price IS NOT NULL THEN 'luxury' END AS price_tier
          FROM sales.rollup_sku AS s JOIN cuts AS c ON c.product_type IS NOT DISTINCT FROM s.product_type
    )
    UPDATE sales.rollup_sku AS s SET price_tier = t.price_tier
      FROM tiers AS t WHERE s.sku = t.sku AND s.price_tier IS DISTINCT FROM t.price_tier;
END $$;
