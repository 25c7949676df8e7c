"""What the dashboards have in common: data source, variables, SQL fragments, panels, layout.

A dashboard module says which panels stand in which row, and their SQL; everything else (ids, grid, units,
descriptions, links, null texts) is made here, so that it is the same everywhere.
"""

SCHEMA_VERSION = 39  # Grafana 11; 12 and 13 migrate it when they load the file
FIGURES = {"type": "grafana-postgresql-datasource", "uid": "pg-kpi"}
ANSWERS = {"type": "grafana-postgresql-datasource", "uid": "pg-kpi-ask"}
WIDTH = 24
NO_DATA = "No data: widen the time range or the filters"

# One meaning a colour, on every dashboard. Grafana's own names: each has a shade for dark and one for light.
GOOD, WATCH, BAD, NEUTRAL = "semi-dark-green", "dark-orange", "red", "blue"
QUIET = "#7a8494"  # as far from white as from black

COUNT = "locale"  # 10,000 and not 10 K

FRACTION = "percentunit"
NUMBER = "short"  # money keeps the unit of the data, which a dashboard cannot know

# --- SQL -------------------------------------------------------------------------------------------------------------

FILTERED = ("brand", "channel", "vendor", "product_type")


def filter_sql(dimensions=FILTERED):
    """The filter that the variables say; All is NULL (see `members_variable`), and leaves its dimension out."""
    pairs = ", ".join(f"'{d}', nullif(to_jsonb(ARRAY[${{{d}}}]::text[]), '[null]')" for d in dimensions)
    return f"jsonb_strip_nulls(jsonb_build_object({pairs}))"


RANGE = "kpi.period($__timeFrom()::timestamptz, $__timeTo()::timestamptz)"
# The last complete month is what every function takes by default: on the last day of a month it is this month.
PERIOD = (
    "coalesce(kpi.period(CASE '${period}' WHEN 'time range' THEN NULL\n"
    "                                 WHEN 'last complete month' THEN to_char(kpi.asof() + 1 - interval '1 month', 'YYYY-MM')\n"
    f"                                 ELSE '${{period}}' END), {RANGE})"
)


def dash(body, recursive=False):
    """SQL that reads the dashboard's choices as `dash.period`, `dash.span` (the time range) and `dash.filter`."""
    return (
        f"WITH {'RECURSIVE ' if recursive else ''}dash AS (\n  SELECT {PERIOD} AS period,\n         {RANGE} AS span,\n"
        f"         {filter_sql()} AS filter\n)\n{body}"
    )


def latest(answer, columns, period="dash.period", arguments=None):
    """The rows of an answer that kpi.refresh_latest() keeps, as a relation."""
    given = f", arguments => {arguments}" if arguments else ""
    return f"jsonb_to_recordset(kpi.latest('{answer}', {period}, dash.filter{given})) AS {columns}"


# --- Variables -------------------------------------------------------------------------------------------------------


def custom_variable(name, label, values, default, description, hide=0):
    options = [{"selected": v == default, "text": v, "value": v} for v in values]
    return {
        "type": "custom", "name": name, "label": label, "description": description, "hide": hide, "multi": False,
        "includeAll": False, "query": ",".join(values), "options": options,
        "current": {"selected": True, "text": default, "value": default}, "skipUrlSync": False,
    }


def query_variable(name, label, sql, description, default=None, datasource=None):
    """One value out of the rows of a query with columns __text and __value."""
    return {
        "type": "query", "name": name, "label": label, "description": description, "datasource": datasource or FIGURES,
        "definition": sql, "query": sql, "refresh": 1, "sort": 0, "hide": 0, "multi": False, "includeAll": False,
        "regex": "", "options": [], "skipUrlSync": False,
        "current": {"selected": True, "text": default[0], "value": default[1]} if default else {},
    }


def members_variable(dimension, label, after=()):
    """Members of a dimension, greatest revenue first, of what the variables before it leave over.

    All is written into the SQL as NULL, so that nothing is filtered and the rollup can serve.
    """
    sql = (
        f"SELECT member FROM kpi.breakdown('revenue', daterange((kpi.asof() - interval '2 years')::date, kpi.asof(), '[]'), "
        f"'{{{dimension}}}', {filter_sql(after) if after else chr(39) + '{}' + chr(39)})"
    )
    return {
        "type": "query", "name": dimension, "label": label, "description": f"{label}s of the last two years, greatest revenue first",
        "datasource": FIGURES, "definition": sql, "query": sql, "refresh": 1, "sort": 0, "hide": 0, "multi": True,
        "includeAll": True, "allValue": "NULL", "regex": "", "options": [], "skipUrlSync": False,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    }


FILTERS = [
    members_variable("brand", "Brand"),
    members_variable("channel", "Channel", ("brand",)),
    members_variable("vendor", "Vendor", ("brand", "channel")),
    members_variable("product_type", "Product type", ("brand",)),
]
PERIODS = ["last complete month", "this month", "last 30 days", "last 3 months", "last 12 months", "ytd", "time range"]
PERIOD_VARIABLE = custom_variable(
    "period", "Period", PERIODS, "last complete month",
    "What the figures are of; counted from the last day of data. time range: the dashboard's own. Charts over time always show the time range",
)
GRAIN_VARIABLE = custom_variable("grain", "Grain", ["day", "week", "month", "quarter"], "month", "Width of a bucket in charts over time")
METRIC_VARIABLE = query_variable(
    "metric", "Metric", "SELECT label AS __text, name AS __value FROM kpi.metrics WHERE additive ORDER BY place NULLS LAST, name",
    "What is measured; metrics that add up", ("Revenue", "revenue"),
)

# --- Panels ----------------------------------------------------------------------------------------------------------


def thresholds(*steps):
    """Steps as (from, colour); the first one has no from."""
    return {"mode": "absolute", "steps": [{"value": v, "color": c} for v, c in steps]}


PLAIN = thresholds((None, NEUTRAL))
LEAST = 0.000001  # the first value above nothing
CHANGE = thresholds((None, BAD), (-0.05, WATCH), (0, QUIET), (LEAST, GOOD))
CHANGE_LESS_IS_BETTER = thresholds((None, GOOD), (0, QUIET), (LEAST, WATCH), (0.05, BAD))
UP_DOWN = thresholds((None, BAD), (0, QUIET), (LEAST, GOOD))
# A cell without a figure has no colour of good or bad.
NO_FIGURE = {"type": "special", "options": {"match": "null", "result": {"text": "–", "color": QUIET, "index": 0}}}

STATES = {"good": GOOD, "watch": WATCH, "bad": BAD}


def value_colors(colors):
    """A mapping of texts to colours."""
    return [{"type": "value", "options": {k: {"color": c, "index": i, "text": k} for i, (k, c) in enumerate(colors.items())}}]


def override(matcher, **properties):
    """Field overrides; a matcher with a slash at both ends is a regular expression. `__` in a name is a dot."""
    by = "byRegexp" if matcher.startswith("/") else "byName"
    return {
        "matcher": {"id": by, "options": matcher},
        "properties": [{"id": k.replace("__", "."), "value": v} for k, v in properties.items()],
    }


def link(title, url, new_tab=False):
    return {"title": title, "url": url, "targetBlank": new_tab}


def keep(uid, title, time="${__url_time_range}", but=None):
    """A link to another dashboard over periods, with the choices made here."""
    kept = "".join("&${%s:queryparam}" % d for d in FILTERED if d != but)
    return link(title, f"/d/{uid}?{time}{kept}&${{period:queryparam}}")


def drill(uid, title, variable, field="member"):
    """A link from a row to another dashboard with the row's member chosen, other choices and time kept."""
    made = keep(uid, title, but=variable)
    return {**made, "url": f"{made['url']}&var-{variable}=${{__data.fields.{field}:percentencode}}"}


def target(sql, fmt="table", ref="A", datasource=None):
    return {"refId": ref, "datasource": datasource or FIGURES, "editorMode": "code", "rawQuery": True, "format": fmt, "rawSql": sql.strip() + "\n"}


def panel(kind, title, question, sql, w=12, h=8, unit=NUMBER, decimals=None, steps=None, overrides=(), options=None,
          custom=None, mappings=None, links=None, color="thresholds", fmt="table", transformations=(), no_value=NO_DATA,
          datasource=None, defaults=None, max_rows=None):
    """A panel. `question` is what it answers, shown as its description; `sql` is a query or a list of (query, format)."""
    queries = [(sql, fmt)] if isinstance(sql, str) else list(sql)
    field = {"unit": unit, "noValue": no_value, "mappings": mappings or [], "thresholds": steps or PLAIN,
             "color": {"mode": color} if isinstance(color, str) else color, "custom": custom or {}, "links": links or []}
    if decimals is not None:
        field["decimals"] = decimals
    field.update(defaults or {})
    made = {
        "type": kind, "title": title, "description": question, "datasource": datasource or FIGURES,
        "gridPos": {"w": w, "h": h},
        "fieldConfig": {"defaults": field, "overrides": list(overrides)},
        "options": options or {}, "transformations": list(transformations),
        "targets": [target(s, f, chr(ord("A") + i), datasource) for i, (s, f) in enumerate(queries)],
    }
    if max_rows:
        made["maxDataPoints"] = max_rows
    return made


def timeseries(title, question, sql, w=12, h=8, unit=NUMBER, stack=None, fill=8, bars=False, overrides=(), decimals=None,
               legend="list", color="palette-classic", **more):
    """Lines, areas or bars over time. `stack`: None, normal or percent."""
    custom = {
        "drawStyle": "bars" if bars else "line", "lineInterpolation": "linear", "lineWidth": 0 if bars else 2,
        "fillOpacity": 70 if bars or stack else fill, "gradientMode": "none", "showPoints": "never", "spanNulls": False,
        "stacking": {"mode": stack or "none", "group": "A"}, "axisPlacement": "auto", "axisLabel": "", "axisBorderShow": False,
        "scaleDistribution": {"type": "linear"}, "thresholdsStyle": {"mode": "off"}, "barAlignment": 0, "pointSize": 5,
        "hideFrom": {"legend": False, "tooltip": False, "viz": False}, "axisSoftMin": 0,
    }
    options = {
        "legend": {"displayMode": legend, "placement": "bottom", "showLegend": legend != "hidden", "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return panel("timeseries", title, question, sql, w, h, unit, decimals, overrides=overrides, options=options,
                 custom=custom, color=color, fmt="time_series", **more)


def table(title, question, sql, w=12, h=8, unit=NUMBER, overrides=(), columns=(), sort=None, **more):
    """Rows. `columns` are overrides made by `column()`."""
    # Columns without a width share what is left, and are not pushed out of sight.
    custom = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False, "filterable": False, "minWidth": 60}
    options = {"showHeader": True, "cellHeight": "sm", "footer": {"show": False, "reducer": ["sum"], "countRows": False, "fields": ""},
               "sortBy": [{"displayName": sort[0], "desc": sort[1]}] if sort else []}
    # A gauge in a cell runs from the least to the greatest of its own column.
    more["defaults"] = {"fieldMinMax": True, **more.get("defaults", {})}
    return panel("table", title, question, sql, w, h, unit, overrides=[*columns, *overrides], options=options, custom=custom, **more)


def column(field, title, unit=None, decimals=None, width=None, cell=None, steps=None, links=None, mappings=None, least=None, most=None):
    """How a table shows a field. `cell`: color (of the text), background, wrap or gauge."""
    # A cell without a figure is not the whole panel without data.
    props = {"displayName": title, "noValue": "–"}
    if unit:
        props["unit"] = unit
    if decimals is not None:
        props["decimals"] = decimals
    if width:
        props["custom__width"] = width
    if cell == "color":
        props["custom__cellOptions"] = {"type": "color-text"}
    elif cell == "background":
        props["custom__cellOptions"] = {"type": "color-background", "mode": "basic"}
    elif cell == "wrap":
        # The first is Grafana 11's way.
        props["custom__cellOptions"] = {"type": "auto", "wrapText": True}
        props["custom__wrapText"] = True
    elif cell == "gauge":
        props["custom__cellOptions"] = {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}
    if steps:
        props["thresholds"] = steps
    if cell in ("color", "background"):
        mappings = [NO_FIGURE, *(mappings or [])]
    if mappings:
        props["mappings"] = mappings
    if links:
        props["links"] = links
    if least is not None:
        props["min"] = least
    if most is not None:
        props["max"] = most
    return override(field, **props)


def change_column(field="change_pct", title="Change", width=90, steps=None):
    return column(field, title, FRACTION, 1, width, "color", steps or CHANGE)


def status_column():
    """A status as words, which may take lines: not better than naive. The query replaces its underscores."""
    return column("status", "Status", width=100, cell="wrap")


def hidden(field):
    # The first is Grafana 11's and 12's way, the second 13's.
    return override(field, custom__hidden=True, custom__hideFrom={"viz": True, "legend": False, "tooltip": False})


def stat(title, question, sql, w=4, h=4, unit=NUMBER, decimals=None, steps=None, graph="none", overrides=(), links=None,
         text_mode="auto", reducer="lastNotNull", color_mode="value", sizes=None, **more):
    """One big figure, or a few; `sizes` of the text of name and value where they are to be alike beside one another."""
    options = {
        "reduceOptions": {"values": False, "calcs": [reducer], "fields": more.pop("fields", "")}, "orientation": "horizontal",
        "textMode": text_mode, "colorMode": color_mode, "graphMode": graph, "justifyMode": "auto", "wideLayout": True,
        "showPercentChange": False, "percentChangeColorMode": "standard",
    }
    if sizes:
        options["text"] = {"titleSize": sizes[0], "valueSize": sizes[1]}
    return panel("stat", title, question, sql, w, h, unit, decimals, steps, overrides, options, links=links, **more)


def bargauge(title, question, sql, w=8, h=8, unit=NUMBER, steps=None, overrides=(), links=None, **more):
    """Horizontal bars, one a row of the query: its first column names the bar."""
    options = {
        "displayMode": "basic", "orientation": "horizontal", "showUnfilled": True, "valueMode": "color", "namePlacement": "auto",
        "sizing": "auto", "minVizWidth": 8, "minVizHeight": 14, "maxVizHeight": 28,
        "reduceOptions": {"values": True, "calcs": ["lastNotNull"], "fields": "", "limit": 20},
        "legend": {"showLegend": False, "displayMode": "list", "placement": "bottom", "calcs": []}, "text": {"titleSize": 13, "valueSize": 14},
    }
    return panel("bargauge", title, question, sql, w, h, unit, None, steps, overrides, options, links=links, **more)


def barchart(title, question, sql, x, w=12, h=9, unit=NUMBER, decimals=None, stacking="none", overrides=(), horizontal=False, color="palette-classic", **more):
    """Bars by category `x`."""
    custom = {"lineWidth": 0, "fillOpacity": 85, "gradientMode": "none", "axisPlacement": "auto", "axisLabel": "",
              "hideFrom": {"legend": False, "tooltip": False, "viz": False}, "scaleDistribution": {"type": "linear"},
              "thresholdsStyle": {"mode": "off"}}
    options = {
        "xField": x, "orientation": "horizontal" if horizontal else "vertical", "barWidth": 0.8, "groupWidth": 0.8, "barRadius": 0.05,
        "stacking": stacking, "showValue": "never", "xTickLabelRotation": 0, "xTickLabelSpacing": 0, "fullHighlight": False,
        "legend": {"showLegend": False, "displayMode": "list", "placement": "bottom", "calcs": []},
        "tooltip": {"mode": "multi", "sort": "none"},
    }
    return panel("barchart", title, question, sql, w, h, unit, decimals, None, overrides, options, custom, color=color, **more)


def signed_bars(title, question, sql, x, **more):
    """Bars to the right and to the left of nothing. The query gives the name, `adds` and `takes away`."""
    sides = [override("adds", color={"mode": "fixed", "fixedColor": GOOD}), override("takes away", color={"mode": "fixed", "fixedColor": BAD})]
    made = barchart(title, question, sql, x, stacking="normal", horizontal=True, overrides=sides, **more)
    made["options"].update(showValue="auto", xTickLabelMaxLength=32)
    return made


def trend(title, question, sql, x, w=12, h=8, unit=NUMBER, overrides=(), **more):
    """Lines over something else than time, as age; `x` is a count and says what of."""
    overrides = [override(x, unit=COUNT, decimals=0, custom__axisLabel=x), *overrides]
    custom = {"drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 2, "fillOpacity": 0, "gradientMode": "none", "showPoints": "never",
              "pointSize": 4, "spanNulls": False, "stacking": {"mode": "none", "group": "A"}, "axisPlacement": "auto", "axisLabel": "",
              "scaleDistribution": {"type": "linear"}, "hideFrom": {"legend": False, "tooltip": False, "viz": False}, "axisSoftMin": 0,
              "thresholdsStyle": {"mode": "off"}}
    options = {"xField": x, "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
               "tooltip": {"mode": "multi", "sort": "none"}}
    return panel("trend", title, question, sql, w, h, unit, None, None, overrides, options, custom, color="palette-classic", **more)


def band(name="forecast", color=None):
    """Overrides that draw columns lo and hi as a band around a dashed line."""
    color = {"mode": "fixed", "fixedColor": color or NEUTRAL}
    hidden_from = {"legend": True, "tooltip": False, "viz": False}
    return [
        override("hi", custom__fillBelowTo="lo", custom__lineWidth=0, custom__fillOpacity=20, color=color, custom__hideFrom=hidden_from),
        override("lo", custom__lineWidth=0, custom__fillOpacity=0, color=color, custom__hideFrom=hidden_from),
        override(name, custom__lineStyle={"fill": "dash", "dash": [8, 6]}, color=color, custom__fillOpacity=0),
    ]


def text(content, w=24, h=2, title=""):
    return {
        "type": "text", "title": title, "description": "", "gridPos": {"w": w, "h": h}, "transparent": True,
        "options": {"mode": "markdown", "content": content, "code": {"language": "plaintext", "showLineNumbers": False, "showMiniMap": False}},
    }


def heading(title):
    return {"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": {"w": WIDTH, "h": 1}}


def chat(w=8, h=16, title="Ask"):
    """The chat panel (grafana/chat-panel)."""
    return {
        "type": "pgkpi-chat-panel", "title": title, "gridPos": {"w": w, "h": h}, "datasource": ANSWERS,
        "description": "Asks kpi.ask() in plain words; the figures come from the functions behind these dashboards",
        "fieldConfig": {"defaults": {}, "overrides": []}, "targets": [],
        "options": {"datasourceUid": ANSWERS["uid"], "suggestions": [], "sendContext": True, "showSql": True},
    }


# --- Annotations -----------------------------------------------------------------------------------------------------


def annotation(name, sql, color, enable=True):
    return {
        "name": name, "enable": enable, "hide": False, "iconColor": color, "datasource": FIGURES,
        "target": {"refId": "Anno", "editorMode": "code", "rawQuery": True, "format": "table", "rawSql": sql.strip() + "\n"},
    }


TARGETS_SET = annotation("Targets", """
SELECT lower(period)::timestamptz AS time, (upper(period) - 1)::timestamptz AS timeend,
       'Target: ' || metric || ' ' || trim_scale(target) || CASE WHEN members = '{}' THEN '' ELSE ' for ' || members::text END AS text,
       'target' AS tags
  FROM kpi.targets
 WHERE source = 'sales' AND period && kpi.period($__timeFrom()::timestamptz, $__timeTo()::timestamptz)
 ORDER BY 1
""", NEUTRAL, enable=False)


ANOMALIES = annotation("Open anomalies", """
SELECT a.started::timestamptz AS time, a.last_seen::timestamptz AS timeend,
       a.member || ': ' || a.metric || ' ' || a.kind || ', ' || trim_scale(round(a.impact::numeric)) || ' against what was expected' AS text,
       'anomaly,' || a.direction AS tags
  FROM kpi.anomaly_open AS a
 WHERE a.source = 'sales' AND daterange(a.started, a.last_seen, '[]') && kpi.period($__timeFrom()::timestamptz, $__timeTo()::timestamptz)
 ORDER BY 1
""", BAD)

# --- The dashboard ---------------------------------------------------------------------------------------------------


class Beside:
    """Rows on the left and one panel, as tall as all of them, on the right."""

    def __init__(self, rows, tall):
        self.rows, self.tall = rows, tall


class Folded:
    """Rows under a heading that is closed at first: their queries run when a viewer opens it."""

    def __init__(self, title, rows):
        self.title, self.rows = title, rows


def lay_out(rows, panels=None, top=0, width=WIDTH):
    """Numbers the panels and places each row below the one before."""
    panels = [] if panels is None else panels
    y = top
    for row in rows:
        if isinstance(row, Beside):
            left = WIDTH - row.tall["gridPos"]["w"]
            bottom = lay_out(row.rows, panels, y, left)[-1]["gridPos"]
            tall = row.tall["gridPos"]
            tall.update(x=left, y=y, h=bottom["y"] + bottom["h"] - y)
            row.tall["id"] = len(panels) + 1
            panels.append(row.tall)
            y = tall["y"] + tall["h"]
            continue
        if isinstance(row, Folded):
            fold = {"type": "row", "title": row.title, "collapsed": True, "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1}, "id": len(panels) + 1, "panels": []}
            panels.append(fold)
            # Ids go on behind those of all panels so far; a fold stands last.
            inner = lay_out(row.rows, [None] * len(panels), y + 1)
            fold["panels"] = [p for p in inner if p]
            y += 1
            continue
        x, height = 0, 0
        for made in row if isinstance(row, list) else [row]:
            grid = made["gridPos"]
            made["gridPos"] = {"x": x, "y": y, "w": grid["w"], "h": grid["h"]}
            made["id"] = len(panels) + 1
            x += grid["w"]
            height = max(height, grid["h"])
            panels.append(made)
        if x > width:
            raise ValueError(f"{made['title']}: the row is {x} wide, the place {width}")
        y += height
    return panels


def dashboard(uid, title, question, rows, variables, annotations=(), tags=(), since="now-2y", until="now"):
    """A whole dashboard, in Grafana's classic model."""
    return {
        "uid": uid, "title": title, "description": question, "tags": ["sales", "kpi", *tags], "schemaVersion": SCHEMA_VERSION,
        "version": 1, "editable": False, "graphTooltip": 1, "timezone": "utc", "refresh": "", "fiscalYearStartMonth": 0,
        "weekStart": "monday", "time": {"from": since, "to": until},
        "timepicker": {"refresh_intervals": ["5m", "15m", "1h", "1d"]},
        "links": [{"type": "dashboards", "tags": ["sales"], "title": "Dashboards", "asDropdown": False, "includeVars": True,
                   "keepTime": True, "targetBlank": False, "icon": "external link", "tooltip": "", "url": ""}],
        "annotations": {"list": [
            {"builtIn": 1, "name": "Annotations & Alerts", "enable": True, "hide": True, "iconColor": "rgba(0, 211, 255, 1)", "type": "dashboard",
             "datasource": {"type": "grafana", "uid": "-- Grafana --"}},
            *annotations,
        ]},
        "templating": {"list": list(variables)},
        "panels": lay_out(rows),
    }
