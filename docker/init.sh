#!/usr/bin/env bash
# Run once by the postgres image on an empty data directory: schema, roles and demo data in the default database.
set -euo pipefail
export PGHOST=/var/run/postgresql PGUSER="${POSTGRES_USER:-postgres}" PGDATABASE="$POSTGRES_DB"
kpi init
if [ -n "${KPI_DEMO_ROWS:-}" ]; then
    kpi generate --rows "$KPI_DEMO_ROWS" --with order_id,customer_id --out /tmp/demo.csv
    kpi load /tmp/demo.csv
    rm -rf /tmp/demo*
    psql -X -q -o /dev/null -c "SELECT kpi.refresh_latest()"
fi
# From the environment: an argument could be read by every process.
KPI_GRAFANA_PASSWORD=$(cat /run/secrets/roles)
export KPI_GRAFANA_PASSWORD
printf '%s\n' '\getenv password KPI_GRAFANA_PASSWORD' '\i /opt/kpi/grafana_role.sql' | psql -X -q -v ON_ERROR_STOP=1
