#!/usr/bin/env python3
"""Scores wise-pizza (PyPI) on the cases that `root_cause write` prints: exact-segment F1 and ms per case.

It must be told how many segments to give and is told the true number, one where nothing happened; it has no test of
whether anything happened, so every quiet case alarms.
"""
import csv
import os
import statistics
import sys
import time
import warnings

import pandas as pd
from wise_pizza import explain_changes_in_totals

warnings.filterwarnings("ignore")


def cases(lines):
    """Cell, number of the case, its causes and rows, one case after the other."""
    key, rows = None, []
    for row in csv.DictReader(lines):
        this = (row.pop("cell"), row.pop("case"), row.pop("causes"))
        if this != key and rows:
            yield key, rows
            rows = []
        key = this
        rows.append(row)
    if rows:
        yield key, rows


def frame(rows, dims, total):
    made = pd.DataFrame(rows)
    both = made["actual"].astype(float) + made["expected"].astype(float)
    return made[dims].assign(total=made[total].astype(float), size=both.clip(lower=1e-9))


def named(rows, count):
    dims = [d for d in rows[0] if d not in ("actual", "expected")]
    start = time.perf_counter()
    quiet, out = os.open(os.devnull, os.O_WRONLY), os.dup(1)
    os.dup2(quiet, 1)  # its solver prints
    try:
        found = explain_changes_in_totals(
            frame(rows, dims, "expected"), frame(rows, dims, "actual"), dims, "total", "size",
            max_segments=count, max_depth=2)
    except ValueError:  # its lasso finds no candidate left: it names nothing
        return set(), (time.perf_counter() - start) * 1e3
    finally:
        os.dup2(out, 1)
        os.close(quiet)
        os.close(out)
    said = {"&".join(f"{d}={s['segment'][d]}" for d in dims if d in s["segment"]) for s in found.segments}
    return said, (time.perf_counter() - start) * 1e3


def main():
    cells = {}
    for (cell, _, causes), rows in cases(sys.stdin):
        truth = set(causes.split(";")) - {""}
        said, ms = named(rows, max(len(truth), 1))
        # Nothing said where nothing happened is right.
        f1 = 2 * len(said & truth) / (len(said) + len(truth)) if said or truth else 1.0
        cells.setdefault(cell, []).append((f1, ms, bool(said)))
    for cell, scores in cells.items():
        f1 = [s[0] for s in scores]
        half = 1.96 * statistics.pstdev(f1) / len(f1) ** 0.5
        print(f"{cell + ' wise-pizza':<34} n={len(f1):<4} F1 {statistics.mean(f1):.3f} ±{half:.3f}  "
              f"named something {statistics.mean(s[2] for s in scores):.3f}  {statistics.mean(s[1] for s in scores):.0f} ms")


main()
