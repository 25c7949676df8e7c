//! Columns of text for a terminal.

use std::fmt;

/// Rows under headings; Hangul counts as two cells wide.
pub(crate) struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Widest cell that is shown whole.
const WIDEST: usize = 60;

/// Cells of a terminal that a text takes.
fn width(text: &str) -> usize {
    console_width(text)
}

/// East Asian characters take two cells.
fn console_width(text: &str) -> usize {
    text.chars()
        .map(|c| match u32::from(c) {
            0x1100..=0x115f
            | 0x2e80..=0xa4cf
            | 0xac00..=0xd7a3
            | 0xf900..=0xfaff
            | 0xfe30..=0xfe4f
            | 0xff00..=0xff60
            | 0x1f300..=0x1faff => 2,
            _ => 1,
        })
        .sum()
}

/// A text on one line, cut where it is too wide.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        if width(&out) >= WIDEST {
            out.push('…');
            break;
        }
        out.push(c);
    }
    out
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self {
            headings: headings.iter().map(|h| (*h).to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells.iter().map(|c| cell(c)).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.headings.len();
        let mut widths: Vec<usize> = self.headings.iter().map(|h| width(h)).collect();
        let mut numeric = vec![!self.rows.is_empty(); columns];
        for row in &self.rows {
            for (at, text) in row.iter().enumerate().take(columns) {
                widths[at] = widths[at].max(width(text));
                numeric[at] &= text.is_empty() || text.parse::<f64>().is_ok();
            }
        }
        let mut line = |cells: &[String]| -> fmt::Result {
            let mut text = String::new();
            for at in 0..columns {
                let value = cells.get(at).map_or("", String::as_str);
                let fill = " ".repeat(widths[at].saturating_sub(width(value)));
                let (before, after) = if numeric[at] {
                    (fill.as_str(), "")
                } else {
                    ("", fill.as_str())
                };
                text.push_str(&format!("{before}{value}{after}  "));
            }
            writeln!(f, "{}", text.trim_end())
        };
        line(&self.headings)?;
        line(&widths.iter().map(|w| "-".repeat(*w)).collect::<Vec<_>>())?;
        self.rows.iter().try_for_each(|row| line(row))
    }
}
