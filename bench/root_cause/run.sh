#!/usr/bin/env bash
# Scores root causes: exact-segment F1, precision, recall, false alarms on quiet windows and ms per case, beside
# Adtributor, a greedy drill-down, contribution analysis and wise-pizza (PyPI, installed into .cache/ on first use; it sees
# the sales cells whose windows are known, and S and L).
#   bench/root_cause/run.sh [CASES [FIRST_SEED [WORD…]]]     words choose the sales cells that have them all in their names
# $ROOT_CAUSE_DATA may name a directory with S/ and L/ as RiskLoc's generator writes them, plus truth.csv.
set -euo pipefail
cd "$(dirname "$0")/../.."
cases=${1:-50} first=${2:-1}
shift $(($# > 2 ? 2 : $#))
cargo build --locked --release --quiet --package kpi-core --example root_cause
run=target/release/examples/root_cause
venv=.cache/wise-pizza
[ -x "$venv/bin/python" ] || { python3 -m venv "$venv" && "$venv/bin/pip" install -q wise-pizza==0.2.9; }
# One thread, so that times are those of the method.
wise_pizza() { OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$venv/bin/python" bench/root_cause/peers.py 2>/dev/null; }
data=${ROOT_CAUSE_DATA:-../shared/data/root_cause}
if [ -d "$data" ]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    for set in L S; do
        mkdir "$scratch/$set"
        cp "$data/$set/truth.csv" "$scratch/$set/"
        for file in "$data/$set"/*.csv.gz; do zcat "$file" > "$scratch/$set/$(basename "$file" .gz)"; done
        { "$run" "$scratch/$set" && "$run" write "$scratch/$set" | wise_pizza; } | sed "s|$scratch/||"
    done
fi
"$run" dense "$cases" "$first"
"$run" sales "$cases" "$first" "$@"
"$run" write "$cases" "$first" 6 known "$@" | wise_pizza
