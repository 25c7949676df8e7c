#!/usr/bin/env python3
"""Forecasts every series of a CSV file with statsforecast, on one thread.

    peers.py TRAIN.csv SEASON HORIZON MODEL EVERY OUT.csv      MODEL: AutoARIMA | AutoETS | AutoTheta

Prints the number of series and the CPU-seconds of the forecasts alone: compiled code is loaded
and warmed up on one series before the clock starts.
"""
import csv
import sys
import time

import numpy as np
from statsforecast import models


def main():
    train, season, horizon, name, every, out = sys.argv[1:]
    season, horizon = int(season), int(horizon)
    series = {}
    with open(train, newline='') as file:
        for row in csv.DictReader(file):
            series.setdefault(row['series_id'], []).append(float(row['value']))
    ids = list(series)[:: int(every)]
    model = getattr(models, name)(season_length=season)
    # Two lengths, as short and long series take different paths.
    for warm in (series[ids[0]], series[ids[len(ids) // 2]]):
        model.forecast(y=np.asarray(warm), h=horizon, level=[80, 95])
    start = time.process_time()
    rows = []
    for key in ids:
        f = model.forecast(y=np.asarray(series[key]), h=horizon, level=[80, 95])
        for h in range(horizon):
            rows.append((key, h + 1, *(f[c][h] for c in ('mean', 'lo-80', 'hi-80', 'lo-95', 'hi-95'))))
    used = time.process_time() - start
    with open(out, 'w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(('series_id', 'h', 'mean', 'lo80', 'hi80', 'lo95', 'hi95'))
        writer.writerows(rows)
    print(len(ids), used)


if __name__ == '__main__':
    main()
