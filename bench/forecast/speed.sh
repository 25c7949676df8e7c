#!/usr/bin/env bash
# Times, through SQL and with two threads, by the clock and in CPU seconds of the backend, as the machine may be shared:
# kpi.forecast() of revenue, 28 days ahead, for 10,000 articles of 730 days each (7.3 million rows, no rollup), with a week, a
# year, a trend and noise; its peak memory and how soon it ends when cancelled.
#   bench/forecast/speed.sh [ARTICLES]     needs `make up`; leaves the database kpi_forecast_speed for another run
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck disable=SC1091
. .pg/env
articles=${1:-10000}
export PGOPTIONS='-c client_min_messages=warning -c pg_kpi.threads=2 -c pg_kpi.max_series=1000000'
database=kpi_forecast_speed
run() { psql -X -q -At -v ON_ERROR_STOP=1 -d $database "$@"; }
if [ "$(psql -X -At -d postgres -c "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '$database'")" != "$articles" ]; then
    psql -X -q -d postgres -c "DROP DATABASE IF EXISTS $database WITH (FORCE)" -c "CREATE DATABASE $database"
    PGDATABASE=$database kpi init >/dev/null
    run <<SQL
CREATE TABLE sold AS
SELECT '2024-01-01'::date + d AS day, 'sku ' || s AS sku, 10.0::numeric AS price,
       round((4 + s % 37) * (1 + 0.3 * (d % 7 > 4)::int) * (1 + 0.2 * sin(d * 2 * pi() / 365.25)) * (1 + d * (s % 5 - 2) / 3000.0)
             * (0.6 + 0.8 * (hashint8(s * 1000::bigint + d) & 1023) / 1023.0))::int AS quantity
  FROM generate_series(1, $articles) AS s, generate_series(0, 729) AS d;
ANALYZE sold;
SELECT kpi.register_source('wide', 'sold', 'day', 'price', 'quantity', dimensions => '{sku=sku}');
COMMENT ON DATABASE $database IS '$articles';
SQL
fi
query="SELECT count(*), count(DISTINCT member), round(sum(forecast)) FROM kpi.forecast('revenue', 28, by => '{sku}', source => 'wide')"
# Fields 14 and 15 of stat: user and system ticks of the backend and its threads. VmHWM is its peak, shared buffers included.
printf '%s\n' '\timing on' "$query;" '\timing off' \
    "SELECT 'CPU s ' || ((s[12]::int + s[13]::int) / 100.0)::numeric(8, 1) FROM regexp_split_to_array(split_part(pg_read_file('/proc/' || pg_backend_pid() || '/stat'), ') ', 2), ' ') AS s;" \
    "SELECT 'peak MB ' || (regexp_match(pg_read_file('/proc/' || pg_backend_pid() || '/status'), 'VmHWM:\s+(\d+)'))[1]::int / 1024;" | run
for after in 3 18; do
    run -c "SET application_name = 'cancel me'" -c "$query" >/dev/null 2>&1 &
    sleep $after
    start=$(date +%s%N)
    [ "$(run -c "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE application_name = 'cancel me' AND state = 'active'")" = 1 ] || { wait $! || true; continue; }
    wait $! || true
    echo "cancelled after $after s: ended $((($(date +%s%N) - start) / 1000000)) ms later"
done
