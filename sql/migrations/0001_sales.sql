-- Schema sales: the data. It belongs to the user, not to the extension.

CREATE SCHEMA IF NOT EXISTS sales;
COMMENT ON SCHEMA sales IS 'Sales lines and where they came from. Made by "kpi init", not owned by extension pg_kpi.';

CREATE TABLE sales.load (
    load_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text NOT NULL DEFAULT 'sales',
    file        text NOT NULL,
    sha256      text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    mode        text NOT NULL CHECK (mode IN ('append', 'upsert', 'replace-period')),
    state       text NOT NULL DEFAULT 'loading' CHECK (state IN ('loading', 'done', 'unloaded')),
    lines_read  bigint NOT NULL DEFAULT 0,
    accepted    bigint NOT NULL DEFAULT 0,
    rejected    bigint NOT NULL DEFAULT 0,
    first_day   date,
    last_day    date,
    mapping     jsonb NOT NULL DEFAULT '{}',
    loaded_by   name NOT NULL DEFAULT current_user,
    started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz
);
-- The ledger: the same content is loaded once. An unloaded file may come again.
CREATE UNIQUE INDEX load_content_key ON sales.load (source, sha256) WHERE state <> 'unloaded';

COMMENT ON TABLE sales.load IS 'One row for every file that "kpi load" took in; a load is one transaction.';
COMMENT ON COLUMN sales.load.load_id IS 'Number of the load; "kpi unload" takes it back.';
COMMENT ON COLUMN sales.load.source IS 'Source of pg_kpi the lines belong to.';
COMMENT ON COLUMN sales.load.file IS 'Name of the file; a member of an archive as archive/member.';
COMMENT ON COLUMN sales.load.sha256 IS 'SHA-256 of the unpacked content. The same content is not loaded twice.';
COMMENT ON COLUMN sales.load.mode IS 'append, upsert or replace-period.';
COMMENT ON COLUMN sales.load.state IS 'loading (only seen inside its own transaction), done or unloaded.';
COMMENT ON COLUMN sales.load.lines_read IS 'Records in the file: accepted and rejected.';
COMMENT ON COLUMN sales.load.accepted IS 'Records that are sound; with upsert not all of them were new.';
COMMENT ON COLUMN sales.load.rejected IS 'Records not taken; see sales.reject.';
COMMENT ON COLUMN sales.load.first_day IS 'First day of the accepted records.';
COMMENT ON COLUMN sales.load.last_day IS 'Last day of the accepted records.';
COMMENT ON COLUMN sales.load.mapping IS 'Which column filled which field, and how the file was read.';
COMMENT ON COLUMN sales.load.loaded_by IS 'Role that loaded it.';
COMMENT ON COLUMN sales.load.started_at IS 'When the load began.';
COMMENT ON COLUMN sales.load.finished_at IS 'When it was done, or taken back.';

CREATE TABLE sales.order_line (
    load_id      bigint NOT NULL REFERENCES sales.load,
    line_no      bigint NOT NULL CHECK (line_no > 0),
    sold_on      date NOT NULL CHECK (isfinite(sold_on)),
    order_ref    text,
    customer_ref text,
    brand        text,
    sku          text NOT NULL,
    product      text,
    product_type text,
    channel      text,
    vendor       text,
    price        numeric CHECK (price < 'Infinity' AND price > '-Infinity'),
    quantity     numeric NOT NULL CHECK (quantity < 'Infinity' AND quantity > '-Infinity'),
    revenue      numeric NOT NULL CHECK (revenue < 'Infinity' AND revenue > '-Infinity'),
    list_price   numeric CHECK (list_price < 'Infinity' AND list_price >= 0),
    PRIMARY KEY (load_id, line_no)
);
CREATE INDEX order_line_sold_on_idx ON sales.order_line (sold_on);

COMMENT ON TABLE sales.order_line IS 'Sales, one row a line of an order.';
COMMENT ON COLUMN sales.order_line.load_id IS 'Load the line came with.';
COMMENT ON COLUMN sales.order_line.line_no IS 'Line, row or element of the file it stood on, from 1.';
COMMENT ON COLUMN sales.order_line.sold_on IS 'Day of the sale, as the file writes it.';
COMMENT ON COLUMN sales.order_line.order_ref IS 'Order, where the file has one.';
COMMENT ON COLUMN sales.order_line.customer_ref IS 'Customer, where the file has one.';
COMMENT ON COLUMN sales.order_line.brand IS 'Brand.';
COMMENT ON COLUMN sales.order_line.sku IS 'Code of the article; its name where there is no code.';
COMMENT ON COLUMN sales.order_line.product IS 'Name of the article; its code where there is no name.';
COMMENT ON COLUMN sales.order_line.product_type IS 'Kind of article, from a column or from the name.';
COMMENT ON COLUMN sales.order_line.channel IS 'Where it was sold.';
COMMENT ON COLUMN sales.order_line.vendor IS 'Who supplied it.';
COMMENT ON COLUMN sales.order_line.price IS 'Price of one unit; revenue / quantity where the file states only revenue.';
COMMENT ON COLUMN sales.order_line.quantity IS 'Units; negative in a return.';
COMMENT ON COLUMN sales.order_line.revenue IS 'Revenue of the line: as the file states it, else price × quantity.';
COMMENT ON COLUMN sales.order_line.list_price IS 'Price before discount, where the file has one.';

CREATE TABLE sales.reject (
    load_id     bigint NOT NULL REFERENCES sales.load ON DELETE CASCADE,
    line        bigint NOT NULL,
    column_name text,
    raw         text,
    code        text NOT NULL,
    reason      text NOT NULL
);
CREATE INDEX reject_load_idx ON sales.reject (load_id, line);

COMMENT ON TABLE sales.reject IS 'Lines that were not taken, and why.';
COMMENT ON COLUMN sales.reject.load_id IS 'Load that met the line.';
COMMENT ON COLUMN sales.reject.line IS 'Line, row or element of the file, from 1.';
COMMENT ON COLUMN sales.reject.column_name IS 'Column at fault, where it is one.';
COMMENT ON COLUMN sales.reject.raw IS 'The cell or the line, shortened.';
COMMENT ON COLUMN sales.reject.code IS 'BAD_ENCODING, BAD_QUOTE, TOO_FEW_COLUMNS, TOO_MANY_COLUMNS, MISSING_REQUIRED, BAD_DATE, BAD_NUMBER, OUT_OF_RANGE, FUTURE_DATE, NEG_PRICE, REVENUE_MISMATCH or DUP_IN_FILE.';
COMMENT ON COLUMN sales.reject.reason IS 'The code in words.';

CREATE TABLE sales.profile (
    name     text PRIMARY KEY,
    options  jsonb NOT NULL,
    saved_by name NOT NULL DEFAULT current_user,
    saved_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE sales.profile IS 'Saved options of "kpi load", one row a kind of file.';
COMMENT ON COLUMN sales.profile.name IS 'Name given with --save-profile, asked for with --profile.';
COMMENT ON COLUMN sales.profile.options IS 'Mapping and notation.';
COMMENT ON COLUMN sales.profile.saved_by IS 'Role that saved it.';
COMMENT ON COLUMN sales.profile.saved_at IS 'When it was saved.';
