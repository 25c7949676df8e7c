"""Asking in words."""

from . import model as m

QUESTION = {
    "type": "textbox", "name": "question", "label": "Question", "description": "For the panels without the plugin: asked when the fold below is open",
    "hide": 0, "query": "Which brands drive growth?", "options": [], "skipUrlSync": True,
    "current": {"selected": True, "text": "Which brands drive growth?", "value": "Which brands drive growth?"}, "multi": False, "includeAll": False,
}

# Formatted by the data source: a double quote in the question arrives with a backslash. The plugin has no such limit.
ANSWER = "SELECT a.answer, a.engine, CASE WHEN a.verified THEN 'yes' ELSE 'no' END AS verified, a.note FROM kpi.ask(${question:sqlstring}) AS a"
ROWS = """
SELECT r.place, r.entry::text AS entry
  FROM (SELECT a.rows AS entries FROM kpi.ask(${question:sqlstring}) AS a) AS a
 CROSS JOIN LATERAL jsonb_array_elements(a.entries) WITH ORDINALITY AS r(entry, place)"""


def board():
    return m.dashboard(
        "kpi-ask", "9 Ask", "What do you want to know?",
        [
            [m.chat(w=24, h=20, title="Ask about sales")],
            m.Folded("Without the plugin: write the question above", [
                [m.table("Answer", "The answer in words, and whether every figure in it was found in the rows", ANSWER, w=24, h=6, datasource=m.ANSWERS, columns=[
                    m.column("answer", "Answer", cell="wrap"), m.column("engine", "Worded by", width=110), m.column("verified", "Verified", width=80), m.column("note", "Note", width=200, cell="wrap")])],
                [m.table("Rows of the answer", "The rows behind the answer", ROWS, w=24, h=8, datasource=m.ANSWERS, no_value="The answer has no rows", columns=[
                    m.column("place", "#", width=50), m.column("entry", "Row", cell="wrap")])],
            ]),
        ],
        [*m.FILTERS, QUESTION], tags=("ask",),
    )
