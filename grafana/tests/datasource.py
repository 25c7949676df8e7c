"""What Grafana's PostgreSQL data source does to a query, without Grafana.

Variables are put in as the query editor's frontend puts them in, macros as its backend does, and the rows come back
with the fields' types, so that the tests and the browser see what a panel would. psql talks to the server.
"""

import csv
import datetime
import io
import os
import re
import subprocess
import tempfile

NULL = "\ue000"  # private use: stands for NULL in psql's CSV
BREAK = "\ue001"

NUMERIC = {"smallint", "integer", "bigint", "real", "double precision", "numeric"}
TIMES = {"date", "timestamp without time zone", "timestamp with time zone"}


class QueryError(Exception):
    """The query cannot be run, or the server refused it."""


class All(str):
    """The value of a variable of which All is chosen and that has an `allValue`: put in as it stands."""


def moment(when):
    """A time as the macros write it."""
    return when.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _literal(value):
    return "'" + str(value).replace("'", "''") + "'"


def _formatted(value, style, multi):
    if isinstance(value, All):
        return str(value)
    if style == "raw":
        return ",".join(value) if isinstance(value, list) else str(value)
    if style == "sqlstring":
        return ",".join(_literal(v) for v in (value if isinstance(value, list) else [value]))
    if style == "hex":
        return str(value).encode().hex()
    if style is not None:
        raise QueryError(f"unknown format of a variable: {style}")
    if isinstance(value, list):
        return ",".join(_literal(v) for v in value)
    return _literal(value) if multi else str(value).replace("'", "''")


_VARIABLE = re.compile(r"\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?::([^}]+))?\}")


def interpolate(sql, values, multi=frozenset()):
    """Puts variables in; a name that is none stays as it is, as it may be a macro."""

    def put(match):
        name = match[1] or match[2] or match[4]
        if name not in values:
            return match[0]
        return _formatted(values[name], match[3] or match[5], name in multi)

    return _VARIABLE.sub(put, sql)


_MACRO = re.compile(r"\$([_a-zA-Z0-9]+)\(([^\)]*)\)")


def expand(sql, start, end, interval_ms=86_400_000):
    """Writes the macros out, over the whole text as the backend does; an unknown one is an error."""
    seconds = max(1, interval_ms // 1000)
    sql = sql.replace("$__interval_ms", str(interval_ms)).replace("$__interval", f"{seconds}s")
    sql = sql.replace("$__unixEpochFrom()", str(int(start.timestamp()))).replace("$__unixEpochTo()", str(int(end.timestamp())))

    def put(match):
        name, args = match[1], [a.strip() for a in match[2].split(",")]
        if name == "__timeFrom":
            return _literal(moment(start))
        if name == "__timeTo":
            return _literal(moment(end))
        if name == "__time":
            return f'{args[0]} AS "time"'
        if name == "__timeFilter":
            return f"{args[0]} BETWEEN {_literal(moment(start))} AND {_literal(moment(end))}"
        if name in ("__timeGroup", "__timeGroupAlias"):
            width = _seconds(args[1].strip("'\""))
            group = f"floor(extract(epoch from {args[0]})/{width})*{width}"
            return group + (' AS "time"' if name.endswith("Alias") else "")
        if name == "__unixEpochFilter":
            return f"{args[0]} >= {int(start.timestamp())} AND {args[0]} <= {int(end.timestamp())}"
        raise QueryError(f'unknown macro "{name}"')

    sql = _MACRO.sub(put, sql)
    left = re.search(r"\$\{?[_a-zA-Z]\w*", sql)
    if left:
        raise QueryError(f"nothing stands behind {left[0]}")
    return sql


def _seconds(text):
    match = re.fullmatch(r"(\d+)([smhdw])", text)
    if not match:
        raise QueryError(f"not an interval: {text}")
    return int(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[match[2]]


class Frame:
    """Rows with the names and types of their columns."""

    def __init__(self, columns, rows, ms):
        self.columns, self.rows, self.ms = columns, rows, ms

    def names(self):
        return [name for name, _ in self.columns]

    def column(self, name):
        at = self.names().index(name)
        return [row[at] for row in self.rows]

    def typed(self):
        """The rows as a panel gets them: numbers as numbers, times as milliseconds, booleans and texts."""
        return [[_typed(cell, kind) for cell, (_, kind) in zip(row, self.columns)] for row in self.rows]


def _typed(cell, kind):
    if cell is None:
        return None
    if kind in NUMERIC:
        return float(cell)
    if kind in TIMES:
        when = datetime.datetime.fromisoformat(cell if "+" in cell or kind == "date" else cell + "+00:00")
        return int((when if when.tzinfo else when.replace(tzinfo=datetime.timezone.utc)).timestamp() * 1000)
    if kind == "boolean":
        return cell == "t"
    return cell


def run(sql, user, again=0):
    """Runs a query as a role; the time is that of the last of `1 + again` runs in one session, as a pool keeps sessions.

    It is the time on the clock or, where that is less, the server's processor time: a busy machine makes no query slow.
    """
    sql = sql.strip().rstrip(";")
    with tempfile.NamedTemporaryFile("r") as ticks:
        clock = f"\\! cut -d' ' -f14,15 /proc/$KPI_PID/stat >> '{ticks.name}' 2>/dev/null"
        script = "\n".join([
            "\\pset null " + NULL, "SET timezone TO 'UTC';", "SET datestyle TO 'ISO';", "SELECT pg_backend_pid() AS pid \\gset", "\\setenv KPI_PID :pid",
            sql, "\\gdesc", f"\\echo {BREAK}", *[f"{sql}\n\\g /dev/null" for _ in range(again)], clock, "\\timing on", sql + "\n;", clock, "",
        ])
        done = subprocess.run(
            ["psql", "-X", "-q", "--csv", "-v", "ON_ERROR_STOP=1", "-U", user, "-f", "-"],
            input=script, capture_output=True, text=True, check=False,
        )
        spent = [sum(map(int, line.split())) for line in ticks.read().splitlines()]
    if done.returncode != 0:
        raise QueryError("; ".join(re.sub(r"^psql:<stdin>:\d+: ", "", line) for line in done.stderr.splitlines()
                                   if re.search(r"\b(ERROR|FATAL|HINT|DETAIL):", line)) or done.stderr.strip()[:500])
    described, _, answered = done.stdout.partition(BREAK + "\n")
    answered, _, timing = answered.rpartition("Time: ")
    columns = [tuple(row) for row in csv.reader(io.StringIO(described))][1:]
    rows = [[None if cell == NULL else cell for cell in row] for row in csv.reader(io.StringIO(answered))][1:]
    ms = float(timing.split(" ")[0])
    if len(spent) == 2:
        # The kernel counts in ticks: one more than seen may have been spent.
        ms = min(ms, (spent[1] - spent[0] + 1) * 1000 / os.sysconf("SC_CLK_TCK"))
    return Frame([(name, re.sub(r"\(.*\)", "", kind)) for name, kind in columns], rows, ms)
