//! Demand: how much of what is sold where, at what price, on each day.
//!
//! log λ(article, channel, vendor, day) is a sum of shares, trend, launch, week, season, calendar,
//! elasticity × log(price / list), promotion, shocks and planted effects. A day's rows are drawn from
//! the shares of its cells; its number of rows follows the sum of them.

use super::names::{BRANDS, CHANNELS, LINES, SIZES, TYPES, VENDORS, event, holiday, weekday};
use super::plant::{Active, Plants, Segment};
use super::rng::{For, Rng};
use chrono::{Datelike, Days, NaiveDate};

/// Articles at 10,000 rows; their number grows with the square root of the rows.
const ARTICLES: f64 = 36.0;

/// Vendors at 10,000 rows.
const BASE_VENDORS: f64 = 6.0;

/// Most vendors: a company has hundreds, not thousands.
const MAX_VENDORS: usize = 240;

/// Most articles.
const MAX_ARTICLES: usize = 4_000;

/// Vendors that serve a brand in a channel, and their shares.
pub(crate) const VENDOR_SHARES: [f64; 2] = [0.68, 0.32];

/// Shock of a day common to a channel, as the standard deviation of its logarithm.
const CHANNEL_SHOCK: f64 = 0.08;
/// The same of a brand.
const BRAND_SHOCK: f64 = 0.06;
/// The same of the whole market.
const MARKET_SHOCK: f64 = 0.03;
/// An article's noise of a week.
const WEEK_NOISE: f64 = 0.12;

/// An article.
#[derive(Clone, Debug)]
pub(crate) struct Article {
    /// Name, unique.
    pub(crate) name: String,
    /// Position in [`BRANDS`].
    pub(crate) brand: usize,
    /// Position in [`TYPES`].
    pub(crate) kind: usize,
    /// List price in won.
    pub(crate) list: f64,
    /// Price elasticity of demand.
    pub(crate) elasticity: f64,
    /// Share of its brand's demand, before growth.
    pub(crate) weight: f64,
    /// Day of launch, from the first day; negative for articles that were there before.
    pub(crate) launch: i64,
    /// Affinity to each channel.
    pub(crate) affinity: [f64; CHANNELS.len()],
}

/// A promotion of a brand.
#[derive(Clone, Debug)]
pub(crate) struct Promotion {
    /// Position in [`BRANDS`].
    pub(crate) brand: usize,
    /// First day.
    pub(crate) from: i64,
    /// Last day.
    pub(crate) to: i64,
    /// Off the price.
    pub(crate) discount: f64,
    /// Demand beside what the price does.
    pub(crate) lift: f64,
    /// Demand in the two weeks after it.
    pub(crate) dip: f64,
}

/// Days after a promotion in which people still have what they bought.
pub(crate) const DIP_DAYS: i64 = 14;

/// Everything that is fixed before the first row.
pub(crate) struct Model {
    /// Seed of everything.
    pub(crate) seed: u64,
    /// First day.
    pub(crate) start: NaiveDate,
    /// Number of days.
    pub(crate) days: usize,
    /// Articles.
    pub(crate) articles: Vec<Article>,
    /// Vendor names.
    pub(crate) vendors: Vec<String>,
    /// Vendors of a brand in a channel.
    pub(crate) served: Vec<[[usize; 2]; CHANNELS.len()]>,
    /// Logarithm of a brand's size by day.
    trend: Vec<Vec<f64>>,
    /// Promotions.
    pub(crate) promotions: Vec<Promotion>,
    /// Planted effects.
    pub(crate) plants: Plants,
}

/// One day, ready to draw rows from.
pub(crate) struct Day {
    /// The date.
    pub(crate) date: NaiveDate,
    /// Demand of every cell: (article × channels + channel) × 2 + vendor.
    pub(crate) weights: Vec<f64>,
    /// Price of every article in every channel, in won.
    pub(crate) prices: Vec<u32>,
}

impl Model {
    /// The model of a seed, for a number of rows over a number of days.
    pub(crate) fn new(seed: u64, rows: u64, start: NaiveDate, days: usize) -> Self {
        let root = (rows as f64 / 10_000.0).sqrt();
        let count = ((ARTICLES * root) as usize).clamp(BRANDS.len(), MAX_ARTICLES);
        let vendor_count = ((BASE_VENDORS * root) as usize).clamp(4, MAX_VENDORS);
        let vendors: Vec<String> = (0..vendor_count)
            .map(|v| match VENDORS.get(v) {
                Some(name) => (*name).to_owned(),
                None => format!("{} {}", VENDORS[v % VENDORS.len()], v / VENDORS.len() + 1),
            })
            .collect();
        let articles = assortment(seed, count, days);
        let served = (0..BRANDS.len())
            .map(|b| {
                std::array::from_fn(|c| {
                    let mut rng = Rng::new(seed, For::Shares, b as u64, 1_000 + c as u64);
                    let first = rng.below(vendors.len());
                    [
                        first,
                        (first + 1 + rng.below(vendors.len() - 1)) % vendors.len(),
                    ]
                })
            })
            .collect();
        let promotions = promotions(seed, days);
        let mut model = Self {
            seed,
            start,
            days,
            articles,
            vendors,
            served,
            trend: trends(seed, days),
            promotions,
            plants: Plants::default(),
        };
        model.plants = Plants::new(&model);
        model
    }

    /// The date of a day counted from the first.
    pub(crate) fn date(&self, day: usize) -> NaiveDate {
        self.start
            .checked_add_days(Days::new(day as u64))
            .unwrap_or(self.start)
    }

    /// The promotion of a brand on a day.
    pub(crate) fn promotion(&self, brand: usize, day: i64) -> Option<&Promotion> {
        self.promotions
            .iter()
            .find(|p| p.brand == brand && (p.from..=p.to).contains(&day))
    }

    /// Price of an article against its list price on a day, before the channel's own level.
    ///
    /// The regular price moves in steps of its own every five to ten weeks; a promotion comes on top.
    pub(crate) fn relative_price(&self, article: usize, day: i64) -> f64 {
        let own = Rng::new(self.seed, For::Price, article as u64, 0).below(35) as i64;
        let length = 35 + own; // five to ten weeks
        let step = (day + own * 7).div_euclid(length);
        let mut rng = Rng::new(self.seed, For::Price, article as u64, 1 + step as u64);
        let regular = if rng.unit() < 0.3 {
            1.0
        } else {
            rng.between(0.82, 1.12)
        };
        let brand = self.articles[article].brand;
        let promotion = self.promotion(brand, day).map_or(1.0, |p| 1.0 - p.discount);
        regular * promotion * self.plants.price(brand, day)
    }

    /// Demand and prices of a day.
    pub(crate) fn day(&self, day: usize) -> Day {
        self.demand(day, &self.plants.on(day as i64))
    }

    fn demand(&self, day: usize, active: &Active<'_>) -> Day {
        let date = self.date(day);
        let t = day as i64;
        let calendar =
            holiday(date) * self.shock(0, day, MARKET_SHOCK) * active.factor(Segment::Market);
        let month = f64::from(date.ordinal0()) / 365.25 * 12.0;
        let years = day as f64 / 365.25;
        let season: Vec<f64> = TYPES
            .iter()
            .map(|(_, _, peak, height, _)| {
                let angle = (month - peak) / 12.0 * std::f64::consts::TAU;
                (height * angle.cos()).exp()
            })
            .collect();
        let channels: Vec<f64> = CHANNELS
            .iter()
            .enumerate()
            .map(|(c, (name, share, growth, _, online))| {
                share
                    * (growth * years).exp()
                    * weekday(date, *online)
                    * event(date, name)
                    * self.shock(1 + c as u64, day, CHANNEL_SHOCK)
                    * active.factor(Segment::Channel(c))
            })
            .collect();
        let brands: Vec<f64> = (0..BRANDS.len())
            .map(|b| {
                let promotion = self.promotion(b, t).map_or(1.0, |p| p.lift) * self.dip(b, t);
                self.trend[b][day].exp()
                    * promotion
                    * self.shock(100 + b as u64, day, BRAND_SHOCK)
                    * active.factor(Segment::Brand(b))
            })
            .collect();
        let mut weights = Vec::with_capacity(self.articles.len() * CHANNELS.len() * 2);
        let mut prices = Vec::with_capacity(self.articles.len() * CHANNELS.len());
        // Cross effects of brand, channel and vendor are few; they are looked up once a day.
        let cross: Vec<[[f64; 2]; CHANNELS.len()]> = (0..BRANDS.len())
            .map(|b| {
                std::array::from_fn(|c| {
                    let both = active.factor(Segment::BrandChannel(b, c));
                    std::array::from_fn(|v| {
                        let vendor = self.served[b][c][v];
                        both * VENDOR_SHARES[v] * active.factor(Segment::Vendor(vendor))
                    })
                })
            })
            .collect();
        let alone: Vec<f64> = (0..BRANDS.len()).map(|b| self.plants.price(b, t)).collect();
        for (a, article) in self.articles.iter().enumerate() {
            let relative = self.relative_price(a, t);
            let own = self.article(a, t)
                * active.factor(Segment::Article(a))
                * season[article.kind]
                * brands[article.brand]
                * calendar;
            // What is planted as a change of prices alone leaves demand where it was.
            let felt = relative / alone[article.brand];
            let own = own * felt.powf(article.elasticity);
            for (c, (_, _, _, level, _)) in CHANNELS.iter().enumerate() {
                let price = (article.list * relative * level / 100.0).round().max(1.0) * 100.0;
                prices.push(price as u32);
                let demand = own * channels[c] * article.affinity[c];
                weights.extend(cross[article.brand][c].map(|v| demand * v));
            }
        }
        Day {
            date,
            weights,
            prices,
        }
    }

    /// Demand of every article on a day as if none were out of stock.
    pub(crate) fn stocked(&self, day: usize) -> Vec<f64> {
        self.demand(day, &self.plants.on(day as i64).in_stock())
            .weights
            .chunks(2 * CHANNELS.len())
            .map(|cells| cells.iter().sum())
            .collect()
    }

    /// An article's own demand on a day: share, launch, noise of the week.
    fn article(&self, a: usize, t: i64) -> f64 {
        let article = &self.articles[a];
        let age = t - article.launch;
        if age < 0 {
            return 0.0;
        }
        // New articles rise within weeks, are the talk for months, and settle.
        let launch = if article.launch < 0 {
            1.0
        } else {
            (1.0 - (-(age as f64 + 1.0) / 14.0).exp()) * (1.0 + 0.8 * (-(age as f64) / 70.0).exp())
        };
        let week = (t + 1_000 * 7).div_euclid(7) as u64;
        let noise = Rng::new(self.seed, For::Week, a as u64, week).normal() * WEEK_NOISE;
        article.weight * launch * noise.exp()
    }

    /// Demand in the two weeks after a promotion.
    fn dip(&self, brand: usize, t: i64) -> f64 {
        let after = |p: &&Promotion| p.brand == brand && t > p.to && t <= p.to + DIP_DAYS;
        self.promotions.iter().find(after).map_or(1.0, |p| p.dip)
    }

    /// A log-normal shock with mean 1.
    fn shock(&self, of: u64, day: usize, sd: f64) -> f64 {
        let z = Rng::new(self.seed, For::Shock, of, day as u64).normal();
        (sd * z - sd * sd / 2.0).exp()
    }
}

/// Articles with names, prices and shares.
fn assortment(seed: u64, count: usize, days: usize) -> Vec<Article> {
    let mut articles: Vec<Article> = Vec::with_capacity(count);
    let mut names = std::collections::HashSet::new();
    let mut in_brand = [0usize; BRANDS.len()];
    for a in 0..count {
        let mut rng = Rng::new(seed, For::Assortment, a as u64, 0);
        let brand = a % BRANDS.len();
        let rank = in_brand[brand];
        in_brand[brand] += 1;
        let kind = (a / BRANDS.len() + brand * 2) % TYPES.len();
        let mut size = rng.below(SIZES.len());
        let mut line = rng.below(LINES.len());
        let mut edition = 1;
        let name = loop {
            let mark = if edition > 1 {
                format!(" {edition}")
            } else {
                String::new()
            };
            let name = format!(
                "{} {}{mark} {} {}",
                BRANDS[brand], LINES[line], TYPES[kind].0, SIZES[size].0
            );
            if names.insert(name.clone()) {
                break name;
            }
            size = (size + 1) % SIZES.len();
            if size == 0 {
                line = (line + 1) % LINES.len();
                edition += usize::from(line == 0);
            }
        };
        // Brands have a price level of their own; the largest are not the dearest.
        let level = [
            1.0, 0.9, 1.05, 0.8, 1.5, 2.1, 1.2, 0.75, 1.7, 0.95, 1.1, 1.9,
        ][brand];
        let list = TYPES[kind].4 * SIZES[size].1 * level * rng.between(0.85, 1.15);
        // One in six is launched within the period, but never a brand's main article.
        let new = rank > 0 && rng.unit() < 0.17 && days > 200;
        let launch = if new {
            (days as f64 * rng.between(0.12, 0.8)) as i64
        } else {
            -1
        };
        let affinity = std::array::from_fn(|_| (rng.normal() * 0.35).exp());
        let brand_share = ((brand + 1) as f64).powf(-0.75);
        let weight = brand_share * ((rank + 1) as f64).powf(-0.9) * (rng.normal() * 0.2).exp();
        articles.push(Article {
            name,
            brand,
            kind,
            list: (list / 100.0).round() * 100.0,
            elasticity: TYPES[kind].1 + rng.normal() * 0.25,
            weight,
            launch,
            affinity,
        });
    }
    articles
}

/// Logarithm of each brand's size by day: a slope that changes now and then, and an AR(1) around it.
fn trends(seed: u64, days: usize) -> Vec<Vec<f64>> {
    (0..BRANDS.len())
        .map(|b| {
            let mut rng = Rng::new(seed, For::Trend, b as u64, 0);
            let (mut level, mut slope, mut around) = (0.0, rng.normal() * 0.10, 0.0);
            (0..days)
                .map(|d| {
                    if d % 182 == 181 {
                        slope = 0.5 * slope + rng.normal() * 0.10; // a year's growth
                    }
                    level += slope / 365.25;
                    around = 0.97 * around + rng.normal() * 0.008;
                    level + around
                })
                .collect()
        })
        .collect()
}

/// Each brand's promotions: a week long, about three a year, never two within seven weeks.
fn promotions(seed: u64, days: usize) -> Vec<Promotion> {
    let mut all = Vec::new();
    for brand in 0..BRANDS.len() {
        let mut rng = Rng::new(seed, For::Promotion, brand as u64, 0);
        let mut from = 20 + rng.below(60) as i64;
        while from + 6 < days as i64 {
            all.push(Promotion {
                brand,
                from,
                to: from + 6,
                discount: [0.10, 0.15, 0.20, 0.25][rng.below(4)],
                lift: rng.between(1.25, 1.7),
                dip: rng.between(0.84, 0.94),
            });
            from += 80 + rng.below(80) as i64;
        }
    }
    all
}
