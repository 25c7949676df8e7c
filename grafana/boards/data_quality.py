"""Can the figures be trusted?"""

from . import model as m

FRESH = """
SELECT to_char(kpi.asof(), 'YYYY-MM-DD') AS "last day of data" """

STATE = """
SELECT (current_date - kpi.asof())::numeric AS "days since the last sale",
       (SELECT count(*) FROM sales.touched) AS "changes not in the rollup yet",
       coalesce(sum(l.rejected)::numeric / nullif(sum(l.lines_read), 0), 0) AS "share of lines rejected"
  FROM sales.load AS l WHERE l.state = 'done'"""

LOADS = """
SELECT l.load_id, l.file, l.state, l.lines_read, l.accepted, l.rejected, l.first_day::timestamptz AS first_day, l.last_day::timestamptz AS last_day,
       l.loaded_by::text AS loaded_by, l.started_at, extract(epoch FROM l.finished_at - l.started_at) AS seconds
  FROM sales.load AS l ORDER BY l.load_id DESC LIMIT 200"""

REJECT_CODES = """
SELECT r.code, count(*) AS lines FROM sales.reject AS r GROUP BY r.code ORDER BY 2 DESC, 1"""

REJECTS = """
SELECT r.load_id, r.line, r.column_name AS "column", r.raw, r.code, r.reason
  FROM sales.reject AS r ORDER BY r.load_id DESC, r.line LIMIT 200"""

LINES = """
SELECT d.day::timestamptz AS "time", d.lines FROM kpi.daily AS d
 WHERE d.day <@ kpi.period($__timeFrom()::timestamptz, $__timeTo()::timestamptz) ORDER BY 1"""

USAGE = """
SELECT u.day::timestamptz AS day, u.function, u.model, u.calls, u.errors, u.prompt_tokens, u.completion_tokens, u.mean_ms
  FROM kpi.llm_usage AS u ORDER BY u.day DESC, u.calls DESC LIMIT 100"""

NAMELESS = """
SELECT d.label AS dimension, coalesce((
         SELECT sum(b.share) FROM kpi.breakdown('revenue', kpi.period('last 12 months'), ARRAY[d.name]) AS b WHERE b.member = '(none)'), 0) AS without
  FROM kpi.dimensions AS d
 WHERE d.name IN ('brand', 'product_type', 'channel', 'vendor') ORDER BY 2 DESC, 1"""


def board():
    return m.dashboard(
        "kpi-data-quality", "10 Data quality", "Can the figures be trusted?",
        [
            [m.table("Up to", "Up to which day is there data?", FRESH, w=5, h=5, columns=[m.column("last day of data", "Last day of data")]),
             m.stat("State", "Is the data fresh, complete and in the rollup?", STATE, w=11, h=5, unit=m.COUNT, decimals=0, sizes=(16, 24), overrides=[
                 m.override("days since the last sale", thresholds=m.thresholds((None, m.GOOD), (3, m.WATCH), (8, m.BAD))),
                 m.override("changes not in the rollup yet", thresholds=m.thresholds((None, m.GOOD), (1, m.WATCH))),
                 m.override("share of lines rejected", unit=m.FRACTION, decimals=2, thresholds=m.thresholds((None, m.GOOD), (0.001, m.WATCH), (0.01, m.BAD)))]),
             m.bargauge("Without a name", "How much of the last 12 months' revenue has no member in a dimension?", NAMELESS, w=8, h=5, unit=m.FRACTION,
                        steps=m.thresholds((None, m.GOOD), (0.01, m.WATCH), (0.1, m.BAD)), defaults={"decimals": 1, "min": 0, "max": 1})],
            [m.timeseries("Lines a day", "Are there days without data, or with far too much?", LINES, w=24, h=7, unit=m.COUNT, bars=True, legend="hidden", color={"mode": "fixed", "fixedColor": m.NEUTRAL})],
            [m.table("Loads", "Which files were loaded, when, by whom, and how many lines were taken?", LOADS, w=24, h=6, columns=[
                m.column("load_id", "Load", m.COUNT, width=60), m.column("file", "File", cell="wrap"), m.column("state", "State", width=80), m.column("lines_read", "Read", m.COUNT, width=100),
                m.column("accepted", "Accepted", m.COUNT, width=100),
                m.column("rejected", "Rejected", m.COUNT, width=90, cell="color", steps=m.thresholds((None, m.QUIET), (1, m.WATCH))),
                m.column("first_day", "First day", "time:YYYY-MM-DD", width=100), m.column("last_day", "Last day", "time:YYYY-MM-DD", width=100),
                m.column("loaded_by", "By", width=100), m.column("started_at", "Started", "dateTimeAsIso", width=160), m.column("seconds", "Took", "s", 1, 80)])],
            [m.bargauge("Rejects by reason", "Why were lines not taken?", REJECT_CODES, w=8, h=9, unit=m.COUNT, defaults={"min": 0}, steps=m.thresholds((None, m.WATCH)), no_value="No line was rejected"),
             m.table("Rejected lines", "Which lines were not taken, and what is wrong with them? The newest 200", REJECTS, w=16, h=9, no_value="No line was rejected",
                     columns=[m.column("load_id", "Load", m.COUNT, width=60), m.column("line", "Line", m.COUNT, width=80), m.column("column", "Column", width=90),
                              m.column("raw", "As it stands in the file", cell="wrap"), m.column("code", "Code", width=170), m.column("reason", "Reason", width=260, cell="wrap")])],
            [m.table("Language model", "What did the language model cost? The chat's own calls; none without an endpoint", USAGE, w=24, h=4, datasource=m.ANSWERS,
                     no_value="No language model was called", columns=[
                         m.column("day", "Day", "time:YYYY-MM-DD", width=110), m.column("function", "Function"), m.column("model", "Model"), m.column("calls", "Calls", decimals=0),
                         m.column("errors", "Errors", decimals=0, cell="color", steps=m.thresholds((None, m.QUIET), (1, m.BAD))),
                         m.column("prompt_tokens", "Tokens in"), m.column("completion_tokens", "Tokens out"), m.column("mean_ms", "Mean time", "ms")])],
        ],
        [], tags=("operations",), since="now-2y",
    )
