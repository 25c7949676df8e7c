"""Will targets be met, and which should be set?"""

from . import model as m

METRIC = m.query_variable("metric", "Metric", "SELECT label AS __text, name AS __value FROM kpi.metrics WHERE additive ORDER BY place NULLS LAST, name",
                          "What the target is of", ("Revenue", "revenue"))
BY = m.custom_variable("by", "Split by", ["brand", "channel", "vendor", "product_type"], "brand", "Whose targets are shown")
NO_TARGET = "No target is set. Set one: SELECT kpi.set_target('revenue', kpi.period('2026-01'), 1000000)"

TOTAL = f"""
SELECT a.attained AS "attained", a.p_attain AS "chance", a.pace AS "pace"
  FROM (SELECT a.to_date / nullif(a.target, 0) AS attained, a.p_attain, a.pace
          FROM kpi.attainment('${{metric}}', NULL, '{{}}', {m.filter_sql()}) AS a WHERE a.target IS NOT NULL LIMIT 1) AS a"""

ATTAINMENT = f"""
SELECT a.member, a.target, a.to_date, a.expected_end, a.lo, a.hi, a.p_attain, a.pace, a.state
  FROM kpi.attainment('${{metric}}', NULL, ARRAY['${{by}}'], {m.filter_sql()}) AS a
 WHERE a.target IS NOT NULL
 ORDER BY a.p_attain NULLS LAST, 1"""

SUGGEST = f"""
SELECT s.member, s.commit, s.stretch_target, s.ambitious, s.last_year, s.implied_growth, s.upper_natural_limit,
       CASE WHEN s.achievable THEN 'yes' WHEN NOT s.achievable THEN 'needs change' END AS achievable, s.note
  FROM kpi.suggest_targets('${{metric}}', NULL, '{{}}', {m.filter_sql()}) AS s
 UNION ALL
SELECT s.member, s.commit, s.stretch_target, s.ambitious, s.last_year, s.implied_growth, s.upper_natural_limit,
       CASE WHEN s.achievable THEN 'yes' WHEN NOT s.achievable THEN 'needs change' END, s.note
  FROM kpi.suggest_targets('${{metric}}', NULL, ARRAY['${{by}}'], {m.filter_sql()}) AS s"""

CHANCE = m.thresholds((None, m.BAD), (0.3, m.WATCH), (0.7, m.GOOD))


def board():
    return m.dashboard(
        "kpi-targets", "6 Targets", "Will the targets be met, and which ones should be set?",
        [
            [m.stat("Total", "How far is the running period, how likely is the target, and is it on pace (1: exactly)?", TOTAL, w=6, h=11, no_value="No target is set", sizes=(18, 36),
                    overrides=[m.override("attained", unit=m.FRACTION, decimals=0), m.override("chance", unit=m.FRACTION, decimals=0, thresholds=CHANCE),
                               m.override("pace", decimals=2, thresholds=m.thresholds((None, m.BAD), (0.9, m.WATCH), (1, m.GOOD)))]),
             m.table("Attainment", "Who will meet the target of the running period? Chance: from the forecast of what is left", ATTAINMENT, w=18, h=11,
                     no_value=NO_TARGET, columns=[
                         m.column("member", "Member", width=140), m.column("target", "Target", decimals=1), m.column("to_date", "To date", decimals=1),
                         m.column("expected_end", "Expected", decimals=1), m.column("lo", "From", decimals=1), m.column("hi", "To", decimals=1),
                         m.column("p_attain", "Chance", m.FRACTION, 0, 90, "color", CHANCE), m.column("pace", "Pace", decimals=2, width=70),
                         m.column("state", "State", cell="color", width=70, mappings=m.value_colors(m.STATES))])],
            [m.table("Suggested targets of the next month", "What could be aimed at? Commit: even odds; stretch: 1 in 4; ambitious: 1 in 10. Beyond the natural limit a process has to change",
                     SUGGEST, w=24, h=13, columns=[
                         m.column("member", "Member", width=160), m.column("commit", "Commit", decimals=1), m.column("stretch_target", "Stretch", decimals=1),
                         m.column("ambitious", "Ambitious", decimals=1), m.column("last_year", "Year before", decimals=1),
                         m.column("implied_growth", "Growth asked", m.FRACTION, 1),
                         m.column("upper_natural_limit", "Natural limit", decimals=1),
                         m.column("achievable", "Achievable", width=115, cell="color", mappings=m.value_colors({"yes": m.GOOD, "needs change": m.WATCH})),
                         m.column("note", "Note", width=420, cell="wrap")])],
        ],
        [*m.FILTERS, METRIC, BY], [m.TARGETS_SET], tags=("target",), until="now+60d",
    )
