"""How do channels and vendors differ?"""

from . import model as m
from .model import dash
from .brands import DEPENDENT, UP_DOWN


def side_by_side(dimension):
    """Level, growth, price, returns and share of each member of a dimension."""
    return dash(f"""
SELECT c.member AS {dimension}, c.value AS revenue, c.change_pct, c.share, c.share_change, p.value AS asp, r.value AS return_rate
  FROM dash CROSS JOIN LATERAL kpi.compare('revenue', dash.period, NULL, '{{{dimension}}}', dash.filter) AS c
  LEFT JOIN LATERAL kpi.breakdown('asp', dash.period, '{{{dimension}}}', dash.filter) AS p ON p.member = c.member
  LEFT JOIN LATERAL kpi.breakdown('return_rate', dash.period, '{{{dimension}}}', dash.filter) AS r ON r.member = c.member
 ORDER BY c.value DESC NULLS LAST, 1""")


def over_time(dimension, metric="revenue"):
    return dash(f"""
SELECT h."time"::timestamptz AS "time", h.member AS metric, h.value
  FROM dash CROSS JOIN LATERAL kpi.history('{metric}', '${{grain}}', dash.span, '{{{dimension}}}', dash.filter) AS h
 WHERE NOT h.is_partial
 ORDER BY 1, 2""")


MATRIX = dash("""
SELECT b.members ->> 'channel' AS channel, b.members ->> 'brand' AS brand, b.share
  FROM dash CROSS JOIN LATERAL kpi.breakdown('revenue', dash.period, '{channel,brand}', dash.filter) AS b
 ORDER BY sum(b.value) OVER (PARTITION BY b.members ->> 'channel') DESC, sum(b.value) OVER (PARTITION BY b.members ->> 'brand') DESC""")

WEEKDAYS = dash("""
SELECT b.members ->> 'channel' AS channel,
       sum(b.value) FILTER (WHERE b.members ->> 'weekday' = 'Mon') / nullif(sum(b.value), 0) AS "Mon",
       sum(b.value) FILTER (WHERE b.members ->> 'weekday' = 'Tue') / nullif(sum(b.value), 0) AS "Tue",
       sum(b.value) FILTER (WHERE b.members ->> 'weekday' = 'Wed') / nullif(sum(b.value), 0) AS "Wed",
       sum(b.value) FILTER (WHERE b.members ->> 'weekday' = 'Thu') / nullif(sum(b.value), 0) AS "Thu",
       sum(b.value) FILTER (WHERE b.members ->> 'weekday' = 'Fri') / nullif(sum(b.value), 0) AS "Fri",
       sum(b.value) FILTER (WHERE b.members ->> 'weekday' = 'Sat') / nullif(sum(b.value), 0) AS "Sat",
       sum(b.value) FILTER (WHERE b.members ->> 'weekday' = 'Sun') / nullif(sum(b.value), 0) AS "Sun"
  FROM dash CROSS JOIN LATERAL kpi.breakdown('revenue', dash.span, '{channel,weekday}', dash.filter) AS b
 GROUP BY 1 ORDER BY sum(b.value) DESC""")

DEPENDENCE = dash("""
SELECT c.top1_share AS "greatest channel", c.effective_n AS "channels that count", v.top1_share AS "greatest vendor",
       v.effective_n AS "vendors that count"
  FROM dash CROSS JOIN LATERAL kpi.concentration('revenue', dash.period, '{channel}', dash.filter) AS c
 CROSS JOIN LATERAL kpi.concentration('revenue', dash.period, '{vendor}', dash.filter) AS v""")

# Shades faint enough for the theme's own colour of text, on dark and on light.
EVEN_WEEK = m.thresholds((None, "transparent"), (0.16, "#3d7fd626"), (0.18, "#3d7fd64a"))
CELLS = m.thresholds((None, "transparent"), (0.01, "#3d7fd61a"), (0.03, "#3d7fd633"), (0.06, "#3d7fd64a"))


def comparison(dimension, title, question, link):
    return m.table(title, question, side_by_side(dimension), w=12, h=9, columns=[
        m.column(dimension, dimension.capitalize(), links=[link]), m.column("revenue", "Revenue", decimals=1, width=85), m.change_column(width=75),
        m.column("share", "Share", m.FRACTION, 1, 120, "gauge", least=0), m.column("share_change", "Share change", m.FRACTION, 2, 105, "color", UP_DOWN),
        m.column("asp", "Average price", decimals=1, width=110), m.column("return_rate", "Returns", m.FRACTION, 2, 75, cell="color",
                                                               steps=m.thresholds((None, m.QUIET), (0.05, m.WATCH), (0.1, m.BAD)))])


def board():
    return m.dashboard(
        "kpi-channels", "3 Channels and vendors", "How do channels and vendors differ?",
        [
            [comparison("channel", "Channels", "How do channels compare in level, growth, price and returns?",
                        m.drill("kpi-why", "Why did it change?", "channel", "channel")),
             comparison("vendor", "Vendors", "How do vendors compare in level, growth, price and returns?",
                        m.drill("kpi-why", "Why did it change?", "vendor", "vendor"))],
            [m.timeseries("Channel share over time", "Is the channel mix shifting? Share of revenue in the time range", over_time("channel"), w=12, h=9, stack="percent"),
             m.timeseries("Average price by channel", "Do channels sell at different prices, and do they drift apart?", over_time("channel", "asp"), w=12, h=9, fill=0)],
            [m.table("Channel × brand", "Where is each brand strong? Share of all revenue of the period", MATRIX, w=16, h=9, unit=m.FRACTION,
                     steps=CELLS, no_value="–", defaults={"decimals": 1, "custom": {"align": "center", "cellOptions": {"type": "color-background", "mode": "basic"},
                                                                   "inspect": False, "filterable": False, "minWidth": 60}},
                     overrides=[m.override("channel", displayName="Channel", custom__cellOptions={"type": "auto"}, custom__align="left", custom__width=100)],
                     transformations=[{"id": "groupingToMatrix", "options": {"rowField": "channel", "columnField": "brand", "valueField": "share", "emptyValue": "null"}},
                                      {"id": "renameByRegex", "options": {"regex": "^channel.brand$", "renamePattern": "channel"}}]),
             m.stat("Dependence", "How much hangs on one channel or one vendor?", DEPENDENCE, w=8, h=9, decimals=1, steps=m.PLAIN, sizes=(18, 36),
                    overrides=[m.override("/^greatest/", unit=m.FRACTION, thresholds=DEPENDENT)])],
            [m.table("Week by channel", "On which days of the week does each channel sell? Share of the channel's revenue; an even week has 14.3 % a day", WEEKDAYS,
                     w=14, h=9, unit=m.FRACTION, steps=EVEN_WEEK, defaults={"decimals": 1, "custom": {
                         "align": "center", "cellOptions": {"type": "color-background", "mode": "basic"}, "inspect": False, "filterable": False, "minWidth": 60}},
                     overrides=[m.override("channel", displayName="Channel", custom__cellOptions={"type": "auto"}, custom__align="left")]),
             m.timeseries("Vendors over time", "How do vendors develop?", over_time("vendor"), w=10, h=9, fill=0)],
        ],
        [*m.FILTERS, m.PERIOD_VARIABLE, m.GRAIN_VARIABLE], [m.TARGETS_SET],
    )
