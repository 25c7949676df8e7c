//! What a source holds, as far as a question can name it, and how its members are found in a text.

use std::collections::HashSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::lexicon;
use super::plan::Plan;
use super::text::{Token, bare, fold, is_hangul, slips, sound, tokens};

/// A dimension and its members in the source's spelling.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Dimension {
    /// The SQL name, as in `brand`.
    pub name: String,
    /// What people call it; used beside the built-in words.
    pub label: Option<String>,
    /// Members in the source's spelling; may be cut where there are too many to list.
    pub members: Vec<String>,
}

/// A metric's name and what people call it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct MetricName {
    /// The SQL name, as in `revenue`.
    pub name: String,
    /// What people call it; used beside the built-in words.
    pub label: Option<String>,
}

/// A word people use for a member.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Alias {
    /// The word.
    pub alias: String,
    /// The member's dimension.
    pub dimension: String,
    /// The member in the source's spelling.
    pub member: String,
}

/// A question whose reading was taught.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Example {
    /// The question.
    pub question: String,
    /// What it means.
    pub plan: Plan,
}

/// Everything the planner may know about a source.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Catalogue {
    /// The last day of data; every relative time counts from it.
    pub asof: NaiveDate,
    /// Dimensions with their members.
    pub dimensions: Vec<Dimension>,
    /// Words people use for members.
    #[serde(default)]
    pub aliases: Vec<Alias>,
    /// Metrics beside the built-in ones.
    #[serde(default)]
    pub metrics: Vec<MetricName>,
    /// Taught questions.
    #[serde(default)]
    pub examples: Vec<Example>,
}

/// A place of a question that names members of one dimension.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mention {
    pub dimension: String,
    pub members: Vec<String>,
    /// First token and the one after the last.
    pub from: usize,
    pub to: usize,
    /// Found through typing errors, a short form or its sound.
    pub loose: bool,
}

/// Which dimension wins where a name belongs to several: the one people mean most often.
const PRIORITY: [&str; 6] = ["brand", "sku", "product", "channel", "vendor", "customer"];

fn priority(dimension: &str) -> usize {
    PRIORITY
        .iter()
        .position(|d| *d == dimension)
        .unwrap_or(PRIORITY.len())
}

struct Candidate<'c> {
    dimension: &'c str,
    member: &'c str,
    from: usize,
    to: usize,
    matched: usize,
    full: bool,
    slips: usize,
}

/// A short word of a name with a letter doubled or added, after another word of the name: "nova labb".
fn one_more(word: &Token, part: &str) -> bool {
    word.low.len() == 4
        && part.len() == 3
        && word.low.starts_with(part)
        && !lexicon::is_known(&word.low)
}

/// A word of a product's name that only says its size: "150ml", "SPF50" is not one.
fn is_size(word: &str) -> bool {
    let digits = word.chars().take_while(char::is_ascii_digit).count();
    let unit = word.get(digits..).unwrap_or("");
    digits > 0
        && matches!(
            unit,
            "" | "ml" | "g" | "l" | "kg" | "mg" | "oz" | "pcs" | "ea" | "x" | "매" | "개"
        )
        || matches!(word, "sheets" | "sheet" | "pack" | "pcs" | "ml" | "set")
}

impl Catalogue {
    /// Finds members; `spare` tells tokens already read as something else.
    pub(crate) fn mentions(&self, words: &[Token]) -> Vec<Mention> {
        let present: HashSet<&str> = words.iter().map(|t| t.low.as_str()).collect();
        let types: HashSet<String> = self.type_words();
        let brands: HashSet<String> = self
            .dimensions
            .iter()
            .filter(|d| d.name == "brand")
            .flat_map(|d| d.members.iter().flat_map(|m| split(m)))
            .collect();
        let mut found: Vec<Candidate<'_>> = Vec::new();
        for dimension in &self.dimensions {
            // `product` is `sku` where both are there, so one of them is enough.
            if dimension.name == "product" && self.dimensions.iter().any(|d| d.name == "sku") {
                continue;
            }
            if matches!(
                dimension.name.as_str(),
                "price_tier" | "weekday" | "product_type" | "month" | "week"
            ) {
                continue;
            }
            for member in &dimension.members {
                self.look_for(
                    member,
                    member,
                    &dimension.name,
                    words,
                    &present,
                    &types,
                    &brands,
                    &mut found,
                );
            }
        }
        for alias in &self.aliases {
            self.look_for(
                &alias.alias,
                &alias.member,
                &alias.dimension,
                words,
                &present,
                &types,
                &brands,
                &mut found,
            );
        }
        let mut taken = vec![false; words.len()];
        let named = |dimension: &str| {
            words
                .iter()
                .any(|t| lexicon::dimension_word(&t.fix) == Some(dimension))
        };
        found.sort_by_key(|c| {
            let asked = usize::from(!(c.dimension != "brand" && named(c.dimension)));
            (
                usize::MAX - c.matched,
                c.slips,
                !c.full,
                asked,
                priority(c.dimension),
            )
        });
        let mut mentions: Vec<Mention> = Vec::new();
        for c in &found {
            let span = c.from..c.to;
            if let Some(same) = mentions
                .iter_mut()
                .find(|m| m.from == c.from && m.to == c.to && m.dimension == c.dimension)
            {
                // A short form that fits several members alike means all of them, within reason.
                if !c.full
                    && same.loose
                    && c.slips == 0
                    && same.members.len() < 4
                    && !same.members.iter().any(|m| m == c.member)
                {
                    same.members.push(c.member.to_owned());
                }
                continue;
            }
            if taken.get(span.clone()).is_none_or(|t| t.contains(&true)) {
                continue;
            }
            taken[span].fill(true);
            mentions.push(Mention {
                dimension: c.dimension.to_owned(),
                members: vec![c.member.to_owned()],
                from: c.from,
                to: c.to,
                loose: !c.full || c.slips > 0,
            });
        }
        self.by_sound(words, &mut taken, &mut mentions);
        self.by_type(words, &mut taken, &mut mentions);
        mentions.sort_by_key(|m| m.from);
        mentions
    }

    /// Words of product types, singular and plural.
    fn type_words(&self) -> HashSet<String> {
        self.dimensions
            .iter()
            .filter(|d| d.name == "product_type")
            .flat_map(|d| d.members.iter().map(|m| fold(m)))
            .flat_map(|m| [format!("{m}s"), m])
            .collect()
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "one search step, called from two places"
    )]
    fn look_for<'c>(
        &self,
        name: &str,
        member: &'c str,
        dimension: &'c str,
        words: &[Token],
        present: &HashSet<&str>,
        types: &HashSet<String>,
        brands: &HashSet<String>,
        found: &mut Vec<Candidate<'c>>,
    ) {
        // Long names are free text, not names; nobody types them.
        if name.len() > 200 {
            return;
        }
        let parts = split(name);
        if parts.is_empty() {
            return;
        }
        // A name of nothing but numbers ("1960") is not a size.
        let numeric = parts.iter().all(|p| is_size(p));
        let is_size = |word: &str| !numeric && is_size(word);
        let core = parts.iter().filter(|p| !is_size(p)).count().max(1);
        let near = |word: &Token, part: &str| -> Option<usize> {
            if word.low == part {
                return Some(0);
            }
            // A known word is what it says, not a slip for a name.
            if word.low.len() < 4 || lexicon::is_known(&word.low) || part.len() < 4 {
                return None;
            }
            if word.low.strip_suffix('s') == Some(part) {
                return Some(0);
            }
            slips(&word.low, part)
        };
        if !parts.iter().any(|p| present.contains(p.as_str())) {
            let maybe = words
                .iter()
                .any(|w| parts.iter().any(|p| near(w, p).is_some()));
            if !maybe {
                return;
            }
        }
        for from in 0..words.len() {
            let Some(start) = parts.iter().position(|p| near(&words[from], p).is_some()) else {
                continue;
            };
            let (mut at, mut part, mut matched, mut cost, mut telling, mut sizes) =
                (from, start, 0, 0, 0, 0);
            let mut skipped = start;
            while at < words.len() && part < parts.len() {
                let Some(step) = parts[part..]
                    .iter()
                    .position(|p| near(&words[at], p).is_some())
                    .or_else(|| (part > start && one_more(&words[at], &parts[part])).then_some(0))
                else {
                    break;
                };
                // A short form may leave words out, but not from the middle of a two-word name.
                skipped += step;
                part += step;
                cost += near(&words[at], &parts[part]).unwrap_or(1);
                matched += 1;
                let word = parts[part].as_str();
                if is_size(word) {
                    sizes += 1;
                } else if !types.contains(word)
                    && word != "and"
                    && (!brands.contains(word) || dimension == "brand")
                    && (!lexicon::is_known(word) && word.len() > 2)
                {
                    telling += 1;
                }
                part += 1;
                at += 1;
            }
            // "Moss and Still" is no short form of "Moss & Ember".
            if matched > 1 && part < parts.len() && words[at - 1].low == "and" {
                at -= 1;
                matched -= 1;
            }
            // "how fresh is it", "a fresh start": the word does its everyday work.
            let adjective = matched == 1
                && words[from].raw.starts_with(|c: char| c.is_lowercase())
                && name.starts_with(|c: char| c.is_uppercase())
                && from
                    .checked_sub(1)
                    .and_then(|i| words.get(i))
                    .is_some_and(|t| {
                        matches!(
                            t.low.as_str(),
                            "how" | "very" | "so" | "too" | "a" | "an" | "more" | "most"
                        )
                    });
            if adjective {
                continue;
            }
            let full = matched - sizes >= core;
            // "No. 7" of "No. 7 Tea House"; "top 10" is a count.
            let numbered = start == 0
                && cost == 0
                && matched >= 2
                && sizes >= 1
                && dimension != "sku"
                && !is_size(&parts[0])
                && !matches!(
                    parts[0].as_str(),
                    "top" | "best" | "first" | "last" | "next" | "past" | "bottom"
                );
            let single = parts.len() == 1 || core == 1;
            let accepted = if full {
                !(single
                    && self.is_ordinary(&parts[0])
                    && !self.meant_as_name(words, from, &parts[0], name))
            } else {
                // A short form needs a word that says which, and not only a slip of one.
                (telling >= 1 || numbered)
                    && (matched >= 2
                        || (cost == 0 && parts[start].len() >= 4)
                        || (cost == 1 && start == 0 && dimension != "sku"))
                    && !(dimension == "brand" && matched == 1 && start > 0)
                    && skipped <= parts.len()
            };
            // Two words that each need mending are rather two other words.
            if accepted && cost <= matched {
                found.push(Candidate {
                    dimension,
                    member,
                    from,
                    to: at,
                    matched: matched * 2 + usize::from(full),
                    full,
                    slips: cost,
                });
            }
        }
    }

    /// Names that are also everyday words or years need more than their letters.
    fn is_ordinary(&self, word: &str) -> bool {
        lexicon::is_known(word) || word.chars().all(|c| c.is_ascii_digit()) || word.len() < 3
    }

    fn meant_as_name(&self, words: &[Token], at: usize, word: &str, name: &str) -> bool {
        let before = at
            .checked_sub(1)
            .and_then(|i| words.get(i))
            .map_or("", |t| t.fix.as_str());
        let after = words.get(at + 1).map_or("", |t| t.fix.as_str());
        if let Ok(number) = word.parse::<i32>() {
            use chrono::Datelike;
            // A year people could ask about is a year, unless it is called a brand.
            let year = (self.asof.year() - 15..=self.asof.year() + 5).contains(&number);
            let named = lexicon::dimension_word(before).is_some()
                || lexicon::dimension_word(after).is_some();
            let counts = matches!(
                before,
                "top" | "bottom" | "last" | "next" | "first" | "by" | "best"
            ) || after == "%"
                || before == "$";
            return named || (!year && !counts && word.len() >= 3);
        }
        let raw = words.get(at).map_or("", |t| t.raw.as_str());
        let shout = words
            .iter()
            .filter(|t| t.raw.chars().any(char::is_alphabetic))
            .all(|t| t.raw == t.raw.to_uppercase());
        let capital = raw.chars().next().is_some_and(char::is_uppercase);
        let capital_name = name.chars().next().is_some_and(char::is_uppercase);
        // "current month", "next target": the word does its everyday work.
        let everyday = lexicon::metric_word(after).is_some()
            || matches!(
                after,
                "month"
                    | "week"
                    | "quarter"
                    | "year"
                    | "day"
                    | "price"
                    | "prices"
                    | "status"
                    | "situation"
                    | "state"
            );
        // Latin letters in a Korean sentence are a name.
        if raw == name && words.iter().any(|t| t.raw.chars().any(is_hangul)) {
            return true;
        }
        if capital && capital_name && !shout && at > 0 {
            return !everyday || raw == name;
        }
        let slot = matches!(
            before,
            "of" | "for"
                | "on"
                | "at"
                | "from"
                | "without"
                | "except"
                | "excluding"
                | "ignoring"
                | "does"
                | "did"
                | "is"
                | "about"
                | "brand"
                | "vendor"
                | "channel"
                | "supplier"
                | "vs"
                | "than"
                | "and"
                | "only"
                | "through"
                | "via"
                | "just"
                | "not"
                | "but"
                | "to"
                | "with"
                | "by"
                | "will"
                | "has"
                | "out"
                | "minus"
                | "against"
        ) && before != "by";
        if at == 0 && capital && !shout {
            return !everyday
                && words.len() > 1
                && (after == "'s"
                    || after == "vs"
                    || after == "and"
                    || lexicon::dimension_word(after).is_some());
        }
        slot && !everyday && (after.is_empty() || lexicon::may_follow_name(after))
    }

    /// Names written in Hangul.
    fn by_sound(&self, words: &[Token], taken: &mut [bool], mentions: &mut Vec<Mention>) {
        /// Fewer consonants sound like too many words.
        const CONSONANTS: usize = 3;
        for at in 0..words.len() {
            if taken[at]
                || !words[at].raw.chars().all(is_hangul)
                || lexicon::is_korean_word(&words[at].raw)
            {
                continue;
            }
            let pair = words
                .get(at + 1)
                .filter(|w| !taken[at + 1] && w.raw.chars().all(is_hangul))
                .map(|w| format!("{}{}", words[at].raw, bare(&w.raw)));
            let one = [words[at].raw.clone(), bare(&words[at].raw).to_owned()];
            let mut best: Option<(usize, usize, &Dimension, &String)> = None;
            let forms = pair
                .into_iter()
                .map(|p| (2, p))
                .chain(one.into_iter().map(|o| (1, o)));
            for (width, form) in forms {
                let heard = sound(&form);
                let syllables = form.chars().count();
                // The vowel that Korean puts between two consonants: 드릴 is drill.
                let is_filled = |c: &char| (u32::from(*c).wrapping_sub(0xAC00) / 28) % 21 == 18;
                let filled = form.chars().filter(is_filled).count();
                let short = heard.chars().count() < CONSONANTS;
                if short && (syllables < 2 || heard.chars().count() < 2) {
                    continue;
                }
                for dimension in &self.dimensions {
                    for member in &dimension.members {
                        let whole = sound(member);
                        // Two consonants tell only with as many syllables.
                        let vowels = vowel_groups(member);
                        if short
                            && (whole != heard || vowels > syllables || vowels < syllables - filled)
                        {
                            continue;
                        }
                        let first = split(member)
                            .into_iter()
                            .next()
                            .map(|w| sound(&w))
                            .unwrap_or_default();
                        let fit = if fold(member) == fold(&form) || whole == heard {
                            0
                        } else if dimension.name != "sku"
                            && (first == heard || (heard.len() >= 4 && whole.starts_with(&heard)))
                        {
                            1
                        } else {
                            continue;
                        };
                        let rank = fit * 10 + priority(&dimension.name) + 2 - width;
                        if best.is_none_or(|b| rank < b.0) {
                            best = Some((rank, width, dimension, member));
                        }
                    }
                }
            }
            if let Some((_, width, dimension, member)) = best {
                taken[at..at + width].fill(true);
                mentions.push(Mention {
                    dimension: dimension.name.clone(),
                    members: vec![member.clone()],
                    from: at,
                    to: at + width,
                    loose: true,
                });
            }
        }
    }

    /// Product types, singular, plural or in Korean.
    fn by_type(&self, words: &[Token], taken: &mut [bool], mentions: &mut Vec<Mention>) {
        let Some(types) = self.dimensions.iter().find(|d| d.name == "product_type") else {
            return;
        };
        for at in 0..words.len() {
            if taken[at] {
                continue;
            }
            let word = &words[at];
            let korean = lexicon::korean_type(bare(&word.raw));
            let hit = types.members.iter().find_map(|member| {
                let name = fold(member);
                let parts: Vec<&str> = name.split_whitespace().collect();
                let fits = parts.iter().enumerate().all(|(i, part)| {
                    words.get(at + i).is_some_and(|w| {
                        w.low == *part
                            || w.low.strip_suffix('s') == Some(part)
                            || w.low.strip_suffix("es") == Some(part)
                            || (part.len() >= 4
                                && !lexicon::is_known(&w.low)
                                && slips(w.low.trim_end_matches('s'), part).is_some())
                    })
                });
                let spelt = korean.is_some_and(|k| k == name);
                ((fits && !parts.is_empty()) || spelt)
                    .then(|| (member.clone(), if spelt { 1 } else { parts.len() }))
            });
            if let Some((member, width)) = hit {
                taken[at..at + width].fill(true);
                mentions.push(Mention {
                    dimension: "product_type".into(),
                    members: vec![member],
                    from: at,
                    to: at + width,
                    loose: false,
                });
            }
        }
    }
}

/// Runs of vowels, about as many as there are syllables.
fn vowel_groups(name: &str) -> usize {
    let vowel = |c: char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    let letters: Vec<char> = fold(name).chars().collect();
    (0..letters.len())
        .filter(|i| vowel(letters[*i]) && (*i == 0 || !vowel(letters[i - 1])))
        .count()
}

/// The folded words of a name.
fn split(name: &str) -> Vec<String> {
    if name.is_ascii() {
        // Most names are plain; this path avoids normalisation.
        let lower = name.to_ascii_lowercase().replace('&', " and ");
        return lower
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '\'')
            .map(|w| w.trim_matches('\''))
            .filter(|w| !w.is_empty())
            .map(str::to_owned)
            .collect();
    }
    tokens(name)
        .into_iter()
        .map(|t| t.low)
        .filter(|w| w.chars().any(char::is_alphanumeric))
        .collect()
}
