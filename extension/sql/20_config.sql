-- Sources, metrics, dimensions, targets and aliases: what users configure, dumped by pg_dump.

CREATE TABLE kpi.sources (
    name text PRIMARY KEY CHECK (name = lower(name) AND name <> ''),
    relation regclass NOT NULL,
    at text NOT NULL,
    price text NOT NULL,
    quantity text NOT NULL,
    revenue text,
    order_ref text,
    customer_ref text,
    list_price text,
    dimensions jsonb NOT NULL DEFAULT '{}',
    rollup boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE kpi.sources IS 'where sales lines live: a relation and the columns that play each part; written by kpi.register_source()';
COMMENT ON COLUMN kpi.sources.name IS 'the name that functions take as source';
COMMENT ON COLUMN kpi.sources.relation IS 'table, partitioned table, view, materialized view or foreign table';
COMMENT ON COLUMN kpi.sources.at IS 'column with the date or timestamp of sale';
COMMENT ON COLUMN kpi.sources.price IS 'column with the unit price';
COMMENT ON COLUMN kpi.sources.quantity IS 'column with the quantity; negative for a return';
COMMENT ON COLUMN kpi.sources.revenue IS 'column with the revenue; NULL: price × quantity';
COMMENT ON COLUMN kpi.sources.order_ref IS 'column that tells orders apart, or NULL';
COMMENT ON COLUMN kpi.sources.customer_ref IS 'column that tells customers apart, or NULL';
COMMENT ON COLUMN kpi.sources.list_price IS 'column with the list price, or NULL';
COMMENT ON COLUMN kpi.sources.dimensions IS 'dimension name to column';
COMMENT ON COLUMN kpi.sources.rollup IS 'whether sales.rollup is kept for this source';

CREATE TABLE kpi.metrics (
    name text PRIMARY KEY CHECK (name = lower(name) AND name <> ''),
    label text NOT NULL,
    unit text NOT NULL,
    better text NOT NULL CHECK (better IN ('up', 'down', 'none')),
    additive boolean NOT NULL,
    expression text NOT NULL,
    rollup_expression text,
    inner_by text,
    inner_expression text,
    reads text[] NOT NULL DEFAULT '{}',
    built_in boolean NOT NULL DEFAULT false,
    place int
);
COMMENT ON TABLE kpi.metrics IS 'metrics, built in and defined by kpi.define_metric()';
COMMENT ON COLUMN kpi.metrics.name IS 'the name that functions take as metric';
COMMENT ON COLUMN kpi.metrics.label IS 'the name for people';
COMMENT ON COLUMN kpi.metrics.unit IS 'money, units, count, fraction, or a unit of the user''s';
COMMENT ON COLUMN kpi.metrics.better IS 'up: more is better, down: less is, none: neither';
COMMENT ON COLUMN kpi.metrics.additive IS 'whether the figures of groups and days add up to the total';
COMMENT ON COLUMN kpi.metrics.expression IS 'aggregate over the columns of a line: day, price, quantity, revenue, order_ref, customer_ref, list_price, the dimensions and the relation''s other columns';
COMMENT ON COLUMN kpi.metrics.rollup_expression IS 'the same over rows of sales.rollup; NULL: lines are read';
COMMENT ON COLUMN kpi.metrics.inner_by IS 'dimension of the inner groups of a metric of two steps';
COMMENT ON COLUMN kpi.metrics.inner_expression IS 'aggregate that gives each inner group its value';
COMMENT ON COLUMN kpi.metrics.reads IS 'dimensions and optional columns that the expression needs';
COMMENT ON COLUMN kpi.metrics.built_in IS 'comes with the extension';
COMMENT ON COLUMN kpi.metrics.place IS 'place on the scorecard; NULL: not on it';

CREATE TABLE kpi.dimensions (
    name text PRIMARY KEY CHECK (name = lower(name) AND name <> ''),
    label text NOT NULL,
    expression text,
    built_in boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE kpi.dimensions IS 'dimensions, built in and defined by kpi.define_dimension()';
COMMENT ON COLUMN kpi.dimensions.name IS 'the name that functions take in by and filter';
COMMENT ON COLUMN kpi.dimensions.label IS 'the name for people';
COMMENT ON COLUMN kpi.dimensions.expression IS 'expression over the columns of a line; NULL for a built-in one';
COMMENT ON COLUMN kpi.dimensions.built_in IS 'comes with the extension';

CREATE TABLE kpi.targets (
    source text NOT NULL DEFAULT 'sales' REFERENCES kpi.sources ON DELETE CASCADE,
    metric text NOT NULL REFERENCES kpi.metrics ON DELETE CASCADE,
    period daterange NOT NULL CHECK (NOT isempty(period) AND NOT lower_inf(period) AND NOT upper_inf(period)),
    members jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(members) = 'object'),
    target numeric NOT NULL CHECK (target NOT IN ('NaN', 'Infinity', '-Infinity')),
    set_by name NOT NULL DEFAULT current_user,
    set_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, metric, period, members)
);
COMMENT ON TABLE kpi.targets IS 'targets set by people, one a metric, period and group; written by kpi.set_target()';
COMMENT ON COLUMN kpi.targets.source IS 'source of the figures';
COMMENT ON COLUMN kpi.targets.metric IS 'metric';
COMMENT ON COLUMN kpi.targets.period IS 'days that the target is for';
COMMENT ON COLUMN kpi.targets.members IS 'group, as {"brand": "A"}; {} is the total';
COMMENT ON COLUMN kpi.targets.target IS 'figure to reach, in the metric''s unit';
COMMENT ON COLUMN kpi.targets.set_by IS 'who set it';
COMMENT ON COLUMN kpi.targets.set_at IS 'when it was set';

CREATE TABLE kpi.aliases (
    alias text NOT NULL CHECK (alias <> ''),
    dimension text NOT NULL,
    member text NOT NULL,
    PRIMARY KEY (alias, dimension)
);
COMMENT ON TABLE kpi.aliases IS 'words that people use for a member; read by kpi.ask(), written by kpi.add_alias()';
COMMENT ON COLUMN kpi.aliases.alias IS 'the word, lower case';
COMMENT ON COLUMN kpi.aliases.dimension IS 'dimension of the member';
COMMENT ON COLUMN kpi.aliases.member IS 'the member as the data spell it';

SELECT pg_catalog.pg_extension_config_dump('kpi.sources', '');
SELECT pg_catalog.pg_extension_config_dump('kpi.metrics', 'WHERE NOT built_in');
SELECT pg_catalog.pg_extension_config_dump('kpi.dimensions', 'WHERE NOT built_in');
SELECT pg_catalog.pg_extension_config_dump('kpi.targets', '');
SELECT pg_catalog.pg_extension_config_dump('kpi.aliases', '');

GRANT USAGE ON SCHEMA kpi TO PUBLIC;
GRANT SELECT ON kpi.sources, kpi.metrics, kpi.dimensions, kpi.targets, kpi.aliases TO PUBLIC;

-- A product is new for 90 days from its first sale (definitions: new vs existing).
INSERT INTO kpi.metrics (place, name, label, unit, better, additive, expression, rollup_expression, inner_by, inner_expression, reads, built_in)
VALUES
    (1, 'revenue', 'Revenue', 'money', 'up', true, 'sum(revenue)', 'sum(revenue)', NULL, NULL, '{}', true),
    (2, 'units', 'Units', 'units', 'up', true, 'sum(quantity)', 'sum(quantity)', NULL, NULL, '{}', true),
    (3, 'lines', 'Lines', 'count', 'up', true, 'count(*)', 'sum(lines)', NULL, NULL, '{}', true),
    (4, 'orders', 'Orders', 'count', 'up', false, 'nullif(count(DISTINCT order_ref), 0)', NULL, NULL, NULL, '{order_ref}', true),
    (5, 'customers', 'Customers', 'count', 'up', false, 'nullif(count(DISTINCT customer_ref), 0)', NULL, NULL, NULL, '{customer_ref}', true),
    (6, 'aov', 'Average order value', 'money', 'up', false, 'sum(revenue) FILTER (WHERE order_ref IS NOT NULL) / nullif(count(DISTINCT order_ref), 0)', NULL, NULL, NULL, '{order_ref}', true),
    (7, 'asp', 'Average selling price', 'money', 'up', false, 'sum(revenue) / nullif(sum(quantity), 0)', 'sum(revenue) / nullif(sum(quantity), 0)', NULL, NULL, '{}', true),
    (8, 'units_per_order', 'Units per order', 'units', 'up', false, 'sum(quantity) FILTER (WHERE order_ref IS NOT NULL) / nullif(count(DISTINCT order_ref), 0)', NULL, NULL, NULL, '{order_ref}', true),
    (9, 'returns', 'Returned units', 'units', 'down', true, 'coalesce(-sum(quantity) FILTER (WHERE quantity < 0), 0)', 'sum(returned)', NULL, NULL, '{}', true),
    (10, 'return_rate', 'Return rate', 'fraction', 'down', false, 'coalesce(-sum(quantity) FILTER (WHERE quantity < 0), 0) / nullif(sum(quantity) FILTER (WHERE quantity > 0), 0)', 'sum(returned) / nullif(sum(sold), 0)', NULL, NULL, '{}', true),
    (11, 'discount_depth', 'Discount depth', 'fraction', 'down', false, '1 - sum(revenue) FILTER (WHERE list_price IS NOT NULL) / nullif(sum(list_price * quantity), 0)', NULL, NULL, NULL, '{list_price}', true),
    (12, 'skus', 'SKUs sold', 'count', 'up', false, 'count(DISTINCT sku COLLATE "C")', 'count(DISTINCT sku COLLATE "C")', NULL, NULL, '{sku}', true),
    (13, 'brands', 'Brands sold', 'count', 'up', false, 'count(DISTINCT brand COLLATE "C")', 'count(DISTINCT brand COLLATE "C")', NULL, NULL, '{brand}', true),
    (14, 'new_sku_revenue', 'Revenue of new SKUs', 'money', 'up', true, 'coalesce(sum(revenue) FILTER (WHERE day < first_sold + 90), 0)', 'coalesce(sum(revenue) FILTER (WHERE day < first_sold + 90), 0)', NULL, NULL, '{sku,first_sold}', true),
    (15, 'new_sku_share', 'Share of new SKUs', 'fraction', 'none', false, 'coalesce(sum(revenue) FILTER (WHERE day < first_sold + 90), 0) / nullif(sum(revenue), 0)', 'coalesce(sum(revenue) FILTER (WHERE day < first_sold + 90), 0) / nullif(sum(revenue), 0)', NULL, NULL, '{sku,first_sold}', true),
    (16, 'hhi_brand', 'Brand concentration (HHI)', 'fraction', 'none', false, 'sum(greatest(value, 0) * greatest(value, 0)) / nullif(sum(greatest(value, 0)) * sum(greatest(value, 0)), 0)', NULL, 'brand', 'sum(revenue)', '{}', true),
    (17, 'repeat_rate', 'Repeat rate', 'fraction', 'up', false, '(count(*) FILTER (WHERE value >= 2))::numeric / nullif(count(*) FILTER (WHERE value >= 1), 0)', NULL, 'customer', 'count(DISTINCT order_ref) FILTER (WHERE customer_ref IS NOT NULL)', '{customer_ref,order_ref}', true);
UPDATE kpi.metrics SET rollup_expression = expression WHERE name = 'hhi_brand';

INSERT INTO kpi.dimensions (name, label, built_in)
VALUES ('brand', 'Brand', true), ('sku', 'SKU', true), ('product', 'Product', true), ('product_type', 'Product type', true),
       ('channel', 'Channel', true), ('vendor', 'Vendor', true), ('price_tier', 'Price tier', true), ('weekday', 'Weekday', true),
       ('week', 'Week', true), ('month', 'Month', true), ('quarter', 'Quarter', true), ('year', 'Year', true), ('customer', 'Customer', true);
