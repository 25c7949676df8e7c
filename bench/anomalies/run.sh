#!/usr/bin/env bash
# Scores anomaly detection: time per series, planted drops found within two days, shifts, and false alarms on clean
# series of thirteen kinds.
#   bench/anomalies/run.sh [CALLS]
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --locked --release --quiet --package kpi-core --example anomalies
target/release/examples/anomalies "${1:-100}"
