//! The rows of a day.

use super::model::{Day, Model};
use super::names::{BRANDS, CHANNELS};
use super::rng::{Alias, For, Rng};
use std::io::Write;

/// Columns beside the seven.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extras {
    /// Order and line within it.
    pub(crate) order_id: bool,
    /// Customer.
    pub(crate) customer_id: bool,
    /// Price before discount.
    pub(crate) list_price: bool,
    /// Discount of a running promotion.
    pub(crate) promo: bool,
    /// Units on hand.
    pub(crate) stock: bool,
}

impl Extras {
    /// Headers of the extra columns that were asked for.
    pub(crate) fn headers(self) -> Vec<&'static str> {
        [
            (self.order_id, "order_id"),
            (self.customer_id, "customer_id"),
            (self.list_price, "list_price"),
            (self.promo, "promo"),
            (self.stock, "stock"),
        ]
        .into_iter()
        .filter_map(|(on, name)| on.then_some(name))
        .collect()
    }
}

/// One order line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// Article.
    pub(crate) article: u32,
    /// Channel.
    pub(crate) channel: u8,
    /// First or second vendor of the brand in the channel.
    pub(crate) vendor: u8,
    /// Units; negative in a return.
    pub(crate) quantity: i16,
    /// Price in won.
    pub(crate) price: u32,
    /// Order of the day, where orders were asked for.
    pub(crate) order: u32,
    /// Customer, where orders or customers were asked for.
    pub(crate) customer: u32,
}

/// Units of a line and how many lines of 1,024 have them: most are singles, 2 in 100 are returns.
const QUANTITIES: [(i16, usize); 11] = [
    (-2, 3),
    (-1, 17),
    (1, 640),
    (2, 200),
    (3, 70),
    (4, 34),
    (5, 22),
    (6, 14),
    (8, 10),
    (10, 8),
    (12, 6),
];

/// Quantity by ten random bits.
fn quantities() -> [i16; 1024] {
    let mut table = [1i16; 1024];
    let all = QUANTITIES
        .iter()
        .flat_map(|(units, lines)| std::iter::repeat_n(*units, *lines));
    table
        .iter_mut()
        .zip(all)
        .for_each(|(slot, units)| *slot = units);
    table
}

/// Lines of an order, as a share of orders that go on.
const ORDER_GOES_ON: f64 = 0.35;

/// Days a customer stays, on average.
const CUSTOMER_STAYS: f64 = 150.0;

/// Draws the rows of a day.
pub(crate) fn draw(model: &Model, index: usize, count: u64, extras: Extras) -> (Day, Vec<Row>) {
    let day = model.day(index);
    let alias = Alias::new(&day.weights);
    let table = quantities();
    let mut rng = Rng::new(model.seed, For::Rows, index as u64, 0);
    let mut rows: Vec<Row> = (0..count)
        .map(|_| {
            let cell = alias.draw(rng.next());
            let bits = rng.next();
            let (place, vendor) = (cell / 2, cell % 2);
            Row {
                article: (place / CHANNELS.len()) as u32,
                channel: (place % CHANNELS.len()) as u8,
                vendor: vendor as u8,
                quantity: table[(bits & 1023) as usize],
                price: day.prices[place],
                order: 0,
                customer: 0,
            }
        })
        .collect();
    if extras.order_id || extras.customer_id {
        orders(model, index, &mut rows, &mut rng);
    }
    (day, rows)
}

/// Joins lines of the same channel to orders, and gives them customers.
///
/// Customers come on a day of their own and stay for a time that is exponential, so that most who buy
/// came lately and cohorts fade.
fn orders(model: &Model, index: usize, rows: &mut [Row], rng: &mut Rng) {
    rows.sort_by_key(|r| r.channel);
    let per_day = (rows.len() / 6).max(1);
    let (mut order, mut customer, mut channel) = (0u32, 0u32, u8::MAX);
    for row in rows {
        if row.channel != channel || rng.unit() >= ORDER_GOES_ON {
            order += 1;
            channel = row.channel;
            let age = (-(1.0 - rng.unit()).ln() * CUSTOMER_STAYS) as i64;
            let came = (index as i64 - age).max(-365) + 365;
            // A few of those who came on a day buy most.
            let which = (rng.unit().powi(2) * per_day as f64) as i64;
            customer = (came * per_day as i64 + which) as u32;
        }
        row.order = order;
        row.customer = customer;
    }
    debug_assert!(model.days > index);
}

/// Units on hand after a sale; made up, but never 0 while something is sold.
fn stock(model: &Model, article: u32, index: usize) -> u64 {
    12 + Rng::new(
        model.seed,
        For::Rows,
        1 << 40 | u64::from(article),
        index as u64,
    )
    .next()
        % 400
}

/// Texts of a model that recur on every row.
pub(crate) struct Texts {
    /// `brand,product,`
    articles: Vec<String>,
    /// `channel,vendor,` by brand, channel and vendor.
    places: Vec<String>,
}

impl Texts {
    /// For a model; names have neither commas nor quotes.
    pub(crate) fn new(model: &Model) -> Self {
        let articles = model
            .articles
            .iter()
            .map(|a| format!("{},{},", BRANDS[a.brand], a.name))
            .collect();
        let mut places = Vec::new();
        for brand in &model.served {
            for (channel, vendors) in CHANNELS.iter().zip(brand) {
                places.extend(
                    vendors
                        .iter()
                        .map(|v| format!("{},{},", channel.0, model.vendors[*v])),
                );
            }
        }
        Self { articles, places }
    }

    /// `channel,vendor,` of a row.
    fn place(&self, model: &Model, row: &Row) -> &str {
        let brand = model.articles[row.article as usize].brand;
        &self.places[(brand * CHANNELS.len() + row.channel as usize) * 2 + row.vendor as usize]
    }
}

/// Appends a number in decimal.
fn put_number(out: &mut Vec<u8>, mut n: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// The header of a CSV file.
pub(crate) fn header(extras: Extras) -> String {
    let mut names = vec![
        "date", "brand", "product", "channel", "vendor", "price", "quantity",
    ];
    names.extend(extras.headers());
    names.join(",")
}

/// Name of an order: its day and number.
pub(crate) fn order_name(day: &Day, row: &Row) -> String {
    format!("{}-{:06}", day.date.format("%Y%m%d"), row.order)
}

/// The rows of a day as CSV.
pub(crate) fn csv(
    model: &Model,
    texts: &Texts,
    day: &Day,
    index: usize,
    rows: &[Row],
    extras: Extras,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len() * 80 + 64);
    let date = format!("{},", day.date);
    let more = !extras.headers().is_empty();
    for row in rows {
        out.extend_from_slice(date.as_bytes());
        out.extend_from_slice(texts.articles[row.article as usize].as_bytes());
        out.extend_from_slice(texts.place(model, row).as_bytes());
        put_number(&mut out, row.price.into());
        out.push(b',');
        if row.quantity < 0 {
            out.push(b'-');
        }
        put_number(&mut out, u64::from(row.quantity.unsigned_abs()));
        if more {
            more_cells(&mut out, model, day, index, row, extras);
        }
        out.push(b'\n');
    }
    out
}

/// Appends the cells of the extra columns.
fn more_cells(
    out: &mut Vec<u8>,
    model: &Model,
    day: &Day,
    index: usize,
    row: &Row,
    extras: Extras,
) {
    let article = &model.articles[row.article as usize];
    // Writing to memory cannot fail.
    if extras.order_id {
        let _ = write!(out, ",{}", order_name(day, row));
    }
    if extras.customer_id {
        let _ = write!(out, ",C{:07}", row.customer);
    }
    if extras.list_price {
        let level = CHANNELS[row.channel as usize].3;
        let _ = write!(
            out,
            ",{}",
            (article.list * level / 100.0).round() as u64 * 100
        );
    }
    if extras.promo {
        let off = model
            .promotion(article.brand, index as i64)
            .map_or(0.0, |p| p.discount);
        let _ = write!(out, ",{off}");
    }
    if extras.stock {
        let _ = write!(out, ",{}", stock(model, row.article, index));
    }
}

/// The seven cells of a row as texts, for formats that are written cell by cell.
pub(crate) fn cells<'a>(model: &'a Model, row: &Row) -> [&'a str; 4] {
    let article = &model.articles[row.article as usize];
    let vendor = model.served[article.brand][row.channel as usize][row.vendor as usize];
    [
        BRANDS[article.brand],
        &article.name,
        CHANNELS[row.channel as usize].0,
        &model.vendors[vendor],
    ]
}
