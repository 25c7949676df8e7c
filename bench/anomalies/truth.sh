#!/usr/bin/env bash
# Scores kpi.anomalies() at its default setting on generated sales, whose planted effects are known (truth_anomaly.csv):
# precision, recall, delay and false alarms a year, for units by brand, channel, vendor, brand and channel, and in total;
# and how many kpi.drivers() names, against one window and against six windows before.
#   bench/anomalies/truth.sh [ROWS…]     default 10000 and 1000000; needs `make up`; $SEEDS: others than 11 12 13
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck disable=SC1091
. .pg/env
scratch=$(mktemp -d)
chmod 755 "$scratch" # the server reads the truths
trap 'rm -rf "$scratch"; psql -X -q -d postgres -c "DROP DATABASE IF EXISTS kpi_truth WITH (FORCE)"' EXIT
export PGOPTIONS='-c client_min_messages=warning'
sizes=("$@")
[ ${#sizes[@]} -gt 0 ] || sizes=(10000 1000000)
for rows in "${sizes[@]}"; do
    for seed in ${SEEDS:-11 12 13}; do
        psql -X -q -d postgres -c "DROP DATABASE IF EXISTS kpi_truth WITH (FORCE)" -c "CREATE DATABASE kpi_truth"
        PGDATABASE=kpi_truth kpi init >/dev/null
        kpi generate --rows "$rows" --seed "$seed" --out "$scratch/s.csv" >/dev/null
        PGDATABASE=kpi_truth kpi load "$scratch/s.csv" >/dev/null
        psql -X -q -At -F $'\t' -v ON_ERROR_STOP=1 -v truths="$scratch/s_truth" -d kpi_truth -f bench/anomalies/truth.sql >> "$scratch/$rows"
    done
    # Sums over the seeds.
    awk -F'\t' -v rows="$rows" '
        $1 == "planted" { n[$2]++; found[$2] += $3; if ($3) { d[$2, int(found[$2])] = $4; two[$2] += $4 <= 2 } }
        $1 == "alarms" { events[$2] += $3; wrong[$2] += $4; years[$2] += $5; days[$2] += $6 }
        $1 == "named" { cases[$2, $3]++; hits[$2, $3] += $4; kinds[$2] }
        END {
            for (k in kinds) printf "%8d lines  %-24s planted %2d  named by drivers against one window %d, against six %d\n", rows, k, cases[k, 1], hits[k, 1], hits[k, 6]
            for (k in n) printf "%8d lines  %-24s planted %2d  found %.2f  within two days %.2f\n", rows, k, n[k], found[k] / n[k], two[k] / n[k]
            for (k in events) printf "%8d lines  %-24s events %3d  precision %.2f  false alarms a series-year %.3f\n", rows, k, events[k], events[k] ? 1 - wrong[k] / events[k] : 1, wrong[k] / years[k]
        }' "$scratch/$rows" | sort -k3
done
