-- The roles behind Grafana's data sources. Can be run again; run it in the database with the sales data, as a superuser:
--   psql -v password="$PG_KPI_PASSWORD" -f sql/grafana_role.sql
--   kpi_grafana       dashboards: reads figures
--   kpi_grafana_ask   the chat panel: reads and asks, over few connections of its own, so that slow answers starve no dashboard
-- Without -v password the passwords stay as they are.
-- Grafana lets every viewer send any SQL through a data source, and its pooled sessions keep what a viewer sets. So these roles
-- may not write, and may not make temporary objects, which would shadow tables for the next viewer of the session.

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY '{kpi_grafana,kpi_grafana_ask}'::text[] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role) THEN
            EXECUTE pg_catalog.format('CREATE ROLE %I', role);
        END IF;
        EXECUTE pg_catalog.format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT', role);
        -- Defaults, which a viewer can change: they guard against accidents.
        EXECUTE pg_catalog.format('ALTER ROLE %I SET search_path TO pg_catalog', role);
        EXECUTE pg_catalog.format('ALTER ROLE %I SET idle_in_transaction_session_timeout TO ''10s''', role);
        EXECUTE pg_catalog.format('ALTER ROLE %I SET jit TO off', role);
        EXECUTE pg_catalog.format('ALTER ROLE %I SET timezone TO ''UTC''', role);
        EXECUTE pg_catalog.format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM %I', pg_catalog.current_database(), role);
    END LOOP;
    -- Every role may make temporary tables unless this is taken from all and given back to those who load and analyse.
    EXECUTE pg_catalog.format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', pg_catalog.current_database());
    EXECUTE pg_catalog.format('GRANT TEMPORARY ON DATABASE %I TO kpi_loader, kpi_analyst', pg_catalog.current_database());
    EXECUTE pg_catalog.format('GRANT CONNECT ON DATABASE %I TO kpi_grafana, kpi_grafana_ask', pg_catalog.current_database());
END $$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

ALTER ROLE kpi_grafana CONNECTION LIMIT 20;
ALTER ROLE kpi_grafana SET statement_timeout TO '30s';
ALTER ROLE kpi_grafana SET default_transaction_read_only TO on;
ALTER ROLE kpi_grafana_ask CONNECTION LIMIT 5;
ALTER ROLE kpi_grafana_ask SET statement_timeout TO '90s';
GRANT kpi_reader TO kpi_grafana, kpi_grafana_ask;

\if :{?password}
ALTER ROLE kpi_grafana PASSWORD :'password';
ALTER ROLE kpi_grafana_ask PASSWORD :'password';
\endif
