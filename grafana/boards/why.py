"""Why did the figures change?"""

from . import model as m
from .model import dash
from .brands import UP_DOWN

# A waterfall of stacked bars: an unseen one carries the step to its height. Steps that cross zero are left to the table.
WATERFALL = dash("""
, total AS (
  SELECT sum(b.price) AS price, sum(b.volume) AS volume, sum(b.mix) AS mix, sum(b.new) AS new, sum(b.discontinued) AS discontinued,
         sum(b.other) AS other
    FROM dash CROSS JOIN LATERAL kpi.bridge(dash.period, NULL, '{}', dash.filter) AS b
), revenue AS (
  SELECT c.baseline AS was, c.value AS became
    FROM dash CROSS JOIN LATERAL kpi.compare('revenue', dash.period, NULL, '{}', dash.filter) AS c
), step AS (
  SELECT s.place, s.step, s.size, r.was + coalesce(sum(s.size) OVER (ORDER BY s.place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS start
    FROM total AS t CROSS JOIN revenue AS r
   CROSS JOIN LATERAL (VALUES (1, 'Price', t.price), (2, 'Volume', t.volume), (3, 'Mix', t.mix), (4, 'New', t.new),
                              (5, 'Discontinued', t.discontinued), (6, 'Other', t.other)) AS s(place, step, size)
)
SELECT w.step, w.base, w.more, w.less, w.total
  FROM (SELECT 0 AS place, 'Before' AS step, NULL::numeric AS base, NULL::numeric AS more, NULL::numeric AS less, r.was AS total FROM revenue AS r
         UNION ALL
        SELECT s.place, s.step, least(s.start, s.start + s.size), nullif(greatest(s.size, 0), 0), nullif(greatest(-s.size, 0), 0), NULL FROM step AS s
         UNION ALL
        SELECT 7, 'Now', NULL, NULL, NULL, r.became FROM revenue AS r) AS w
 ORDER BY w.place""".strip())

BRIDGE = dash("""
SELECT b.member AS member, b.price, b.volume, b.mix, b.new, b.discontinued, b.other, b.change
  FROM dash CROSS JOIN LATERAL kpi.bridge(dash.period, NULL, ARRAY['${dimension}'], dash.filter) AS b
 ORDER BY abs(b.change) DESC, 1 LIMIT 20""")

CONTRIBUTIONS = dash("""
SELECT c.member, c.contribution
  FROM dash CROSS JOIN LATERAL kpi.compare('revenue', dash.period, NULL, ARRAY['${dimension}'], dash.filter) AS c
 WHERE c.contribution IS NOT NULL
 ORDER BY abs(c.contribution) DESC, 1 LIMIT 12""")

DAYS = dash("""
SELECT h."time"::timestamptz AS "time", sum(h.value) AS revenue, avg(sum(h.value)) OVER (ORDER BY h."time" ROWS 27 PRECEDING) AS "28 days' mean"
  FROM dash CROSS JOIN LATERAL kpi.history('revenue', 'day', dash.span, '{}', dash.filter) AS h
 GROUP BY 1, h."time"
 ORDER BY 1""")

SUMMARY = dash("""
SELECT c.baseline AS "before", c.value AS "now", c.change AS "change", c.change_pct AS "change in %"
  FROM dash CROSS JOIN LATERAL kpi.compare('revenue', dash.period, NULL, '{}', dash.filter) AS c""")

DIMENSION_VARIABLE = m.query_variable(
    "dimension", "Split by", "SELECT label AS __text, name AS __value FROM kpi.dimensions WHERE name IN "
    "('brand', 'product', 'product_type', 'channel', 'vendor', 'price_tier') ORDER BY array_position('{brand,product,product_type,channel,vendor,price_tier}', name)",
    "What the change is split by", ("Brand", "brand"))


def board():
    signed = {name: m.column(name, name.capitalize(), decimals=1, cell="color", steps=UP_DOWN)
              for name in ("price", "volume", "mix", "new", "discontinued", "other", "change")}
    return m.dashboard(
        "kpi-why", "4 Why", "Why did revenue change?",
        [
            [m.stat("Revenue", "What is to be explained: revenue of the period against the period before", SUMMARY, w=6, h=10, decimals=1, no_value="–",
                    overrides=[m.override("change", thresholds=UP_DOWN), m.override("change in %", unit=m.FRACTION, thresholds=m.CHANGE)]),
             m.barchart("Bridge", "How much of the change is price, volume, mix, new and discontinued products? The steps add up to the change exactly",
                        WATERFALL, "step", w=18, h=10, stacking="normal", overrides=[
                            m.override("base", color={"mode": "fixed", "fixedColor": "transparent"}, custom__fillOpacity=0,
                                       custom__hideFrom={"legend": True, "tooltip": True, "viz": False}),
                            m.override("more", color={"mode": "fixed", "fixedColor": m.GOOD}, displayName="adds"),
                            m.override("less", color={"mode": "fixed", "fixedColor": m.BAD}, displayName="takes away"),
                            m.override("total", color={"mode": "fixed", "fixedColor": m.NEUTRAL}, displayName="revenue")])],
            [m.table("Bridge by member", "What kind of change did each member see? Each row adds up to its change", BRIDGE, w=14, h=10, columns=[
                m.column("member", "Member", width=180), *signed.values()]),
             m.bargauge("Contributions", "Who made the total grow or shrink? In points of total growth", CONTRIBUTIONS, w=10, h=10, unit=m.FRACTION,
                        steps=UP_DOWN, defaults={"decimals": 2})],
            [m.timeseries("Revenue by day", "When did it happen? Each day of the time range and the mean of the last 28", DAYS, w=24, h=8, overrides=[
                m.override("revenue", color={"mode": "fixed", "fixedColor": m.QUIET}, custom__lineWidth=1),
                m.override("28 days' mean", color={"mode": "fixed", "fixedColor": m.NEUTRAL})])],
        ],
        [*m.FILTERS, DIMENSION_VARIABLE, m.PERIOD_VARIABLE], [m.TARGETS_SET],
    )
