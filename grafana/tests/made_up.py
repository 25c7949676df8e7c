"""What needs data of its own: a copy of the demo database, in which things are made up.

The alert rules fire on made-up conditions and on nothing else; a brand of the strangest name is filtered like any other.
"""

import contextlib
import os
import subprocess

import datasource
from boards.alerts import rules

DATABASE = "kpi_grafana_test"


def psql(sql, database=DATABASE):
    done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql], capture_output=True, text=True, check=False,
                          env=os.environ | {"PGOPTIONS": "-c client_min_messages=warning"})
    if done.returncode:
        raise datasource.QueryError(done.stderr.strip())
    return done.stdout.strip()


@contextlib.contextmanager
def copy():
    """PGDATABASE is a copy of it for a while; temporary objects are forbidden there too."""
    before = os.environ["PGDATABASE"]
    psql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", "postgres")
    psql(f"CREATE DATABASE {DATABASE} TEMPLATE {before}", "postgres")
    psql(f"REVOKE TEMPORARY ON DATABASE {DATABASE} FROM PUBLIC", "postgres")
    os.environ["PGDATABASE"] = DATABASE
    try:
        yield
    finally:
        os.environ["PGDATABASE"] = before
        psql(f"DROP DATABASE {DATABASE} WITH (FORCE)", "postgres")


def firing(rule):
    """The series for which a rule fires, as its three steps say: the query, the last value of each series, the threshold."""
    query, reduce, threshold = (step["model"] for step in rule["data"])
    assert (reduce["type"], reduce["reducer"], reduce["expression"], threshold["type"], threshold["expression"]) == ("reduce", "last", "A", "threshold", "B")
    evaluator = threshold["conditions"][0]["evaluator"]
    assert evaluator["type"] == "gt"
    frame = datasource.run(query["rawSql"], "kpi_grafana")
    at, last = frame.names().index(next(n for n, k in frame.columns if k in datasource.NUMERIC)), {}
    for row in frame.rows:
        last[row[frame.names().index("metric")] if "metric" in frame.names() else ""] = float(row[at] or "nan")
    return sorted(name for name, value in last.items() if value > evaluator["params"][0])


CONDITIONS = {  # rule: what makes it fire, for which series, and what ends it
    "kpi-anomaly-open": (
        """INSERT INTO kpi.anomaly_open (source, metric, members, member, started, last_seen, kind, direction, value, expected, impact, q)
           SELECT 'sales', 'revenue', jsonb_build_object('brand', m), m, kpi.asof() - 6, kpi.asof(), 'drop', 'down', 0, i, -i * kpi.value('revenue', kpi.period('last 30 days')), 0.001
             FROM (VALUES ('Large', 0.05), ('Small', 0.01)) AS v(m, i)""",
        lambda found: len(found) == 1 and found[0].startswith("Large, revenue since "),
        "DELETE FROM kpi.anomaly_open"),
    "kpi-target-at-risk": (
        "SELECT kpi.set_target('revenue', kpi.period('this month'), 10 * kpi.value('revenue', kpi.period('this month')))",
        lambda found: found == ["Total"],
        "SELECT kpi.set_target('revenue', kpi.period('this month'), 1)"),
    "kpi-data-stale": (
        "SELECT 1",  # the demo's data ends with 2025
        lambda found: found == [""],
        """INSERT INTO sales.order_line (load_id, line_no, sold_on, sku, quantity, revenue) SELECT max(load_id), 1000001, current_date, 'X', 1, 1 FROM sales.load;
           SELECT kpi.refresh()"""),
    "kpi-rejects-high": (
        "UPDATE sales.load SET finished_at = now() - interval '1 hour'",
        lambda found: found == ["december.csv"],
        "UPDATE sales.load SET rejected = 1"),
}


def test_alerts(tally):
    known = {rule["uid"]: rule for rule in rules()}
    tally.check("every alert has a made-up condition", [] if known.keys() == CONDITIONS.keys() else [str(known.keys() ^ CONDITIONS.keys())])
    for uid, (begin, wanted, end) in CONDITIONS.items():
        try:
            psql(begin)
            found = firing(known[uid])
            tally.check(f"alert {uid} fires", [] if wanted(found) else [f"fires for {found}"])
            psql(end)
            found = firing(known[uid])
            tally.check(f"alert {uid} ends", [] if found == [] else [f"fires for {found}"])
        except datasource.QueryError as error:
            tally.check(f"alert {uid}", [str(error)])


def test_names(tally, scene, boards, nasty, roles):
    """Every query over periods gives the same rows for a brand whatever its name is."""
    shown = {}
    for name in ("Seol", nasty):
        if name == nasty:
            literal = "'" + nasty.replace("'", "''") + "'"
            psql(f"UPDATE sales.order_line SET brand = {literal} WHERE brand = 'Seol'; SELECT kpi.refresh()")
        for board in boards:
            values = {v["name"]: scene.choose(v, []) for v in board["templating"]["list"]}
            if "brand" not in values or "period" not in values:
                continue
            values["brand"] = [name]
            for panel in board["panels"]:
                for query in panel.get("targets", []) if panel["type"] in ("stat", "timeseries", "bargauge") else []:
                    frame = scene.query(query["rawSql"], values, {"brand"}, roles[query["datasource"]["uid"]])
                    shown.setdefault((board["uid"], panel["title"], query["refId"]), []).append(frame.rows)
    for (uid, title, ref), (plain, strange) in shown.items():
        same = [[c.replace("Seol", "") if c else c for c in row] for row in plain] == [[c.replace(nasty, "") if c else c for c in row] for row in strange]
        tally.check(f"{uid} “{title}” {ref}, a brand called {nasty}", [] if same and plain else [f"{len(plain)} rows before, {len(strange)} after"])
