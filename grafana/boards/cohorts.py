"""Do what we launch and whom we win stay?"""

from . import model as m

AGES = 13

ENTITY_VARIABLE = m.custom_variable("entity", "Cohorts of", ["sku", "brand"], "sku", "What is followed from its first sale on")
MEASURE_VARIABLE = m.custom_variable("measure", "Measure", ["still sold", "revenue kept"], "still sold",
                                     "still sold: share of the cohort with sales in the month; revenue kept: revenue against the mean of months 1 to 3")


def cohorts(body):
    return f"""
WITH c AS (
  SELECT c.cohort, c.age, c.size, c.is_censored, CASE '${{measure}}' WHEN 'still sold' THEN c.retention ELSE c.value_retention END AS kept
    FROM kpi.cohorts('${{entity}}', 'month', 'revenue', {m.filter_sql()}) AS c
){body}"""


HEAT = cohorts("""
SELECT to_char(c.cohort, 'YYYY-MM') AS cohort, max(c.size) AS size, """ + ", ".join(
    f"max(c.kept) FILTER (WHERE c.age = {age}) AS m{age}" for age in range(AGES)) + """
  FROM c
 WHERE NOT c.is_censored
 GROUP BY c.cohort ORDER BY c.cohort DESC LIMIT 24""")

CURVE = cohorts(f"""
SELECT c.age, sum(c.kept * c.size) / nullif(sum(c.size) FILTER (WHERE c.kept IS NOT NULL), 0) AS "all cohorts",
       sum(c.kept * c.size) FILTER (WHERE c.cohort >= s.middle) / nullif(sum(c.size) FILTER (WHERE c.kept IS NOT NULL AND c.cohort >= s.middle), 0) AS "newer half",
       sum(c.kept * c.size) FILTER (WHERE c.cohort < s.middle) / nullif(sum(c.size) FILTER (WHERE c.kept IS NOT NULL AND c.cohort < s.middle), 0) AS "older half"
  FROM c CROSS JOIN (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY i.cohort) AS middle FROM c AS i WHERE i.age = 0 AND NOT i.is_censored) AS s
 WHERE NOT c.is_censored AND c.age < {AGES}
 GROUP BY c.age ORDER BY c.age""")

LAUNCHES = f"""
SELECT l.member AS product, max(l.age_weeks) AS weeks, max(l.cumulative) AS revenue,
       (array_agg(l.index_to_peers ORDER BY l.age_weeks DESC) FILTER (WHERE l.index_to_peers IS NOT NULL))[1] AS index_to_peers
  FROM kpi.launch_curve('sku', 'revenue', {m.filter_sql()}) AS l
 WHERE NOT l.is_censored
 GROUP BY l.member HAVING max(l.age_weeks) >= 1
 ORDER BY min(l.age_weeks), max(l.age_weeks), 1 LIMIT 30"""

LAUNCH_CURVE = f"""
SELECT l.age_weeks AS week, percentile_cont(0.5) WITHIN GROUP (ORDER BY l.cumulative::float8) AS "half of the launches",
       percentile_cont(0.9) WITHIN GROUP (ORDER BY l.cumulative::float8) AS "best tenth", percentile_cont(0.1) WITHIN GROUP (ORDER BY l.cumulative::float8) AS "weakest tenth"
  FROM kpi.launch_curve('sku', 'revenue', {m.filter_sql()}) AS l
 WHERE NOT l.is_censored
 GROUP BY 1 ORDER BY 1"""

# A cell without a figure is the future, not zero: without this it would have the colour of the least.
UNSEEN = [{"type": "special", "options": {"match": "null", "result": {"text": " ", "color": "transparent", "index": 0}}}]


def board():
    return m.dashboard(
        "kpi-cohorts", "7 Cohorts", "Do products and brands that start keep selling?",
        [
            [m.table("Cohorts by month of first sale", "How much of each cohort is left after so many months? Cohorts that began before the data are left out; months to come are blank",
                     HEAT, w=24, h=12, unit=m.FRACTION, no_value="No cohort began within the data",
                     defaults={"decimals": 0, "min": 0, "max": 1, "fieldMinMax": False, "color": {"mode": "continuous-BlPu"}, "mappings": UNSEEN,
                               "custom": {"align": "center", "cellOptions": {"type": "color-background", "mode": "basic"}, "inspect": False, "filterable": False}},
                     overrides=[m.override("cohort", displayName="Began", custom__cellOptions={"type": "auto"}, custom__align="left"),
                                m.override("size", displayName="Members", unit=m.NUMBER, custom__cellOptions={"type": "auto"})])],
            [m.trend("Curve", "Do newer cohorts keep better than older ones? Means weighted by size, by months since the first sale", CURVE, "age",
                     w=12, h=9, unit=m.FRACTION, no_value="No cohort began within the data"),
             m.trend("Launch curve", "How fast do new products take off? Revenue up to the week since the first sale", LAUNCH_CURVE, "week", w=12, h=9,
                     no_value="No product began within the data")],
            [m.table("Launches", "Which launches run ahead of their peers at the same age? 1: as the peers", LAUNCHES, w=24, h=9,
                     no_value="No product began within the data", columns=[
                         m.column("product", "Product", width=320), m.column("weeks", "Weeks on sale", decimals=0), m.column("revenue", "Revenue so far", decimals=1),
                         m.column("index_to_peers", "Against peers", decimals=2, cell="color", steps=m.thresholds((None, m.BAD), (0.8, m.WATCH), (1, m.GOOD)))])],
        ],
        [*m.FILTERS, ENTITY_VARIABLE, MEASURE_VARIABLE], tags=("cohort",),
    )
