"""A dashboard as a viewer sees it: its JSON, and the rows of each of its panels, from PostgreSQL."""

import datetime
import json
import pathlib
import re
import subprocess

import datasource
import lint
import server

DASHBOARDS = pathlib.Path(__file__).resolve().parent.parent.parent / "dashboards"


def milliseconds(text):
    return datetime.datetime.fromtimestamp(int(text) / 1000, datetime.timezone.utc)


def _days():
    text = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-c", "SELECT min(day) || '|' || max(day) FROM kpi.daily"],
                          capture_output=True, text=True, check=True).stdout.strip()
    return [datetime.datetime.fromisoformat(day + "T00:00:00+00:00") for day in text.split("|")]


def rendered(name):
    """The dashboard over all days of the data and as far ahead as it looks, with every variable at its default and folds open."""
    board = json.loads((DASHBOARDS / f"{re.sub(r'[^a-z_]', '', name)}.json").read_text(encoding="utf-8"))
    start, end = _days()
    ahead = re.search(r"\+(\d+)d", board["time"]["to"])
    end += datetime.timedelta(days=int(ahead[1]) if ahead else 0)
    board["panels"] = list(lint.panels(board))
    values, multi, shown = {}, set(), []
    for variable in board["templating"]["list"]:
        current = variable["current"]
        values[variable["name"]] = datasource.All(variable["allValue"]) if current.get("value") == ["$__all"] else current.get("value", "")
        if variable["multi"]:
            multi.add(variable["name"])
        if not variable["hide"]:
            text = current.get("text", "")
            shown.append({"label": variable["label"], "text": text[0] if isinstance(text, list) else text})
    for panel in board["panels"]:
        frames = []
        for query in panel.get("targets", []):
            role = server.ROLES[query["datasource"]["uid"]]
            sql = datasource.expand(datasource.interpolate(query["rawSql"], values, multi), start, end)
            frames.append({**server.frame_json(datasource.run(sql, role), query["refId"]), "format": query["format"]})
        panel["frames"] = frames
    return {"board": board, "variables": shown, "from": int(start.timestamp() * 1000), "to": int(end.timestamp() * 1000)}
