#!/usr/bin/env python3
"""Writes sarimax.json: what statsmodels' SARIMAX says of the models of sarima.json fitted by maximum likelihood.

    python core/tests/golden/sarimax.py core/tests/golden/sarima.json core/tests/golden/sarimax.json

PyPI: statsmodels 0.15.0. Not needed by `cargo test`. The likelihood is that of the differenced series, as in R and
here; where values are missing that is not defined, and an exactly diffuse start stands in, whose likelihood differs by
a constant and is left out. The search starts from R's estimates: the likelihood, its maximum, standard errors and
forecasts are statsmodels' own.
"""
import json
import sys
import warnings

import numpy as np
from statsmodels import __version__
from statsmodels.tsa.statespace.sarimax import SARIMAX

AHEAD = 24


def columns(case, n):
    """Regressors over history and horizon as in sarima.R: mean or drift, then the dam or the wave."""
    t = np.arange(1, n + AHEAD + 1)
    differences = case['order'][1] + case['seasonal'][1]
    names, values = [], []
    if case['constant'] and differences < 2:
        names.append('drift' if differences else 'intercept')
        values.append(t.astype(float) if differences else np.ones(len(t)))
    if case['regressor']:
        names.append('xreg1')
        values.append((t >= 28).astype(float) if case['series'].startswith('Nile') else np.sin(t / 7))
    return names, np.column_stack(values) if values else None


def main(source, target):
    golden = json.load(open(source))
    out = []
    for number, case in enumerate(golden['fits']):
        if case['method'] != 'ML':
            continue
        y = np.array([np.nan if v is None else v for v in golden['series'][case['series']]], dtype=float)
        n, holes = len(y), bool(np.isnan(y).any())
        names, x = columns(case, n)
        past, future = (None, None) if x is None else (x[:n], x[n:])
        season = case['season'] if any(case['seasonal']) else 0
        form = dict(order=tuple(case['order']), seasonal_order=(*case['seasonal'], season))
        whole = dict(use_exact_diffuse=True)
        model = SARIMAX(y, exog=past, **form, **(whole if holes else dict(simple_differencing=True)))
        rename = {
            f'{kind}.L{k * lag}': f'{ours}{k}'
            for kind, ours, lag in (('ar', 'ar', 1), ('ma', 'ma', 1), ('ar.S', 'sar', season), ('ma.S', 'sma', season))
            for k in range(1, 6)
            if lag
        }
        # Regressors come first.
        terms = names + [rename.get(name, name) for name in model.param_names[len(names) :]]
        start = [case['sigma2'] if term == 'sigma2' else case['terms'][term] for term in terms]
        model.enforce_stationarity = model.enforce_invertibility = False
        fit = model.fit(start, method='bfgs', maxiter=500, gtol=1e-7, disp=False, cov_type='approx')
        if fit.llf < model.loglike(start):
            fit = model.smooth(start, cov_type='approx')
        ahead = SARIMAX(y, exog=past, **form, **whole).smooth(fit.params).get_forecast(AHEAD, exog=future)
        out.append({
            'case': number,
            'loglik': None if holes else fit.llf,
            'terms': dict(zip(terms, map(float, fit.params))),
            'errors': dict(zip(terms, map(float, fit.bse))),
            'mean': [float(v) for v in ahead.predicted_mean],
            'se': [float(v) for v in ahead.se_mean],
        })
        print(case['series'], case['order'], case['seasonal'], fit.llf, case['loglik'], file=sys.stderr)
    json.dump({'made_with': f'statsmodels {__version__}', 'fits': out}, open(target, 'w'), indent=1, allow_nan=False)


if __name__ == '__main__':
    warnings.simplefilter('ignore')
    main(*sys.argv[1:])
