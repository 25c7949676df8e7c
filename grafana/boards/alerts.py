"""Alert rules, for grafana/provisioning/alerting/rules.yaml."""

from . import model as m

FOLDER = "Sales"


def rule(uid, title, sql, above, severity, summary, dashboard_uid, panel_title=None, wait="0s", no_data="OK"):
    """Fires for each series of the query whose last value is above a threshold."""
    common = {"relativeTimeRange": {"from": 86400 * 7, "to": 0}}
    expression = {"type": "__expr__", "uid": "__expr__"}
    return {
        "uid": uid, "title": title, "condition": "C", "for": wait, "noDataState": no_data, "execErrState": "Error",
        "labels": {"team": "sales", "severity": severity}, "annotations": {"summary": summary, "__dashboardUid__": dashboard_uid},
        "data": [
            {**common, "refId": "A", "datasourceUid": m.FIGURES["uid"],
             "model": {"refId": "A", "format": "time_series", "rawQuery": True, "editorMode": "code", "rawSql": sql.strip() + "\n"}},
            {**common, "refId": "B", "datasourceUid": "__expr__",
             "model": {"refId": "B", "type": "reduce", "reducer": "last", "expression": "A", "datasource": expression}},
            {**common, "refId": "C", "datasourceUid": "__expr__",
             "model": {"refId": "C", "type": "threshold", "expression": "B", "datasource": expression,
                       "conditions": [{"evaluator": {"type": "gt", "params": [above]}}]}},
        ],
    }


def rules():
    return [
        rule("kpi-anomaly-open", "Sales are out of line", """
SELECT now() AS "time", a.member || ', ' || a.metric || ' since ' || a.started AS metric, abs(a.impact) / nullif(r.revenue, 0) AS share
  FROM kpi.anomaly_open AS a
 CROSS JOIN (SELECT kpi.value('revenue', kpi.period('last 30 days'))::float8 AS revenue) AS r
 WHERE a.source = 'sales' AND a.metric = 'revenue'
 ORDER BY 1, 2""", 0.02, "warning",
             "An anomaly has moved revenue by more than 2 % of the last 30 days' and has not recovered", "kpi-why"),
        rule("kpi-target-at-risk", "A target is at risk", """
SELECT now() AS "time", a.member AS metric, 1 - a.p_attain AS risk
  FROM kpi.attainment('revenue') AS a
 WHERE a.target IS NOT NULL AND a.p_attain IS NOT NULL
 ORDER BY 1, 2""", 0.7, "warning",
             "The forecast gives a revenue target less than 3 chances in 10", "kpi-targets"),
        rule("kpi-data-stale", "Sales data is stale", """
SELECT now() AS "time", (current_date - kpi.asof())::numeric AS days""", 7, "warning",
             "No sale has been loaded for more than 7 days", "kpi-data-quality", no_data="Alerting"),
        rule("kpi-rejects-high", "Many lines of a load were rejected", """
SELECT now() AS "time", l.file AS metric, l.rejected::numeric / nullif(l.lines_read, 0) AS share
  FROM sales.load AS l
 WHERE l.state = 'done' AND l.rejected > 0 AND l.finished_at > now() - interval '7 days'
 ORDER BY 1, 2""", 0.01, "warning",
             "More than 1 % of a file's lines were rejected in the last 7 days", "kpi-data-quality"),
    ]


def provisioning():
    return {"apiVersion": 1, "groups": [{"orgId": 1, "name": "pg_kpi", "folder": FOLDER, "interval": "10m", "rules": rules()}]}
