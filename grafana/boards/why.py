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
                              (5, 'Gone', t.discontinued), (6, 'Other', t.other)) AS s(place, step, size)
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
SELECT c.member, CASE WHEN c.contribution > 0 THEN c.contribution END AS adds, CASE WHEN c.contribution < 0 THEN c.contribution END AS "takes away"
  FROM dash CROSS JOIN LATERAL kpi.compare('revenue', dash.period, NULL, ARRAY['${dimension}'], dash.filter) AS c
 WHERE c.contribution <> 0
 ORDER BY abs(c.contribution) DESC, 1 LIMIT 12""")

DAYS = dash("""
SELECT a."time"::timestamptz AS "time", a.value AS revenue, a.expected, a.lo, a.hi, CASE WHEN a.is_anomaly THEN a.value END AS anomaly
  FROM dash CROSS JOIN LATERAL kpi.anomalies('revenue', 'day', dash.span, '{}', dash.filter) AS a
 ORDER BY 1""")

DRIVERS = dash(f"""
SELECT d.rank, d.kind, d.member, d.baseline, d.value, d.expected, d.change, d.contribution, d.ratio, d.p_adj, replace(d.status, '_', ' ') AS status, d.note
  FROM dash CROSS JOIN LATERAL {m.latest("drivers", "d(rank int, kind text, member text, baseline float8, value float8, expected float8, "
                                                    "change float8, contribution float8, ratio float8, p_adj float8, status text, note text)")}
 ORDER BY d.rank""")

EVENTS = dash("""
SELECT a.event_id, min(a."time")::timestamptz AS started, max(a."time")::timestamptz AS ended, min(a.kind) AS kind,
       sum(a.value) AS value, sum(a.expected) AS expected, sum(a.impact) AS impact, min(a.q) AS q,
       extract(epoch FROM min(a."time") - 21) * 1000 AS from_ms, extract(epoch FROM max(a."time") + 21) * 1000 AS to_ms
  FROM dash CROSS JOIN LATERAL kpi.anomalies('revenue', 'day', dash.span, '{}', dash.filter) AS a
 WHERE a.is_anomaly
 GROUP BY a.event_id
 ORDER BY abs(sum(a.impact)) DESC LIMIT 20""")

OPEN = """
SELECT a.member, a.metric, a.kind, a.started::timestamptz AS started, a.value, a.expected, a.impact, a.change_pct,
       'Why did ' || a.metric || ' of ' || a.member || ' change in ' || to_char(a.started, 'YYYY-MM') || '?' AS question
  FROM kpi.anomaly_open AS a WHERE a.source = 'sales' ORDER BY abs(a.impact) DESC LIMIT 50"""

SUMMARY = dash("""
SELECT c.baseline AS "before", c.value AS "now", c.change AS "change", c.change_pct AS "change in %"
  FROM dash CROSS JOIN LATERAL kpi.compare('revenue', dash.period, NULL, '{}', dash.filter) AS c""")

DIMENSION_VARIABLE = m.query_variable(
    "dimension", "Split by", "SELECT label AS __text, name AS __value FROM kpi.dimensions WHERE name IN "
    "('brand', 'product', 'product_type', 'channel', 'vendor', 'price_tier') ORDER BY array_position('{brand,product,product_type,channel,vendor,price_tier}', name)",
    "What the change is split by", ("Brand", "brand"))


def board():
    signed = {name: m.column(name, title, decimals=1, width=86, cell="color", steps=UP_DOWN) for name, title in (
        ("price", "Price"), ("volume", "Volume"), ("mix", "Mix"), ("new", "New"), ("discontinued", "Gone"), ("other", "Other"), ("change", "Change"))}
    return m.dashboard(
        "kpi-why", "4 Why", "Why did revenue change?",
        [
            [m.stat("Revenue", "What is to be explained: revenue of the period against the period before", SUMMARY, w=6, h=10, decimals=1, no_value="–", sizes=(18, 36),
                    overrides=[m.override("change", thresholds=UP_DOWN), m.override("change in %", unit=m.FRACTION, thresholds=m.CHANGE)]),
             m.barchart("Bridge", "How much of the change is price, volume, mix, new and discontinued products? The steps add up to the change exactly",
                        WATERFALL, "step", w=18, h=10, stacking="normal", overrides=[
                            m.override("base", color={"mode": "fixed", "fixedColor": "transparent"}, custom__fillOpacity=0,
                                       custom__hideFrom={"legend": True, "tooltip": True, "viz": False}),
                            m.override("more", color={"mode": "fixed", "fixedColor": m.GOOD}, displayName="adds"),
                            m.override("less", color={"mode": "fixed", "fixedColor": m.BAD}, displayName="takes away"),
                            m.override("total", color={"mode": "fixed", "fixedColor": m.NEUTRAL}, displayName="revenue")])],
            [m.table("Bridge by member", "What kind of change did each member see? Each row adds up to its change", BRIDGE, w=14, h=10, columns=[
                m.column("member", "Member"), *signed.values()]),
             m.signed_bars("Contributions", "Who made the total grow or shrink? In points of total growth", CONTRIBUTIONS, "member", w=10, h=10,
                           unit=m.FRACTION, decimals=2)],
            [m.table("Root causes", "Where did it come from? Segments that moved apart from the rest (market: all together), found at any depth; p: chance of such a move by accident",
                     DRIVERS, w=24, h=7, no_value="Nothing moved apart from the rest", columns=[
                         m.column("rank", "#", width=40), m.column("kind", "Kind", width=90), m.column("member", "Segment", cell="wrap"), m.column("baseline", "Before", decimals=1, width=90),
                         m.column("value", "Now", decimals=1, width=90), m.column("expected", "Expected", decimals=1, width=90),
                         m.column("change", "Change", decimals=1, width=90, cell="color", steps=UP_DOWN), m.column("contribution", "Contribution", m.FRACTION, 2, 105),
                         m.column("ratio", "Factor", decimals=2, width=75), m.column("p_adj", "p", decimals=3, width=70),
                         m.status_column(), m.column("note", "Note", width=330, cell="wrap")])],
            [m.timeseries("Revenue by day", "When did it happen? Band: where a day is expected from those before it; points: anomalies", DAYS, w=24, h=9, fill=0, overrides=[
                *m.band("expected"),
                m.override("revenue", color={"mode": "fixed", "fixedColor": m.QUIET}, custom__lineWidth=1),
                m.override("anomaly", color={"mode": "fixed", "fixedColor": m.BAD}, custom__drawStyle="points", custom__showPoints="always", custom__pointSize=9)])],
            [m.table("Anomalies", "Which days stood out, and what did they cost or bring? Click to look closer", EVENTS, w=12, h=8, no_value="No day stood out", columns=[
                m.column("event_id", "#", decimals=0, width=40), m.column("started", "From", "time:YYYY-MM-DD", width=100, links=[
                    m.keep("kpi-why", "Look closer", "from=${__data.fields.from_ms}&to=${__data.fields.to_ms}")]),
                m.column("ended", "To", "time:YYYY-MM-DD", width=100), m.column("kind", "Kind", width=90),
                m.column("value", "Value", decimals=1, width=85), m.column("expected", "Expected", decimals=1, width=85),
                m.column("impact", "Impact", decimals=1, width=85, cell="color", steps=UP_DOWN),
                m.column("q", "q", decimals=3, width=70), m.hidden("from_ms"), m.hidden("to_ms")]),
             m.table("Open anomalies", "What is out of line now, in total, by brand and by channel? Click to ask why", OPEN, w=12, h=8,
                     no_value="Nothing is out of line in the last four weeks", columns=[
                         m.column("member", "Member", links=[m.link("Ask why", "/d/kpi-overview?var-ask=${__data.fields.question:percentencode}&${__url_time_range}")]),
                         m.column("metric", "Metric", width=80), m.column("kind", "Kind", width=90), m.column("started", "Since", "time:YYYY-MM-DD", width=95),
                         m.column("value", "Value", decimals=1, width=80), m.column("expected", "Expected", decimals=1, width=80), m.column("impact", "Impact", decimals=1, width=80, cell="color", steps=UP_DOWN),
                         m.change_column(width=80), m.hidden("question")])],
        ],
        [*m.FILTERS, DIMENSION_VARIABLE, m.PERIOD_VARIABLE], [m.ANOMALIES, m.TARGETS_SET],
    )
