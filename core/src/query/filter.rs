use serde_json::Value;

use super::{Dimension, NONE, Source, quote_literal};
use crate::{Error, Result};

const HINT: &str =
    r#"Write a filter as {"brand": "A", "channel": ["Web", "Shop"], "vendor": {"not": ["X"]}}."#;

/// Which members count, per dimension.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter(Vec<Rule>);

#[derive(Clone, Debug, PartialEq)]
struct Rule {
    dimension: String,
    members: Vec<String>,
    not: bool,
}

impl Filter {
    /// Reads `{"brand": "A", "channel": ["Web"], "vendor": {"not": ["X"]}}`.
    ///
    /// A dimension may have both forms when given as `{"in": […], "not": […]}`. JSON null is the
    /// member [`NONE`].
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for anything else.
    pub fn parse(json: &Value) -> Result<Filter> {
        let Value::Object(dimensions) = json else {
            return Err(invalid(json));
        };
        let mut rules = Vec::new();
        for (dimension, value) in dimensions {
            match value {
                Value::Object(forms) => {
                    for (form, value) in forms {
                        let not = match form.as_str() {
                            "not" => true,
                            "in" => false,
                            _ => return Err(invalid(json)),
                        };
                        rules.push(rule(dimension, value, not).ok_or_else(|| invalid(json))?);
                    }
                }
                _ => rules.push(rule(dimension, value, false).ok_or_else(|| invalid(json))?),
            }
        }
        Ok(Filter(rules))
    }

    /// The dimensions it names.
    pub fn dimensions(&self) -> impl Iterator<Item = &String> {
        self.0.iter().map(|rule| &rule.dimension)
    }

    /// The same filter with the source's own names.
    pub(super) fn resolved(&self, source: &Source, defined: &[Dimension]) -> Result<Filter> {
        let rules = self.0.iter().map(|rule| {
            Ok(Rule {
                dimension: source.resolve(&rule.dimension, defined)?,
                ..rule.clone()
            })
        });
        Ok(Filter(rules.collect::<Result<_>>()?))
    }

    /// The conditions, given how a dimension is written.
    pub(super) fn conditions(&self, expression: impl Fn(&str) -> String) -> Vec<String> {
        self.0
            .iter()
            .map(|rule| {
                let members: Vec<String> = rule.members.iter().map(|m| quote_literal(m)).collect();
                let list = format!("(ARRAY[{}]::text[])", members.join(", "));
                let expression = expression(&rule.dimension);
                if rule.not {
                    format!("{expression} <> ALL {list}")
                } else {
                    format!("{expression} = ANY {list}")
                }
            })
            .collect()
    }
}

fn rule(dimension: &str, value: &Value, not: bool) -> Option<Rule> {
    let members = match value {
        Value::Array(values) => values.iter().map(member).collect::<Option<Vec<_>>>()?,
        single => vec![member(single)?],
    };
    Some(Rule {
        dimension: dimension.to_owned(),
        members,
        not,
    })
}

fn member(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null => Some(NONE.to_owned()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn invalid(json: &Value) -> Error {
    Error::Invalid {
        kind: "filter",
        text: json.to_string().chars().take(200).collect(),
        hint: HINT,
    }
}
