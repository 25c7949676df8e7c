//! Words: from a question to a plan, from rows to a text, and the check that a text says no more than its facts.

mod args;
mod call;
mod catalogue;
mod cues;
mod facts;
mod lexicon;
mod narrate;
mod pattern;
mod plan;
pub mod prompt;
pub mod router;
mod slots;
mod text;
mod time;
mod verify;

pub use call::{Call, call, is_runnable, language, reading, refusal};
pub use catalogue::{Alias, Catalogue, Dimension, Example, MetricName};
pub(crate) use facts::grouped;
pub use facts::{Facts, Lang, Row, kind_of};
pub use narrate::{narrate, narrate_facts};
pub use plan::{Plan, QUESTION_CHARS, SURE, plan, to_json};
pub use router::FUNCTIONS;
pub use time::{Span, canonical, parse_canonical, previous, year_ago};
pub use verify::{Fault, FaultKind, verify};
