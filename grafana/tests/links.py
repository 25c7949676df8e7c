"""Links of the dashboards, put together as Grafana puts them together, and read as a browser reads them."""

import re
import urllib.parse

from lint import panels

# Encodings of Grafana's formats: everything but unreserved characters.
_quote = lambda text: urllib.parse.quote(str(text), safe="-_.~")  # noqa: E731
_PLACE = re.compile(r"\$\{([^}:]+)(?::(\w+))?\}")
START, END = 1700000000000, 1760000000000


def resolve(url, row, variables):
    """The URL for a row; `variables` are the values of those of the dashboard, lists or texts."""

    def queryparam(name):
        value = variables[name]
        return "&".join(f"var-{name}={_quote(v)}" for v in (value if isinstance(value, list) else [value]))

    def put(match):
        name, style = match[1], match[2]
        if name == "__url_time_range":
            return f"from={START}&to={END}"
        if name == "__all_variables":
            return "&".join(map(queryparam, variables))
        if style == "queryparam":
            return queryparam(name)
        value = row[name.removeprefix("__data.fields.")] if name.startswith("__data.fields.") else variables[name]
        return _quote(value) if style == "percentencode" else str(value)

    return _PLACE.sub(put, url)


def links(board):
    """Every link of a dashboard's panels: the panel, and the link."""
    for panel in panels(board):
        field = panel.get("fieldConfig", {"defaults": {}, "overrides": []})
        found = list(field["defaults"].get("links", []))
        for changed in field["overrides"]:
            found += [link for p in changed["properties"] if p["id"] == "links" for link in p["value"]]
        yield from ((panel, link) for link in found)


def problems(panel, link, columns, variables, boards, nasty):
    """What is wrong with a link, for a row whose texts are all `nasty`. `columns` are those of the panel's query."""
    row = {name: "1700000000000" if name.endswith("_ms") else nasty for name in columns}
    used = set(re.findall(r"\$\{__data\.fields\.(\w+)", link["url"]))
    if used - row.keys():
        yield f"the query has no {', '.join(sorted(used - row.keys()))}"
        return
    chosen = {name: [nasty, "Web"] if isinstance(value, list) else value for name, value in variables.items()}
    url = urllib.parse.urlsplit(resolve(link["url"], row, chosen))
    said = urllib.parse.parse_qs(url.query, keep_blank_values=True, strict_parsing=True)
    target = next((b for b in boards if url.path == f"/d/{b['uid']}"), None)
    if target is None:
        yield f"goes to {url.path}, which is not there"
        return
    there = {v["name"] for v in target["templating"]["list"]}
    yield from (f"chooses {name}, which {target['uid']} does not have" for name in said if name.startswith("var-") and name[4:] not in there)
    if not {"from", "to"} <= said.keys():
        yield "does not keep the time range"
    if "var-ask" in said:
        # A question names what it is about; filters of the dashboard would change it.
        if said["var-ask"] != [nasty]:
            yield f"asks {said['var-ask']}"
        return
    for name in ("brand", "channel", "vendor", "product_type"):
        own = re.search(rf"var-{name}=\$\{{__data\.fields\.", link["url"])
        wanted = [nasty] if own else chosen.get(name)
        if name in there and said.get(f"var-{name}") != wanted:
            yield f"{name} arrives as {said.get(f'var-{name}')}, not {wanted}"
    if "period" in there and "period" in chosen and said.get("var-period", [chosen["period"]]) != [chosen["period"]]:
        yield f"period arrives as {said['var-period']}"
