//! Folding, tokens, spelling and the sound of Hangul: what lets a word be found however it is written.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A word of a question.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// As written.
    pub raw: String,
    /// Lower case without accents.
    pub low: String,
    /// `low` with abbreviations written out and typing errors mended.
    pub fix: String,
}

impl Token {
    /// A word as it is said, in place of how it was written.
    fn said(word: &str) -> Token {
        Token {
            raw: word.into(),
            low: word.into(),
            fix: word.into(),
        }
    }
}

/// Lower case, compatibility forms resolved, accents dropped, look-alike letters made Latin.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkd()
        .filter(|c| !is_combining_mark(*c))
        .nfc()
        .flat_map(char::to_lowercase)
        .map(latin_twin)
        .collect::<String>()
        .replace('ß', "ss")
        .replace('æ', "ae")
        .replace('œ', "oe")
}

/// The Latin letter a Cyrillic or Greek one is mistaken for, and one form per punctuation mark.
fn latin_twin(c: char) -> char {
    match c {
        'а' | 'α' => 'a',
        'е' | 'ε' => 'e',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'с' => 'c',
        'х' | 'χ' => 'x',
        'у' => 'y',
        'і' | 'ι' | 'ı' => 'i',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'т' | 'τ' => 't',
        'ν' => 'v',
        'ø' => 'o',
        'ł' => 'l',
        'đ' => 'd',
        '\u{2019}' | '\u{2018}' | '`' | '\u{b4}' => '\'',
        '\u{2013}' | '\u{2014}' | '\u{2212}' | '\u{2011}' | '\u{2010}' => '-',
        '\u{a0}' | '\u{202f}' | '\u{2009}' => ' ',
        other => other,
    }
}

pub(crate) fn is_hangul(c: char) -> bool {
    ('\u{ac00}'..='\u{d7a3}').contains(&c) || ('\u{3131}'..='\u{318e}').contains(&c)
}

/// Cuts a text into words, numbers and the few symbols that mean something.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let composed: String = text.nfc().map(soft_quote).collect();
    let mut composed = composed;
    for (short, long) in [
        ("w/o", "without"),
        ("tl;dr", "tldr"),
        ("y/y", "yoy"),
        ("m/m", "mom"),
        ("q/q", "qoq"),
        ("w/w", "wow"),
    ] {
        composed = composed
            .replace(short, long)
            .replace(&short.to_uppercase(), long);
    }
    let chars: Vec<char> = composed.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let from = at;
        at += 1;
        if c.is_ascii_digit() {
            while let Some(&next) = chars.get(at) {
                let joins = matches!(next, '-' | '.' | '/' | ',' | ':')
                    && chars.get(at + 1).is_some_and(char::is_ascii_digit);
                if next.is_alphanumeric() || joins {
                    at += 1;
                } else {
                    break;
                }
            }
            push(&mut found, &chars[from..at]);
        } else if c.is_alphanumeric() {
            let hangul = is_hangul(c);
            while let Some(&next) = chars.get(at) {
                let inner =
                    next == '\'' && chars.get(at + 1).is_some_and(|n| n.is_alphabetic()) && !hangul;
                if (next.is_alphanumeric() || is_combining_mark(next)) && is_hangul(next) == hangul
                    || inner
                {
                    at += 1;
                } else {
                    break;
                }
            }
            let word = &chars[from..at];
            if let Some(cut) = counted_rank(word) {
                push(&mut found, &word[..cut]);
                push(&mut found, &word[cut..]);
            // "Young's" is the member and a mark.
            } else if let [head @ .., '\'', 's' | 'S'] = word {
                push(&mut found, head);
                push(&mut found, &['\'', 's']);
            } else {
                push(&mut found, word);
            }
        } else if c == '\'' && chars.get(at).is_some_and(char::is_ascii_digit) {
            while chars.get(at).is_some_and(char::is_ascii_digit) {
                at += 1;
            }
            push(&mut found, &chars[from..at]);
        } else if c == '&' {
            found.push(Token {
                raw: "&".into(),
                ..Token::said("and")
            });
        } else if matches!(c, '%' | '+' | '$' | '€' | '£' | '₩')
            || (c == '-' && chars.get(at).is_some_and(char::is_ascii_digit))
            || (matches!(c, '-' | '/') && chars.get(at) == Some(&' '))
        {
            push(&mut found, &chars[from..at]);
        } else if c == '/' && found.last().is_some_and(|t: &Token| t.low.len() > 1) {
            // "units/wk" counts by the week, "sku/channel" lists.
            let rest: String = chars[at..]
                .iter()
                .take(5)
                .collect::<String>()
                .to_lowercase();
            let per = [
                "wk", "week", "day", "mth", "month", "mo ", "qtr", "quart", "yr", "year",
            ];
            let word = if per.iter().any(|u| rest.starts_with(u)) {
                "per"
            } else {
                ","
            };
            push(&mut found, &word.chars().collect::<Vec<_>>());
        } else if matches!(c, ',' | ';' | ':' | '?' | '!' | '.') {
            // The dot of an abbreviation ("excl.") ends nothing.
            if c == '.' && found.last().is_some_and(|t: &Token| t.low.len() <= 4) {
                continue;
            }
            found.push(Token {
                raw: c.to_string(),
                ..Token::said(",")
            });
        }
    }
    while found.last().is_some_and(|t| t.low == ",") {
        found.pop();
    }
    contractions(&mut found);
    possessives(&mut found);
    phrases(&mut found);
    found
}

/// Where "top10" is cut into its word and its number.
fn counted_rank(word: &[char]) -> Option<usize> {
    let cut = word.iter().position(char::is_ascii_digit)?;
    let (head, digits) = word.split_at(cut);
    let head: String = head.iter().flat_map(|c| c.to_lowercase()).collect();
    let rank = [
        "top", "bottom", "best", "worst", "first", "last", "past", "next",
    ];
    (rank.contains(&head.as_str()) && digits.iter().all(char::is_ascii_digit)).then_some(cut)
}

/// Phrases of several words that stand for one.
fn phrases(words: &mut Vec<Token>) {
    const PHRASES: [(&[&str], &str); 23] = [
        (&["half", "a", "dozen"], "6"),
        (&["a", "dozen"], "12"),
        (&["top", "line"], "revenue"),
        (&["bottom", "line"], "profit"),
        (&["as", "compared", "to"], "vs"),
        (&["as", "compared", "with"], "vs"),
        (&["compared", "to"], "vs"),
        (&["compared", "with"], "vs"),
        (&["in", "comparison", "to"], "vs"),
        (&["in", "comparison", "with"], "vs"),
        (&["as", "against"], "vs"),
        (&["day", "by", "day"], "daily"),
        (&["day", "after", "day"], "daily"),
        (&["week", "by", "week"], "weekly"),
        (&["week", "after", "week"], "weekly"),
        (&["month", "by", "month"], "monthly"),
        (&["month", "after", "month"], "monthly"),
        (&["quarter", "by", "quarter"], "quarterly"),
        (&["quarter", "after", "quarter"], "quarterly"),
        (&["year", "by", "year"], "yearly"),
        (&["year", "after", "year"], "yearly"),
        (&["sales", "channel"], "channel"),
        (&["sales", "channels"], "channels"),
    ];
    for (phrase, said) in PHRASES {
        while let Some(at) = words
            .windows(phrase.len())
            .position(|w| w.iter().map(|t| t.low.as_str()).eq(phrase.iter().copied()))
        {
            words.splice(at..at + phrase.len(), [Token::said(said)]);
        }
    }
}

/// "We'll" and "how's" are two words each, as they are where they are written out.
fn contractions(words: &mut Vec<Token>) {
    const ENDS: [(&str, &str); 5] = [
        ("'ll", "will"),
        ("'re", "are"),
        ("'ve", "have"),
        ("'m", "am"),
        ("'d", "would"),
    ];
    for at in (0..words.len()).rev() {
        let low = words[at].low.clone();
        if let Some((head, said)) = ENDS
            .iter()
            .find_map(|(end, said)| Some((low.strip_suffix(end)?, said)))
        {
            words.splice(at..=at, [Token::said(head), Token::said(said)]);
        } else if low == "'s" && at > 0 && IS_AFTER.contains(&words[at - 1].low.as_str()) {
            words[at] = Token::said("is");
        }
    }
}

/// Words after which "'s" is the verb and no possessive.
const IS_AFTER: [&str; 11] = [
    "what", "how", "who", "where", "why", "when", "which", "it", "that", "there", "here",
];

/// "Last weeks revenue" is that of last week, "Januarys change" January's.
fn possessives(words: &mut [Token]) {
    for at in 0..words.len() {
        let Some(stem) = words[at].low.strip_suffix('s') else {
            continue;
        };
        let before = |back: usize| at.checked_sub(back).map_or("", |i| words[i].low.as_str());
        let next = words.get(at + 1).map_or(",", |t| t.low.as_str());
        let unit = matches!(stem, "week" | "month" | "quarter" | "year");
        let one = match before(1) {
            "this" | "next" => true,
            // "In the last weeks" are several.
            "last" | "previous" => {
                !matches!(before(2), "the" | "in" | "over")
                    && !matches!(next, "," | "by" | "on" | "in" | "at")
            }
            _ => false,
        };
        if unit && one || stem.len() > 3 && MONTHS.contains(&stem) {
            words[at] = Token::said(stem);
        }
    }
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

fn soft_quote(c: char) -> char {
    match c {
        '\u{2019}' | '\u{2018}' => '\'',
        '\u{2013}' | '\u{2014}' | '\u{2212}' => '-',
        other => other,
    }
}

fn push(found: &mut Vec<Token>, word: &[char]) {
    let raw: String = word.iter().collect();
    let low = fold(&raw);
    if !low.is_empty() {
        found.push(Token {
            fix: low.clone(),
            raw,
            low,
        });
    }
}

/// Words a number may be written as; "one" and "second" mean too much else.
const NUMBERS: [(&str, &str); 20] = [
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("fifteen", "15"),
    ("twenty", "20"),
    ("thirty", "30"),
    ("forty", "40"),
    ("fifty", "50"),
    ("sixty", "60"),
    ("eighty", "80"),
    ("ninety", "90"),
    ("hundred", "100"),
];

/// Short forms of chats and notes, written out.
const SHORT: &[(&str, &str)] = &[
    ("rev", "revenue"),
    ("revs", "revenue"),
    ("qty", "units"),
    ("qties", "units"),
    ("pcs", "units"),
    ("avg", "average"),
    ("ave", "average"),
    ("lst", "last"),
    ("nxt", "next"),
    ("prev", "previous"),
    ("yr", "year"),
    ("yrs", "years"),
    ("mth", "month"),
    ("mths", "months"),
    ("mo", "month"),
    ("mos", "months"),
    ("mnth", "month"),
    ("mnths", "months"),
    ("mon", "month"),
    ("wk", "week"),
    ("wks", "weeks"),
    ("wkly", "weekly"),
    ("mthly", "monthly"),
    ("mnthly", "monthly"),
    ("qtr", "quarter"),
    ("qtrs", "quarters"),
    ("qtrly", "quarterly"),
    ("fcst", "forecast"),
    ("fc", "forecast"),
    ("fcast", "forecast"),
    ("pred", "predict"),
    ("excl", "excluding"),
    ("exc", "excluding"),
    ("ex", "excluding"),
    ("wo", "without"),
    ("incl", "including"),
    ("pls", "please"),
    ("plz", "please"),
    ("thx", "thanks"),
    ("hw", "how"),
    ("wht", "what"),
    ("wat", "what"),
    ("whats", "what is"),
    ("wich", "which"),
    ("whch", "which"),
    ("y", "why"),
    ("wy", "why"),
    ("wek", "week"),
    ("weks", "weeks"),
    ("tpo", "top"),
    ("hows", "how is"),
    ("ths", "this"),
    ("tht", "that"),
    ("teh", "the"),
    ("hte", "the"),
    ("mny", "many"),
    ("wth", "with"),
    ("frm", "from"),
    ("thn", "than"),
    ("hav", "have"),
    ("sls", "sales"),
    ("dev", "development"),
    ("upt", "units per order"),
    ("ipt", "units per order"),
    ("atv", "aov"),
    ("u", "you"),
    ("r", "are"),
    ("ur", "your"),
    ("wud", "would"),
    ("cud", "could"),
    ("shud", "should"),
    ("shld", "should"),
    ("gonna", "going to"),
    ("gimme", "give me"),
    ("lemme", "let me"),
    ("wanna", "want to"),
    ("vol", "volume"),
    ("vols", "volume"),
    ("prod", "product"),
    ("prods", "products"),
    ("chan", "channel"),
    ("chans", "channels"),
    ("chnl", "channel"),
    ("cat", "category"),
    ("cats", "categories"),
    ("btm", "bottom"),
    ("bott", "bottom"),
    ("tgt", "target"),
    ("tgts", "targets"),
    ("perf", "performance"),
    ("cmp", "compare"),
    ("comp", "compare"),
    ("versus", "vs"),
    ("v", "vs"),
    ("elast", "elasticity"),
    ("conc", "concentration"),
    ("anom", "anomalies"),
    ("brkdwn", "breakdown"),
    ("pct", "%"),
    ("percent", "%"),
    ("percentage", "%"),
    ("cos", "because"),
    ("coz", "because"),
    ("b4", "before"),
    ("xmas", "christmas"),
    ("bf", "black friday"),
    ("ly", "last year"),
    ("tm", "this month"),
    ("lm", "last month"),
    ("lw", "last week"),
    ("lq", "last quarter"),
    ("py", "last year"),
    ("cust", "customer"),
    ("custs", "customers"),
    ("supp", "supplier"),
    ("splt", "split"),
    ("chg", "change"),
    ("hv", "have"),
    ("abt", "about"),
    ("btw", "between"),
    ("bw", "between"),
    ("agn", "again"),
    ("dont", "don't"),
    ("didnt", "didn't"),
    ("doesnt", "doesn't"),
    ("isnt", "isn't"),
    ("arent", "aren't"),
    ("wasnt", "wasn't"),
    ("werent", "weren't"),
    ("cant", "can't"),
    ("couldnt", "couldn't"),
    ("wont", "won't"),
    ("wouldnt", "wouldn't"),
    ("shouldnt", "shouldn't"),
    ("hasnt", "hasn't"),
    ("havent", "haven't"),
    ("im", "i am"),
    ("ive", "i have"),
    ("weve", "we have"),
    ("youre", "you are"),
    ("theyre", "they are"),
    ("theyve", "they have"),
    ("itll", "it will"),
    ("lets", "let 's"),
    ("thats", "that is"),
    ("theres", "there is"),
    ("whos", "who is"),
    ("wheres", "where is"),
    ("whys", "why is"),
];

/// Words that questions use for the same thing; the rules know the second.
const SAME: [(&str, &str); 32] = [
    ("slice", "share"),
    ("chunk", "share"),
    ("fraction", "share"),
    ("proportion", "share"),
    ("portion", "share"),
    ("proportions", "shares"),
    ("plunge", "decline"),
    ("plunges", "declines"),
    ("plunged", "declined"),
    ("plunging", "declining"),
    ("nosedive", "decline"),
    ("nosedives", "declines"),
    ("nosedived", "declined"),
    ("plummet", "decline"),
    ("plummets", "declines"),
    ("plummeted", "declined"),
    ("plummeting", "declining"),
    ("tumble", "decline"),
    ("tumbled", "declined"),
    ("tumbling", "declining"),
    ("contract", "shrink"),
    ("contracted", "shrunk"),
    ("contracting", "shrinking"),
    ("goal", "target"),
    ("goals", "targets"),
    ("objective", "target"),
    ("objectives", "targets"),
    ("quota", "target"),
    ("quotas", "targets"),
    ("wholesaler", "supplier"),
    ("wholesalers", "suppliers"),
    ("income", "revenue"),
];

static SHORT_FORMS: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| SHORT.iter().chain(&NUMBERS).chain(&SAME).copied().collect());

/// The written-out form of an abbreviation or number word, or the usual word for the same.
pub(crate) fn written_out(word: &str) -> Option<&'static str> {
    SHORT_FORMS.get(word).copied()
}

/// Typing errors up to which a word of `len` letters is still that word.
fn tolerance(len: usize) -> usize {
    match len {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// Typing errors between two words (a swap of neighbours is one), `None` when too many for their length.
pub(crate) fn slips(a: &str, b: &str) -> Option<usize> {
    if a == b {
        return Some(0);
    }
    let (la, lb) = (a.chars().count(), b.chars().count());
    let allowed = tolerance(la.min(lb));
    if allowed == 0 || la.abs_diff(lb) > allowed {
        return None;
    }
    // People rarely mistype the first letter, and short words differ in it.
    if a.chars().next() != b.chars().next() && la.min(lb) < 6 {
        return None;
    }
    let distance = strsim::osa_distance(a, b);
    (distance <= allowed).then_some(distance)
}

/// The consonants one hears in a Latin or Hangul name, near sounds made equal; empty for other scripts.
///
/// "Amazon" and "아마존" share `msn`, "Olive Young" and "올리브영" share `lbyng`.
pub(crate) fn sound(text: &str) -> String {
    let mut latin = String::new();
    for c in fold(text).chars() {
        if ('\u{ac00}'..='\u{d7a3}').contains(&c) {
            spell_syllable(c, &mut latin);
        } else if c.is_ascii_alphanumeric() {
            latin.push(c);
        }
    }
    let latin = latin
        .replace("ph", "p")
        .replace("sh", "s")
        .replace("ch", "j")
        .replace("th", "s")
        .replace("ck", "k")
        .replace("qu", "k")
        .replace("ng", "N");
    let mut heard = String::new();
    let mut letters = latin.chars().peekable();
    while let Some(c) = letters.next() {
        let soft = letters.peek().is_some_and(|n| matches!(n, 'e' | 'i' | 'y'));
        let class = match c {
            'c' if !soft => 'k',
            'a' | 'e' | 'i' | 'o' | 'u' | 'w' | 'h' => continue,
            'l' | 'r' => 'l',
            'b' | 'v' | 'p' | 'f' => 'b',
            'z' | 'j' | 's' | 'c' => 's',
            'k' | 'g' | 'q' | 'x' => 'k',
            't' | 'd' => 't',
            other => other,
        };
        if !heard.ends_with(class) {
            heard.push(class);
        }
    }
    heard
}

/// Writes a Hangul syllable in Latin letters, vowels only as far as `sound` needs them.
fn spell_syllable(c: char, out: &mut String) {
    const INITIAL: [&str; 19] = [
        "k", "k", "n", "t", "t", "l", "m", "b", "b", "s", "s", "", "j", "j", "j", "k", "t", "p",
        "h",
    ];
    const FINAL: [&str; 28] = [
        "", "k", "k", "k", "n", "n", "n", "t", "l", "l", "l", "l", "l", "l", "l", "l", "m", "b",
        "b", "t", "t", "N", "t", "t", "k", "t", "p", "t",
    ];
    let index = c as usize - 0xac00;
    out.push_str(INITIAL[index / 588]);
    let vowel = index % 588 / 28;
    // After a hissing sound the glide is not heard: 쇼 is "sho".
    let hissing = matches!(index / 588, 9 | 10 | 12 | 13 | 14);
    out.push_str(if !hissing && matches!(vowel, 2 | 3 | 6 | 7 | 12 | 17) {
        "ya"
    } else {
        "a"
    });
    out.push_str(FINAL[index % 28]);
}

/// Endings that Korean hangs on a noun, longest first.
const PARTICLES: [&str; 24] = [
    "에서는",
    "으로는",
    "에서의",
    "이라는",
    "에서",
    "에게",
    "으로",
    "까지",
    "부터",
    "보다",
    "하고",
    "이랑",
    "만",
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "의",
    "에",
    "도",
    "와",
    "과",
];

/// A Korean word without its particle.
pub(crate) fn bare(word: &str) -> &str {
    PARTICLES
        .iter()
        .find_map(|p| {
            word.strip_suffix(p)
                .filter(|stem| stem.chars().count() >= 2)
        })
        .unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_drops_case_accents_and_twins() {
        assert_eq!(fold("Éclat LUMIÈRE"), "eclat lumiere");
        assert_eq!(fold("s\u{430}les"), "sales");
        assert_eq!(fold("한빛"), "한빛");
    }

    #[test]
    fn a_possessive_and_a_year_are_tokens_of_their_own() {
        let words: Vec<_> = tokens("Olive Young's Q3'25, w/o Amazon에서")
            .into_iter()
            .map(|t| t.low)
            .collect();
        assert_eq!(
            words,
            [
                "olive", "young", "'s", "q3", "'25", ",", "without", "amazon", "에서"
            ]
        );
    }

    #[test]
    fn counts_are_numbers_however_they_are_written() {
        let read = |text| {
            tokens(text)
                .into_iter()
                .map(|t| t.low)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(read("top10 items"), "top 10 items");
        assert_eq!(read("half a dozen, or a dozen"), "6 , or 12");
        assert_eq!(read("SPF50 h2o"), "spf50 h2o");
    }

    #[test]
    fn hangul_sounds_like_the_name_it_spells() {
        assert_eq!(sound("아마존"), sound("Amazon"));
        assert_eq!(sound("세포라"), sound("Sephora"));
        assert_eq!(sound("올리브영"), sound("Olive Young"));
        assert_eq!(sound("한빛"), sound("Hanbit"));
        assert_eq!(sound("코스트코"), sound("Costco"));
        assert_eq!(sound("쇼피"), sound("Shopee"));
    }

    #[test]
    fn slips_grow_with_length() {
        assert_eq!(slips("sehpora", "sephora"), Some(1));
        assert_eq!(slips("sun", "son"), None);
    }
}
