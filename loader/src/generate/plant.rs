//! Effects that are put into the data on purpose, so that what finds them can be judged.

use super::model::Model;
use super::names::{BRANDS, CHANNELS};
use super::rng::{For, Rng};

/// Whom an effect is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Everything.
    Market,
    /// A brand.
    Brand(usize),
    /// A channel.
    Channel(usize),
    /// A vendor.
    Vendor(usize),
    /// An article.
    Article(usize),
    /// A brand in a channel.
    BrandChannel(usize, usize),
}

/// What an effect is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Demand falls and comes back.
    Drop,
    /// Demand rises and goes back.
    Spike,
    /// Demand changes for good.
    LevelShift,
    /// Demand moves from one brand to another; the total stays.
    Compensating,
    /// Demand moves between articles of a brand; its units stay.
    Mix,
    /// Prices change, demand does not.
    Price,
    /// Nothing can be bought.
    Stockout,
}

impl Kind {
    /// As it is written.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Spike => "spike",
            Self::LevelShift => "level_shift",
            Self::Compensating => "compensating",
            Self::Mix => "mix",
            Self::Price => "price",
            Self::Stockout => "stockout",
        }
    }
}

/// A planted effect.
#[derive(Clone, Debug)]
pub(crate) struct Plant {
    /// Whom it is on.
    pub(crate) segment: Segment,
    /// First day.
    pub(crate) from: i64,
    /// Last day.
    pub(crate) to: i64,
    /// Demand, or price, against what it would be.
    pub(crate) factor: f64,
    /// What it is.
    pub(crate) kind: Kind,
}

/// All planted effects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plants {
    /// In the order in which they were planted.
    pub(crate) all: Vec<Plant>,
}

/// Articles run out of stock: one in so many, at least [`MIN_STOCKOUTS`].
const STOCKOUT_SHARE: usize = 12;

/// Stock-outs that there are at least.
const MIN_STOCKOUTS: usize = 4;

/// The effects of one day.
pub(crate) struct Active<'a>(Vec<&'a Plant>);

impl<'a> Active<'a> {
    /// The same with nothing out of stock.
    pub(crate) fn in_stock(self) -> Active<'a> {
        let all = self.0.into_iter();
        Active(all.filter(|p| p.kind != Kind::Stockout).collect())
    }

    /// What acts on the demand of a segment.
    pub(crate) fn factor(&self, segment: Segment) -> f64 {
        self.0
            .iter()
            .filter(|p| p.segment == segment && p.kind != Kind::Price)
            .map(|p| p.factor)
            .product()
    }
}

impl Plants {
    /// The effects of a day.
    pub(crate) fn on(&self, day: i64) -> Active<'_> {
        Active(
            self.all
                .iter()
                .filter(|p| (p.from..=p.to).contains(&day))
                .collect(),
        )
    }

    /// What acts on the prices of a brand alone on a day.
    pub(crate) fn price(&self, brand: usize, day: i64) -> f64 {
        self.all
            .iter()
            .filter(|p| {
                p.kind == Kind::Price
                    && p.segment == Segment::Brand(brand)
                    && (p.from..=p.to).contains(&day)
            })
            .map(|p| p.factor)
            .product()
    }

    /// The effects of a model's seed, as many as its period has room for.
    pub(crate) fn new(model: &Model) -> Self {
        let days = model.days as i64;
        let mut plants = Self::default();
        if days < 120 {
            return plants;
        }
        let mut rng = Rng::new(model.seed, For::Plant, 0, 0);
        // Effects stand apart in time, each in a slot of its own; what lies between is left alone.
        let at = |share: f64| (days as f64 * share) as i64;
        let mut small = rng.below(3);
        let mut brand = |large: bool| {
            small += 1;
            if large {
                small % 4
            } else {
                4 + small % (BRANDS.len() - 4)
            }
        };
        let mut add = |segment, from: i64, length: i64, factor, kind| {
            plants.all.push(Plant {
                segment,
                from,
                to: (from + length - 1).min(days - 1),
                factor,
                kind,
            });
        };
        let main = |b: usize| {
            let mine = model
                .articles
                .iter()
                .enumerate()
                .filter(|(_, a)| a.brand == b && a.launch < 0);
            mine.max_by(|x, y| x.1.weight.total_cmp(&y.1.weight))
                .map_or(0, |(a, _)| a)
        };
        add(Segment::Brand(brand(true)), at(0.10), 14, 0.45, Kind::Drop);
        add(
            Segment::Channel(rng.below(3)),
            at(0.17),
            7,
            1.9,
            Kind::Spike,
        );
        add(Segment::Market, at(0.24), 14, 0.80, Kind::Drop);
        let (c, b) = (1 + rng.below(3), brand(true));
        add(Segment::BrandChannel(b, c), at(0.31), 21, 0.30, Kind::Drop);
        let b = brand(false);
        add(Segment::Brand(b), at(0.38), days, 1.45, Kind::LevelShift);
        let vendor = model.served[1][0][0];
        add(Segment::Vendor(vendor), at(0.45), 21, 0.35, Kind::Drop);
        // Two of the larger brands: what one loses the other gains, by their shares.
        let (from, length) = (at(0.52), 21);
        let share = |b: usize| ((b + 1) as f64).powf(-0.75);
        add(Segment::Brand(1), from, length, 0.6, Kind::Compensating);
        add(
            Segment::Brand(2),
            from,
            length,
            1.0 + 0.4 * share(1) / share(2),
            Kind::Compensating,
        );
        // A brand's main article gives way to the others: mix, at the same units.
        let (from, length) = (at(0.59), 28);
        let first = main(3);
        let others: Vec<usize> = (0..model.articles.len())
            .filter(|a| model.articles[*a].brand == 3 && *a != first)
            .collect();
        let rest: f64 = others.iter().map(|a| model.articles[*a].weight).sum();
        add(Segment::Article(first), from, length, 0.5, Kind::Mix);
        for a in &others {
            let gain = 1.0 + 0.5 * model.articles[first].weight / rest.max(f64::MIN_POSITIVE);
            add(Segment::Article(*a), from, length, gain, Kind::Mix);
        }
        add(Segment::Brand(0), at(0.66), 28, 1.12, Kind::Price);
        let viral = main(5);
        add(Segment::Article(viral), at(0.73), 10, 4.0, Kind::Spike);
        add(Segment::Brand(brand(false)), at(0.80), 12, 0.35, Kind::Drop);
        // Close to the end, so that a look at the last month finds something, and large enough to
        // be told from chance in ten thousand lines: the first channel all but stops.
        add(Segment::Channel(0), days - 31, 26, 0.15, Kind::Drop);
        plants.stockouts(model, main(1));
        plants
    }

    /// Main articles run out of stock for ten days to three weeks; one of them still is at the end.
    fn stockouts(&mut self, model: &Model, last: usize) {
        let days = model.days as i64;
        let mut rng = Rng::new(model.seed, For::Plant, 1, 0);
        let mut best: Vec<usize> = (0..model.articles.len())
            .filter(|a| *a != last && model.articles[*a].launch < 0)
            .collect();
        best.sort_by(|x, y| {
            model.articles[*y]
                .weight
                .total_cmp(&model.articles[*x].weight)
        });
        // Of the best sellers only, as a gap in what hardly sells is no news.
        best.truncate(model.articles.len() / 3);
        let count = (model.articles.len() / STOCKOUT_SHARE)
            .max(MIN_STOCKOUTS)
            .min(best.len());
        for n in 0..count {
            let article = best.swap_remove(rng.below(best.len()));
            let from =
                (days as f64 * (0.06 + 0.80 * (n as f64 + rng.unit()) / count as f64)) as i64;
            let to = (from + 9 + rng.below(12) as i64).min(days - 1);
            let segment = Segment::Article(article);
            self.all.push(Plant {
                segment,
                from,
                to,
                factor: 0.0,
                kind: Kind::Stockout,
            });
        }
        let segment = Segment::Article(last);
        self.all.push(Plant {
            segment,
            from: days - 12,
            to: days - 1,
            factor: 0.0,
            kind: Kind::Stockout,
        });
    }
}

impl Segment {
    /// As JSON: dimension to member.
    pub(crate) fn members(self, model: &Model) -> serde_json::Value {
        use serde_json::json;
        match self {
            Self::Market => json!({}),
            Self::Brand(b) => json!({ "brand": BRANDS[b] }),
            Self::Channel(c) => json!({ "channel": CHANNELS[c].0 }),
            Self::Vendor(v) => json!({ "vendor": model.vendors[v] }),
            Self::Article(a) => json!({ "product": model.articles[a].name }),
            Self::BrandChannel(b, c) => json!({ "brand": BRANDS[b], "channel": CHANNELS[c].0 }),
        }
    }
}
