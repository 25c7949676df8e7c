//! The words a report of figures is made of.
//!
//! A list of forbidden words never ends ("shoppers switched", "it would be wise"), so the text is held to the words
//! that reports need, those of the facts and those of the built-in wording. A right text in rarer words is refused
//! now and then; the built-in one stands in for it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::super::facts::{Facts, Lang, metric_name};
use super::super::narrate::narrate_facts;
use super::super::text::fold;
use super::numbers::currency_forms;

const PLAIN: &str = "
a an the and or but nor while whereas with without of in on at by for from to into per as than then so that this these those there here it its they their them which who whose what where when how both each all any some none other others another same only also just even still about around roughly approximately almost nearly over under across within between among through during since until before after against versus vs compared comparison relative respectively together overall total totals altogether combined not did didn does don do has have had is are was were be been being no more less fewer few many much most least very slightly somewhat far well clearly sharply strongly markedly slowly quickly mostly mainly largely particularly especially exactly precisely
one two three four five six seven eight nine ten eleven twelve first second third fourth fifth last next once
year years month months week weeks day days quarter quarters half period periods time times date dates earlier later previous prior preceding following ago ytd today
january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun
rose rise rises risen rising grew grow grows grown growing growth increase increases increased increasing up upward gain gains gained gaining climb climbs climbed climbing jump jumps jumped surge surges surged improve improves improved improvement improving higher high highest above exceed exceeds exceeded exceeding added add adds stronger strong strongest expanded advance advanced better best top peak peaks peaked maximum max
fell fall falls fallen falling drop drops dropped dropping decrease decreases decreased decreasing decline declines declined declining down downward lost lose loses losing loss losses shrank shrink shrinks shrunk shrinking slip slips slipped slid lower low lowest below reduced reduction weaker weak weakest worse worsened worst plunged tumbled dipped dip dips contracted minimum min bottom took away took
unchanged flat stable steady constant level levels same little
lead leads leading led leader leaders follow follows followed following rank ranks ranked ranking place places placed come comes came coming go goes went back make makes made making bring brings brought contribute contributes contributed contribution contributions account accounts accounted represent represents represented hold holds held holding take takes taken stand stands stood standing out reach reaches reached reaching remain remains remained stay stays stayed show shows showed shown showing see sees seen saw record recorded records register registered list listed below shown achieve achieved sell sells sold selling generate generates generated earn earns earned give gives gave leave leaves left put puts start starts started end ends ended begin began finish finished move moves moved change changes changed changing differ differs differed difference differences vary varies
share shares part parts portion proportion percent percentage point points value values figure figures number numbers amount amounts amounted sum average averages averaged mean median rate rates ratio price prices priced unit units piece pieces item items revenue sales turnover volume volumes quantity quantities returned return returns order orders result results performance overview data row rows member members largest larger large biggest bigger big smallest smaller small main major minor key
brand brands product products sku skus channel channels vendor vendors supplier suppliers type types tier tiers category categories segment segments group groups metric metrics kpi kpis
currency won thousand million billion
said told named called known given shown respectively note notes meaning means i e eg namely instead rather however whereas although though despite yet
short gap remaining rest remainder further additional extra plus minus both either neither alone apart besides except excluding including
expectation expected normal usual unusual range spike spikes spiked drop event events point anomaly anomalies outlier outliers shift
interval confidence bound bounds upper
good watch bad red green on off track
close closes closed closing open opens opened finish finishes finished wrap land lands landed pass passes passed cross crossed top topped topping trail trails trailed trailing outsold outpaced outgrew overtook overtakes surpass surpasses surpassed beat beats match matches matched mirror mirrored tally spread spreads scattered even evenly uneven unevenly divided divides split splits equally ranging ranges hovered post posts yield yields yielded fetch fetched cost costs costing edged inched eased swing swung soared recovered rebounded bounced sank slumped slumps suffered experienced witnessed noted note notable notably noticeably marginally modestly moderately broadly barely hardly fully partially essentially effectively steadily gradually suddenly abruptly significantly substantially considerably dramatically mostly mainly fast faster fastest slow slower slowest quick quicker quickest expensive cheap cheaper cheapest dearest side spot position order list table figure mark slice bit handful pair couple comprise comprises comprised constitute constitutes constituted form forms formed run runs ran amount via through here whole entire full overall grand combined sums spent spend average averaging per head lead gap margin distance clear close tight wide narrow meanwhile additionally moreover furthermore also finally lastly firstly secondly conversely contrast similarly likewise compared overall summary summarise short brief note find following above below table shown exactly what happened happen happens seen see view look looks looked looking
outlier out line limits limit beyond within outside inside
dominate dominates dominated consist consists consisted unusually unusual normally committing commits add adds adding subtract subtracts reach sits occupies occupy
if whether can could may might would we our us as unless per minus hence upon towards toward onto off along beyond beneath beside counting excluding ignoring aside regardless basis terms context case example way kind
balance base calculate comprise compute correspond cover display double drift estimate exhibit face fluctuate gather imply indicate involve keep lag mean measure narrow widen note observe occur offset outperform underperform perform plateau predict project realize realise recover relate report require retain reverse round score tie trace turn undershoot overshoot worsen assume include exclude remain belong concern differ exist play act implies implied already serve appear approach arrive apply need carry reach attain
absolute actual additional adjacent brief broad certain common comparable complete incomplete consecutive current different distinct dominant estimated exact fair former gross identical incremental individual initial joint lone marginal mild minimal moderate narrow near negative negligible net neutral numerical only opposite original particular positive practical precise preliminary pronounced proportional rapid recent rough sharp significant similar sizable sizeable slight sole special steep strict substantial tiny typical uneven virtual visible vast zero noteworthy important chief primary prime fractional overwhelming deep shallow realistic
runner seller performer contributor detractor counterpart majority minority bulk chunk balance fifth tenth quarter third attention worth shape condition status picture snapshot breakdown scale size path course pace step stage duration window zero nil nothing anything everything expectation commitment priority highlight finding takeaway detail total subtotal increment decrement decline fall rise
ship deliver dispatch process handle lift boost push pull drag weigh outweigh hit cut trim shave add knock propel raise lower ease soften harden firm tick tack creep crawl drift sag slide skid sink plummet collapse crash tumble crater halve double triple quadruple multiply swell balloon soar rocket skyrocket spurt leap bounce rally recoup regain revert return settle stabilise stabilize steady level bottom crest culminate taper fade wane ebb accelerate decelerate slow speed stall stagnate pause resume reach near approach touch breach clear eclipse exceed top surpass outdo outstrip lag trail straggle precede succeed cede yield concede retain defend
detect identify flag find discover determine establish confirm verify reveal emerge result derive stem attribute relate tie link belong pertain describe denote signify translate amount equate stack line set get got go gone going seem appear prove turn end wind finish wrap round
exceptional extreme remarkable marked outright relative absolute respective considerable comfortable decent modest moderate meagre meager slender slim thin thick heavy light hefty huge vast massive minor major notable obvious evident apparent plain pure simple sheer rapid swift gradual gentle mild abrupt sudden steady consistent persistent temporary brief short long extended prolonged deep shallow broad narrow wide tight loose even odd unusual abnormal atypical typical ordinary regular exceptional rare frequent occasional constant frequent repeated single double triple multiple numerous various several certain
stronger weaker sensitive insensitive responsive required necessary sufficient enough able unable ready due pending outstanding open left over remaining
twice thrice double apiece each compensate counterbalance counteract cushion mitigate help hurt harm hamper benefit support assist possible impossible likely rate anywhere somewhere usual customary standard default current present previous respective mutual jointly apart separate individual sizable proportion disproportion
receive receives received receiving get gets getting got halt halted stop stops stopped standstill hang hangs hung hinge hinges rely relies wait waits allow allows bear bears owe ask asks asked answer answers answered serve serves served hurt hurts suffer suffers enjoy enjoys enjoyed feel felt touch touched stretch stretched become became becomes becoming buy buys bought buying build builds built building kept keeping pick picks picked picking shed sheds shedding work works worked working deserve deserves deserved merit merits warrant warrants stick sticks stuck span spans spanned log logs logged clock clocked notch notched rack racked net netted pocket pocketed garner garnered amass amassed bag bagged secure secured capture captures captured claim claims claimed command commands commanded supply supplies supplied originate originated originates produce produces produced wipe wiped erase erased evaporate evaporated vanish vanished disappear disappeared arise arose emerge emerged manage manages managed fail fails failed happen tail tailed level levelled leveled nudge nudged inch inched creep crept leap leapt deepen deepened broaden broadened lengthen shorten flip flipped replace replaced shoot shot nosedive nosedived jumped linger lingered concentrate combine combines contribute situate situated place settle house collect collects collected pay pays paid charge charges charged retail retails retailed lose move write wrote hand handed tend tends tended think means name names count counts sort sorts group groups grouped rate rates rated class classed treat treated read reads
affordable inexpensive pricey costly frequent infrequent uncertain uncertainty sure greater lesser utmost middle central monthly weekly daily annual yearly quarterly favourable favorable unfavourable unfavorable adverse contrary simple straightforward unclear standout bestselling bestseller bestsellers chunky lopsided balanced concentrated fragmented diversified reliable unreliable true false single separate general main lumps lump
business company firm trend trends outcome outcomes thing things factor factors element elements component components term terms standpoint benchmark yardstick reference height trough troughs bump edge advantage deficit shortfall surplus excess overrun cushion buffer room headroom ceiling floor cap midpoint centre center halfway lion portion mix blend composition structure league ladder spot podium standing fact facts reading headline money cash takings proceeds intake till tills ticket worth cheapest assortment range lineup catalogue catalog portfolio shelf shelves home house place places middle line pack field
isn doesn didn hasn haven wasn weren aren can won wouldn don everywhere everything gainer gainers matter matters mattered region regions market markets category winner winners loser losers now currently already you can engine engines brake brakes star stars laggard laggards frontrunner runner heavyweight newcomer rebound recovery turnaround reversal setback streak rally momentum contrast counter counted pairing trio duo quartet handful pack chart podium rung
specifically collectively individually simultaneously subsequently correspondingly accordingly comparatively proportionally concern concerns neck bright brighter brightest darkest behave behaves behaved pin pinned unlike comfortably easily decidedly distinctly heavily lightly newly nominally partly predominantly presently previously primarily principally scarcely separately thereafter thereby ultimately uniformly vastly virtually wholly widely thoroughly overwhelmingly merely simply solely purely nearer closer furthest farthest foremost topmost bottommost latter former
pictured reported recorded tallied measured counted expected posted booking bookings intake haul sum sums pull pulled pulling chip chipped chipping swap swapped trade places hand handed go went past beyond clear cleared climb descent ascent slope swing swings gulf chasm gap gaps lag lags distance edge edges cusp verge
alike together both whichever whatever wherever whenever someone nobody everybody everyone none somewhere elsewhere again ever since then therein thereof respectively
cancel cancels cancelled cancelling nullify negate scrape scraped squeeze squeezed whisker hair whisper effort find finds found sixths seventh eighth ninth early late weekday weekdays weekend weekends available availability unavailable considered often purchase purchases accumulate accumulated issue issues longer spending highest-spending season lasting suggestion suggestions cannot ruled rule inclusive exclusive melt melted melts dwindle dwindled wither vanish weight weighs break broke breaks broken pin pinned trickle trickled plateaued flatten flattened stretch stretched hold upper stack stacked rub shy fringe tie ties tied narrowest widest slimmer thinner thinnest heavier lightest busiest quietest calmer calmest richest poorest priciest costliest sharper gentler milder gentlest mildest earliest latest newest oldest longest shortest tallest dent dents dented erode eroded eat eaten swallow swallowed absorb absorbed mask masked hide hidden stay sum summed add tot total subtotal dozen dozens score couple half halves thirds quarters fifths tenths fraction fractions multiple multiples times fold twofold threefold fourfold sevenths roundly squarely narrowly flat flatly dead level-pegging abreast shoulder shoulders fall fallback slipping shedding trailing leading heading headed head header skew skewed tilt tilted lean leaned favour favor favoured favored
keep keeps kept still yet even just only too also as well rather quite fairly pretty somewhat slightly very really truly indeed
ahead behind fewest lots saw counted worth tops close closely narrowly single joint tied head sits lies lay posted booked delivered totalled totaled totaling totalling equals equal equivalent corresponds corresponding wide narrow like unlike such several many thus so here too again old new came back short own fully entirely
";

/// What only some functions speak of.
const OF_FUNCTION: &[(&[&str], &str)] = &[
    (
        &[
            "forecast",
            "attainment",
            "suggest_targets",
            "what_if",
            "total",
        ],
        "will would should expect expects expected expecting forecast forecasts forecasted predicted prediction projected projection estimate estimated estimates outlook likely likelihood unlikely probably probability probable chance chances odds model models interval confidence bounds might could uncertain uncertainty next likely",
    ),
    (
        &[
            "attainment",
            "suggest_targets",
            "scorecard",
            "insights",
            "recommend",
        ],
        "should able track target targets goal goals plan pace attain attained attainment achieve achieved achievement miss misses missed hit hits meet meets met short ahead behind commit committed conservative cautious safe realistic stretch ambitious suggest suggested proposed proposal",
    ),
    (
        &["drivers", "bridge", "insights", "recommend"],
        "should because due driven drive drives driver drivers driving cause caused causes explain explains explained explanation reason reasons mostly thanks attributable attributed contributed effect effects pushed pulled offset offsets partly behind new discontinued mix existing launch launched old",
    ),
    (
        &["recommend", "insights", "elasticity", "what_if"],
        "should consider recommend recommended recommendation recommendations raise raising raised cut cutting keep promote reduce reducing review check delist delisting restock expand invest focus fix try action actions impact uplift opportunity risk",
    ),
    (
        &["elasticity", "what_if", "recommend"],
        "otherwise baseline elasticity elastic inelastic sensitive sensitivity react reacts reaction respond responds response demand if cost costs",
    ),
    (
        &["backtest"],
        "missed missing miss off backtest backtests tested test error errors wape mae mase smape bias biased coverage cover covered covers accurate accuracy automatic auto model models forecast forecasts naive benchmark origin origins interval intervals actual actuals",
    ),
    (
        &["total"],
        "quantile quantiles percentile percentiles median",
    ),
    (
        &["suggest_targets"],
        "achievable natural limit limits process",
    ),
    (
        &["concentration"],
        "concentration concentrated dependence depends depend needed need cover covers hhi gini herfindahl effective equally equal index coefficient",
    ),
    (
        &["portfolio"],
        "velocity sold mover movers rated class classes demand smooth erratic intermittent lumpy regular irregular uneven abc xyz adi stopped slow movers",
    ),
    (
        &["price_tiers", "breakdown", "compare"],
        "premium luxury mid value entry",
    ),
    (
        &["history", "anomalies", "forecast"],
        "trend season seasonal weekly daily monthly quarterly yearly latest fluctuated ranged",
    ),
    (
        &["cohorts", "launch_curve"],
        "cohort cohorts launch launched launches retention retained active activity age still first curve peers typical index cumulative cumulatively",
    ),
    (&["cohorts"], "customer customers buyer buyers"),
    (
        &["rfm"],
        "customer customers buyer buyers loyal recency frequency monetary segment champions lost sleeping",
    ),
];

static PLAIN_WORDS: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| PLAIN.split_whitespace().collect());

/// Whether any report may use the word.
pub(super) fn is_plain(word: &str) -> bool {
    PLAIN_WORDS.contains(word)
}

static PLAIN_STEMS: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| PLAIN_WORDS.iter().map(|w| stem(w)).collect());

/// A word without its ending, so that one form stands for all: contribute, contributing, contribution.
fn stem(word: &str) -> String {
    const ENDINGS: [&str; 20] = [
        "iest", "ier", "est", "ations", "ation", "ments", "ment", "ingly", "edly", "ings", "ing",
        "ions", "ion", "ies", "ied", "es", "ed", "ly", "s", "y",
    ];
    let mut root = word;
    for ending in ENDINGS {
        if let Some(cut) = word.strip_suffix(ending).filter(|r| r.len() >= 3) {
            root = cut;
            break;
        }
    }
    let root = root.trim_end_matches(['e', 'i', 'y']);
    // "dropped" is "drop" with its last letter doubled.
    let mut letters: Vec<char> = root.chars().collect();
    if letters.len() > 3 && letters[letters.len() - 1] == letters[letters.len() - 2] {
        letters.pop();
    }
    letters.into_iter().collect()
}

/// What a metric's own texts speak of.
fn of_metric(metric: &str) -> &'static str {
    match metric {
        "aov" | "orders" | "customers" | "repeat_rate" | "units_per_order" => {
            "customer customers buyer buyers order orders spend purchase purchases placed basket"
        }
        "discount_depth" => "discount discounts discounted list deep deeper shallow shallower",
        "returns" | "return_rate" => "return returns returned back refund refunds",
        "new_sku_revenue" | "new_sku_share" => "new launch launches launched",
        _ => "",
    }
}

/// Words of `text` that neither reports, nor these facts, nor the built-in wording use.
pub(super) fn foreign_words(kind: &str, text: &str, facts: &Facts, free: &str) -> Vec<String> {
    let built_in = fold(&narrate_facts(kind, facts, Lang::En));
    let own = format!(
        "{built_in} {free} {} {} {}",
        facts.metric.replace('_', " "),
        metric_name(&facts.metric, Lang::En),
        fold(&facts.currency)
    );
    let mut allowed: BTreeSet<&str> = words(&own).collect();
    allowed.extend(currency_forms(&fold(&facts.currency)));
    for (kinds, list) in OF_FUNCTION {
        if kinds.contains(&kind) {
            allowed.extend(list.split_whitespace());
        }
    }
    allowed.extend(of_metric(&facts.metric).split_whitespace());
    let stems: BTreeSet<String> = allowed.iter().map(|w| stem(w)).collect();
    let known = |w: &str| {
        PLAIN_WORDS.contains(w) || allowed.contains(w) || {
            let stem = stem(w);
            PLAIN_STEMS.contains(&stem) || stems.contains(&stem)
        }
    };
    // Customers may buy in any report; they are counted only where the metric is theirs.
    let next: Vec<&str> = words(text).skip(1).chain([""]).collect();
    words(text)
        .zip(next)
        .filter(|(w, next)| {
            !(matches!(*w, "customers" | "buyers")
                && matches!(*next, "bought" | "spent" | "purchased" | "ordered" | "paid"))
        })
        .map(|(w, _)| w)
        .filter(|w| w.len() >= 2 && !known(w))
        // Names stand as masks here; "qz" begins no word.
        .filter(|w| !w.starts_with("qzname"))
        .map(str::to_owned)
        .collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphabetic())
        .filter(|w| !w.is_empty())
}
