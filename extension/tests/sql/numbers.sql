-- Every figure against SQL written by hand on the base table; the fixture's last complete month is October 2025.
SELECT kpi.value('revenue') = (SELECT sum(revenue) FROM sales.order_line WHERE sold_on >= '2025-10-01' AND sold_on < '2025-11-01') AS same;
SELECT kpi.value('asp', kpi.period('2025'), '{"brand": "Aurora", "channel": ["Web", "Shop"], "vendor": {"not": ["North"]}}')
     = (SELECT sum(revenue) / sum(quantity) FROM sales.order_line
         WHERE sold_on >= '2025-01-01' AND brand = 'Aurora' AND channel IN ('Web', 'Shop') AND vendor <> 'North') AS same;
SELECT m.name, kpi.value(m.name) FROM kpi.metrics AS m ORDER BY place;

SELECT * FROM kpi.breakdown('revenue', kpi.period('2025-10'));
SELECT member, value, rank FROM kpi.breakdown('units', kpi.period('2025'), by => '{channel, vendor}', top => 3);
SELECT member, value, share, abc FROM kpi.breakdown('asp', by => '{brand}');
SELECT member, value FROM kpi.breakdown('lines', by => '{weekday}');
SELECT member, value FROM kpi.breakdown('revenue', by => '{}');
-- A NULL member is called (none) and can be asked for.
SELECT kpi.value('revenue', filter => '{"brand": "(none)"}') = kpi.value('revenue', filter => '{"brand": null}') AS same;

SELECT * FROM kpi.compare('revenue', by => '{brand}');
SELECT sum(c.contribution)::numeric(20,15) = max(t.change_pct)::numeric(20,15) AS contributions_sum_to_growth
  FROM kpi.compare('revenue', by => '{sku,channel}') AS c, kpi.compare('revenue') AS t;
SELECT member, value, baseline, change, change_pct, contribution FROM kpi.compare('return_rate', kpi.period('2025-Q3'), by => '{channel}');

SELECT * FROM kpi.bridge();
SELECT by, bool_and(b.price + b.volume + b.mix + b.new + b.discontinued + b.other = b.change) AS sums_up,
       sum(b.change) = (SELECT change FROM kpi.compare('revenue')) AS ties
  FROM unnest('{brand,channel,vendor,sku,product_type,price_tier}'::text[]) AS by, kpi.bridge(by => ARRAY[by]) AS b GROUP BY by ORDER BY by;

SELECT * FROM kpi.concentration(by => '{sku}');
SELECT sku, abc, xyz, round(adi::numeric, 4) AS adi, round(cv2::numeric, 4) AS cv2, demand_class, round(velocity::numeric, 4) AS velocity, first_sold, last_sold FROM kpi.portfolio();
-- What was only ever returned was never sold, and has no pace.
BEGIN;
INSERT INTO sales.order_line (load_id, line_no, sold_on, sku, brand, channel, quantity, price, revenue)
SELECT max(load_id), 900000, '2025-10-05', 'Only returned', 'Birch', 'Web', -1, 10, -10 FROM sales.order_line;
SELECT sku, revenue, abc, xyz, adi, demand_class, velocity, first_sold, last_sold FROM kpi.portfolio(kpi.period('2025-10')) WHERE sku = 'Only returned';
ROLLBACK;
SELECT tier, price_lo, price_hi, skus, revenue, round(share, 4) AS share, round(change_pct, 4) AS change_pct FROM kpi.price_tiers(kpi.period('2025-Q3'));
-- Three weeks of promotion move no tier, from the rollup nor from the lines.
BEGIN;
CREATE TEMP TABLE tier AS SELECT members FROM kpi.breakdown('units', '[2024-01-01,2026-01-01)', '{sku,price_tier}');
UPDATE sales.order_line SET price = price / 2, revenue = revenue / 2 WHERE sold_on > (SELECT max(sold_on) - 21 FROM sales.order_line);
SELECT kpi._rollup_used('sales'), count(*) FILTER (WHERE t.members IS NULL) AS moved FROM kpi.breakdown('units', '[2024-01-01,2026-01-01)', '{sku,price_tier}') AS b LEFT JOIN tier AS t USING (members);
SELECT kpi.refresh();
SELECT kpi._rollup_used('sales'), count(*) FILTER (WHERE t.members IS NULL) AS moved FROM kpi.breakdown('units', '[2024-01-01,2026-01-01)', '{sku,price_tier}') AS b LEFT JOIN tier AS t USING (members);
ROLLBACK;
SELECT "time", member, value, is_partial FROM kpi.history('revenue', 'month', kpi.period('2025-08-15..2025-11-19'), '{channel}') WHERE member = 'Web';
SELECT count(*), sum(value) = (SELECT sum(revenue) FROM sales.order_line) AS whole, count(*) FILTER (WHERE value = 0) AS empty_days
  FROM kpi.history('revenue', by => '{brand}');
SELECT count(value), count(*) FROM kpi.history('asp', 'day', kpi.period('2025-10'), '{sku}');

SELECT kpi.set_target('revenue', kpi.period('2025-10'), 5000);
SELECT metric, unit, round(value, 4) AS value, round(baseline, 4) AS baseline, round(change_pct, 4) AS change, round(year_ago_pct, 4) AS year_ago, target, round(attainment, 4) AS attainment, state, spark FROM kpi.scorecard();
SELECT kpi.drop_target('revenue', kpi.period('2025-10')), kpi.drop_target('revenue', kpi.period('2025-10'));

-- No data in the period: no rows, and no figure.
SELECT * FROM kpi.breakdown('revenue', kpi.period('1999'));
SELECT kpi.value('revenue', kpi.period('1999')), kpi.value('revenue', filter => '{"brand": "Nobody"}');
SELECT * FROM kpi.history('revenue', period => kpi.period('1999'));

-- Views.
SELECT month, revenue, units, lines FROM kpi.monthly ORDER BY month DESC LIMIT 2;
SELECT month, brand, revenue, round(share, 4) AS share FROM kpi.brand_monthly WHERE month = '2025-10-01' ORDER BY revenue DESC;
SELECT (SELECT sum(revenue) FROM kpi.daily) = (SELECT sum(revenue) FROM sales.order_line) AS daily,
       (SELECT sum(revenue) FROM kpi.weekly) = (SELECT sum(revenue) FROM sales.order_line) AS weekly,
       (SELECT sum(revenue) FROM kpi.channel_monthly) = (SELECT sum(revenue) FROM sales.order_line) AS channel_monthly;
SELECT sku, days_since_sold FROM kpi.sku_health LIMIT 2;
-- Where targets stand, beside what could not be told.
SELECT kpi.set_target('revenue', kpi.period('2025-10'), 5000), kpi.set_target('units', kpi.period('2025-11'), 300, '{"channel": "Web", "brand": "Birch"}'),
       kpi.set_target('asp', kpi.period('2025-11'), 20);
INSERT INTO kpi.targets (metric, period, members, target) VALUES ('revenue', kpi.period('2025-11'), '{"colour": "red"}', 1);
SELECT kpi.refresh();
SELECT s.metric, s.period, s.member, s.target, s.to_date = kpi.value(s.metric, s.period, CASE WHEN s.status = 'failed' THEN '{}' ELSE s.members END) AS to_date_ties,
       s.expected_end IS NOT NULL AS expected, s.p_attain BETWEEN 0 AND 1 AS p, s.state, s.status, s.note FROM kpi.target_status AS s ORDER BY 1, 2, 3;
SELECT kpi.drop_target('revenue', kpi.period('2025-10'));
SELECT kpi.refresh();
SELECT count(*) FROM kpi.target_status;
