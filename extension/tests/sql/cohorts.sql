-- Cohorts against SQL written by hand; the fixture gets customers by arithmetic.
UPDATE sales.order_line SET customer_ref = 'c' || (line_no * 48271 % 211)::text WHERE line_no % 10 <> 0;
UPDATE sales.order_line SET customer_ref = 'late' || (line_no % 37)::text WHERE line_no % 10 <> 0 AND line_no > 900 AND line_no % 3 = 0;
SELECT kpi.register_source('shop', 'sales.order_line', at => 'sold_on', price => 'price', quantity => 'quantity', revenue => 'revenue',
                           dimensions => '{brand,sku,product_type,channel}', customer_ref => 'customer_ref');
SELECT kpi.refresh();

CREATE TEMP TABLE by_hand AS
WITH f AS (
    SELECT customer_ref AS member, date_trunc('month', sold_on)::date AS month, sum(revenue) AS value, bool_or(quantity > 0) AS active
      FROM sales.order_line WHERE customer_ref IS NOT NULL AND sold_on < '2025-11-01' GROUP BY 1, 2
), born AS (
    SELECT member, min(month) FILTER (WHERE active) AS cohort FROM f GROUP BY 1
)
SELECT born.cohort, (extract(year FROM age(f.month, born.cohort)) * 12 + extract(month FROM age(f.month, born.cohort)))::int AS age,
       count(*) FILTER (WHERE f.active) AS active, sum(f.value) AS value
  FROM born JOIN f USING (member) WHERE f.month >= born.cohort GROUP BY 1, 2;

SELECT count(*) AS cells, bool_and(c.active = coalesce(h.active, 0)) AS same_active, bool_and(c.value = coalesce(h.value, 0)) AS same_value
  FROM kpi.cohorts('customer', source => 'shop') AS c LEFT JOIN by_hand AS h USING (cohort, age) WHERE c.active IS NOT NULL;
SELECT (SELECT sum(size) FROM kpi.cohorts('customer', source => 'shop') WHERE age = 0) = (SELECT count(DISTINCT customer_ref) FROM sales.order_line WHERE sold_on < '2025-11-01') AS everybody_once;
-- Unobserved cells are NULL, observed ones without sales are zero.
SELECT bool_and((c.active IS NULL) = (c.cohort + c.age * interval '1 month' >= '2025-11-01')) AS triangular,
       bool_and(c.retention BETWEEN c.retention_lo AND c.retention_hi) AS inside,
       bool_and(c.value_retention BETWEEN c.value_retention_lo AND c.value_retention_hi) AS value_inside
  FROM kpi.cohorts('customer', source => 'shop') AS c;
-- retention is active / size; value retention is over the mean of ages 1 to 3 where these are observed; a cohort of the first four weeks is censored.
SELECT count(*) FILTER (WHERE c.retention IS NOT NULL) > 20 AS many, bool_and(round(c.retention, 9) = round(c.active::numeric / c.size, 9)) AS same_retention,
       count(c.value_retention) > 20 AS many_values,
       bool_and(c.value_retention IS NULL OR round(c.value_retention, 6) = round(c.value / b.base, 6)) AS same_value_retention,
       bool_and((c.value_retention IS NULL) = (c.age = 0 OR c.value IS NULL OR b.base IS NULL OR b.n < 3)) AS null_where_unknown,
       bool_and(c.is_censored = (c.cohort < (SELECT min(sold_on) + 28 FROM sales.order_line))) AS same_censored
  FROM kpi.cohorts('customer', source => 'shop') AS c
  LEFT JOIN (SELECT cohort, avg(value) AS base, count(value) AS n FROM kpi.cohorts('customer', source => 'shop') WHERE age BETWEEN 1 AND 3 GROUP BY 1) AS b USING (cohort);
SELECT cohort, age, size, active, round(retention, 4) AS retention, round(retention_lo::numeric, 4) AS lo, round(retention_hi::numeric, 4) AS hi,
       round(value_retention, 4) AS value_retention, cumulative, is_censored
  FROM kpi.cohorts('customer', source => 'shop') WHERE cohort <= '2024-02-01' AND age <= 4;
SELECT cohort, age, size, active, value, is_censored FROM kpi.cohorts('brand', 'quarter', 'units') WHERE age <= 2;
SELECT count(*) FROM kpi.cohorts('sku', 'week', filter => '{"brand": "Nobody"}');

-- Launch curves: cumulative value by weeks since an own first sale.
SELECT bool_and(l.cumulative = (SELECT sum(o.revenue) FROM sales.order_line AS o
                                 WHERE o.sku = l.member AND o.sold_on < (SELECT min(f.sold_on) FROM sales.order_line AS f WHERE f.sku = l.member AND f.quantity > 0) + 7 * (l.age_weeks + 1))) AS same
  FROM kpi.launch_curve(weeks => 10) AS l;
SELECT count(*), bool_and(is_censored) AS all_censored, count(index_to_peers) FROM kpi.launch_curve();

-- Customers.
SELECT count(*) = (SELECT count(DISTINCT customer_ref) FROM (SELECT customer_ref FROM sales.order_line GROUP BY customer_ref, sold_on HAVING bool_or(quantity > 0)) AS d) AS everybody,
       min(r) AS r_min, max(r) AS r_max, min(m) AS m_min, max(m) AS m_max FROM kpi.rfm(source => 'shop');
SELECT segment, count(*) FROM kpi.rfm(source => 'shop') GROUP BY 1 ORDER BY 1;
SELECT bool_and(recency_days >= 0) AS past FROM kpi.rfm('2025-03-31', source => 'shop');
SELECT count(*) FROM kpi.rfm('2023-12-31', source => 'shop');
SELECT count(*) > 100 AS many, bool_and(p_alive BETWEEN 0 AND 1) AS probable, bool_and(expected_purchases >= 0 AND clv >= 0) AS positive, min(status) AS status
  FROM kpi.customer_value(source => 'shop');
SELECT DISTINCT status, note FROM kpi.customer_value(source => 'shop', filter => '{"sku": "House Mask", "channel": "Nowhere"}');

\set VERBOSITY verbose
\set SHOW_CONTEXT never
SELECT * FROM kpi.cohorts('brnad');
SELECT * FROM kpi.cohorts('brand', 'fortnight');
SELECT * FROM kpi.cohorts('brand', metric => 'asp');
SELECT * FROM kpi.cohorts('brand', level => 1);
SELECT kpi.register_source('plain', 'sales.order_line', at => 'sold_on', price => 'price', quantity => 'quantity', dimensions => '{brand}');
SELECT * FROM kpi.rfm(source => 'plain');
SELECT * FROM kpi.cohorts('customer', source => 'plain');
SELECT * FROM kpi.customer_value(0, source => 'shop');
SELECT * FROM kpi.customer_value(discount => 1, source => 'shop');
SELECT * FROM kpi.launch_curve(weeks => 0);

-- A column named as rows are elsewhere, as r of kpi.rfm(), does not stand for its row in an answer.
SELECT kpi._ask_rows('SELECT 1 AS r, 2 AS said', 5);
