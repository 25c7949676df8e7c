#!/usr/bin/env bash
# Times, through SQL and with two threads, by the clock and in CPU seconds of the backend, as the machine may be shared:
# kpi.anomalies() of revenue for 10,000 articles of 730 days each (7.3 million rows), its peak memory and how soon it ends
# when cancelled; kpi.drivers() over all cuboids to depth 3 of six dimensions and 50,000 leaves, and how soon that ends
# when cancelled.
#   bench/anomalies/speed.sh [ARTICLES]     needs `make up`; leaves the database kpi_speed for another run
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck disable=SC1091
. .pg/env
articles=${1:-10000}
export PGOPTIONS='-c client_min_messages=warning -c pg_kpi.threads=2 -c pg_kpi.max_series=1000000'
run() { psql -X -q -At -v ON_ERROR_STOP=1 -d kpi_speed "$@"; }
if [ "$(psql -X -At -d postgres -c "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'kpi_speed'")" != "$articles" ]; then
    psql -X -q -d postgres -c "DROP DATABASE IF EXISTS kpi_speed WITH (FORCE)" -c "CREATE DATABASE kpi_speed"
    PGDATABASE=kpi_speed kpi init >/dev/null
    run <<SQL
CREATE TABLE sold AS
SELECT '2024-01-01'::date + d AS day, 'sku ' || s AS sku, 10.0::numeric AS price,
       1 + (s % 7) + (hashint8(s * 1000::bigint + d) & 3) AS quantity
  FROM generate_series(1, $articles) AS s, generate_series(0, 729) AS d;
ANALYZE sold;
SELECT kpi.register_source('wide', 'sold', 'day', 'price', 'quantity', dimensions => '{sku=sku}');
CREATE TABLE leaf AS
SELECT ARRAY['sku ' || n % 1000, 'brand ' || n % 1000 % 40, 'tier ' || n % 1000 % 5, 'type ' || n % 1000 % 12, 'channel ' || n / 1000 % 10, 'vendor ' || n / 10000] AS members,
       100 + (hashint8(n) & 63) AS before,
       (100 + (hashint8(n) & 63)) * CASE WHEN n / 1000 % 10 = 3 AND n % 1000 % 40 = 7 THEN 0.5 ELSE 1 END + (hashint8(n + 1000000) & 31) - 16 AS after
  FROM generate_series(0::bigint, 49999) AS n;
ANALYZE leaf;
COMMENT ON DATABASE kpi_speed IS '$articles';
SQL
fi
wide="SELECT count(*), count(*) FILTER (WHERE is_anomaly) FROM kpi.anomalies('revenue', by => '{sku}', source => 'wide')"
deep="SELECT count(*) FILTER (WHERE kind = 'segment'), min(member) FILTER (WHERE kind = 'segment') FROM kpi.drivers((SELECT kpi.cube(after, before, members) FROM leaf), '{sku,brand,tier,type,channel,vendor}')"
# Fields 14 and 15 of stat: user and system ticks of the backend and its threads.
cpu="SELECT 'CPU s so far ' || ((s[12]::int + s[13]::int) / 100.0)::numeric(8, 1) FROM regexp_split_to_array(split_part(pg_read_file('/proc/' || pg_backend_pid() || '/stat'), ') ', 2), ' ') AS s;"
# Two calls in one session: the second is not slowed by a cold cache. VmHWM is the backend's peak, shared buffers included.
for query in "$wide" "$deep"; do
    echo "$query"
    printf '%s\n' '\timing on' "$query;" "$cpu" "$query;" "$cpu" '\timing off' \
        "SELECT 'peak MB ' || (regexp_match(pg_read_file('/proc/' || pg_backend_pid() || '/status'), 'VmHWM:\s+(\d+)'))[1]::int / 1024;" | run
    # Cancelled at different moments: how long until the statement has ended?
    for after in 0.3 1.2 3 6 9; do
        run -c "SET application_name = 'cancel me'" -c "$query" >/dev/null 2>&1 &
        sleep "$after"
        start=$(date +%s%N)
        [ "$(run -c "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE application_name = 'cancel me' AND state = 'active'")" = 1 ] || { wait $! || true; continue; }
        wait $! || true
        echo "cancelled after $after s: ended $((($(date +%s%N) - start) / 1000000)) ms later"
    done
done
