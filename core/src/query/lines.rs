//! The FROM clause: sales lines of a source, or rows of its rollup, with what is joined to them.

use super::{Dimension, Filter, NONE, OF_THE_DAY, Path, Source, day, quote_ident, quote_literal};
use crate::Result;
use crate::period::Period;

/// Days of a product's own history that its usual price is the median of.
const LIST_PRICE_DAYS: u32 = 90;

impl Source {
    /// Writes a dimension over `line`, never NULL.
    pub(super) fn dimension(&self, name: &str, defined: &[Dimension]) -> String {
        let none = quote_literal(NONE);
        if let Some((_, expression)) = OF_THE_DAY.iter().find(|(d, _)| *d == name) {
            return (*expression).to_owned();
        }
        if let Some(dimension) = defined.iter().find(|d| d.name == name) {
            return format!("coalesce(({}\n)::text, {none})", dimension.expression);
        }
        let column = match name {
            "price_tier" => "item.price_tier".to_owned(),
            "customer" => "line.customer_ref".to_owned(),
            _ => format!("line.{}", quote_ident(name)),
        };
        format!("coalesce({column}, {none})")
    }

    /// The grouping columns `k1, k2, …`.
    pub(super) fn keys(&self, by: &[String], defined: &[Dimension]) -> Vec<String> {
        (1..)
            .zip(by)
            .map(|(i, name): (usize, _)| format!("{} AS k{i}", self.dimension(name, defined)))
            .collect()
    }

    /// FROM and WHERE for `path`.
    pub(super) fn from(
        &self,
        path: Path,
        reads: &[&str],
        filter: &Filter,
        period: Option<Period>,
        defined: &[Dimension],
    ) -> Result<String> {
        let mut conditions = filter.conditions(|name| self.dimension(name, defined));
        let mut from = match path {
            Path::Lines => format!("({}) AS line", self.lines(period)),
            Path::Rollup(level) => {
                conditions.insert(0, format!("line.level = {}", quote_literal(level)));
                if let Some(period) = period {
                    conditions.push(format!("line.day >= {}", day(period.first)));
                    conditions.push(format!("line.day < {}", day(period.end)));
                }
                "sales.rollup AS line".to_owned()
            }
        };
        let joined = ["price_tier", "first_sold"];
        if reads.iter().any(|read| joined.contains(read))
            && let Some(item) = self.item()
        {
            let tier = reads.contains(&"price_tier");
            // Only what lines do not have: list_price and product_type must stay the line's own.
            let columns = if tier {
                "first_sold, price_tier"
            } else {
                "first_sold"
            };
            from.push_str(&format!(
                "\n  LEFT JOIN (SELECT item, {columns} FROM {}) AS item ON item.item = line.{}",
                items_name(tier),
                quote_ident(item)
            ));
        }
        if !conditions.is_empty() {
            from.push_str("\n  WHERE ");
            from.push_str(&conditions.join(" AND "));
        }
        Ok(from)
    }

    /// Puts what [`Source::from`] joins by name before `sql`: once for all its parts, because without the rollup it reads
    /// the whole history.
    pub(super) fn with_items(&self, sql: String) -> String {
        let named: Vec<String> = [true, false]
            .into_iter()
            .filter(|tier| sql.contains(items_name(*tier)))
            .map(|tier| format!("{} AS ({})", items_name(tier), self.items(tier)))
            .collect();
        if named.is_empty() {
            return sql;
        }
        format!("WITH {}\n{sql}", named.join(", "))
    }

    /// One row a sales line, with the house's column names first and the relation's others after.
    pub fn lines(&self, period: Option<Period>) -> String {
        let column = |name: &Option<String>, cast: &str| match name {
            Some(name) => format!("{}::{cast}", quote_ident(name)),
            None => format!("NULL::{cast}"),
        };
        let price = format!("{}::numeric", quote_ident(&self.price));
        let quantity = format!("{}::numeric", quote_ident(&self.quantity));
        let revenue = match &self.revenue {
            Some(name) => format!("{}::numeric", quote_ident(name)),
            None => format!("({price} * {quantity})"),
        };
        let at = quote_ident(&self.at);
        let mut columns = vec![
            format!("{at}::date AS day"),
            format!("{price} AS price"),
            format!("{quantity} AS quantity"),
            format!("{revenue} AS revenue"),
            format!("{} AS order_ref", column(&self.order_ref, "text")),
            format!("{} AS customer_ref", column(&self.customer_ref, "text")),
            format!("{} AS list_price", column(&self.list_price, "numeric")),
        ];
        for (name, column) in &self.dimensions {
            columns.push(format!(
                "{}::text AS {}",
                quote_ident(column),
                quote_ident(name)
            ));
        }
        // Where only one of the two is mapped it goes by both names.
        for (name, twin) in [("sku", "product"), ("product", "sku")] {
            let column = |name: &str| self.dimensions.iter().find(|(d, _)| d == name);
            if let (Some((_, mapped)), None) = (column(name), column(twin)) {
                columns.push(format!("{}::text AS {twin}", quote_ident(mapped)));
            }
        }
        columns.extend(self.other_columns.iter().map(|name| quote_ident(name)));
        let mut select = format!("SELECT {} FROM {}", columns.join(", "), self.relation);
        select.push_str(&match period {
            Some(period) => format!(
                " WHERE {at} >= {} AND {at} < {}",
                day(period.first),
                day(period.end)
            ),
            // Neither NULL nor infinite: both are no day.
            None => format!(" WHERE pg_catalog.isfinite({at})"),
        });
        select
    }

    /// The first and the last day with data, `first_day, last_day`.
    pub fn extent(&self) -> String {
        if self.rollup {
            return "SELECT first_day, last_day FROM sales.rollup_state".to_owned();
        }
        let at = quote_ident(&self.at);
        format!(
            "SELECT pg_catalog.min({at})::date AS first_day, pg_catalog.max({at})::date AS last_day \
             FROM {} WHERE pg_catalog.isfinite({at})",
            self.relation
        )
    }

    /// One row a product: `item, first_sold, last_sold, list_price, price_tier`.
    ///
    /// Without the rollup they are computed from the whole history; `tier` says whether prices
    /// and tiers are needed.
    pub fn items(&self, tier: bool) -> String {
        let Some(item) = self.item() else {
            return "SELECT NULL::text AS item, NULL::date AS first_sold, NULL::date AS last_sold, \
                    NULL::numeric AS list_price, NULL::text AS price_tier WHERE false"
                .to_owned();
        };
        if self.rollup {
            return "SELECT sku AS item, first_sold, last_sold, list_price, price_tier \
                    FROM sales.rollup_sku"
                .to_owned();
        }
        let item = quote_ident(item);
        let lines = self.lines(None);
        let product_type = if self.dimensions.iter().any(|(d, _)| d == "product_type") {
            "pg_catalog.max(line.product_type)"
        } else {
            "NULL::text"
        };
        let sold = format!(
            "SELECT line.{item} AS item, {product_type} AS product_type, \
             pg_catalog.min(line.day) AS first_sold, pg_catalog.max(line.day) AS last_sold \
             FROM ({lines}) AS line WHERE line.quantity > 0 GROUP BY 1"
        );
        if !tier {
            return sold;
        }
        let price =
            "pg_catalog.round(pg_catalog.sum(line.revenue) / pg_catalog.sum(line.quantity), 4)";
        let price = match self.list_price {
            Some(_) => format!("coalesce(pg_catalog.max(line.list_price), {price})"),
            None => price.to_owned(),
        };
        format!(
            "WITH sold AS ({sold}), day AS (\
             SELECT s.item, {price} AS price \
             FROM sold AS s JOIN ({lines}) AS line ON line.{item} = s.item \
             AND line.day > s.last_sold - {LIST_PRICE_DAYS} \
             GROUP BY s.item, line.day HAVING pg_catalog.sum(line.quantity) > 0), \
             priced AS (SELECT s.*, m.list_price FROM sold AS s LEFT JOIN (\
             SELECT d.item, pg_catalog.percentile_disc(0.5) WITHIN GROUP (ORDER BY d.price) AS list_price \
             FROM day AS d GROUP BY 1) AS m ON m.item = s.item), cuts AS (\
             SELECT p.product_type, pg_catalog.percentile_disc(ARRAY[0.25, 0.5, 0.75]) \
             WITHIN GROUP (ORDER BY p.list_price) AS q FROM priced AS p GROUP BY 1) \
             SELECT p.item, p.first_sold, p.last_sold, p.list_price, \
             CASE WHEN p.list_price <= c.q[1] THEN 'value' WHEN p.list_price <= c.q[2] THEN 'mid' \
             WHEN p.list_price <= c.q[3] THEN 'premium' \
             WHEN p.list_price IS NOT NULL THEN 'luxury' END AS price_tier \
             FROM priced AS p JOIN cuts AS c ON c.product_type IS NOT DISTINCT FROM p.product_type"
        )
    }
}

/// What the rows of [`Source::items`] are called where they are joined.
fn items_name(tier: bool) -> &'static str {
    if tier {
        "item_with_tier"
    } else {
        "item_first_sold"
    }
}
