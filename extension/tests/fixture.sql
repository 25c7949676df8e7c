-- 2,401 lines over 2024-01-01 .. 2025-11-19, made by arithmetic: the same on every machine.
INSERT INTO sales.load (file, sha256, mode, state, accepted) VALUES ('fixture', repeat('0', 64), 'append', 'done', 2401);

INSERT INTO sales.order_line (load_id, line_no, sold_on, brand, sku, product, product_type, channel, vendor, price, quantity, revenue)
SELECT (SELECT max(load_id) FROM sales.load), n + 1, day, brand, sku, sku, product_type, channel, vendor, price, quantity, price * quantity
  FROM (SELECT n, '2024-01-01'::date + (n * 688 / 2400)::int AS day,
               (ARRAY['Aurora', 'Birch', 'Coral', NULL])[1 + i % 4] AS brand,
               (ARRAY['Aurora Serum 30ml', 'Birch Cream 50ml', 'Coral Lip Tint', 'House Mask', 'Aurora Toner 150ml', 'Birch Serum 30ml',
                      'Coral Cleanser 200ml', 'House Oil 100ml'])[1 + i % 8] AS sku,
               (ARRAY['serum', 'cream', 'lip', 'mask', 'toner', 'serum', 'cleanser', 'oil'])[1 + i % 8] AS product_type,
               (ARRAY['Web', 'Shop', 'Amazon'])[1 + (n * 7919 / 13) % 3] AS channel,
               (ARRAY['North', 'South', 'East', 'West'])[1 + (n * 104729 / 17) % 4] AS vendor,
               (ARRAY[32.00, 24.50, 9.90, 3.20, 18.00, 45.00, 12.75, 27.30])[1 + i % 8]
                   * CASE WHEN n > 1800 AND i % 8 = 0 THEN 1.10 ELSE 1 END AS price,
               CASE WHEN n % 97 = 0 THEN -1 ELSE 1 + (n * 31 / 7) % 4 END AS quantity
          FROM (SELECT n, (n * 48271 % 2147483647 / 11)::int AS i FROM generate_series(0::bigint, 2400) AS g(n)) AS g) AS l;

SELECT kpi.refresh();
