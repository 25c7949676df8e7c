//! The words questions are made of: metrics, dimensions, product types, and what counts as known.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use regex_lite::Regex;

use super::text::slips;

/// Metric phrases, the longer before the shorter it holds.
const METRICS: &[(&str, &str)] = &[
    (
        "new_sku_share",
        r"(?:{REV} )?(?:share|part|%) (?:of |that )?(?:the )?(?:new|newly launched|recent) (?:products?|skus?|launches|items|articles)(?: (?:in|of) (?:the )?(?:total )?(?:revenue|sales|turnover))?|(?:new (?:product|sku|item|launch)|npd|novelt(?:y|ies)|innovation)s? (?:{REV} )?(?:share|%|ratio)|(?:share|%) of (?:novelties|innovations?|npd)|how much of (?:the |our )?{REV} (?:is|are|was|were|came|comes) from new (?:products|skus|items)|신제품 ?(?:매출 ?)?비중",
    ),
    (
        "new_sku_revenue",
        r"{REV} (?:of|from|with|by|through) new (?:products?|skus?|launches|items)|new (?:product|sku|item)s? {REV}|신제품 ?매출",
    ),
    (
        "return_rate",
        r"(?:return|refund|returns)s? ?(?:rate|ratio|quota|%|share)|rate of (?:returns?|refunds?)|(?:share|%|proportion) of (?:returns|returned (?:units|goods|items))|how often (?:are|is|do) .{0,20}(?:returned|sent back)|반품[률율]|환불[률율]",
    ),
    (
        "returns",
        r"returns|refunds|returned(?: (?:the )?(?:units|items|pieces|goods|products))?|(?:do|did|have|had) (?:we|they|customers|buyers|shoppers|people) (?:return|send back|get back)|sent back|반품",
    ),
    (
        "repeat_rate",
        r"re ?(?:peat|purchase|order)(?: purchase| buyer| customer)? rate|repurchase(?:s| rate)?|재구매[률율]?",
    ),
    (
        "units_per_order",
        r"(?:units|items|pieces|products) (?:per|an|in an|in a|each) (?:order|basket|transaction|purchase)|basket size|(?:average )?items in (?:an|the) (?:order|basket)|주문당 ?(?:판매)?수량",
    ),
    (
        "aov",
        r"aov|(?:average |mean )?(?:order|basket|ticket|transaction|cart) (?:value|amount|worth)|average (?:order|basket|ticket)(?: size)?|revenue per order|객단가|평균 ?주문 ?금액",
    ),
    (
        "asp",
        r"asp|(?:average|mean|typical|medium|median|usual) (?:selling |sales |sale |unit |net |retail )?prices?(?: per (?:unit|piece|item))?|(?:price|revenue) per (?:unit|piece|item)|unit price|selling price|prices? (?:realised|realized|achieved)|평균 ?(?:판매)?(?:단가|가격|판매가)|단가",
    ),
    (
        "discount_depth",
        r"discount (?:depth|level|rate|share)s?|(?:average )?discounts?|discounting|mark ?downs?|how (?:deep|heavily|much) (?:do|did|are|were|was|is) (?:we |our )?(?:discount|discounts|discounting|discounted)|할인[율률]|할인 ?폭",
    ),
    ("hhi_brand", r"brand hhi|hhi_brand|hhi of (?:the )?brands"),
    (
        "customers",
        r"(?:number of |count of |how many |active |unique |distinct )(?:different |unique |distinct |active )?(?:customers|buyers|shoppers|clients)|고객 ?수|구매자 ?수",
    ),
    (
        "orders",
        r"(?:number of |count of |how many |total )(?:different |customer )?(?:orders|transactions|purchases|baskets)|order (?:count|number|volume)|orders|주문 ?(?:수|건수)|주문량",
    ),
    (
        "lines",
        r"(?:number of |count of |how many )?(?:order|sales|sale|invoice|transaction) lines|lines? count|line items|판매 ?건수",
    ),
    (
        "skus",
        r"(?:number of|count of|how many|total) (?:different |distinct |unique |active |individual |separate )*(?:[EP]\d+ )?(?:skus|products|items|articles|references)(?: count)?|sku count|product count|active skus|(?:상품|제품|품목) ?(?:가짓수|종류 ?수|개수)|(?:상품|제품|sku) ?몇 ?(?:개|종)",
    ),
    (
        "brands",
        r"(?:number of|count of|how many) (?:different |distinct |unique |active )*brands|brand count|브랜드 ?(?:수|개수)|브랜드 ?몇 ?개",
    ),
    (
        "units",
        r"sales volumes?|(?:unit|units) (?:sales|sold|shipped|volume)s?|(?:pieces|items|volume|volumes|quantity|quantities) (?:sold|shipped|sales)|(?:how many|number of|more|fewer) (?:units?|pieces?|items|bottles|jars|tubes|box(?:es)?|packs?|packets?|cans?|tins?|bags?|cartons?|sachets?|rolls?|copies)|(?:how many|number of) [a-z]+ (?:were |was |did we |have we |we )?(?:sold|shipped|moved|shifted)|volumes? ?wise|in (?:units|volume|pieces|quantity|quantities)|units?|quantity|quantities|pieces?|volumes?|판매 ?(?:수량|량|개수)|수량|몇 ?개(?:나)? ?(?:팔|판매)|물량",
    ),
    (
        "revenue",
        r"(?:net |gross |total |overall )?(?:sales|revenues?) (?:value|revenue|figures?|numbers?|amount|performance|results?)|net sales|gross sales|revenues?|turnover|takings|gmv|proceeds|sales|top ?line|money|매출액?|판매액|매상",
    ),
];

/// Words for revenue inside other metrics' phrases.
const REV: &str = "(?:revenues?|sales|turnover|takings)";

/// Built-in words for dimensions.
const DIMENSIONS: &[(&str, &[&str])] = &[
    (
        "brand",
        &["brand", "brands", "label", "labels", "marque", "브랜드"],
    ),
    (
        "sku",
        &[
            "sku",
            "skus",
            "product",
            "products",
            "item",
            "items",
            "article",
            "articles",
            "sellers",
            "seller",
            "references",
            "bestseller",
            "bestsellers",
            "제품",
            "상품",
            "품목",
        ],
    ),
    (
        "channel",
        &[
            "channel",
            "channels",
            "platform",
            "platforms",
            "marketplace",
            "marketplaces",
            "retailer",
            "retailers",
            "outlet",
            "outlets",
            "shops",
            "storefront",
            "storefronts",
            "채널",
            "플랫폼",
            "판매처",
        ],
    ),
    (
        "vendor",
        &[
            "vendor",
            "vendors",
            "supplier",
            "suppliers",
            "distributor",
            "distributors",
            "벤더",
            "공급사",
            "공급업체",
            "협력사",
            "거래처",
            "업체",
        ],
    ),
    (
        "product_type",
        &[
            "type",
            "types",
            "category",
            "categories",
            "product type",
            "product types",
            "product category",
            "product categories",
            "product group",
            "product groups",
            "type of product",
            "types of product",
            "types of products",
            "kind of product",
            "kinds of product",
            "kinds of products",
            "제품군",
            "카테고리",
            "제품 유형",
            "품목군",
            "종류",
        ],
    ),
    (
        "price_tier",
        &[
            "price tier",
            "price tiers",
            "price band",
            "price bands",
            "price range",
            "price ranges",
            "price segment",
            "price segments",
            "price level",
            "price levels",
            "price point",
            "price points",
            "price class",
            "price classes",
            "price bracket",
            "price brackets",
            "price category",
            "price categories",
            "tier",
            "tiers",
            "가격대",
            "가격 구간",
        ],
    ),
    (
        "weekday",
        &[
            "weekday",
            "weekdays",
            "day of the week",
            "days of the week",
            "day of week",
            "dow",
            "요일",
        ],
    ),
    (
        "customer",
        &[
            "customer",
            "customers",
            "buyer",
            "buyers",
            "shoppers",
            "client",
            "clients",
            "고객",
        ],
    ),
];

/// Everyday words of questions that the examples do not happen to hold.
const COMMON: &str = "
a an the and or but nor if then else so as at by for from in into of off on onto out over per than till to toward towards under until up upon via vs with within without
i me my we us our ours you your yours he she it its they them their this that these those who whom whose which what when where why how there here
be am is are was were been being do does did done doing have has had having will would shall should can could may might must let lets maybe
not no nor yes ok okay please thanks thank hello hi hey well just only also too very much many more most less least few fewer several some any all both each every either neither other others another same such own
again already always never ever often sometimes usually still yet now soon once twice again almost about above below after before between during against through across along around behind beyond except besides despite instead
good better best bad worse worst big bigger biggest small smaller smallest large larger largest high higher highest low lower lowest strong stronger strongest weak weaker weakest fast faster fastest slow slower slowest new newer newest old older oldest long short early late later latest recent first second third fourth last next previous prior current currently total overall whole entire full half
get gets got give gives gave given go goes going gone come comes came make makes made take takes took taken see sees saw seen show shows showed shown tell tells told say says said know knows knew known think thinks thought look looks looked find finds found want wants wanted need needs needed use uses used using work works worked call put set run runs ran keep keeps kept hold holds held bring brings brought help helps helped happen happens happened happening become becomes became seem seems seemed turn turned start started starting begin began stop stopped stopping end ended change changes changed changing move moves moved moving
sell sells sold selling buy buys bought buying earn earns earned spend spent cost costs pay paid price prices priced pricing sale sales seller sellers selling retail market business company shop shops store stores customer customers buyer buyers shopper shoppers client clients people team boss ceo management manager meeting board report reports reporting dashboard figure figures number numbers data amount amounts value values level levels rate rates ratio share shares part parts portion percentage proportion percent point points mix split breakdown ranking rank ranked list table chart plot graph line lines curve curves history trend trends development develop developed evolve evolved evolution
grow grows grew grown growing growth rise rises rose risen rising raise raises raised raising increase increases increased increasing gain gains gained gaining improve improves improved improving jump jumped surge surged climb climbed up upward decline declines declined declining drop drops dropped dropping fall falls fell fallen falling lose loses lost losing loss shrink shrank shrinking decrease decreases decreased decreasing down downward collapse collapsed dip dipped slump slumped slip slipped tank tanked worsen worsened cut cuts cutting lower lowered reduce reduces reduced reducing double doubled halve halved
today yesterday tomorrow day days daily week weeks weekly month months monthly quarter quarters quarterly year years yearly annual annually date season seasons seasonal seasonality summer winter spring autumn fall january february march april june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays weekend weekends weekday weekdays christmas valentine valentines singles black holiday holidays time times period periods moment recently lately ago since fortnight
compare compared compares comparing comparison versus difference differences differ differs contrast similar different against relative perform performs performed performing performance doing result results kpi kpis metric metrics scorecard status health healthy overview summary summarise summarize summarised recap brief briefing highlight highlights takeaway takeaways insight insights headline headlines key main important interesting notable attention worth worry concern concerned
forecast forecasts forecasting predict predicts prediction predictions predicted project projected projection projections expect expects expected expecting expectation outlook estimate estimated future ahead upcoming likely probability chance chances odds
league table tables leaderboard leaderboards premiumisation premiumization premiumising like-for-like lfl detractor detractors freefall streak overindexed indexed exposed hanging hinge eggs basket dearer pricier anomaly anomalies anomalous unusual unusually abnormal odd oddly strange weird suspicious outlier outliers spike spikes spiked peak peaks normal irregular irregularities unexpected surprising surprise shift shifts exception exceptions wrong
reason reasons cause causes caused causing driver drivers drove drive drives driven driving explain explains explained explanation because due responsible blame root factor factors contribute contributes contributed contributing contributor contributors
target targets goal goals objective objectives plan plans planned budget quota aim ambitious realistic realistically achievable attainable reasonable stretch propose proposed suggest suggested suggestion suggestions recommend recommended recommendation recommendations advice advise action actions step steps idea ideas strategy strategies decide decision focus priority priorities prioritise invest investing investment expand delist delisting drop discontinue discontinued reach reached hit hitting miss missed meet meeting achieve achieved track pace behind schedule land landing
elastic elasticity sensitive sensitivity react reacts reaction respond responds response demand promotion promotions promo promos discount discounts discounted markdown
cohort cohorts retention retain retained launch launches launched launching introduction introduced ramp ramped debut rollout newcomer newcomers segment segments segmentation recency frequency monetary rfm loyal loyalty churn churned vip
concentration concentrated concentrate depend depends dependent dependence dependency reliant rely reliance diversified diversification hhi herfindahl gini risk exposed exposure pareto
portfolio assortment range abc xyz slow movers mover moving dead erratic sporadic intermittent lumpy stable steady regular velocity tail stale stagnant
bridge waterfall pvm volume volumes quantity decompose decomposed decomposition effect effects impact attribute attributable
premium luxury entry tier tiers band bands bracket brackets expensive cheap cheaper affordable high-end budget mass
suppose supposing assume assuming imagine scenario simulate simulation hypothetical were happen
everything anything something nothing everyone anyone someone everybody anybody thing things stuff way ways kind kinds sort type types category categories group groups class classes item items article articles reference references product products brand brands label labels channel channels platform platforms marketplace marketplaces retailer retailers vendor vendors supplier suppliers distributor distributors outlet outlets sku skus unit units piece pieces bottle bottles pack packs order orders transaction transactions basket baskets average mean median typical sum count return returns returned refund refunds revenue revenues turnover income takings gmv asp aov ytd mtd qtd wtd yoy mom qoq wow
top bottom leading lead leads leader leaders winner winners loser losers star stars hero heroes laggard laggards champion champions favourite favorite popular
excluding except exclude excludes excluded ignoring ignore ignores omit omitting omitted leaving leave aside apart minus besides rather including include includes included
profit profits profitable profitability margin margins ebit ebitda cogs stock stocks inventory warehouse campaign campaigns advertising advert ads ad roas cpc ctr impressions clicks click traffic visitors visits conversion competitor competitors rival rivals competition employee employees staff salary salaries headcount weather pizza restaurant joke poem capital president football country countries region regions city cities store stores review reviews rating ratings shipping delivery deliveries logistics tax taxes cash invoice invoices debt
delete deletes remove erase truncate table tables update insert alter create grant revoke write overwrite password passwords secret secrets key keys token tokens instruction instructions prompt system admin superuser select database schema execute
north south east west one two three four five six seven eight nine ten eleven twelve twenty thirty fifty hundred thousand million percent euros euro dollars dollar won
exactly roughly approximately actually really quite rather simply basically generally mostly mainly largely particularly especially specifically currently normally
able sure possible impossible true false right correct fine great nice quick quickly slowly rapidly sharply slightly significantly strongly steeply badly poorly nicely
want wondering wonder curious understand clear idea question questions answer answers ask asking asked
pull display render visualise visualize draw view analyse analyze analysis check review inspect examine investigate dig deep dive drill detail details detailed deeper flag list enumerate identify spot detect
combined together alone separately individually respectively jointly side
night daily morning evening afternoon hour hours minute minutes
office near place cost
reckon guess suppose believe feel feeling hear heard notice noticed remember forget preparing prepare prepared write wrote reading read sent send wait waiting watch watching try trying tried hope hoping afraid worried happy sad glad invoiced billed booked shipped counting skip skipping count love loved like liked likes enjoy honest honestly frankly basically literally obviously apparently clearly certainly definitely probably possibly perhaps somehow anyway therefore however although whether unless because since while whenever wherever
colleague colleagues friend friends chief director president manager managers finance controller controlling accounting marketing sales logistics team teams department slide slides deck presentation email mail memo note notes paper document spreadsheet excel sheet
medium median usual common rare huge tiny massive enormous minor major serious heavy light hard easy simple complex difficult strange funny crazy terrible awful excellent amazing great decent solid poor healthy sick bold brave crucial critical vital essential necessary useful useless helpful
first second third fourth fifth sixth seventh eighth ninth tenth dozen couple pair single double triple twice half
morning afternoon evening noon midnight moment minute while instant lifetime decade century
open opens opened opening close closes closed closing launch shut join joined left leaves leaving enter entered exit exited replace replaced rename renamed relaunch repackaged packaging package design designed website online offline digital physical
able unable ready willing supposed obliged allowed forbidden
carry carries carried stock stocked list listed offer offers offered offering supply supplies supplied provide provides provided ship shipped deliver delivered
matter matters mattered mean means meant count counts counted belong belongs belonged include contain contains consist consists cover covers depend weigh weighs
manage managed succeed succeeded fail fails failed failing struggle struggles struggled struggling suffer suffers suffered recover recovers recovered recovering bounce bounced slow slowed speed accelerate accelerated decelerate stagnate stagnated plateau stall stalled explode exploded boom boomed double doubled skyrocket skyrocketed plummet plummeted plunge plunged
tint balm color colour
";

static KNOWN: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let mut words: HashSet<&'static str> = COMMON.split_whitespace().collect();
    words.extend(super::router::example_words());
    for (_, names) in DIMENSIONS {
        words.extend(names.iter().flat_map(|n| n.split_whitespace()));
    }
    words
});

/// Words of offices and small talk around a question. They may well stand in a name, so they only keep a word from being taken for
/// the name of something that is not there.
const AROUND: &str = "
accounts admin agency agenda agreement annex appendix archive attachment audit auditor auditors bank banker boardroom bonus book books branch briefing brochure
calendar call calls catalogue chapter check checklist colleagues column committee conference consultant contract contracts copy coverage crew deadline deal deals debrief document documents
draft evidence file files fiscal folder form forum gap handout headquarters hearing interview investor investors invitation journal landlord lawyer lender letter log logs lunch
magazine mailing memory merger minutes mind money newsletter notebook offsite owner owners page pages panel paperwork partner partners payroll pitch podcast poster press
purchasing quote quotes reader readers record records roadmap round row rows screen session sheet sheets shareholder shareholders slot speech staff standup statement statements
stuff submission survey talk talks template thread town hall training trip visit website workshop
anybody apart aware bit bother careful chance comfortable convinced course detail difference discussion doubt eye eyes fact fair favour feeling fun gut hand hands head heart help hint hurry
idea interest interested job joke kidding life lot luck mess mistake mood nervous opinion pain peace pity point problem puzzled rumour rush safe sake sanity secret sense shame shock sort
story stress suspicion terms thought thoughts topic touch trouble trust truth view wish wonderful word words worry year yesterday
absolute amazing annual big blunt brief broad calm casual cautious certain classic complete concrete crisp dear direct double dramatic early eager fiscal formal frank full
general gentle genuine glad global grand handy honest ideal initial internal joint keen late local main minimal modern mutual neat new next nice odd old open own plain pleasant
polite present prime private public pure raw recent rough round sharp short simple single smart smooth social special spare specific standard straight strict sure sweet tidy tight tough true
typical urgent usual vague warm whole wide wise yearly young
according accordingly across afterwards alike altogether anymore apparently besides briefly comfortably completely constantly directly easily elsewhere entirely equally essentially eventually
evidently exclusively fairly finally firstly formally fully gradually hence hopefully immediately incidentally increasingly indeed instantly initially lastly literally merely naturally nearly notably
officially originally overall partly perfectly personally precisely presumably previously primarily promptly properly purely rarely regularly relatively repeatedly reportedly respectively
seemingly separately seriously shortly similarly solely somewhat straight strictly suddenly surely technically thereby thoroughly thus together totally truly typically ultimately unfortunately
";

static AROUND_WORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| AROUND.split_whitespace().collect());

/// Whether a word is plain language, in whatever form it is bent, so that it is no name of something that is not there.
pub(crate) fn is_language(word: &str) -> bool {
    let known = |w: &str| is_known(w) || AROUND_WORDS.contains(w);
    known(word)
        || [
            "s", "es", "d", "ed", "ing", "ly", "er", "est", "ally", "ness",
        ]
        .iter()
        .filter_map(|end| word.strip_suffix(end))
        .any(|stem| stem.len() >= 4 && (known(stem) || known(&format!("{stem}e"))))
}

/// Words that the rules themselves wait for; none of them is a typing error.
static RULE_WORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| rule_patterns().flat_map(stems).map(|(_, w)| w).collect());

fn rule_patterns() -> impl Iterator<Item = &'static str> {
    super::cues::patterns()
        .chain([super::slots::EXCLUDE.source()])
        .chain(METRICS.iter().map(|(_, p)| *p))
}

/// Runs of at least four letters in a pattern, `\b` and its like left out, with where they end.
fn stems(pattern: &'static str) -> impl Iterator<Item = (usize, &'static str)> {
    let bytes = pattern.as_bytes();
    let letter = move |at: usize| {
        bytes.get(at).is_some_and(u8::is_ascii_lowercase) && (at == 0 || bytes[at - 1] != b'\\')
    };
    (0..bytes.len())
        .filter(move |at| letter(*at) && (*at == 0 || !letter(*at - 1)))
        .map(move |from| {
            let to = (from..).find(|at| !letter(*at)).unwrap_or(bytes.len());
            (to, &pattern[from..to])
        })
        .filter(|(_, word)| word.len() >= 4)
}

/// Words that a mistyped one may stand for: the known ones, and those that rules hold whole.
static MENDABLE: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let whole = rule_patterns().flat_map(|pattern| {
        stems(pattern).flat_map(move |(to, word)| {
            let rest = pattern.get(to..).unwrap_or("");
            let from = to - word.len();
            let starts = from == 0
                || pattern[..from].ends_with(['|', '(', ' ', ':', '^'])
                || pattern[..from].ends_with("\\b");
            let ends = rest.is_empty() || rest.starts_with(['|', ')', ' ', '$']);
            let optional = rest.starts_with("?|") || rest.starts_with("?)");
            [
                (starts && (ends || optional)).then_some(word),
                (starts && optional).then(|| &word[..word.len() - 1]),
            ]
            .into_iter()
            .flatten()
        })
    });
    KNOWN.iter().copied().chain(whole).collect()
});

/// Whether a folded word belongs to the language of questions rather than to names.
pub(crate) fn is_known(word: &str) -> bool {
    KNOWN.contains(word) || RULE_WORDS.contains(word)
}

/// The known word a mistyped one stands for, and in how many slips.
pub(crate) fn mend(word: &str) -> Option<(&'static str, usize)> {
    /// Words whose last letter is dropped in a hurry.
    const CLIPPED: [&str; 16] = [
        "sell", "make", "show", "sale", "take", "give", "list", "last", "next", "week", "does",
        "will", "drop", "best", "most", "much",
    ];
    // "Stops" is no slip for "shops" where "stop" is a word.
    let stem = ["s", "ed", "ing"]
        .iter()
        .find_map(|end| word.strip_suffix(end));
    if stem.is_some_and(|s| s.len() >= 4 && is_known(s)) {
        return None;
    }
    if word.len() == 3
        && let Some(full) = CLIPPED.iter().find(|w| w.starts_with(word))
    {
        return Some((full, 1));
    }
    if word.len() < 4 || !word.chars().all(|c| c.is_ascii_alphabetic()) {
        return None;
    }
    // Fingers exchange and leave out letters rather than take wrong ones ("montly" is not "mostly"); then the word used more often is meant.
    let sorted = |w: &str| {
        let mut letters: Vec<u8> = w.bytes().collect();
        letters.sort_unstable();
        letters
    };
    let typed = sorted(word);
    let kind = |known: &str, cost: usize| {
        if known.len() == word.len() && sorted(known) == typed || known.len() == word.len() + cost {
            0
        } else if word.len() == known.len() + cost {
            1
        } else {
            2
        }
    };
    MENDABLE
        .iter()
        .filter_map(|known| slips(word, known).map(|cost| (*known, cost)))
        .min_by_key(|(known, cost)| {
            (
                *cost,
                known.chars().next() != word.chars().next(),
                kind(known, *cost),
                usize::MAX - super::router::uses(known),
                *known,
            )
        })
}

static DIMENSION_WORDS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    DIMENSIONS
        .iter()
        .flat_map(|(name, words)| words.iter().map(move |w| (*w, *name)))
        .collect()
});

/// The dimension a single word names.
pub(crate) fn dimension_word(word: &str) -> Option<&'static str> {
    DIMENSION_WORDS.get(word).copied()
}

/// The metric a single word names.
pub(crate) fn metric_word(word: &str) -> Option<&'static str> {
    matches!(
        word,
        "revenue"
            | "sales"
            | "turnover"
            | "units"
            | "volume"
            | "quantity"
            | "orders"
            | "returns"
            | "asp"
            | "aov"
    )
    .then_some("revenue")
}

/// Words that can stand right after a name that is also an everyday word.
pub(crate) fn may_follow_name(word: &str) -> bool {
    matches!(
        word,
        "," | "have"
            | "has"
            | "had"
            | "is"
            | "was"
            | "in"
            | "on"
            | "at"
            | "for"
            | "during"
            | "over"
            | "and"
            | "or"
            | "vs"
            | "doing"
            | "do"
            | "perform"
            | "performing"
            | "'s"
            | "sales"
            | "revenue"
            | "last"
            | "this"
            | "since"
            | "by"
            | "per"
            | "brand"
            | "products"
            | "skus"
            | "next"
            | "from"
            | "to"
            | "when"
            | "the"
            | "only"
            | "please"
            | "compared"
            | "than"
            | "drop"
            | "fall"
            | "grow"
            | "collapse"
            | "keep"
            | "with"
            | "ytd"
            | "lately"
            | "excluded"
            | "?"
            | "rise"
            | "yesterday"
            | "today"
            | "between"
            | "sell"
            | "make"
            | "gaining"
            | "losing"
            | "growing"
            | "going"
    ) || word.starts_with(|c: char| c.is_ascii_digit())
        || word.starts_with('q')
        || matches!(
            word.get(..3),
            Some(
                "jan"
                    | "feb"
                    | "mar"
                    | "apr"
                    | "jun"
                    | "jul"
                    | "aug"
                    | "sep"
                    | "oct"
                    | "nov"
                    | "dec"
            )
        )
}

/// The English product type of a Korean one.
pub(crate) fn korean_type(word: &str) -> Option<&'static str> {
    Some(match word {
        "토너" | "스킨" => "toner",
        "세럼" | "앰플" | "에센스" => "serum",
        "크림" => "cream",
        "선크림" | "선스크린" | "자외선차단제" => "sunscreen",
        "마스크" | "마스크팩" | "팩" => "mask",
        "클렌저" | "클렌징" => "cleanser",
        "립" | "립밤" | "립틴트" => "lip",
        "오일" => "oil",
        _ => return None,
    })
}

/// Korean words of questions, which are no names.
pub(crate) fn is_korean_word(word: &str) -> bool {
    const STEMS: &[&str] = &[
        "줄",
        "늘",
        "떨어",
        "오르",
        "올라",
        "올랐",
        "올려",
        "올리",
        "내려",
        "내리",
        "내렸",
        "팔",
        "했",
        "하",
        "있",
        "없",
        "좋",
        "나쁘",
        "많",
        "적",
        "되",
        "된",
        "될",
        "돼",
        "됐",
        "나왔",
        "나오",
        "나올",
        "어느",
        "어떤",
        "우리",
        "그리고",
        "그럼",
        "앞으로",
        "향후",
        "추천",
        "전체",
        "모든",
        "현재",
        "요즘",
        "최고",
        "최저",
        "잘",
        "못",
        "안",
        "더",
        "덜",
        "보다",
        "해줘",
        "주세요",
        "사람",
        "물량",
        "물가",
        "재고",
        "이익",
        "마진",
        "시장",
        "점유",
        "할인",
        "탄력",
        "민감",
        "코호트",
        "출시",
        "신제품",
        "충성",
        "세그먼트",
        "집중",
        "의존",
        "포트폴리오",
        "실적",
        "현황",
        "지표",
        "상황",
        "조치",
        "투자",
        "개선",
        "방안",
        "조언",
        "전략",
        "크게",
        "작게",
        "높",
        "낮",
        "크",
        "작",
        "년",
        "월",
        "일",
        "주",
        "달",
        "개월",
        "시나리오",
        "만약",
        "가정",
        "단종",
        "인상",
        "인하",
        "매출",
        "판매",
        "채널",
        "브랜드",
        "제품",
        "상품",
        "고객",
        "가격",
        "목표",
        "예측",
        "전망",
        "지난",
        "이번",
        "다음",
        "올해",
        "작년",
        "내년",
        "최근",
        "비교",
        "대비",
        "보여",
        "알려",
        "얼마",
        "어떻",
        "어때",
        "무엇",
        "뭐",
        "뭘",
        "왜",
        "이상",
        "원인",
        "이유",
        "추이",
        "추세",
        "성장",
        "감소",
        "증가",
        "하락",
        "상승",
        "요약",
        "정리",
        "추천",
        "제외",
        "빼고",
        "말고",
        "가장",
        "제일",
        "상위",
        "하위",
        "달성",
        "분기",
        "반품",
        "수량",
        "평균",
        "단가",
        "비중",
        "순위",
        "오늘",
        "날씨",
        "만약",
    ];
    STEMS.iter().any(|stem| word.starts_with(stem))
}

static METRIC_PATTERNS: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    METRICS
        .iter()
        .filter_map(|(name, words)| {
            // Korean words carry endings, so only the English ones ask for a word's edge.
            let (korean, latin): (Vec<&str>, Vec<&str>) = alternatives(words)
                .into_iter()
                .partition(|w| w.chars().any(super::text::is_hangul));
            let mut pattern = format!(r"\b(?:{})\b", latin.join("|")).replace("{REV}", REV);
            if !korean.is_empty() {
                pattern = format!("{pattern}|{}", korean.join("|"));
            }
            Some((*name, Regex::new(&pattern).ok()?))
        })
        .collect()
});

/// Cuts a pattern at the bars outside brackets.
fn alternatives(pattern: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0_i32, 0, Vec::new());
    for (at, c) in pattern.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '|' if depth == 0 => {
                found.push(&pattern[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&pattern[start..]);
    found
}

/// Metric phrases with their names, longest first.
pub(crate) fn metric_patterns() -> &'static [(&'static str, Regex)] {
    &METRIC_PATTERNS
}

static DIMENSION_PATTERNS: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    let mut all: Vec<(&str, &str)> = DIMENSIONS
        .iter()
        .flat_map(|(name, words)| words.iter().map(move |w| (*name, *w)))
        .collect();
    all.sort_by_key(|(_, word)| usize::MAX - word.len());
    let mut grouped: Vec<(&'static str, String)> = Vec::new();
    for (name, word) in all {
        let pattern = if word.chars().any(super::text::is_hangul) {
            word.replace(' ', " ?")
        } else {
            format!(r"\b{word}\b")
        };
        // Several words first, so that "product type" is not read as "product".
        let several = word.contains(' ') || word.chars().any(super::text::is_hangul);
        match grouped
            .iter_mut()
            .find(|(n, p)| *n == name && p.starts_with("(?:(?:)") == several)
        {
            Some((_, p)) => {
                p.push('|');
                p.push_str(&pattern);
            }
            None => grouped.push((
                name,
                if several {
                    format!("(?:(?:){pattern}")
                } else {
                    format!("(?:{pattern}")
                },
            )),
        }
    }
    grouped.sort_by_key(|(_, p)| !p.starts_with("(?:(?:)"));
    grouped
        .into_iter()
        .filter_map(|(name, p)| Some((name, Regex::new(&format!("{p})")).ok()?)))
        .collect()
});

/// Dimension phrases with their names.
pub(crate) fn dimension_patterns() -> &'static [(&'static str, Regex)] {
    &DIMENSION_PATTERNS
}
