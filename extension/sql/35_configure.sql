-- What roles with write access to kpi's tables call.

CREATE FUNCTION kpi._column_of(relation regclass, wanted text, part text) RETURNS text
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    existing text[] := ARRAY(SELECT a.attname::text FROM pg_attribute AS a
                              WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum);
BEGIN
    IF wanted IS NULL OR wanted = ANY (existing) THEN
        RETURN wanted;
    END IF;
    RAISE EXCEPTION 'column "%" of relation "%" does not exist', wanted, relation USING ERRCODE = '42703',
        DETAIL = format('It was given as %s; the columns are %s.', part, array_to_string(existing, ', ')),
        HINT = coalesce('Did you mean ' || nullif(array_to_string(kpi._nearest(wanted, existing), ', '), '') || '?',
                        'Give the name of a column as it is spelt in the relation.');
END $$;
COMMENT ON FUNCTION kpi._column_of(regclass, text, text) IS 'the column''s name, or 42703 with the nearest ones';

CREATE FUNCTION kpi.register_source(name text, relation regclass, at text, price text, quantity text, revenue text DEFAULT NULL,
        dimensions text[] DEFAULT '{}', order_ref text DEFAULT NULL, customer_ref text DEFAULT NULL, list_price text DEFAULT NULL)
    RETURNS void
    VOLATILE PARALLEL UNSAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mapping jsonb := '{}';
    entry text;
    dimension text;
    at_type text;
    part record;
BEGIN
    IF name IS NULL OR relation IS NULL OR at IS NULL OR price IS NULL OR quantity IS NULL OR btrim(name) = '' THEN
        RAISE EXCEPTION 'name, relation, at, price and quantity must be given' USING ERRCODE = '22004',
            HINT = 'Example: kpi.register_source(''shop'', ''shop.sale'', at => ''sold_at'', price => ''unit_price'', quantity => ''qty'', dimensions => ''{brand,sku=article,channel}'').';
    END IF;
    FOREACH entry IN ARRAY coalesce(dimensions, '{}') LOOP
        IF entry IS NULL THEN
            RAISE EXCEPTION 'dimensions holds a NULL' USING ERRCODE = '22004', HINT = 'Leave it out.';
        END IF;
        dimension := lower(btrim(split_part(entry, '=', 1)));
        entry := CASE WHEN position('=' IN entry) > 0 THEN substr(entry, position('=' IN entry) + 1) ELSE entry END;
        IF dimension = ANY ('{"",day,price,quantity,revenue,order_ref,customer_ref,list_price,price_tier,customer,weekday,week,month,quarter,year}')
           OR mapping ? dimension THEN
            RAISE EXCEPTION 'dimension "%" is %', dimension, CASE WHEN dimension = '' THEN 'no name' WHEN mapping ? dimension THEN 'given twice'
                    ELSE 'a name that every source has' END USING ERRCODE = '42710',
                HINT = CASE dimension WHEN 'customer' THEN 'Give the column as customer_ref.' ELSE 'Give it a name of its own, as in {maker=' || entry || '}.' END;
        END IF;
        mapping := mapping || jsonb_build_object(dimension, kpi._column_of(relation, entry, 'dimension ' || dimension));
    END LOOP;
    SELECT t.typname INTO at_type
      FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
     WHERE a.attrelid = relation AND a.attname = kpi._column_of(relation, at, 'at');
    IF at_type NOT IN ('date', 'timestamp', 'timestamptz') THEN
        RAISE EXCEPTION 'column "%" is of type %, not a date or timestamp', at, at_type USING ERRCODE = '42804',
            HINT = 'Make a view that casts it, and register the view.';
    END IF;
    FOR part IN
        SELECT u.name, u.wanted, format_type(a.atttypid, NULL) AS type
          FROM (VALUES ('price', price), ('quantity', quantity), ('revenue', revenue), ('list_price', list_price)) AS u(name, wanted)
          JOIN pg_attribute AS a ON a.attrelid = relation AND a.attname = kpi._column_of(relation, u.wanted, u.name)
          JOIN pg_type AS t ON t.oid = a.atttypid
         WHERE t.typcategory <> 'N'
    LOOP
        RAISE EXCEPTION 'column "%", given as %, is of type %, not a number', part.wanted, part.name, part.type USING ERRCODE = '42804',
            HINT = 'Make a view that casts it, and register the view.';
    END LOOP;
    INSERT INTO kpi.sources AS s (name, relation, at, price, quantity, revenue, order_ref, customer_ref, list_price, dimensions)
    VALUES (lower(btrim(register_source.name)), register_source.relation, register_source.at,
            kpi._column_of(relation, price, 'price'), kpi._column_of(relation, quantity, 'quantity'),
            kpi._column_of(relation, revenue, 'revenue'), kpi._column_of(relation, order_ref, 'order_ref'),
            kpi._column_of(relation, customer_ref, 'customer_ref'), kpi._column_of(relation, list_price, 'list_price'), mapping)
    ON CONFLICT ON CONSTRAINT sources_pkey DO UPDATE
       SET relation = excluded.relation, at = excluded.at, price = excluded.price, quantity = excluded.quantity,
           revenue = excluded.revenue, order_ref = excluded.order_ref, customer_ref = excluded.customer_ref,
           list_price = excluded.list_price, dimensions = excluded.dimensions;
    -- The rollup is kept for the table it was made for, read by its own column names.
    UPDATE kpi.sources AS s
       SET rollup = coalesce(s.relation = to_regclass('sales.order_line') AND to_regclass('sales.rollup') IS NOT NULL
                    AND (s.at, s.price, s.quantity, s.revenue, s.list_price) = ('sold_on', 'price', 'quantity', 'revenue', 'list_price')
                    AND s.dimensions = '{"brand": "brand", "sku": "sku", "product": "product", "product_type": "product_type", "channel": "channel", "vendor": "vendor"}', false)
     WHERE s.name = lower(btrim(register_source.name));
    -- Planned once: a column that cannot be a number is told now.
    EXECUTE 'EXPLAIN ' || kpi._lines_query(lower(btrim(register_source.name)));
END $$;
COMMENT ON FUNCTION kpi.register_source(text, regclass, text, text, text, text, text[], text, text, text) IS
    'makes a table or view a source of sales lines, or changes one; at: column with the date or timestamp; price, quantity: columns; revenue: column (NULL: price × quantity); dimensions: column names, or name=column; a wrong column is 42703 with the nearest names';

CREATE FUNCTION kpi._check_name(name text, kind text) RETURNS text
    IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF name IS NULL OR lower(btrim(name)) !~ '^[a-z_][a-z0-9_]{0,62}$' THEN
        RAISE EXCEPTION 'invalid name of a %: %', kind, coalesce(quote_literal(name), 'NULL') USING ERRCODE = '42602',
            HINT = 'Use letters, digits and underscores, and begin with a letter.';
    END IF;
    RETURN lower(btrim(name));
END $$;
COMMENT ON FUNCTION kpi._check_name(text, text) IS 'a name in lower case, or 42602';

CREATE FUNCTION kpi._check_in_any_source(kind text, expression text) RETURNS void
    VOLATILE PARALLEL UNSAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    source text;
    state text;
    message text;
    hint text;
BEGIN
    IF expression IS NULL THEN
        RAISE EXCEPTION '% expression is NULL', kind USING ERRCODE = '22004', HINT = 'Give an expression, for example sum(revenue).';
    END IF;
    FOR source IN SELECT s.name FROM kpi.sources AS s ORDER BY s.name <> 'sales', s.name LOOP
        BEGIN
            PERFORM kpi._check_expression(kind, expression, source);
            RETURN;
        EXCEPTION WHEN OTHERS THEN
            IF state IS NULL THEN
                GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
            END IF;
        END;
    END LOOP;
    IF state IS NULL THEN
        RAISE EXCEPTION 'no source is registered to check the expression against' USING ERRCODE = '55000',
            HINT = 'Register one first with kpi.register_source(), or run `kpi init`.';
    END IF;
    RAISE EXCEPTION '%', message USING ERRCODE = state,
        HINT = coalesce(nullif(hint, ''), 'The expression may name the columns of a sales line: day, price, quantity, revenue, order_ref, customer_ref, list_price, the dimensions and the relation''s own.');
END $$;
COMMENT ON FUNCTION kpi._check_in_any_source(text, text) IS 'raises unless the expression can be planned against one of the sources';

CREATE FUNCTION kpi.define_metric(name text, expression text, unit text DEFAULT NULL, label text DEFAULT NULL,
        better text DEFAULT 'up', additive boolean DEFAULT true)
    RETURNS void
    VOLATILE PARALLEL UNSAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    clean text := kpi._check_name(define_metric.name, 'metric');
BEGIN
    IF EXISTS (SELECT FROM kpi.metrics AS m WHERE m.name = clean AND m.built_in) THEN
        RAISE EXCEPTION 'metric "%" is built in', clean USING ERRCODE = '42710', HINT = 'Choose another name.';
    END IF;
    IF coalesce(better, '') NOT IN ('up', 'down', 'none') THEN
        RAISE EXCEPTION 'better is %, but must be up, down or none', coalesce(better, 'NULL') USING ERRCODE = '22023',
            HINT = 'up: more is better; down: less is better.';
    END IF;
    PERFORM kpi._check_in_any_source('metric', expression);
    INSERT INTO kpi.metrics AS m (name, label, unit, better, additive, expression)
    VALUES (clean, coalesce(define_metric.label, initcap(replace(clean, '_', ' '))), coalesce(define_metric.unit, ''),
            define_metric.better, coalesce(define_metric.additive, true), define_metric.expression)
    ON CONFLICT ON CONSTRAINT metrics_pkey DO UPDATE
       SET label = excluded.label, unit = excluded.unit, better = excluded.better, additive = excluded.additive,
           expression = excluded.expression;
END $$;
COMMENT ON FUNCTION kpi.define_metric(text, text, text, text, text, boolean) IS
    'defines or changes a metric: one aggregate expression over the columns of a sales line, with functions of Postgres that are not volatile; checked by planning it once; additive: whether figures of groups and days add up';

CREATE FUNCTION kpi.define_dimension(name text, expression text, label text DEFAULT NULL)
    RETURNS void
    VOLATILE PARALLEL UNSAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    clean text := kpi._check_name(define_dimension.name, 'dimension');
BEGIN
    IF EXISTS (SELECT FROM kpi.dimensions AS d WHERE d.name = clean AND d.built_in) THEN
        RAISE EXCEPTION 'dimension "%" is built in', clean USING ERRCODE = '42710', HINT = 'Choose another name.';
    END IF;
    PERFORM kpi._check_in_any_source('dimension', expression);
    INSERT INTO kpi.dimensions AS d (name, label, expression)
    VALUES (clean, coalesce(define_dimension.label, initcap(replace(clean, '_', ' '))), define_dimension.expression)
    ON CONFLICT ON CONSTRAINT dimensions_pkey DO UPDATE SET label = excluded.label, expression = excluded.expression;
END $$;
COMMENT ON FUNCTION kpi.define_dimension(text, text, text) IS
    'defines or changes a dimension: one expression over the columns of a sales line, as in define_dimension(''size'', $$substring(product from ''\d+ml'')$$)';

CREATE FUNCTION kpi._check_target_members(by jsonb, source text) RETURNS jsonb
    STABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    dimension text;
    known text[];
BEGIN
    IF jsonb_typeof(coalesce(by, '{}')) <> 'object' OR EXISTS (SELECT FROM jsonb_each(by) AS e WHERE jsonb_typeof(e.value) <> 'string') THEN
        RAISE EXCEPTION 'by is %, but must name one member a dimension', by USING ERRCODE = '22023',
            HINT = 'Give for example {"brand": "A", "channel": "Web"}, or {} for the total.';
    END IF;
    known := kpi._source_dimensions(source);
    FOR dimension IN SELECT jsonb_object_keys(coalesce(by, '{}')) LOOP
        IF NOT dimension = ANY (known) THEN
            RAISE EXCEPTION 'dimension "%" does not exist', dimension USING ERRCODE = '22023',
                HINT = 'The dimensions are ' || array_to_string(known, ', ') || '.';
        END IF;
    END LOOP;
    RETURN coalesce(by, '{}');
END $$;
COMMENT ON FUNCTION kpi._check_target_members(jsonb, text) IS 'the group of a target, or 22023';

CREATE FUNCTION kpi.set_target(metric text, period daterange, target numeric, by jsonb DEFAULT '{}', source text DEFAULT 'sales')
    RETURNS void
    VOLATILE PARALLEL UNSAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF period IS NULL OR target IS NULL THEN
        RAISE EXCEPTION 'period and target must be given' USING ERRCODE = '22004',
            HINT = 'Example: kpi.set_target(''revenue'', kpi.period(''2026-01''), 120000, ''{"brand": "A"}'').';
    END IF;
    IF target IN ('NaN', 'Infinity', '-Infinity') THEN
        RAISE EXCEPTION 'target is %, but must be a finite number', target USING ERRCODE = '22023', HINT = 'Give the figure to reach.';
    END IF;
    INSERT INTO kpi.targets AS t (source, metric, period, members, target)
    VALUES (lower(set_target.source), (kpi._metric(set_target.metric)).name,
            kpi._period_or_last_month(set_target.period, NULL), kpi._check_target_members(by, lower(set_target.source)), set_target.target)
    ON CONFLICT ON CONSTRAINT targets_pkey DO UPDATE
       SET target = excluded.target, set_by = current_user, set_at = now();
END $$;
COMMENT ON FUNCTION kpi.set_target(text, daterange, numeric, jsonb, text) IS
    'sets or changes a target for a metric, a period and a group: {"brand": "A"}, or {} for the total';

CREATE FUNCTION kpi.drop_target(metric text, period daterange, by jsonb DEFAULT '{}', source text DEFAULT 'sales')
    RETURNS boolean
    VOLATILE PARALLEL UNSAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM kpi.targets AS t
     WHERE t.source = lower(drop_target.source) AND t.metric = (kpi._metric(drop_target.metric)).name
       AND t.period = drop_target.period AND t.members = coalesce(by, '{}');
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION kpi.drop_target(text, daterange, jsonb, text) IS 'drops a target; false where there was none';

CREATE FUNCTION kpi.add_alias(alias text, dimension text, member text)
    RETURNS void
    VOLATILE PARALLEL UNSAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF coalesce(btrim(alias), '') = '' OR coalesce(member, '') = '' OR dimension IS NULL THEN
        RAISE EXCEPTION 'alias, dimension and member must be given' USING ERRCODE = '22004',
            HINT = 'Example: kpi.add_alias(''Amz'', ''channel'', ''Amazon'').';
    END IF;
    IF NOT EXISTS (SELECT FROM kpi.dimensions AS d WHERE d.name = lower(add_alias.dimension))
       AND NOT EXISTS (SELECT FROM kpi.sources AS s WHERE s.dimensions ? lower(add_alias.dimension)) THEN
        RAISE EXCEPTION 'dimension "%" does not exist', dimension USING ERRCODE = '22023',
            HINT = 'kpi.dimensions lists the dimensions.';
    END IF;
    INSERT INTO kpi.aliases AS a (alias, dimension, member)
    VALUES (lower(btrim(add_alias.alias)), lower(add_alias.dimension), add_alias.member)
    ON CONFLICT ON CONSTRAINT aliases_pkey DO UPDATE SET member = excluded.member;
END $$;
COMMENT ON FUNCTION kpi.add_alias(text, text, text) IS 'teaches kpi.ask() a word for a member, as in add_alias(''Amz'', ''channel'', ''Amazon'')';

CREATE FUNCTION kpi.refresh(source text DEFAULT 'sales', since date DEFAULT NULL)
    RETURNS void
    VOLATILE PARALLEL UNSAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    has_rollup boolean := (SELECT s.rollup FROM kpi.sources AS s WHERE s.name = lower(refresh.source));
BEGIN
    IF has_rollup IS NULL THEN
        PERFORM kpi._extent_query(refresh.source);  -- raises with the nearest names
    END IF;
    IF has_rollup THEN
        PERFORM sales.refresh_rollup(since);
    END IF;
    IF has_table_privilege('kpi.anomaly_open', 'INSERT') THEN
        PERFORM kpi._refresh_anomalies(lower(refresh.source));
    END IF;
    IF has_table_privilege('kpi.forecast_latest', 'INSERT') THEN
        PERFORM kpi._refresh_forecasts(refresh.source);
    END IF;
    IF has_table_privilege('kpi.target_status', 'INSERT') THEN
        PERFORM kpi._refresh_targets(refresh.source);
    END IF;
END $$;
COMMENT ON FUNCTION kpi.refresh(text, date) IS
    'brings the daily rollup up to date: only what was touched since the last time, or every day from since on; then writes kpi.anomaly_open, kpi.forecast_latest and kpi.target_status anew where the caller may';
