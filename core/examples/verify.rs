//! Scores the checker of texts on packs of right and wrong ones: `verify core/tests/words/blind.json [set]`.
//!
//! Prints each right text refused with its faults and each wrong one taken, then the counts by set and by kind of fault.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a tool for developers"
)]

use std::collections::BTreeMap;

use kpi_core::words::{Facts, verify};
use serde_json::Value;

fn main() {
    let mut args = std::env::args().skip(1);
    let path = args.next().expect("usage: verify PACKS.json [SET]");
    let only = args.next();
    let text = std::fs::read_to_string(path).expect("the file of packs is readable");
    let packs: Vec<Value> = serde_json::from_str(&text).expect("a list of packs");
    let mut sets: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let texts = |pack: &'_ Value, key: &str| -> Vec<String> {
        let said = pack[key].as_array().into_iter().flatten();
        said.filter_map(|t| t.as_str().map(str::to_owned)).collect()
    };
    for (place, pack) in packs.iter().enumerate() {
        let set = pack["set"].as_str().unwrap_or("");
        if only.as_deref().is_some_and(|s| s != set) {
            continue;
        }
        let kind = pack["kind"].as_str().unwrap_or("");
        let facts = Facts::from_json(&pack["facts"]);
        let tally = sets.entry(set).or_default();
        for text in texts(pack, "said") {
            let faults = verify(kind, &text, &facts);
            tally[0] += 1;
            if faults.is_empty() {
                continue;
            }
            tally[1] += 1;
            println!("REFUSED {set}{place} {kind}: {text}");
            for fault in faults {
                println!("    {:?}: {}", fault.kind, fault.at);
                *kinds.entry(format!("{:?}", fault.kind)).or_default() += 1;
            }
        }
        for text in texts(pack, "wrong") {
            tally[2] += 1;
            if verify(kind, &text, &facts).is_empty() {
                tally[3] += 1;
                println!("MISSED {set}{place} {kind}: {text}");
            }
        }
    }
    for (set, [right, refused, wrong, missed]) in sets {
        println!("{set}: {refused} of {right} right refused, {missed} of {wrong} wrong missed");
    }
    println!("faults of right texts: {kinds:?}");
}
