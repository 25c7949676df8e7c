"""What should be done next?"""

from . import model as m
from .model import dash

RECOMMENDED = dash("""
SELECT r.rank, r.action, r.subject, r.reason, r.expected_uplift, r.lo, r.hi, r.confidence, r.rule, r.status
  FROM dash CROSS JOIN LATERAL kpi.recommend(dash.period, dash.filter, 20) AS r
 ORDER BY r.rank""")

ELASTICITY = f"""
SELECT e.member AS product_type, e.elasticity, e.lo, e.hi, e.n_weeks, e.price_lo, e.price_hi, e.status, e.note
  FROM kpi.elasticity('{{product_type}}', NULL, {m.filter_sql()}) AS e
 ORDER BY e.elasticity NULLS LAST, 1"""

CHANGES = {"prices 5 % up": '{"price": 0.05}', "prices 5 % down": '{"price": -0.05}', "promotion of 20 %": '{"promotion": 0.2}', "10 % fewer units": '{"units": -0.1}'}
CHANGE_VARIABLE = m.custom_variable("change", "What if", list(CHANGES), "prices 5 % up", "Of all that the filters leave, over the next three months")

WHAT_IF = f"""
SELECT '${{change}}' AS change, w.baseline, w.expected, w.lo, w.hi, w.expected / nullif(w.baseline, 0) - 1 AS effect, w.status, w.note
  FROM kpi.what_if((CASE '${{change}}' {" ".join(f"WHEN '{name}' THEN '{change}'" for name, change in CHANGES.items())} END)::jsonb,
                   3, 'month', 'revenue', '{{}}', {m.filter_sql()}) AS w"""

ACTIONS = {"price": m.NEUTRAL, "promote": m.NEUTRAL, "restock": m.GOOD, "expand": m.GOOD, "fix_cause": m.BAD, "delist": m.WATCH,
           "reallocate": m.NEUTRAL, "diversify": m.WATCH, "set_target": m.QUIET}


def board():
    return m.dashboard(
        "kpi-recommendations", "8 Recommendations", "What should be done next, and what would it bring?",
        [
            [m.table("Recommended", "What to do first? Uplift of revenue over four weeks with its 90 % interval; confidence: how often the rule was right on past dates of this data",
                     RECOMMENDED, w=24, h=13, no_value="No rule found anything to do", columns=[
                         m.column("rank", "#", width=40), m.column("action", "Action", width=110, cell="color", mappings=m.value_colors(ACTIONS)),
                         m.column("subject", "Subject", width=220), m.column("reason", "Reason"), m.column("expected_uplift", "Uplift", decimals=1, width=90),
                         m.column("lo", "From", decimals=1, width=90), m.column("hi", "To", decimals=1, width=90), m.column("confidence", "Confidence", m.FRACTION, 0, 100),
                         m.column("rule", "Rule", width=140), m.column("status", "Status", width=90)])],
            m.Folded("What would prices do?", [
                [m.table("What if", "What would a change of all prices bring over the next three months? Associations, not experiments", WHAT_IF, w=24, h=6, columns=[
                 m.column("change", "Change", width=150), m.column("baseline", "Without", decimals=1), m.column("expected", "With", decimals=1),
                 m.column("lo", "From", decimals=1), m.column("hi", "To", decimals=1), m.change_column("effect", "Effect"), m.column("status", "Status", width=90),
                 m.column("note", "Note", width=200)])],
            [m.table("Price elasticity", "How do units answer to prices? Below -1: a lower price earns more", ELASTICITY, w=24, h=9, columns=[
                m.column("product_type", "Product type", width=160), m.column("elasticity", "Elasticity", decimals=2, width=100), m.column("lo", "From", decimals=2, width=80),
                m.column("hi", "To", decimals=2, width=80), m.column("n_weeks", "Weeks", decimals=0, width=80), m.column("price_lo", "Lowest price", decimals=1),
                m.column("price_hi", "Highest price", decimals=1), m.column("status", "Status", width=110), m.column("note", "Note")])],
            ]),
        ],
        [*m.FILTERS, m.PERIOD_VARIABLE, CHANGE_VARIABLE],
    )
