"""Accuracy of forecasts: the measures of the M3 and M4 competitions.

Per series, then averaged over series with equal weight: sMAPE (200 |y-f| / (|y|+|f|)), MASE (error over the
in-sample error of the seasonal naive forecast; lag 1 for a series not longer than a season) and MSIS at 95 %
(Gneiting and Raftery's interval score over the same scale). Coverage is the share of all test points inside the
interval, in percent.
"""
import csv
import math


def read_series(path):
    found = {}
    with open(path, newline='') as file:
        for row in csv.DictReader(file):
            found.setdefault(row['series_id'], []).append((int(float(row['t'])), float(row['value'])))
    return {key: [value for _, value in sorted(rows)] for key, rows in found.items()}


def read_forecasts(path):
    found = {}
    with open(path, newline='') as file:
        for row in csv.DictReader(file):
            numbers = tuple(float(row[c]) for c in ('mean', 'lo80', 'hi80', 'lo95', 'hi95'))
            found.setdefault(row['series_id'], {})[int(row['h'])] = numbers
    return found


def mean(values):
    return sum(values) / len(values) if values else math.nan


def score(train, test, forecasts, season):
    smape, mase, msis, in80, in95, broken = [], [], [], [], [], 0
    for key, steps in forecasts.items():
        past, actual = train[key], test[key]
        rows = [steps.get(h, (math.nan,) * 5) for h in range(1, len(actual) + 1)]
        if not all(math.isfinite(v) for row in rows for v in row):
            broken += 1
            continue
        lag = season if len(past) > season else 1
        naive = [abs(a - b) for a, b in zip(past[lag:], past)]
        scale = mean(naive) if naive else 0.0
        smape.append(mean([0.0 if a == f[0] == 0 else 200 * abs(a - f[0]) / (abs(a) + abs(f[0])) for a, f in zip(actual, rows)]))
        in80 += [f[1] <= a <= f[2] for a, f in zip(actual, rows)]
        in95 += [f[3] <= a <= f[4] for a, f in zip(actual, rows)]
        if scale > 0:
            mase.append(mean([abs(a - f[0]) for a, f in zip(actual, rows)]) / scale)
            msis.append(mean([f[4] - f[3] + 40 * max(0, f[3] - a, a - f[4]) for a, f in zip(actual, rows)]) / scale)
    return {
        'series': len(smape), 'broken': broken, 'smape': mean(smape), 'mase': mean(mase),
        'cov80': 100 * mean(in80), 'cov95': 100 * mean(in95), 'msis': mean(msis),
    }
