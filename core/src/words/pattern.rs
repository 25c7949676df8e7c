//! Patterns compiled once, and tried only where a text can match them.
//!
//! Most patterns of this module list words that most texts do not hold, and the engine behind them reads every byte of a
//! text. So the words that a match cannot do without are read off the pattern, and a text without any of them is passed by.

use std::sync::OnceLock;

use regex_lite::{Captures, Match, Regex};

/// A pattern compiled once; a broken one matches nothing and fails the tests beside its uses.
pub(crate) struct Pattern(&'static str, OnceLock<Option<Compiled>>);

struct Compiled {
    regex: Regex,
    /// One of these stands in every match; empty where nothing is sure.
    needs: Vec<String>,
    /// Every match ends the text and has at most so many bytes.
    tail: Option<usize>,
}

impl Pattern {
    pub(crate) const fn new(pattern: &'static str) -> Self {
        Self(pattern, OnceLock::new())
    }
    pub(crate) fn source(&self) -> &'static str {
        self.0
    }
    fn compiled(&self) -> Option<&Compiled> {
        let compile = || {
            let read = Reader::read(self.0).unwrap_or_default();
            Some(Compiled {
                regex: Regex::new(self.0).ok()?,
                needs: read.needs,
                tail: read.most.filter(|_| read.ends),
            })
        };
        self.1.get_or_init(compile).as_ref()
    }
    pub(crate) fn regex(&self) -> Option<&Regex> {
        self.compiled().map(|c| &c.regex)
    }
    /// The engine, and where in `text` a match may begin; `None` where there can be none.
    fn within(&self, text: &str) -> Option<(&Regex, usize)> {
        let compiled = self.compiled()?;
        let needs = &compiled.needs;
        let may = needs.is_empty() || needs.iter().any(|w| text.contains(w.as_str()));
        let mut from = compiled.tail.map_or(0, |n| text.len().saturating_sub(n));
        while !text.is_char_boundary(from) {
            from -= 1;
        }
        may.then_some((&compiled.regex, from))
    }
    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.within(text)
            .is_some_and(|(regex, from)| regex.is_match_at(text, from))
    }
    pub(crate) fn find<'t>(&self, text: &'t str) -> Option<Match<'t>> {
        let (regex, from) = self.within(text)?;
        regex.find_at(text, from)
    }
    pub(crate) fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        let (regex, from) = self.within(text)?;
        regex.captures_at(text, from)
    }
    pub(crate) fn find_iter<'t>(&self, text: &'t str) -> impl Iterator<Item = Match<'t>> {
        let engine = self.within(text).map(|(regex, _)| regex);
        engine.into_iter().flat_map(|r| r.find_iter(text))
    }
    pub(crate) fn captures_iter<'t>(&self, text: &'t str) -> impl Iterator<Item = Captures<'t>> {
        let engine = self.within(text).map(|(regex, _)| regex);
        engine.into_iter().flat_map(|r| r.captures_iter(text))
    }
}

/// What is known of every match of a part of a pattern.
#[derive(Clone, Debug, Default, PartialEq)]
struct Part {
    needs: Vec<String>,
    most: Option<usize>,
    ends: bool,
    /// It matches just this character.
    letter: Option<char>,
}

/// Reads the parts of a pattern; `None` at anything it does not know, such as flags.
struct Reader<'p> {
    rest: std::iter::Peekable<std::str::Chars<'p>>,
}

impl Reader<'_> {
    fn read(pattern: &str) -> Option<Part> {
        let mut reader = Reader {
            rest: pattern.chars().peekable(),
        };
        let whole = reader.either()?;
        reader.rest.next().is_none().then_some(whole)
    }

    /// Alternatives: what one of them needs.
    fn either(&mut self) -> Option<Part> {
        let mut whole = self.sequence()?;
        while self.rest.next_if_eq(&'|').is_some() {
            let other = self.sequence()?;
            match other.needs.is_empty() || whole.needs.is_empty() {
                true => whole.needs.clear(),
                false => whole.needs.extend(other.needs),
            }
            whole.most = whole.most.zip(other.most).map(|(a, b)| a.max(b));
            whole.ends &= other.ends;
        }
        Some(whole)
    }

    /// One thing after the other: what the surest of them needs.
    fn sequence(&mut self) -> Option<Part> {
        let mut whole = Part {
            most: Some(0),
            ..Part::default()
        };
        let shortest = |w: &[String]| w.iter().map(String::len).min().unwrap_or(0);
        let mut run = String::new();
        let keep = |whole: &mut Part, needs: Vec<String>| {
            if shortest(&needs) > shortest(&whole.needs) {
                whole.needs = needs;
            }
        };
        while self.rest.peek().is_some_and(|c| !matches!(c, '|' | ')')) {
            // Between two characters, without one of its own.
            let edge = self.rest.next_if_eq(&'^').is_some();
            let end = self.rest.next_if_eq(&'$').is_some();
            if edge || end {
                whole.ends |= end;
                continue;
            }
            let Some(part) = self.repeated()? else {
                continue;
            };
            whole.most = whole.most.zip(part.most).map(|(a, b)| a + b);
            whole.ends |= part.ends;
            if let Some(c) = part.letter {
                run.push(c);
                continue;
            }
            keep(&mut whole, vec![std::mem::take(&mut run)]);
            keep(&mut whole, part.needs);
        }
        keep(&mut whole, vec![run]);
        Some(whole)
    }

    /// A part with how often it stands; nothing where it is an edge of words.
    fn repeated(&mut self) -> Option<Option<Part>> {
        let Some(mut part) = self.part()? else {
            return Some(None);
        };
        let (least, most) = match self.rest.peek() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => {
                self.rest.next();
                let mut inside = String::new();
                while let Some(c) = self.rest.next_if(|c| *c != '}') {
                    inside.push(c);
                }
                let (least, most) = inside.split_once(',').unwrap_or((&inside, &inside));
                (least.parse().ok()?, most.parse().ok())
            }
            _ => return Some(Some(part)),
        };
        self.rest.next();
        self.rest.next_if_eq(&'?');
        match part.letter.take() {
            _ if least == 0 => part.needs.clear(),
            Some(c) => part.needs = vec![c.to_string()],
            None => {}
        }
        part.ends &= least > 0;
        part.most = part.most.zip(most).map(|(a, n): (usize, usize)| a * n);
        Some(Some(part))
    }

    fn part(&mut self) -> Option<Option<Part>> {
        let any = |bytes: usize| Part {
            most: Some(bytes),
            ..Part::default()
        };
        let one = |c: char| Part {
            letter: Some(c),
            ..any(c.len_utf8())
        };
        Some(Some(match self.rest.next()? {
            '(' => {
                if self.rest.next_if_eq(&'?').is_some() {
                    self.rest.next_if_eq(&':')?;
                }
                let inside = self.either()?;
                self.rest.next_if_eq(&')')?;
                inside
            }
            '[' => self.class()?,
            '.' => any(4),
            '\\' => match self.rest.next()? {
                'b' => return Some(None),
                'd' | 'w' | 's' => any(1),
                c if c.is_ascii_alphanumeric() => return None,
                c => one(c),
            },
            c => one(c),
        }))
    }

    /// A class: one of its characters, where they are listed.
    fn class(&mut self) -> Option<Part> {
        let mut listed: Vec<String> = Vec::new();
        let mut sure = self.rest.next_if_eq(&'^').is_none();
        loop {
            match self.rest.next()? {
                ']' => break,
                '[' | '&' => return None,
                '\\' => {
                    sure = false;
                    self.rest.next()?;
                }
                // First or last it stands for itself.
                '-' if !listed.is_empty() && self.rest.peek() != Some(&']') => sure = false,
                c => listed.push(c.to_string()),
            }
        }
        Some(Part {
            needs: if sure { listed } else { Vec::new() },
            most: Some(4),
            ..Part::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pattern: &str) -> (Vec<String>, Option<usize>) {
        let part = Reader::read(pattern).unwrap_or_default();
        (part.needs, part.most.filter(|_| part.ends))
    }

    #[test]
    fn what_every_match_holds_is_read_off_a_pattern() {
        let needs = |pattern: &str| read(pattern).0;
        assert_eq!(needs(r"\b(?:rose|fell)\b|줄"), ["rose", "fell", "줄"]);
        assert_eq!(needs(r"gr[eo]w\w* than"), [" than"]);
        assert_eq!(needs(r"totall?ed"), ["total"]);
        assert_eq!(needs(r"(?:not )+yet?"), ["not "]);
        assert_eq!(needs(r"[€$]|won"), ["€", "$", "won"]);
        assert_eq!(needs(r"(?:up)?"), [""; 0]);
        assert_eq!(needs(r"up|\d+"), [""; 0]);
        assert_eq!(needs(r"(?i)up"), [""; 0]);
        assert_eq!(needs(r"[^,]|[a-z]"), [""; 0]);
    }

    #[test]
    fn what_ends_a_text_is_looked_for_there() {
        assert_eq!(read(r"\b(?:to|at) $").1, Some(3));
        assert_eq!(read(r"[a-z]{2,5}x?$").1, Some(21));
        assert_eq!(read(r"to $|at").1, None);
        assert_eq!(read(r"\w+ $").1, None);
        let pattern = Pattern::new(r"\b(?:to|at) (?:[a-z]{3} )?$");
        for text in ["up to ", "upto ", "가 at eur ", "to eur", "to "] {
            let plain = pattern.regex().and_then(|r| r.find(text));
            let quick = pattern.find(text);
            assert_eq!(quick.map(|m| m.range()), plain.map(|m| m.range()), "{text}");
            assert_eq!(pattern.is_in(text), plain.is_some(), "{text}");
        }
    }
}
