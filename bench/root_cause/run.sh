#!/usr/bin/env bash
# Scores root causes: exact-segment F1, precision, recall, false alarms on quiet windows and ms per case, beside
# Adtributor, a greedy drill-down and contribution analysis.
#   bench/root_cause/run.sh [CASES [FIRST_SEED [WORD…]]]     words choose the sales cells that have them all in their names
# $ROOT_CAUSE_DATA may name a directory with S/ and L/ as RiskLoc's generator writes them, plus truth.csv.
set -euo pipefail
cd "$(dirname "$0")/../.."
cases=${1:-50} first=${2:-1}
shift $(($# > 2 ? 2 : $#))
cargo build --locked --release --quiet --package kpi-core --example root_cause
run=target/release/examples/root_cause
data=${ROOT_CAUSE_DATA:-../shared/data/root_cause}
if [ -d "$data" ]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    for set in L S; do
        mkdir "$scratch/$set"
        cp "$data/$set/truth.csv" "$scratch/$set/"
        for file in "$data/$set"/*.csv.gz; do zcat "$file" > "$scratch/$set/$(basename "$file" .gz)"; done
        "$run" "$scratch/$set" | sed "s|$scratch/||"
    done
fi
"$run" dense "$cases" "$first"
"$run" sales "$cases" "$first" "$@"
