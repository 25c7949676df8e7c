"""What comes next, and how sure is that?"""

from . import model as m
from .model import dash

METRIC = m.custom_variable("metric", "Metric", ["revenue", "units"], "revenue", "What is forecast")

# Without a filter the forecasts that kpi.refresh() keeps serve; with one they are made on the spot.
MONTHS = dash("""
, future AS (
  SELECT f."time", f.forecast, f.lo, f.hi FROM dash JOIN kpi.forecast_latest AS f ON dash.filter = '{}'
   WHERE f.source = 'sales' AND f.metric = '${metric}' AND f.grain = 'month' AND f.members = '{}'
   UNION ALL
  SELECT f."time", f.forecast, f.lo, f.hi
    FROM (SELECT d.filter FROM dash AS d WHERE d.filter <> '{}') AS d CROSS JOIN LATERAL kpi.forecast('${metric}', 6, 'month', '{}', d.filter) AS f
), past AS (
  SELECT h."time", sum(h.value)::float8 AS actual FROM dash CROSS JOIN LATERAL kpi.history('${metric}', 'month', NULL, '{}', dash.filter) AS h
   WHERE NOT h.is_partial GROUP BY 1
), joint AS (
  SELECT p."time", p.actual FROM past AS p ORDER BY p."time" DESC LIMIT 1
)
SELECT p."time"::timestamptz AS "time", p.actual, j.actual AS forecast, j.actual AS lo, j.actual AS hi
  FROM past AS p LEFT JOIN joint AS j ON j."time" = p."time"
 UNION ALL
SELECT f."time"::timestamptz, NULL, f.forecast, f.lo, f.hi FROM future AS f
 ORDER BY 1""".strip())

# Over days counted from the last one: over a dashboard's years the coming weeks would be a sliver.
AGE = "days after the last day of data"
DAYS = dash(f"""
SELECT h."time" - kpi.asof() AS "{AGE}", sum(h.value)::float8 AS actual, NULL::float8 AS forecast, NULL::float8 AS lo, NULL::float8 AS hi
  FROM dash CROSS JOIN LATERAL kpi.history('${{metric}}', 'day', daterange(kpi.asof() - 55, kpi.asof(), '[]'), '{{}}', dash.filter) AS h GROUP BY 1
 UNION ALL
SELECT f."time" - kpi.asof(), NULL, f.forecast, f.lo, f.hi FROM dash JOIN kpi.forecast_latest AS f ON dash.filter = '{{}}'
 WHERE f.source = 'sales' AND f.metric = '${{metric}}' AND f.grain = 'day' AND f.members = '{{}}'
 UNION ALL
SELECT f."time" - kpi.asof(), NULL, f.forecast, f.lo, f.hi
  FROM (SELECT d.filter FROM dash AS d WHERE d.filter <> '{{}}') AS d CROSS JOIN LATERAL kpi.forecast('${{metric}}', 28, 'day', '{{}}', d.filter) AS f
 ORDER BY 1""")

MEMBERS = """
SELECT f.member, to_char(f."time", 'YYYY-MM') AS month, f.forecast, f.lo, f.hi, f.forecast / nullif(h.value, 0) - 1 AS growth, f.model, replace(f.status, '_', ' ') AS status
  FROM kpi.forecast_latest AS f
  LEFT JOIN LATERAL (SELECT v.value::float8 AS value FROM kpi.value('${metric}', kpi.year_ago(daterange(f."time", (f."time" + interval '1 month')::date)), f.members) AS v(value)) AS h ON true
 WHERE f.source = 'sales' AND f.metric = '${metric}' AND f.grain = 'month' AND f.members <> '{}'
   AND f."time" = (SELECT date_trunc('month', kpi.asof() + 1)::date + CASE WHEN extract(day FROM kpi.asof() + 1) = 1 THEN interval '0' ELSE interval '1 month' END)
 ORDER BY f.forecast DESC NULLS LAST"""

SERIES = """
, s AS (
  SELECT kpi.series(h."time", h.value::float8, 'month') AS s
    FROM dash CROSS JOIN LATERAL kpi.history('${metric}', 'month', NULL, '{}', dash.filter) AS h WHERE NOT h.is_partial
)"""

BACKTEST = dash(SERIES.strip() + """
SELECT b.model, b.wape, b.mase, b.bias, b.coverage, CASE WHEN b.beats_naive THEN 'yes' ELSE 'no' END AS beats_naive
  FROM s CROSS JOIN LATERAL kpi.backtest(s.s, 1, 3, '{ets,theta,naive,snaive}') AS b
 ORDER BY b.mase NULLS LAST""")

QUARTER = dash(SERIES.strip() + """
SELECT max(t.value) FILTER (WHERE t.quantile = 0.1) AS "90 % sure: at least", max(t.value) FILTER (WHERE t.quantile = 0.5) AS "even odds: at least",
       max(t.value) FILTER (WHERE t.quantile = 0.9) AS "10 % chance: at least"
  FROM s CROSS JOIN LATERAL kpi.total(s.s, 3) AS t""")


LINES = [*m.band(), m.override("actual", color={"mode": "fixed", "fixedColor": m.QUIET}, custom__fillOpacity=0)]
YES_NO = m.value_colors({"yes": m.GOOD, "no": m.QUIET})


MASE = m.thresholds((None, m.GOOD), (1, m.WATCH), (1.5, m.BAD))


def board():
    return m.dashboard(
        "kpi-forecast", "5 Forecast", "What comes next, and how sure is that?",
        [
            [m.timeseries("Six months ahead", "What will the coming months bring? Dashed: expected; band: where 95 of 100 months should end", MONTHS, w=18, h=11, fill=0,
                          overrides=LINES),
             m.stat("Next three months together", "What will three months add up to? From joint paths, not from the sum of the months' bounds", QUARTER, w=6, h=11, decimals=1,
                    sizes=(16, 32))],
            [m.trend("28 days ahead", "What will the coming days bring? Band: where 95 of 100 days should end; with the last eight weeks", DAYS, AGE, w=24, h=9, overrides=LINES)],
            [m.table("Next month by member", "What is expected of each brand and channel, and by which model?", MEMBERS, w=14, h=10, columns=[
                m.column("member", "Member", width=115), m.column("month", "Month", width=75), m.column("forecast", "Expected", decimals=1, width=85),
                m.column("lo", "From", decimals=1, width=80), m.column("hi", "To", decimals=1, width=80), m.change_column("growth", "On the year", 95),
                m.column("model", "Model", cell="wrap"), m.status_column()]),
             m.table("Backtest", "How wrong would each model have been, month by month? MASE below 1 beats last year's month; coverage should be near 95 %", BACKTEST, w=10, h=10,
                     columns=[m.column("model", "Model"), m.column("wape", "Error", m.FRACTION, 1), m.column("mase", "MASE", decimals=2, cell="color", steps=MASE),
                              m.column("bias", "Bias", m.FRACTION, 1), m.column("coverage", "Coverage", m.FRACTION, 0),
                              m.column("beats_naive", "Beats naive", width=105, cell="color", mappings=YES_NO)])],
        ],
        [*m.FILTERS, m.PERIOD_VARIABLE, METRIC], [m.TARGETS_SET], tags=("forecast",), until="now+180d",
    )
