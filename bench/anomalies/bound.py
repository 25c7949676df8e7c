#!/usr/bin/env python3
"""How many planted brand drops could be found within two days at all, on the series that bench/anomalies/truth.sh judges.

Two oracles are told which days hold no promotion (nor the dip after one), stock-out or planted effect, which kpi.anomalies() is not,
and ask the same chance of one, two or three days together (0.05 over twelve brands and a year, two-sided):
  knows everything: the level from ordinary days on both sides, weekdays and scatter from all ordinary days of both years;
  knows the past: all three from the ordinary days before alone, so on a Student's tail.
  bench/anomalies/bound.py [SEED…]     default 21 to 26; 1,000,000 lines each; needs target/release/kpi"""
import collections
import csv
import datetime
import json
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DAYS = 731
CHANCE = 0.05 / (12 * 365)
mean = statistics.fmean


def day(text):
    return (datetime.date.fromisoformat(text) - datetime.date(2024, 1, 1)).days


def generated(seed, scratch):
    """Units by brand and day, brand drops as (brand, day), and days on which something known happens, by brand ('' is all)."""
    subprocess.run([ROOT / 'target/release/kpi', 'generate', '--rows', '1000000', '--seed', str(seed), '--out', scratch / 's.csv'],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    units = collections.defaultdict(lambda: [0.0] * DAYS)
    with open(scratch / 's.csv', newline='') as file:
        for row in csv.DictReader(file):
            units[row['brand']][day(row['date'])] += float(row['quantity'])
    truths = {name: list(csv.DictReader(open(scratch / 's_truth' / f'truth_{name}.csv'))) for name in ('anomaly', 'promo_lift', 'stockout')}
    known, drops = collections.defaultdict(set), []
    for row in truths['promo_lift']:
        known[row['brand']].update(range(day(row['from']), day(row['dip_to']) + 1))
    for row in truths['stockout']:
        known[row['brand']].update(range(day(row['from']), day(row['to']) + 1))
    for row in truths['anomaly']:
        segment = json.loads(row['segment'])
        if row['kind'] == 'none' or 'product' in segment:
            continue
        known[segment.get('brand', '')].update(range(day(row['from']), day(row['to']) + 1))
        if row['kind'] == 'drop' and segment.keys() == {'brand'}:
            drops.append((segment['brand'], day(row['from'])))
    for first, last in ((day(d) + a, day(d) + b) for d, a, b in
                        [(f'{y}-{e}', 0, 3) for y in (2024, 2025) for e in ('11-11', '11-28')] + [(d, -10, 5) for d in ('2024-02-10', '2025-01-29', '2024-09-17', '2025-10-06')]):
        known[''].update(range(first, last + 1))
    return units, drops, known


def tail(z, df):
    """Two-sided chance beyond z, of Student's with df degrees of freedom or (None) of the normal."""
    if df is None:
        return math.erfc(z / math.sqrt(2))
    # Simpson over an angle: t = sqrt(df) tan(angle).
    start, n = math.atan(z / math.sqrt(df)), 2000
    step = (math.pi / 2 - start) / n
    height = [math.cos(start + i * step) ** (df - 1) if i < n else 0.0 for i in range(n + 1)]
    area = step / 3 * (height[0] + height[n] + 4 * sum(height[1:n:2]) + 2 * sum(height[2:n:2]))
    return 2 * area * math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2)) / math.sqrt(math.pi)


def finds(y, ordinary, at, past):
    """Whether the drop at `at` is news on one of its first three days."""
    days = [t for t in ordinary if t < at] if past else ordinary
    week = [1.0] * 7

    def level(t, before, after):
        near = [y[u] / week[u % 7] for u in days if t - before <= u <= t + after and u != t]
        return mean(near) if len(near) >= 10 else None
    around = (42, -1) if past else (28, 28)
    for _ in range(3):
        ratios = collections.defaultdict(list)
        for t in days:
            if middle := level(t, 28, 28):
                ratios[t % 7].append(y[t] / middle)
        week = [mean(ratios[d]) if ratios[d] else 1.0 for d in range(7)]
    usable, levels = set(days), {t: level(t, *around) for t in [*days, at]}
    if not levels[at]:
        return False

    def off(t, k):
        return sum(y[t:t + k]) / sum(levels[t] * week[u % 7] for u in range(t, t + k)) - 1
    for k in (1, 2, 3):
        runs = [off(t, k) for t in days if levels[t] and all(u in usable for u in range(t, t + k))]
        if len(runs) < 5:
            continue
        # The score of a count of this mean and variance (Anscombe).
        counts = 1 / mean(r * r for r in runs)
        z = 2 * (math.sqrt(counts * (1 + off(at, k)) + 0.375) - math.sqrt(counts + 0.375))
        if z < 0 and tail(-z, len(runs) / k if past else None) <= CHANCE:
            return True
    return False


found = collections.Counter()
for seed in sys.argv[1:] or range(21, 27):
    with tempfile.TemporaryDirectory() as scratch:
        units, drops, known = generated(seed, pathlib.Path(scratch))
    for brand, at in drops:
        ordinary = [t for t in range(DAYS) if t not in known[brand] and t not in known['']]
        when = 'in the third month' if at < 100 else 'in the twentieth month'
        found[when, 'planted'] += 1
        for name, past in (('knows everything', False), ('knows the past', True)):
            found[when, name] += finds(units[brand], ordinary, at, past)
for (when, name), n in sorted(found.items()):
    print(f'brand drops {when}: {name} {n}')
