"""What should be done next?"""

from . import model as m
from .model import dash

RECOMMENDED = dash(f"""
SELECT r.rank, r.action, r.subject, r.reason, r.expected_uplift, r.lo, r.hi, r.confidence, r.rule, replace(r.status, '_', ' ') AS status
  FROM dash CROSS JOIN LATERAL {m.latest("recommend", "r(rank int, action text, subject text, reason text, expected_uplift float8, lo float8, hi float8, "
                                                      "confidence float8, rule text, status text)")}
 ORDER BY r.rank""")

ELASTICITY = dash(f"""
SELECT e.member AS product_type, e.elasticity, e.lo, e.hi, e.n_weeks, replace(e.status, '_', ' ') AS status, e.note
  FROM dash CROSS JOIN LATERAL {m.latest("elasticity", "e(member text, elasticity float8, lo float8, hi float8, n_weeks int, status text, note text)", "NULL")}
 ORDER BY e.elasticity NULLS LAST, 1""")

CHANGES = {"prices 5 % up": '{"price": 0.05}', "prices 5 % down": '{"price": -0.05}', "promotion of 20 %": '{"promotion": 0.2}', "10 % fewer units": '{"units": -0.1}'}
CHANGE_VARIABLE = m.custom_variable("change", "What if", list(CHANGES), "prices 5 % up", "Of all that the filters leave, over the next three months")

CHOSEN = f"""(CASE '${{change}}' {" ".join(f"WHEN '{name}' THEN '{change}'" for name, change in CHANGES.items())} END)::jsonb"""
WHAT_IF = dash(f"""
SELECT '${{change}}' AS change, w.baseline, w.expected, w.lo, w.hi, w.expected / nullif(w.baseline, 0) - 1 AS effect, replace(w.status, '_', ' ') AS status, w.note
  FROM dash CROSS JOIN LATERAL {m.latest("what_if", "w(baseline float8, expected float8, lo float8, hi float8, status text, note text)", "NULL", CHOSEN)}""")

ACTIONS = {"price": m.NEUTRAL, "promote": m.NEUTRAL, "restock": m.GOOD, "expand": m.GOOD, "fix_cause": m.BAD, "delist": m.WATCH,
           "reallocate": m.NEUTRAL, "diversify": m.WATCH, "set_target": m.QUIET}


def board():
    return m.dashboard(
        "kpi-recommendations", "8 Recommendations", "What should be done next, and what would it bring?",
        [
            [m.table("Recommended", "What to do first? Uplift of revenue over four weeks with its 90 % interval; confidence: how often the rule was right on past dates of this data",
                     RECOMMENDED, w=24, h=18, no_value="No rule found anything to do", columns=[
                         m.column("rank", "#", width=40), m.column("action", "Action", width=110, cell="color", mappings=m.value_colors(ACTIONS)),
                         m.column("subject", "Subject", width=210, cell="wrap"), m.column("reason", "Reason", cell="wrap"), m.column("expected_uplift", "Uplift", decimals=1, width=90),
                         m.column("lo", "From", decimals=1, width=90), m.column("hi", "To", decimals=1, width=90), m.column("confidence", "Confidence", m.FRACTION, 0, 100),
                         m.column("rule", "Rule", width=100), m.status_column()])],
            m.Folded("What would prices do?", [
                [m.table("What if", "What would a change of all prices bring over the next three months? Associations, not experiments", WHAT_IF, w=24, h=6, columns=[
                 m.column("change", "Change", width=150), m.column("baseline", "Without", decimals=1), m.column("expected", "With", decimals=1),
                 m.column("lo", "From", decimals=1), m.column("hi", "To", decimals=1), m.change_column("effect", "Effect"), m.status_column(),
                 m.column("note", "Note", width=300, cell="wrap")])],
            [m.table("Price elasticity", "How do units answer to prices? Below -1: a lower price earns more", ELASTICITY, w=24, h=9, columns=[
                m.column("product_type", "Product type", width=160), m.column("elasticity", "Elasticity", decimals=2, width=100), m.column("lo", "From", decimals=2, width=80),
                m.column("hi", "To", decimals=2, width=80), m.column("n_weeks", "Weeks", m.COUNT, 0, 80), m.status_column(), m.column("note", "Note", cell="wrap")])],
            ]),
        ],
        [*m.FILTERS, m.PERIOD_VARIABLE, CHANGE_VARIABLE],
    )
