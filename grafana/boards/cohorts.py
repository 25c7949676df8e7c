"""Do what we launch and whom we win stay?"""

from . import model as m

AGES = 13
FILTER = f"WITH dash AS (SELECT {m.filter_sql()} AS filter)"

ENTITY_VARIABLE = m.query_variable("entity", "Cohorts of", """
SELECT e.label AS __text, e.name AS __value
  FROM (VALUES (1, 'Customers', 'customer'), (2, 'SKUs', 'sku'), (3, 'Brands', 'brand')) AS e(place, label, name)
 WHERE e.name <> 'customer' OR kpi.value('customers', kpi.period('last 30 days')) > 0
 ORDER BY e.place""".strip(), "Who or what is followed from the first sale on; customers where the data tells them apart", ("Customers", "customer"))
MEASURE_VARIABLE = m.custom_variable("measure", "Measure", ["still active", "revenue kept"], "still active",
                                     "still active: share of the cohort with sales in the month; revenue kept: revenue against the mean of months 1 to 3")


def cohorts(body):
    return f"""
WITH c AS (
  SELECT c.cohort, c.age, c.size, c.is_censored, CASE '${{measure}}' WHEN 'still active' THEN c.retention ELSE c.value_retention END AS kept
    FROM kpi.cohorts('${{entity}}', 'month', 'revenue', {m.filter_sql()}) AS c
){body}"""


HEAT = cohorts("""
SELECT to_char(c.cohort, 'YYYY-MM') AS cohort, max(c.size)::text AS size, """ + ", ".join(
    f"max(c.kept) FILTER (WHERE c.age = {age}) AS m{age}" for age in range(1, AGES)) + """
  FROM c
 WHERE NOT c.is_censored
 GROUP BY c.cohort ORDER BY c.cohort DESC LIMIT 24""")

CURVE = cohorts(f"""
SELECT c.age AS "months since the first sale", sum(c.kept * c.size) / nullif(sum(c.size) FILTER (WHERE c.kept IS NOT NULL), 0) AS "all cohorts",
       sum(c.kept * c.size) FILTER (WHERE c.cohort >= s.middle) / nullif(sum(c.size) FILTER (WHERE c.kept IS NOT NULL AND c.cohort >= s.middle), 0) AS "newer half",
       sum(c.kept * c.size) FILTER (WHERE c.cohort < s.middle) / nullif(sum(c.size) FILTER (WHERE c.kept IS NOT NULL AND c.cohort < s.middle), 0) AS "older half"
  FROM c CROSS JOIN (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY i.cohort) AS middle FROM c AS i WHERE i.age = 0 AND NOT i.is_censored) AS s
 WHERE NOT c.is_censored AND c.age < {AGES}
 GROUP BY c.age ORDER BY c.age""")

LAUNCHES = FILTER + f"""
SELECT l.member AS product, l.weeks, l.revenue, l.index_to_peers
  FROM dash CROSS JOIN LATERAL {m.latest("launches", "l(member text, weeks int, revenue numeric, index_to_peers float8)", "NULL")}
 ORDER BY l.weeks, 1"""

LAUNCH_CURVE = FILTER + f"""
SELECT l.week AS "weeks since the first sale", l.middle AS "half of the launches", l.high AS "best tenth", l.low AS "weakest tenth"
  FROM dash CROSS JOIN LATERAL {m.latest("launch_curve", "l(week int, low float8, middle float8, high float8)", "NULL")}
 ORDER BY 1"""

# A cell without a figure is the future, not zero: without this it would have the colour of the least.
UNSEEN = [{"type": "special", "options": {"match": "null", "result": {"text": " ", "color": "transparent", "index": 0}}}]


def board():
    return m.dashboard(
        "kpi-cohorts", "7 Cohorts", "Do products and brands that start keep selling?",
        [
            [m.table("Cohorts by month of first sale", "How much of each cohort is left after so many months? Cohorts that began before the data are left out; months to come are blank",
                     HEAT, w=24, h=13, unit=m.FRACTION, no_value="No cohort began within the data",
                     defaults={"decimals": 0, "fieldMinMax": False, "color": {"mode": "continuous-BlPu"}, "mappings": UNSEEN,
                               "custom": {"align": "center", "cellOptions": {"type": "color-background", "mode": "basic"}, "inspect": False, "filterable": False, "minWidth": 60}},
                     overrides=[m.override("cohort", displayName="Began", custom__cellOptions={"type": "auto"}, custom__align="left"),
                                m.override("size", displayName="Members", unit=m.COUNT, custom__align="right", custom__cellOptions={"type": "auto"})])],
            [m.trend("Curve", "Do newer cohorts keep better than older ones? Means weighted by size, by months since the first sale", CURVE, "months since the first sale",
                     w=12, h=9, unit=m.FRACTION, no_value="No cohort began within the data"),
             m.trend("Launch curve", "How fast do new products take off? Revenue up to the week since the first sale", LAUNCH_CURVE, "weeks since the first sale", w=12, h=9,
                     no_value="No product began within the data")],
            [m.table("Launches", "Which launches run ahead of their peers at the same age? 1: as the peers", LAUNCHES, w=24, h=6,
                     no_value="No product began within the data", columns=[
                         m.column("product", "Product", width=320), m.column("weeks", "Weeks on sale", m.COUNT, 0), m.column("revenue", "Revenue so far", decimals=1),
                         m.column("index_to_peers", "Against peers", decimals=2, cell="color", steps=m.thresholds((None, m.BAD), (0.8, m.WATCH), (1, m.GOOD)))])],
        ],
        [*m.FILTERS, ENTITY_VARIABLE, MEASURE_VARIABLE], tags=("cohort",),
    )
