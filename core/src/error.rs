/// What can be wrong with a call; the extension maps each to a SQLSTATE, a detail and a hint.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Fewer observations than the method needs.
    #[error("{what} has {have} observations, but at least {need} are needed")]
    TooShort {
        /// What is short, as in "series".
        what: &'static str,
        /// Observations given.
        have: usize,
        /// Observations needed.
        need: usize,
    },
    /// NaN or infinity where a finite number is needed.
    #[error("observation {position} is not finite")]
    NotFinite {
        /// Position from 1.
        position: usize,
    },
    /// An argument outside its accepted range.
    #[error("{name} is {value}, but must be {accepted}")]
    OutOfRange {
        /// The argument's name.
        name: &'static str,
        /// What was given.
        value: String,
        /// The accepted range in words, as in "between 1 and 366".
        accepted: &'static str,
    },
    /// A name that does not exist.
    #[error("{kind} \"{name}\" does not exist")]
    Unknown {
        /// The kind of name, as in "metric".
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// The nearest existing names, best first.
        near: Vec<String>,
    },
    /// A text that cannot be read as what it should be.
    #[error("invalid {kind}: \"{text}\"")]
    Invalid {
        /// What it should be, as in "period".
        kind: &'static str,
        /// What was given.
        text: String,
        /// What would be accepted.
        hint: &'static str,
    },
    /// The statement was cancelled.
    #[error("cancelled")]
    Cancelled,
}

/// The result of core's fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The existing names most like `name`, best first, at most three.
///
/// Likeness is Jaro–Winkler on lower case, at least 0.7; a name that contains `name` counts too.
pub fn nearest<'a>(name: &str, existing: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let name = name.to_lowercase();
    let mut scored: Vec<(f64, &str)> = existing
        .into_iter()
        .map(|candidate| {
            let lower = candidate.to_lowercase();
            let likeness = strsim::jaro_winkler(&name, &lower);
            let contains = !name.is_empty() && lower.contains(&name);
            (
                if contains {
                    likeness.max(0.9)
                } else {
                    likeness
                },
                candidate,
            )
        })
        .filter(|(likeness, _)| *likeness >= 0.7)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.truncate(3);
    scored
        .into_iter()
        .map(|(_, name)| name.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn nearest_names_come_best_first() {
        let names = ["revenue", "returns", "return_rate", "units"];
        assert_eq!(nearest("revenu", names)[0], "revenue");
        assert_eq!(nearest("retrun", names)[0], "returns");
        assert!(nearest("zzz", names).is_empty());
    }
}
