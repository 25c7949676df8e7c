//! What a file of sales holds, for the example `plan` and the tests of questions.

use std::collections::BTreeSet;

use kpi_core::words::{Catalogue, Dimension};

/// Product types where the file has no such column, as words of product names.
const TYPES: [&str; 8] = [
    "cleanser",
    "cream",
    "lip",
    "mask",
    "oil",
    "serum",
    "sunscreen",
    "toner",
];

/// The fields of a CSV line; quotes may hold commas.
fn fields(line: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut quoted = false;
    for c in line.trim_end().chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => found.push(String::new()),
            _ => found.last_mut().expect("starts with one field").push(c),
        }
    }
    found
}

/// The last day and the members of a file of sales.
pub(crate) fn catalogue(sales: &str) -> Catalogue {
    let mut lines = sales.lines();
    let header = fields(lines.next().unwrap_or(""));
    let column = |name: &str| header.iter().position(|h| h == name);
    let wanted = [
        ("brand", "brand"),
        ("product", "sku"),
        ("channel", "channel"),
        ("vendor", "vendor"),
    ];
    let mut members: Vec<BTreeSet<String>> = vec![BTreeSet::new(); wanted.len()];
    let mut last = String::new();
    let mut listed = BTreeSet::new();
    for line in lines {
        let row = fields(line);
        if let Some(date) = column("date").and_then(|i| row.get(i))
            && *date > last
        {
            last.clone_from(date);
        }
        listed.extend(
            column("product_type")
                .and_then(|i| row.get(i))
                .map(ToOwned::to_owned),
        );
        for ((name, _), set) in wanted.iter().zip(&mut members) {
            if let Some(value) = column(name).and_then(|i| row.get(i)) {
                set.insert(value.clone());
            }
        }
    }
    let names: Vec<String> = members[1].iter().map(|m| m.to_lowercase()).collect();
    let types = TYPES
        .iter()
        .filter(|t| names.iter().any(|n| n.contains(**t)))
        .map(|t| (*t).to_owned())
        .chain(listed);
    let mut dimensions = vec![Dimension {
        name: "product_type".into(),
        label: None,
        members: types.collect(),
    }];
    for ((_, dimension), set) in wanted.iter().zip(members) {
        dimensions.push(Dimension {
            name: (*dimension).into(),
            label: None,
            members: set.into_iter().collect(),
        });
    }
    Catalogue {
        asof: last.parse().expect("the last date is a date"),
        dimensions,
        aliases: Vec::new(),
        metrics: Vec::new(),
        examples: Vec::new(),
    }
}
