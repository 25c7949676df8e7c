"""Which brands and products drive growth?"""

from . import model as m
from .model import dash

GROWTH = dash("""
SELECT c.member AS brand, c.value, c.baseline, c.change, c.change_pct, c.contribution, c.share, c.share_change
  FROM dash CROSS JOIN LATERAL kpi.compare('${metric}', dash.period, NULL, '{brand}', dash.filter) AS c
 ORDER BY c.contribution DESC NULLS LAST, 1""")

DRIVERS = dash("""
SELECT c.member AS product, CASE WHEN c.contribution > 0 THEN c.contribution END AS adds, CASE WHEN c.contribution < 0 THEN c.contribution END AS "takes away"
  FROM dash CROSS JOIN LATERAL kpi.compare('${metric}', dash.period, NULL, '{product}', dash.filter) AS c
 WHERE c.contribution <> 0
 ORDER BY abs(c.contribution) DESC, 1 LIMIT 12""")

BY_BRAND = dash("""
, top AS (
  SELECT b.member, b.rank FROM dash CROSS JOIN LATERAL kpi.breakdown('${metric}', dash.span, '{brand}', dash.filter, top => 5) AS b
)
SELECT h."time"::timestamptz AS "time", coalesce(top.member, 'all others') AS metric, sum(h.value) AS value
  FROM dash CROSS JOIN LATERAL kpi.history('${metric}', '${grain}', dash.span, '{brand}', dash.filter) AS h
  LEFT JOIN top ON top.member = h.member
 WHERE NOT h.is_partial
 GROUP BY h."time", top.member, top.rank
 ORDER BY 1, top.rank""".strip())

PARETO = dash("""
SELECT b.member AS product, b.value, b.cumulative_share, b.abc
  FROM dash CROSS JOIN LATERAL kpi.breakdown('${metric}', dash.period, '{product}', dash.filter, top => 40) AS b""")

CLASSES = dash("""
SELECT p.abc AS class, coalesce(sum(p.revenue) FILTER (WHERE p.xyz = 'X'), 0) AS steady,
       coalesce(sum(p.revenue) FILTER (WHERE p.xyz = 'Y'), 0) AS varying, coalesce(sum(p.revenue) FILTER (WHERE p.xyz = 'Z'), 0) AS erratic,
       count(*) AS products
  FROM dash CROSS JOIN LATERAL kpi.portfolio(dash.span, dash.filter) AS p
 GROUP BY p.abc ORDER BY 1""")

PORTFOLIO = dash("""
SELECT p.product, p.revenue, p.abc, p.xyz, p.demand_class, p.velocity, p.first_sold::timestamptz AS first_sold,
       p.last_sold::timestamptz AS last_sold
  FROM dash CROSS JOIN LATERAL kpi.portfolio(dash.span, dash.filter) AS p""")

CONCENTRATION = dash("""
SELECT c.effective_n AS "brands that count", c.top1_share AS "share of the first", c.top5_share AS "share of the first five",
       c.members_for_80 AS "brands for 80 %"
  FROM dash CROSS JOIN LATERAL kpi.concentration('${metric}', dash.period, '{brand}', dash.filter) AS c""")

TIERS_OVER_TIME = dash("""
SELECT h."time"::timestamptz AS "time", h.member AS metric, h.value
  FROM dash CROSS JOIN LATERAL kpi.history('${metric}', '${grain}', dash.span, '{price_tier}', dash.filter) AS h
 WHERE NOT h.is_partial
 ORDER BY 1, array_position('{value,mid,premium,luxury}', h.member)""")

TYPES = dash("""
SELECT c.member AS product_type, c.value, c.change_pct, c.share, c.share_change
  FROM dash CROSS JOIN LATERAL kpi.compare('${metric}', dash.period, NULL, '{product_type}', dash.filter) AS c
 ORDER BY c.value DESC NULLS LAST, 1""")

CLASS_COLORS = {"A": m.GOOD, "B": m.WATCH, "C": m.QUIET}
UP_DOWN = m.UP_DOWN
# Below half in one place is safe, above three quarters is not.
DEPENDENT = m.thresholds((None, m.GOOD), (0.5, m.WATCH), (0.75, m.BAD))


def board():
    return m.dashboard(
        "kpi-brands", "2 Brands and SKUs", "Which brands and products drive growth?",
        [
            [m.table("Growth by brand", "Which brands made the total grow or shrink? Contributions are points of total growth and add up to it",
                     GROWTH, w=14, h=10, columns=[
                         m.column("brand", "Brand", links=[m.drill("kpi-why", "Why did it change?", "brand", "brand")]),
                         m.column("value", "Now", decimals=1), m.column("baseline", "Before", decimals=1),
                         m.column("change", "Change", decimals=1, cell="color", steps=UP_DOWN), m.change_column(title="Change %"),
                         m.column("contribution", "Contribution", m.FRACTION, 2), m.column("share", "Share", m.FRACTION, 1, cell="gauge", least=0),
                         m.column("share_change", "Share change", m.FRACTION, 2, cell="color", steps=UP_DOWN)]),
             m.signed_bars("Products behind the growth", "Which products moved the total most? In points of total growth", DRIVERS, "product", w=10, h=10,
                           unit=m.FRACTION, decimals=2)],
            [m.timeseries("Brands over time", "How do the five greatest brands develop? Shows the whole time range", BY_BRAND, w=14, h=9, fill=0),
             m.stat("Concentration", "How much rests on few brands? Brands that count: 1 / HHI", CONCENTRATION, w=10, h=9, decimals=1,
                    sizes=(18, 36), overrides=[
                        m.override("share of the first", unit=m.FRACTION, thresholds=DEPENDENT), m.override("share of the first five", unit=m.FRACTION),
                        m.override("brands for 80 %", decimals=0)])],
            [m.table("Pareto", "Which products make up 80 % (class A) and 95 % (A and B)?", PARETO, w=10, h=11, columns=[
                m.column("product", "Product", width=230), m.column("value", "Value", decimals=1, width=90),
                m.column("cumulative_share", "Up to here", m.FRACTION, 0, cell="gauge", least=0, most=1),
                m.column("abc", "Class", cell="color", width=60, mappings=m.value_colors(CLASS_COLORS))]),
             m.table("Portfolio", "Which products are strong, steady, erratic or gone? Classes over the whole time range; a day: units sold a day", PORTFOLIO, w=14, h=11, columns=[
                 m.column("product", "Product"), m.column("revenue", "Revenue", decimals=1, width=82),
                 m.column("abc", "ABC", cell="color", width=52, mappings=m.value_colors(CLASS_COLORS)), m.column("xyz", "XYZ", width=52),
                 m.column("demand_class", "Demand", width=100), m.column("velocity", "A day", decimals=2, width=65),
                 m.column("first_sold", "First sold", "time:YYYY-MM-DD", width=95), m.column("last_sold", "Last sold", "time:YYYY-MM-DD", width=95)])],
            [m.table("Classes", "Where does revenue come from: strong (A) and steady (X), or long tail? X, Y, Z: weekly units steady, varying, erratic",
                     CLASSES, w=8, h=7, columns=[
                         m.column("class", "Class", width=60), m.column("steady", "X steady", decimals=1), m.column("varying", "Y varying", decimals=1),
                         m.column("erratic", "Z erratic", decimals=1), m.column("products", "Products", m.COUNT, width=85)]),
             m.table("Product types", "Which product types earn and grow?", TYPES, w=8, h=7, columns=[
                 m.column("product_type", "Type"), m.column("value", "Value", decimals=1, width=80), m.change_column(width=75),
                 m.column("share", "Share", m.FRACTION, 1, 115, "gauge", least=0),
                 m.column("share_change", "Share change", m.FRACTION, 2, 110, "color", UP_DOWN)]),
             m.timeseries("Price tiers over time", "Does demand move to cheaper or dearer products? Share of each price tier", TIERS_OVER_TIME,
                          w=8, h=7, stack="percent")],
        ],
        [*m.FILTERS, m.METRIC_VARIABLE, m.PERIOD_VARIABLE, m.GRAIN_VARIABLE], [m.TARGETS_SET],
    )
