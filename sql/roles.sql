-- Group roles for people and programs; grant them to logins. Can be run again.
--   kpi_reader   reads figures and asks: dashboards, BI tools
--   kpi_analyst  the same, and defines metrics, dimensions, targets and aliases
--   kpi_loader   loads and unloads sales lines and refreshes what is derived
-- The extension and the sales schema need to be there: `kpi init` makes both, then runs this.

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY '{kpi_reader,kpi_analyst,kpi_loader}'::text[] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role) THEN
            EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', role);
        END IF;
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA sales, kpi TO kpi_reader, kpi_loader;
GRANT SELECT ON ALL TABLES IN SCHEMA sales TO kpi_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA kpi TO kpi_reader;

GRANT kpi_reader TO kpi_analyst;
GRANT INSERT, UPDATE, DELETE ON kpi.sources, kpi.metrics, kpi.dimensions, kpi.targets, kpi.aliases, kpi.calendar TO kpi_analyst;

GRANT kpi_reader TO kpi_loader;
GRANT INSERT, DELETE ON kpi.anomaly_open TO kpi_loader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA sales TO kpi_loader;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA sales TO kpi_loader;
GRANT INSERT, DELETE ON kpi.forecast_latest, kpi.target_status, kpi.answer_latest TO kpi_loader;
