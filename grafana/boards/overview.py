"""Where do sales stand, and what changed?"""

from . import model as m
from .model import dash


def tile(metric, name, unit=m.NUMBER, decimals=None, steps=m.CHANGE, w=4):
    """A headline figure: the period's value over a sparkline of the periods before, its change and its growth on the year."""
    values = dash(f"""
, step AS (
  SELECT 0 AS n, period FROM dash
   UNION ALL
  SELECT n + 1, kpi.previous(period) FROM step WHERE n < 11
)
SELECT (upper(step.period) - 1)::timestamptz AS "time", kpi.value('{metric}', step.period, dash.filter) AS "in the period"
  FROM step CROSS JOIN dash
 ORDER BY 1""".strip(), recursive=True)
    changes = dash(f"""
SELECT b.change_pct AS "vs. before", y.change_pct AS "vs. year ago"
  FROM dash
  LEFT JOIN LATERAL kpi.compare('{metric}', dash.period, NULL, '{{}}', dash.filter) AS b ON true
  LEFT JOIN LATERAL kpi.compare('{metric}', dash.period, kpi.year_ago(dash.period), '{{}}', dash.filter) AS y ON true""")
    return m.stat(
        name, f"{name} in the period; line: the twelve periods up to it; below: growth on the period before and on a year ago",
        [(values, "time_series"), (changes, "table")], w=w, h=6, unit=unit, decimals=decimals, graph="area", no_value="–", sizes=(12, 20),
        overrides=[m.override("/^vs/", unit=m.FRACTION, decimals=1, thresholds=steps)],
        links=[m.keep("kpi-why", "Why?")],
    )


SCORECARD = dash("""
SELECT s.label, CASE s.unit WHEN 'fraction' THEN to_char(100 * s.value, 'FM999G990D0') || ' %'
                            ELSE to_char(s.value, CASE WHEN abs(s.value) < 100 THEN 'FM990D00' ELSE 'FM999G999G999G999G990' END) END AS value,
       s.change_pct, s.year_ago_pct, s.target, s.attainment, s.state, s.spark
  FROM dash CROSS JOIN LATERAL kpi.scorecard(dash.period, NULL, dash.filter) AS s
 WHERE s.value IS NOT NULL""")

BY_CHANNEL = dash("""
SELECT h."time"::timestamptz AS "time", h.member AS metric, h.value
  FROM dash CROSS JOIN LATERAL kpi.history('revenue', '${grain}', dash.span, '{channel}', dash.filter) AS h
 WHERE NOT h.is_partial
 ORDER BY 1, 2""")

TOP_BRANDS = dash("""
SELECT b.member, b.value AS revenue
  FROM dash CROSS JOIN LATERAL kpi.breakdown('revenue', dash.period, '{brand}', dash.filter, top => 8) AS b""")

TOP_SKUS = dash("""
SELECT c.member AS product, c.value AS revenue, c.change_pct, c.share
  FROM dash CROSS JOIN LATERAL kpi.compare('revenue', dash.period, NULL, '{product}', dash.filter) AS c
 ORDER BY c.value DESC NULLS LAST, 1 LIMIT 7""")

MOVERS = dash("""
SELECT c.members ->> 'brand' AS brand, c.members ->> 'channel' AS channel, c.change, c.change_pct, c.contribution
  FROM dash CROSS JOIN LATERAL kpi.compare('revenue', dash.period, NULL, '{brand,channel}', dash.filter) AS c
 ORDER BY abs(c.change) DESC LIMIT 7""")

TIERS = dash("""
SELECT t.tier, t.price_lo, t.price_hi, t.skus, t.revenue, t.share, t.change_pct
  FROM dash CROSS JOIN LATERAL kpi.price_tiers(dash.period, dash.filter) AS t""")

INSIGHTS = dash(f"""
SELECT i.rank, i.headline, i.detail, i.impact, i.kind
  FROM dash CROSS JOIN LATERAL {m.latest("insights", "i(rank int, headline text, detail text, impact float8, kind text)")}
 ORDER BY i.rank LIMIT 8""")

ASK_VARIABLE = {
    "type": "textbox", "name": "ask", "label": "Ask", "description": "A question that a link brings for the chat; put into its input, not asked", "hide": 2, "query": "",
    "options": [], "skipUrlSync": False, "current": {"selected": False, "text": "", "value": ""}, "multi": False, "includeAll": False,
}

# Every link of this panel shows the data's own days: the way back from a time range without any.
DATA = """
SELECT to_char(max(d.day), 'YYYY-MM-DD') AS "last day of data",
       extract(epoch FROM min(d.day)) * 1000 AS first_ms, extract(epoch FROM max(d.day) + 28) * 1000 AS last_ms
  FROM kpi.daily AS d"""


def board():
    return m.dashboard(
        "kpi-overview", "1 Sales overview", "Where do sales stand, and what changed?",
        [
            [tile("revenue", "Revenue"), tile("units", "Units"), tile("asp", "Average price"),
             tile("return_rate", "Return rate", m.FRACTION, 2, m.CHANGE_LESS_IS_BETTER), tile("skus", "SKUs sold"),
             tile("lines", "Sales lines")],
            m.Beside([
                [m.timeseries("Revenue by channel", "How does revenue move, and which channels carry it? Shows the whole time range",
                              BY_CHANNEL, w=16, h=10, stack="normal")],
                [m.table("Insights", "What is worth knowing about the period, greatest impact first?", INSIGHTS, w=16, h=9, no_value="Nothing stands out", columns=[
                    m.column("rank", "#", width=40), m.column("headline", "What", width=300, cell="wrap"), m.column("detail", "More", cell="wrap"),
                    m.column("impact", "Impact", decimals=1, width=90, cell="color", steps=m.UP_DOWN), m.column("kind", "Kind", width=110)])],
            ], m.chat(w=8)),
            [m.table("What changed", "Which brands in which channels moved revenue most, against the period before? Contribution: points of total growth",
                     MOVERS, w=9, h=9, columns=[
                         m.column("brand", "Brand", width=105, links=[m.drill("kpi-brands", "Products of the brand", "brand", "brand")]),
                         m.column("channel", "Channel", width=110, links=[m.drill("kpi-channels", "The channel", "channel", "channel")]),
                         m.column("change", "Change", decimals=1, cell="color", steps=m.UP_DOWN),
                         m.change_column(title="Change %", width=80), m.column("contribution", "Contribution", m.FRACTION, 2)]),
             m.table("Top products", "Which products earn most, and are they growing?", TOP_SKUS, w=9, h=9, columns=[
                 m.column("product", "Product", width=225), m.column("revenue", "Revenue", decimals=1, width=85), m.change_column(width=75),
                 m.column("share", "Share", m.FRACTION, 1, cell="gauge", least=0)]),
             m.bargauge("Top brands", "Which brands earn most in the period? Click for the brand's products", TOP_BRANDS, w=6, h=9, defaults={"min": 0},
                        links=[m.drill("kpi-brands", "Products of the brand", "brand")])],
            m.Beside([
                [m.table("Price tiers", "Which price tiers earn, and which grow? A product's tier is the quartile of its price within its type",
                         TIERS, w=10, h=7, columns=[
                             m.column("tier", "Tier", width=80), m.column("price_lo", "From", decimals=1, width=70),
                             m.column("price_hi", "To", decimals=1, width=70), m.column("skus", "SKUs", m.COUNT, width=60),
                             m.column("revenue", "Revenue", decimals=1, width=80),
                             m.column("share", "Share", m.FRACTION, 1, 130, "gauge", least=0, most=1), m.change_column(width=75)])],
                [m.table("Data", "Up to which day is there data? Click to show all of it", DATA, w=10, h=4, columns=[
                    m.column("last day of data", "Last day of data", links=[
                        m.keep("kpi-overview", "Show all of the data", "from=${__data.fields.first_ms}&to=${__data.fields.last_ms}")]),
                    m.hidden("first_ms"), m.hidden("last_ms")])],
            ], m.table("Scorecard", "How does each metric stand, against the period before, a year ago and its target?", SCORECARD, w=14,
                       no_value="–", columns=[
                           m.column("label", "Metric"), m.column("value", "Value", width=90), m.change_column(width=75),
                           m.change_column("year_ago_pct", "Year", 75), m.column("target", "Target", decimals=1, width=85),
                           m.column("attainment", "Attained", m.FRACTION, 0, 80),
                           m.column("state", "State", cell="color", width=70, mappings=m.value_colors(m.STATES)),
                           m.column("spark", "13 months", width=160)])),
        ],
        [*m.FILTERS, m.PERIOD_VARIABLE, m.GRAIN_VARIABLE, ASK_VARIABLE], [m.ANOMALIES, m.TARGETS_SET],
    )
