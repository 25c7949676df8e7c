"""What must hold of a dashboard's JSON, without a database."""

import re

PRIVATE_DATA_SOURCES = {"-- Grafana --", "-- Dashboard --"}
BUILT_IN_VARIABLES = {"__timeFrom", "__timeTo", "__data", "__url_time_range", "__all_variables", "__value", "__from", "__to", "__user", "__dashboard"}
# Functions that return rows and are always there; everything else in FROM is qualified, or a name that the query itself makes.
BUILT_IN_FUNCTIONS = {"unnest", "generate_series", "jsonb_each", "jsonb_each_text", "jsonb_array_elements", "jsonb_array_elements_text", "jsonb_to_recordset"}
WITHOUT_QUERY = {"row", "text", "pgkpi-chat-panel"}


def problems(name, board, data_sources, uids):
    """Everything that is wrong with a dashboard, one text each."""
    found = []

    def expect(true, text):
        if not true:
            found.append(f"{name}: {text}")

    expect(board["schemaVersion"] == 39, "schemaVersion is not 39")
    expect("id" not in board, "an id would tie it to one Grafana")
    expect(not board["editable"], "editable")
    expect("sales" in board["tags"], "without the tag that links the dashboards")
    expect(board["description"].endswith("?"), "its description is not the question it answers")
    variables = {v["name"] for v in board["templating"]["list"]}
    for variable in board["templating"]["list"]:
        expect(variable["label"] and variable["description"], f"variable {variable['name']} has no label or description")
    every = list(panels(board))
    ids = [p["id"] for p in every]
    expect(len(ids) == len(set(ids)), "panel ids repeat")
    titles = [p["title"] for p in every if p["title"]]
    expect(len(titles) == len(set(titles)), "panel titles repeat")
    found += [f"{name}: {a} and {b} overlap" for a, b in overlaps(board["panels"])]
    for panel in every:
        at = f"panel “{panel['title']}”"
        for text in strings(panel):
            for used in re.findall(r"\$\{?(\w+)", text):
                expect(used in variables | BUILT_IN_VARIABLES, f"{at}: ${used} is not defined")
            for uid in re.findall(r"/d/([\w-]+)", text):
                expect(uid in uids, f"{at}: links to {uid}, which is not there")
        if panel["type"] in WITHOUT_QUERY:
            continue
        expect(panel["description"], f"{at}: no description")
        expect(panel["targets"], f"{at}: no query")
        defaults = panel["fieldConfig"]["defaults"]
        expect(defaults.get("unit"), f"{at}: no unit")
        expect(defaults.get("noValue"), f"{at}: no text for no data")
        for query in panel["targets"]:
            found += [f"{name}: {at}: {text}" for text in unqualified(query["rawSql"])]
    for source in references(board):
        expect(source.get("type") and source.get("uid") in data_sources | PRIVATE_DATA_SOURCES, f"data source {source}")
    for query in [v["query"] for v in board["templating"]["list"] if v["type"] == "query"]:
        found += [f"{name}: variable: {text}" for text in unqualified(query)]
    return found


def panels(board):
    """Every panel, those of closed rows too."""
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", [])


def overlaps(panels):
    """Pairs of panels on the same spot, and panels that leave the grid."""
    taken = {}
    for panel in panels:
        grid = panel["gridPos"]
        if grid["x"] + grid["w"] > 24:
            yield panel["title"], "the right edge"
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                if (x, y) in taken:
                    yield taken[x, y], panel["title"]
                    return
                taken[x, y] = panel["title"]


def strings(node):
    """Every text in a JSON value."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, (list, dict)):
        for part in node if isinstance(node, list) else node.values():
            yield from strings(part)


def references(node):
    """Every reference to a data source in a JSON value."""
    if isinstance(node, dict):
        if isinstance(node.get("datasource"), dict):
            yield node["datasource"]
        for part in node.values():
            yield from references(part)
    elif isinstance(node, list):
        for part in node:
            yield from references(part)


def unqualified(sql):
    """Relations that are named without their schema. A session's temporary objects could stand in for them."""
    text = re.sub(r"'(?:[^']|'')*'", "''", sql)
    made = {m.lower() for m in re.findall(r"(\w+)\s+AS\s+(?:MATERIALIZED\s+)?\(", text, re.I)}
    for match in re.finditer(r"\b(?:FROM|JOIN)\s+(?:LATERAL\b\s*)?(?!LATERAL\b)([a-z_]\w*)(\.\w+)?(\s*\()?", text, re.I):
        before = text[max(0, match.start() - 200):match.start()]
        if re.search(r"\b(?:extract|trim|substring|overlay)\s*\([^()]*$", before, re.I) or re.search(r"DISTINCT\s+$", before, re.I):
            continue
        name = match[1].lower()
        if not match[2] and name not in made and not (match[3] and name in BUILT_IN_FUNCTIONS):
            yield f"{match[1]} is named without its schema"
