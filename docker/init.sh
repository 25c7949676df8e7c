#!/usr/bin/env bash
# Run once by the postgres image on an empty data directory: schema, roles and demo data in the default database.
set -euo pipefail
export PGHOST=/var/run/postgresql PGUSER="$POSTGRES_USER" PGDATABASE="$POSTGRES_DB"
kpi init
if [ -n "${KPI_DEMO_ROWS:-}" ]; then
    kpi generate --rows "$KPI_DEMO_ROWS" --out /tmp/demo.csv
    kpi load /tmp/demo.csv
    rm -rf /tmp/demo*
fi
psql -X -v ON_ERROR_STOP=1 -v password="$KPI_GRAFANA_PASSWORD" -f /opt/kpi/grafana_role.sql
