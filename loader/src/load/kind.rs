//! The kind of a product, read from its name where no column says it.

use std::collections::HashMap;

/// Words in a product's name and the kind they stand for. The word that starts last decides, as
/// names end with what the thing is ("Cream Cleanser" is a cleanser, "크림 토너" a toner); of two
/// that start together the longer one.
const WORDS: &[(&str, &str)] = &[
    ("toner", "Toner"),
    ("토너", "Toner"),
    ("skin lotion", "Toner"),
    ("스킨", "Toner"),
    ("essence", "Essence"),
    ("에센스", "Essence"),
    ("serum", "Serum"),
    ("세럼", "Serum"),
    ("ampoule", "Serum"),
    ("ampule", "Serum"),
    ("앰플", "Serum"),
    ("cream", "Cream"),
    ("크림", "Cream"),
    ("moisturizer", "Cream"),
    ("moisturiser", "Cream"),
    ("수분크림", "Cream"),
    ("eye cream", "Eye care"),
    ("아이크림", "Eye care"),
    ("lotion", "Lotion"),
    ("로션", "Lotion"),
    ("emulsion", "Lotion"),
    ("에멀전", "Lotion"),
    ("sunscreen", "Sunscreen"),
    ("sun cream", "Sunscreen"),
    ("sun stick", "Sunscreen"),
    ("sun block", "Sunscreen"),
    ("선크림", "Sunscreen"),
    ("썬크림", "Sunscreen"),
    ("선스틱", "Sunscreen"),
    ("선세럼", "Sunscreen"),
    ("sheet mask", "Mask"),
    ("mask", "Mask"),
    ("마스크팩", "Mask"),
    ("마스크", "Mask"),
    ("팩", "Mask"),
    ("cleanser", "Cleanser"),
    ("cleansing oil", "Cleanser"),
    ("cleansing", "Cleanser"),
    ("foam", "Cleanser"),
    ("클렌저", "Cleanser"),
    ("클렌징", "Cleanser"),
    ("클렌징오일", "Cleanser"),
    ("클렌징 오일", "Cleanser"),
    ("폼", "Cleanser"),
    ("lip tint", "Lip"),
    ("lip balm", "Lip"),
    ("lipstick", "Lip"),
    ("lip", "Lip"),
    ("립틴트", "Lip"),
    ("립밤", "Lip"),
    ("립스틱", "Lip"),
    ("립", "Lip"),
    ("oil", "Oil"),
    ("오일", "Oil"),
    ("mist", "Mist"),
    ("미스트", "Mist"),
    ("cushion", "Make-up"),
    ("쿠션", "Make-up"),
    ("foundation", "Make-up"),
    ("파운데이션", "Make-up"),
    ("mascara", "Make-up"),
    ("마스카라", "Make-up"),
    ("shampoo", "Hair"),
    ("샴푸", "Hair"),
    ("conditioner", "Hair"),
    ("treatment", "Hair"),
    ("트리트먼트", "Hair"),
    ("hand cream", "Body"),
    ("핸드크림", "Body"),
    ("body wash", "Body"),
    ("바디워시", "Body"),
    ("body lotion", "Body"),
    ("바디로션", "Body"),
];

/// Whether `name[at..at + len]` stands as a word; Hangul compounds join without blanks.
fn stands_alone(name: &str, at: usize, word: &str) -> bool {
    if !word.is_ascii() {
        return true;
    }
    let before = name[..at].chars().next_back();
    let after = name[at + word.len()..].chars().next();
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
    !letter(before) && (!letter(after) || name[at + word.len()..].starts_with('s'))
}

/// The kind a product's name tells.
pub(crate) fn product_type(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let mut best: Option<(usize, usize, &'static str)> = None;
    for (word, kind) in WORDS {
        let Some((at, _)) = name
            .rmatch_indices(word)
            .find(|(at, _)| stands_alone(&name, *at, word))
        else {
            continue;
        };
        // A word inside one that ends at the same place ("크림" in "선크림") says less.
        let (end, len) = (at + word.len(), word.len());
        if best.is_none_or(|(e, l, _)| (end, len) > (e, l)) {
            best = Some((end, len, kind));
        }
    }
    best.map(|(_, _, kind)| kind)
}

/// Kinds of the names seen so far.
#[derive(Default)]
pub(crate) struct Kinds {
    known: HashMap<Box<str>, Option<&'static str>>,
}

/// Names remembered; an assortment has fewer, and a file of ever new names must not fill memory.
const REMEMBERED: usize = 50_000;

impl Kinds {
    /// The kind of a name, remembered.
    pub(crate) fn of(&mut self, name: &str) -> Option<&'static str> {
        if let Some(kind) = self.known.get(name) {
            return *kind;
        }
        let kind = product_type(name);
        if self.known.len() < REMEMBERED {
            self.known.insert(name.into(), kind);
        }
        kind
    }
}

#[cfg(test)]
mod tests {
    use super::product_type;

    #[test]
    fn kinds() {
        for (name, kind) in [
            ("Lumio Hydra Toner 50ml", Some("Toner")),
            ("라온 비타C 클렌저 50ml", Some("Cleanser")),
            ("이슬담 세라마이드 선크림 30ml", Some("Sunscreen")),
            ("Solea Vita C Sheet Mask 5ea", Some("Mask")),
            ("Rich Cream Cleanser", Some("Cleanser")),
            ("Cleansing Oil 200ml", Some("Cleanser")),
            ("Camellia Oil", Some("Oil")),
            ("Dewdrop Hydra Lip Tint 100ml", Some("Lip")),
            ("라온 쌀 앰플 100ml", Some("Serum")),
            ("Eye Cream 30ml", Some("Eye care")),
            ("Bush Somerset Collection Bookcase", None),
            ("Clip Boards", None),
            ("Foil wrap", None),
        ] {
            assert_eq!(product_type(name), kind, "{name}");
        }
    }
}
