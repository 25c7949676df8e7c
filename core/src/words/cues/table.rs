//! The rules themselves: what a wording says for a function, and how much.

/// (function, weight, pattern on the question with members and times marked).
pub(super) const CUES: &[(&str, f64, &str)] = &[
    (
        "breakdown",
        6.0,
        r"\bweekends? (?:\w+ )?(?:vs|versus|against|or|than|compared (?:to|with)|and) (?:on )?(?:weekdays?|workdays?|working days)\b|\b(?:weekdays?|workdays?|working days) (?:\w+ )?(?:vs|versus|against|or|than|compared (?:to|with)|and) (?:on )?(?:the )?weekends?\b|주말.{0,4}(?:평일|주중)|(?:평일|주중).{0,4}주말",
    ),
    (
        "backtest",
        9.0,
        r"\b(?:back ?test\w*|(?:forecast|prediction|forecasting) (?:errors?|accuracy|quality|track record|performance)|[wms]?mape|wape|mase)\b|\b(?:accura\w+|reliab\w+|precise|trustworthy|good|exact|right|wrong|far off|trust)\b.{0,30}\b(?:forecasts?|predictions?|projections?|forecasting)\b|\b(?:forecasts?|predictions?|projections?|forecasting)\b.{0,25}\b(?:accura\w+|reliab\w+|trust\w*|hold up|off by|precise|came true|come true)|예측.{0,14}(?:정확|오차|믿을|신뢰|맞았|맞아|틀)",
    ),
    (
        "breakdown",
        8.0,
        r"\b{DIM} (?:\w+ ){0,4}?(?:only |just )?(?:a single|one|only one|just one) {DIM}\b|(?:브랜드|채널|제품|벤더|공급사) ?하나 ?에?만",
    ),
    (
        "breakdown",
        5.0,
        r"\bE\d+ (?:beat|outsell|outperform|top|overtake|outdo)s? (?:the )?E\d+",
    ),
    (
        "rfm",
        6.0,
        r"\bwho (?:is |are )?(?:buy|buys|buying|spends?|spending) (?:\w+ ){0,2}?(?:the )?most\b",
    ),
    (
        "what_if",
        7.0,
        r"\b(?:would|will|do) (?:we|i) (?:lose|miss)\b.{0,20}\bwithout (?:the )?E\d+",
    ),
    (
        "recommend",
        5.0,
        r"\bworth (?:keeping|carrying|stocking|having)\b|\bre-?(?:order|stock|plenish)\w*\b",
    ),
    (
        "portfolio",
        6.0,
        r"\bslow(?:est)? (?:movers?|sellers?|selling|turning|moving)\b|\b(?:not|n't|nobody|no one|hardly|barely) (?:\w+ )?(?:is |are )?buy(?:s|ing)?\b",
    ),
    (
        "what_if",
        5.0,
        r"^(?:and |so )?if E\d+ .{0,40}\bwould\b|E\d+ ?(?:이|가|은|는)? .{0,12}(?:끊|철수|중단|그만|빠)[가-힣]*면",
    ),
    (
        "breakdown",
        4.0,
        r"\bsell(?:s|ing)? like\b|\bflying off\b|(?:안|덜|적게) ?(?:나가|팔)[가-힣]*",
    ),
    (
        "recommend",
        4.0,
        r"\b(?:we|i) (?:should|could|might) (?:discontinue|drop|delist|stop|promote|restock|change)\b|\b(?:should|shall) (?:we|i) (?:stop|quit) (?:carrying|selling|stocking)|단종(?:해야|할|시켜)",
    ),
    (
        "forecast",
        4.0,
        r"\b(?:reckon|think|guess|bet|expect) (?:we|it|that) ?(?:'ll|will)\b|얼마나 될|어느 정도로? (?:보|될|나올)",
    ),
    (
        "attainment",
        3.0,
        r"\bmake (?:our |the |its |their )?T\d+ (?:number|figure|target|budget|plan)s?\b",
    ),
    (
        "compare",
        3.0,
        r"\bT\d+ (?:vs|versus|against|over|on) (?:last|the (?:last|previous) one)\b|\bup or down\b",
    ),
    (
        "elasticity",
        6.0,
        r"(?:값|가격|단가).{0,8}(?:올리|올려|인상|내리|인하).{0,8}(?:덜|더|적게|많이|안) ?팔|\bget away with\b.{0,30}\b(?:dearer|pricier|higher|more)",
    ),
    (
        "breakdown",
        5.0,
        r"\bhow (?:do|does|did|is) (?:the )?E\d+ compare\w* (?:to|with|against) (?:the )?E\d+|\b(?:best|top|worst) ?-?sell\w* (?:of|for|in|at|on|per) (?:each|every)\b",
    ),
    (
        "attainment",
        6.0,
        r"\btargets? .{0,20}(?:at risk|in (?:danger|jeopardy|trouble)|slipping|out of reach)\b|\b(?:endangered|threatened) targets?\b",
    ),
    (
        "what_if",
        8.0,
        r"\b(?:cost (?:us )?(?:to|of)|los[ei]\w*|forgo|give up) .{0,25}\b(?:delist\w*|drop|dropping|discontinu\w*|ax|axing|remov\w*)\b",
    ),
    // value
    ("value", 1.6, r"\bhow (?:much|many)\b"),
    (
        "value",
        1.5,
        r"^(?:and |so |ok |hey |please |quick one |tell me |give me |show me |what (?:is|was|were|are|'s) |what )*(?:the |our |my )*(?:current |total |overall |sum of |net |gross )*{MET}(?: (?:of|for|from|between|on|in|at|with|by|via|through|excluding|without|E\d+|T\d+|the|and|only|,))*$",
    ),
    (
        "value",
        1.2,
        r"\b(?:total|sum|number of|amount of|figure|what (?:was|is|were|are|'s) (?:the|our) (?:total |overall |average |current |exact )*{MET})\b",
    ),
    (
        "value",
        1.0,
        r"\baverage\b.{0,40}\bprice\b|\bturn over\b|\bbring in\b|\bcame in\b",
    ),
    ("value", 1.5, r"얼마|몇 ?개|총 ?(?:매출|판매)|알려"),
    (
        "value",
        2.0,
        r"^(?:what (?:is|was|are|were|'s) |tell me |give me |show |the |our )*(?:average |net |gross |total )?(?:order value|selling price|price|basket|return rate|discount)",
    ),
    (
        "value",
        2.2,
        r"\b(?:hhi_brand|do customers pay|on average|did we (?:sell|make|earn|turn over|take)|have we sold)\b",
    ),
    // history
    (
        "history",
        4.0,
        r"\b(?:over time|trend(?:s|ed|ing|line)?|time ?series|evolution|evolv(?:e|es|ed|ing)|trajectory of sales)\b",
    ),
    (
        "history",
        3.0,
        r"\b(?:develop(?:s|ed|ing|ment|ments)?|histor(?:y|ical|ically)|chart|plot|graph|draw|visuali[sz]e|time line|timeline|curve)\b",
    ),
    (
        "history",
        4.0,
        r"\bseason(?:s|al|ality|ally)\b|\bcyclical\b|\byearly pattern\b",
    ),
    (
        "breakdown",
        6.5,
        r"\bcompare (?:the )?E\d+ (?:with|to|and|against|vs) (?:the )?E\d+\b|E\d+ ?(?:이랑|랑|와|과|하고) ?E\d+ ?(?:을|를)? ?비교",
    ),
    (
        "breakdown",
        5.0,
        r"\b(?:peak|best|worst|strongest|weakest|slowest|busiest|quietest|record) (?:months?|weeks?|weekdays?)\b|\b(?:which|what) (?:months?|weeks?) .{0,20}\b(?:best|worst|most|least|strong\w*|weak\w*|slow\w*|busi\w+|quiet\w*|good|bad|high\w*|low\w*)\b",
    ),
    (
        "breakdown",
        3.0,
        r"\b(?:in (?:which|what) order|in order of|ordered by|sorted by|sort(?:ed)? by|from (?:best|most|biggest|largest) to)\b",
    ),
    (
        "compare",
        3.0,
        r"\b(?:los\w+|gain\w*|win|wins|winning|won|grow\w*|grew|drop\w*|lost)\b.{0,15}\bshares?\b|\bshares? (?:chang\w+|shift\w*|gain\w*|loss\w*|gr[eo]w\w*|fell|rose|drop\w*)\b",
    ),
    ("concentration", 4.0, r"\bpareto\b"),
    (
        "breakdown",
        3.0,
        r"\bhow much of (?:the |our |all |total |T\d+ |'s )*(?:business|{MET}|total)\b",
    ),
    (
        "insights",
        4.5,
        r"\bhow T\d+ (?:went|was|turned out)\b|\bhow (?:did|was) T\d+(?: go)?$|\bwhat (?:is|'s) up with\b",
    ),
    (
        "drivers",
        4.0,
        r"\bwhat (?:is|'s|was) (?:wrong|the matter|the problem|the trouble) with\b",
    ),
    (
        "history",
        4.0,
        r"\b(?:a|some|any|of) seasons? (?:for|in|to|of)\b",
    ),
    (
        "compare",
        6.0,
        r"\b(?:which|what|whose|list|show|any|biggest|worst|top) .{0,30}(?:tanking|plummeting|nosediving|(?:in )?free[ -]?fall|detractors?|losing streak|in decline|going down the drain|soaring|skyrocketing|taking off)\b",
    ),
    (
        "elasticity",
        5.0,
        r"\b(?:buy|buys|bought|sell|sells|order|orders) (?:less|more|fewer).{0,40}\b(?:dearer|cheaper|pricier|expensive|raise|raised|raising|lower|discount\w*|price)\b|\b(?:response|responds?|react\w*) (?:of \w+ )?to (?:the )?pric\w+",
    ),
    (
        "concentration",
        5.0,
        r"\b(?:hang(?:s|ing)?|hing(?:e|es|ing)|rest(?:s|ing)?|stand(?:s|ing)?) (?:\w+ ){0,2}on (?:one|two|a few|a single|a handful|just|too few)\b|\bover-?(?:indexed|exposed|reliant|dependent|weighted) (?:on|to)\b|\btoo (?:exposed|reliant|dependent)\b|\ball (?:our |the )?eggs\b",
    ),
    (
        "what_if",
        5.0,
        r"\bif (?:i|we|you) (?:stop|stopped|quit|ended|end|no longer|were to stop)\b|\bwhat would .{2,60} do (?:to|for)\b",
    ),
    ("breakdown", 5.0, r"\b(?:league tables?|leader ?boards?)\b"),
    ("attainment", -6.0, r"^make (?:it|that|this)\b"),
    (
        "none",
        7.0,
        r"\bhow much cash\b|\bcash (?:flow|position|balance|in the bank|do we have)\b",
    ),
    (
        "compare",
        4.0,
        r"T\d+ ?(?:이랑|랑|와|과|하고|에) ?비교|비교하면",
    ),
    (
        "compare",
        2.6,
        r"\b(?:tank\w*|plummet\w*|nosediv\w*|soar\w*|skyrocket\w*)\b",
    ),
    ("forecast", 5.0, r"\bprognos\w+\b"),
    ("insights", 6.0, r"알아야 ?(?:할|될)|알아 ?둬야|알아 ?두면"),
    ("scorecard", 2.5, r"\boverview\b"),
    ("none", 7.0, r"\bon order\b|기분|취미|몇 ?살|이름이 ?뭐"),
    (
        "compare",
        3.0,
        r"^(?:and |so )?(?:did|has|have|is|are|was|were|does|do) .{0,40}\b(?:fall|fallen|falling|drop|dropped|dropping|rise|risen|rising|grow|grown|growing|increase|increased|decrease|decreased|decline|declined|declining|shrink|shrunk|shrinking|improve|improved|lose|lost)\b",
    ),
    (
        "concentration",
        4.0,
        r"\b(?:rest(?:s|ing)?|hing(?:e|es|ing)|hang(?:s|ing)?|stands?|built) on (?:just |only )?(?:a |one |a few |few |a single )|\b(?:how many|number of) (?:\w+ )?{DIM} .{0,40}X\d+",
    ),
    (
        "history",
        4.0,
        r"\b(?:over|across|through) the (?:days|weeks|months|quarters|years)\b",
    ),
    (
        "breakdown",
        2.5,
        r"% of E\d+\b|\bE\d+ (?:\w+ )?contribut\w+ to\b|\bcontribut\w+ (?:of|from|by) (?:the )?E\d+|\bnumber (?:one|1)\b",
    ),
    (
        "portfolio",
        6.0,
        r"\b(?:skus?|products?|items?|articles?)\b.{0,20}\b(?:no|zero|without) (?:any )?{MET}\b",
    ),
    ("drivers", 3.0, r"\bbecause of\b"),
    (
        "compare",
        3.0,
        r"\b(?:variances?|deviations?|growers|shrinkers|(?:biggest|largest|top|big) movers?)\b",
    ),
    (
        "compare",
        2.7,
        r"\b(?:fell|dropped|rose|grew|shrank|sank|slid|climbed|jumped) (?:the )?(?:most|least|fastest)\b",
    ),
    (
        "attainment",
        5.0,
        r"\bhow (?:far|close) (?:are|is|were) .{0,20}(?:from|off|to)\b",
    ),
    ("what_if", 4.0, r"^(?:say|let 's say|let us say) "),
    (
        "insights",
        5.0,
        r"\bsum(?:s|med|ming)? (?:it |this |that |things |everything )?up\b",
    ),
    ("drivers", 2.0, r"왜"),
    (
        "none",
        9.0,
        r"^(?:please |can you |could you |now |just )*(?:change|set|put|correct|adjust|make|overwrite|edit) .{3,60} to (?:\d|zero|null|nothing)",
    ),
    (
        "none",
        7.0,
        r"\b(?:how old|where do you live|who made you|do you (?:like|love|sleep|eat|dream)|are you (?:ok|happy|human|real|there|sure|single|old))\b",
    ),
    ("none", -7.0, r"\bcosts? (?:us|me)\b"),
    ("recommend", 4.0, r"\baction points?\b"),
    (
        "recommend",
        3.5,
        r"\b(?:which|what) (?:one |ones |{DIM} )?(?:should|shall|would you|to) (?:we |i |it |you )?(?:be|pick|choose|push|promote|back|prefer|favou?r|drop|start)\b|\b(?:pick|choose|bet on) (?:just |only )?(?:one|a) {DIM}",
    ),
    ("anomalies", 5.0, r"\bsince when\b"),
    (
        "forecast",
        6.0,
        r"\bwill (?:the )?(?:E\d+|M\d+|T\d+).{0,20} be (?:any )?(?:better|worse|higher|lower|bigger|smaller|stronger|weaker)\b",
    ),
    (
        "forecast",
        3.6,
        r"\b(?:await\w*|hope for|reckon .{0,12}will)\b",
    ),
    (
        "portfolio",
        5.0,
        r"\btail {DIM}|\b[abc] class\b|\bclass [abc]\b",
    ),
    (
        "scorecard",
        3.0,
        r"\bkpi (?:tree|cockpit|picture|snapshot|set|board|check|T\d+|E\d+)\b",
    ),
    (
        "none",
        14.0,
        r"\bcosts?(?: us| me)? to (?:make|produce|buy|manufacture|source|get)\b|\b(?:unit|production|purchase|manufacturing) costs?\b",
    ),
    (
        "none",
        7.0,
        r"\bhow much stock\b|\bstock (?:of|do|for|have)\b|\b(?:pieces|units) (?:left|on hand)\b",
    ),
    ("none", 3.0, r"^when (?:does|do|is|are|was|were) "),
    ("compare", 2.2, r"\b(?:going|gone|went|go) (?:up|down)\b"),
    (
        "elasticity",
        5.5,
        r"\b(?:should|can|could|shall) (?:we|i) (?:raise|lower|cut|increase|reduce|change|put up) (?:the |our |all )*pric\w+",
    ),
    ("suggest_targets", 7.0, r"\bwhat would it take\b"),
    (
        "what_if",
        4.0,
        r"\b(?:what then|then what|what (?:follows|comes out)|what (?:does|would|will) that do)\b|^(?:double|halve|triple)\b",
    ),
    (
        "none",
        10.0,
        r"\b(?:remove|drop|take|cut|clear|strip)\b.{0,40}\bfrom (?:the |our |your |all )*(?:database|system|db|tables?|data|records|books)\b",
    ),
    ("history", 3.4, r"추이|추세|흐름|그래프|차트|계절"),
    // breakdown
    (
        "breakdown",
        3.0,
        r"\b(?:top|bottom|rank|ranks|ranked|ranking|best sell\w*|best ?sellers?|worst sell\w*|leading|hero)\b",
    ),
    (
        "breakdown",
        2.4,
        r"\b(?:best|worst|biggest|largest|smallest|strongest|weakest|bigger|larger|poorest)\b",
    ),
    (
        "breakdown",
        2.2,
        r"\b(?:share|shares|split|splits|breakdown|break down|broken down|mix|distribution|distributed|spread|allocation|composition|make up of)\b",
    ),
    (
        "breakdown",
        2.0,
        r"\b(?:most|least|highest|lowest|fewest)\b",
    ),
    (
        "breakdown",
        2.2,
        r"\b(?:by|per|for each|for every|across|each|every) (?:the |our |different |all )?(?:price )?{DIM}\b",
    ),
    (
        "breakdown",
        1.3,
        r"\b(?:which|what|whose) (?:\d+ )?(?:of (?:our|the) )?(?:E\d+ )*{DIM}\b",
    ),
    (
        "breakdown",
        2.0,
        r"\b(?:where|who|which|what) (?:do|does|did|is|are|was|were|has|have|sold|sells?|made|makes|bought|buys?|people|we|our) .{0,30}(?:most|least|best|more|biggest)\b|\bsold (?:most|least|best|worst)\b",
    ),
    (
        "breakdown",
        2.5,
        r"\bsells? (?:the )?(?:best|most|more|least|worst)\b",
    ),
    (
        "breakdown",
        2.2,
        r"\bE\d+(?: D\d+)? (?:vs|or|and|against) E\d+\b.{0,30}\b(?:who|which|bigger|larger|better|more|ahead)\b|\b(?:who|which).{0,40}\bE\d+ or E\d+",
    ),
    ("breakdown", 1.8, r"\bE\d+ (?:vs|or) E\d+\b"),
    (
        "breakdown",
        1.4,
        r"\bX\d+ of\b|\b(?:what|how much) (?:%|percent)|\bwhat % ",
    ),
    (
        "breakdown",
        2.6,
        r"비중|순위|상위|하위|제일|가장|잘 ?팔|많이 ?팔|구성|랭킹|베스트|톱 ?\d",
    ),
    (
        "breakdown",
        2.0,
        r"(?:브랜드|채널|제품|상품|벤더|공급사|카테고리|요일|품목|제품군|플랫폼) ?별",
    ),
    // compare
    (
        "compare",
        3.0,
        r"\b(?:compar(?:e|es|ed|ing|ison|isons)|vs|versus|against|difference|delta|period over period|relative to)\b",
    ),
    (
        "compare",
        2.6,
        r"\b(?:growth|grow|grows|grew|grown|growing|gainers?|gain(?:s|ed|ing)?|shrink(?:s|ing)?|shrank|declin(?:e|es|ed|ing|ers?)|losers?|los(?:t|e|es|ing)|slipp(?:ed|ing)|improv(?:ed|ing)|winners?|winning|fallers?|risers?|climb(?:ed|ing)|risen|rose|increased|decreased)\b",
    ),
    (
        "compare",
        2.0,
        r"\b(?:change|changes|changed|up or down|more or less|better or worse|higher or lower)\b",
    ),
    ("compare", 1.8, r"\b(?:than|faster|fastest)\b"),
    (
        "compare",
        3.0,
        r"비교|성장률|성장|증가율|증감|늘었|줄었|늘어난|줄어든|변화율|성장한|감소한|증가한",
    ),
    ("compare", 1.8, r"대비"),
    (
        "compare",
        2.4,
        r"\b(?:(?:top |biggest |\d+ )*(?:gainers|decliners|losers|winners|risers|fallers)|fastest growing|(?:grew|grown|lost|gained|declined|increased|dropped|shrunk|shrank|fell|improved) (?:the )?(?:most|least|fastest)|how much (?:have|has|did) (?:we|E\d+|it|the .{2,12}) (?:grown?|shrunk|shrink|gained?|lost|lose|increased?|declined?)|where are we (?:growing|losing|shrinking)|diff)\b|(?:많이|크게) (?:성장|줄|늘|감소|증가|떨어|올)",
    ),
    // scorecard
    (
        "scorecard",
        4.0,
        r"\b(?:kpis|kpi (?:dashboard|overview|table|report|status|summary|sheet|view|list)|kpi$|score ?card|key figures|indicators|key numbers|all (?:the )?metrics|which metrics|key metrics|management dashboard|vital signs)\b",
    ),
    (
        "scorecard",
        3.0,
        r"\b(?:dashboard|in the red|in red|indicators? red|where (?:do )?we stand|under ?performing|situation|how the (?:month|week|quarter|year) went|feel for how|(?:are|is) our numbers|principal indicators|health check|status)\b",
    ),
    (
        "scorecard",
        4.0,
        r"\bhow (?:are|is|'s|was|were|did|do|does|has|have|well) (?:we|things?|business|the business|sales|our business|everything|it|(?:the )?company|the brand|E\d+|the E\d+)(?: (?:and E\d+|brand|on E\d+|in general|overall|currently|T\d+|been|actually))* (?:doing|perform(?:s|ed|ing)?|going|go|do|fare|fared|faring|getting on|look(?:ing)?|run(?:ning)?)\b",
    ),
    (
        "scorecard",
        2.6,
        r"\bhow (?:is|are|'s) (?:business|everything|life|trade|trading)\b|\bhow (?:is|are) (?:the |our )?(?:sales|revenue|turnover|M\d+)(?: (?:at|on|in|for) E\d+)?(?: T\d+)? ?\??$|\bhow well\b|\bdoing (?:ok|well|fine|good|alright)\b|\beverything (?:ok|alright|fine)\b|\bstatus (?:of|on|quo)\b|\bshape are we\b|\bgood shape\b",
    ),
    (
        "scorecard",
        2.2,
        r"^(?:the |our )?(?:E\d+ (?:performance|status|health|overview)|(?:performance|status|health) (?:of |on |for )?E\d+)",
    ),
    (
        "scorecard",
        3.2,
        r"지표|kpi|실적|현황|어때|잘 ?(?:되고|하고)|상황",
    ),
    (
        "scorecard",
        2.5,
        r"\bmetrics? (?:are|is) (?:below|behind|under|off|bad|red|down)\b|\bwhat is our performance\b|\bhow are going\b|\bscorecard\b",
    ),
    // bridge
    (
        "bridge",
        6.0,
        r"\b(?:pvm|price volume(?: mix)?|bridge|waterfall|revenue walk|price ,? ?volume|(?:price|volume|mix) effects?|effect of (?:price|mix|volume))\b",
    ),
    (
        "bridge",
        5.0,
        r"\b(?:pric(?:e|es|ing)|charg(?:e|ed|ing)|expensive)(?: (?:rises?|increases?|changes?|thing))?\b.{0,30}\b(?:or|vs|and)\b.{0,40}\b(?:volumes?|quantit(?:y|ies)|units|pieces|mix|(?:sell|sells|sold|selling|move|moved|moving|ship|shipped|shift|shifted|bought|buy) (?:\w+ )?(?:more|less|fewer))\b",
    ),
    (
        "bridge",
        5.0,
        r"\b(?:volumes?|quantit(?:y|ies)|units|pieces|mix|(?:sell|sells|sold|selling|move|moved|moving|ship|shipped|shift|shifted|bought|buy) (?:\w+ )?(?:more|less|fewer))\b.{0,40}\b(?:or|vs|and)\b.{0,40}\b(?:pric(?:e|es|ing)|charg(?:e|ed|ing)|expensive)\b",
    ),
    (
        "bridge",
        4.0,
        r"\b(?:decompos\w+|walk (?:me )?from|from new products and|how much .{0,40}(?:new|existing|discontinued) (?:products|skus|items) .{0,60}(?:pric|exist|how much)|new (?:vs|versus|and) discontinued|how much (?:came|comes|is) from (?:new|existing|price)|(?:from )?(?:new|existing) (?:products|skus|items|ones) and how much|did mix|is mix|(?:price|mix|volume) contribut\w+|contribution of (?:price|mix|volume)|price increases? contribute)\b",
    ),
    (
        "bridge",
        6.0,
        r"가격.{0,10}(?:물량|수량|판매량|믹스)|(?:물량|수량|믹스).{0,10}가격|브리지|가격 ?효과",
    ),
    // concentration
    (
        "concentration",
        6.0,
        r"\b(?:hhi|herfindahl|gini|concentrat\w+|diversif\w+|eggs in (?:one|a single)|effective number|effective n)\b",
    ),
    (
        "concentration",
        5.5,
        r"\b(?:depend\w*|relian(?:t|ce)|rely|relies|relying|expos(?:ed|ure) to|single point)\b",
    ),
    (
        "concentration",
        5.0,
        r"\b(?:mak(?:e|es|ing) up|bring(?:s|ing)?(?: in)?|account(?:s|ing)? for|generat(?:e|es|ing)|deliver(?:s)?|cover(?:s)?|make|give us|produce|needed for|for) (?:the )?(?:first )?X\d+",
    ),
    (
        "concentration",
        3.5,
        r"\bmembers for X\d+|\bpareto (?:of )?(?:\d+|X\d+)|\btop ?1\b.{0,12}\btop ?5\b|\bbiggest .{0,20}too big\b",
    ),
    ("concentration", 2.0, r"\bhow many {DIM}\b.{0,40}X\d+"),
    (
        "concentration",
        6.0,
        r"집중|의존|편중|쏠림|(?:X\d+).{0,8}(?:차지|나오)",
    ),
    // portfolio
    (
        "portfolio",
        6.0,
        r"\b(?:abc|xyz|slow ?mov\w*|non ?mov\w*|dead (?:stock|weight|products?|items?|skus?|articles?)|erratic\w*|lumpy|intermittent\w*|sporadic\w*|irregular(?:ly)? sell\w*|assortment|portfolio|sku health|product health|velocity|demand (?:class\w*|patterns?|types?)|long tail|tail end|stale|shelf warmers?|sleepers?)\b",
    ),
    (
        "portfolio",
        5.0,
        r"\b(?:adi|cv2|[abc] (?:products|items|skus|articles)|nobody buys|sell(?:s)? (?:in fits|regularly))\b",
    ),
    (
        "portfolio",
        5.0,
        r"\b(?:stopp?(?:ed)? selling|(?:have|has|are|is) (?:not|n't) (?:been )?(?:sold|selling|moving|rotating)|haven't sold|hasn't sold|no longer sell\w*|don't sell|doesn't sell|aren't selling|isn't selling|hardly sell\w*|barely sell\w*|not selling|gone quiet|nobody buys|not (?:rotating|moving)|dying|classify (?:our|the|all)|irregular demand|unpredictable|sell(?:s|ing)? (?:steadily|regularly|irregularly|reliably))\b",
    ),
    (
        "portfolio",
        6.0,
        r"\b(?:abc|xyz)\b|안 ?팔리|포트폴리오|제품 ?등급|불규칙|판매가 멈춘|부진 ?재고|느리게 팔",
    ),
    // price tiers
    (
        "price_tiers",
        5.0,
        r"\bprice (?:tiers?|bands?|segments?|levels?|ranges?|brackets?|class(?:es)?|points?|categor(?:y|ies)|groups?)\b|\b(?:tiers|tier)\b",
    ),
    (
        "price_tiers",
        4.5,
        r"\b(?:premium|luxury|entry (?:level|price)|high ?end|mid ?(?:range|tier|price|market)|budget (?:end|segment|range|products)|low ?end|value (?:tier|segment|end|range))\b",
    ),
    (
        "price_tiers",
        4.0,
        r"\b(?:expensive|pricey|dear)\b.{0,40}\b(?:cheap\w*|affordable|budget|inexpensive)\b|\bcheap\w*\b.{0,40}\b(?:expensive|pricey|dear)\b|\b(?:expensive|cheap) (?:products|items|skus|ones|stuff)\b",
    ),
    (
        "price_tiers",
        6.0,
        r"가격대|프리미엄|고가|저가|럭셔리|가격 ?구간",
    ),
    // cohorts
    (
        "cohorts",
        7.0,
        r"\b(?:cohorts?|vintages?|first ?sale (?:month|quarter|year)|retention|first sold in|retain(?:s|ed)?|month of (?:first sale|launch)|year of launch|quarter of launch|quarter they (?:first|launched|started))\b|코호트|유지율|첫 ?판매",
    ),
    (
        "cohorts",
        5.0,
        r"\b(?:started|launched|introduced|first sold|first bought|born|listed) (?:in |each |per |every )?(?:T\d+|each|every|(?:the same )?(?:month|quarter|year)).{0,30}\bstill\b|\blaunch class(?:es)?\b|\bafter (?:their|its|the) first (?:month|quarter|sale|year)\b|\bhold(?:s|ing)? up\b|\bstill (?:sell|selling|active|alive)\b",
    ),
    // launch curve
    (
        "launch_curve",
        4.5,
        r"\b(?:launch(?:es|ed|ing)?|ramp(?:s|ed|ing)?(?: up)?|take off|took off|taking off|debut(?:s|ed)?|roll ?out|rolled out|came out|hit the shelves|on the market|newcomers?|new ?products? (?:doing|performing|performance)|new arrivals?|new (?:products|items|skus)|newest|newly introduced|introduc(?:ed|tion)|first weeks|off to a|weeks since|after release|since release|released)\b",
    ),
    (
        "launch_curve",
        3.0,
        r"\b(?:good|strong|weak|bad|slow|fast|flying) start\b|\bstarting of\b|\b(?:after|since) (?:the |its |their )?launch\b",
    ),
    ("launch_curve", 5.0, r"출시|런칭|론칭|신제품|신상"),
    // rfm
    (
        "rfm",
        6.0,
        r"\b(?:rfm|recency|loyal(?:ty|est)?|vips?|regulars|churn(?:ed|ing)?|at risk (?:customers|buyers)|returning (?:customers|buyers)|repeat (?:customers|buyers)|faithful|lapsed)\b",
    ),
    (
        "rfm",
        4.5,
        r"\b(?:customers?|buyers?|clients?|shoppers?)(?: base)? (?:segment\w*|groups|types|clusters)\b|\bsegment\w* .{0,30}\b(?:customers?|buyers?|clients?|shoppers?)\b|\b(?:best|top|most valuable|biggest|lost?|losing|valuable) (?:customers?|buyers?|clients?)\b|\bwhich (?:customers|buyers|clients)\b|\bwho (?:buys|spends)\b|\bwho are our (?:\w+ )?(?:customers|buyers|clients|shoppers)\b",
    ),
    (
        "rfm",
        6.0,
        r"고객.{0,8}(?:세그|등급|분류|나눠|군)|충성|단골|우수 ?고객",
    ),
    // forecast
    (
        "forecast",
        5.0,
        r"\b(?:forecast(?:s|ed|ing)?|predict(?:s|ed|ion|ions|ing|ive)?|projections?|projected|outlook|sarima|arima|ets|theta|prophet|holt|extrapolat\w+)\b",
    ),
    (
        "forecast",
        3.6,
        r"\b(?:expect(?:s|ed|ing|ation|ations)?|anticipat\w+|foresee|going forward|looking ahead|heading|headed|likely to (?:sell|turn|make|be)|will (?:we|it|they|things|E\d+|the|our|{MET}|{DIM})|going to (?:sell|make|be|grow|keep|turn|fall|rise|do|look)|where (?:will|do|are) we|land)\b",
    ),
    (
        "forecast",
        1.6,
        r"\bwill\b|\bgoing to\b|\b(?:keep|continue)(?: to)? (?:growing|falling|rising|selling|grow|fall|shrinking|declining)\b",
    ),
    ("forecast", 1.5, r"\bproject\b"),
    (
        "forecast",
        4.5,
        r"예측|전망|예상|될까|팔릴까|앞으로|향후|될 것|나올까",
    ),
    (
        "forecast",
        3.0,
        r"\bhow (?:much|many|big|well|will|is) .{0,40}\bwill\b|\bthink .{0,30}will\b|^how will\b|\b(?:sales|revenue|units) expected\b|\bforecast\b",
    ),
    // anomalies
    (
        "anomalies",
        5.0,
        r"\b(?:anomal\w+|outliers?|unusual(?:ly)?|abnormal(?:ly|ities)?|irregular(?:ity|ities)?|spik(?:e|es|ed|y)|out of the ordinary|out of line|level shifts?|structural breaks?|suspicious|exceptional|extraordinary|aberra\w+|peculiar|glitch\w*)\b",
    ),
    (
        "anomalies",
        4.0,
        r"\b(?:odd|oddly|oddities|strange|strangely|weird|weirdly|funny|fishy|unexpected|looks? off|seems? off|is off|looks? wrong|something (?:is )?(?:wrong|off|up)|anything (?:wrong|off)|(?:is|was|were|are|this|that|look|looks) .{0,30}\bnormal\b|normal (?:range|pattern)|sudden(?:ly)?|peaks?|jumps?|blips?|alert)\b",
    ),
    (
        "anomalies",
        5.0,
        r"이상(?:치|한|해|하|현상|징후)|비정상|특이|급증|급감|튄|튀는|갑자기",
    ),
    // drivers
    (
        "drivers",
        5.5,
        r"\b(?:why|reasons?|root causes?|causes?|caused|causing|how come|what for)\b",
    ),
    (
        "drivers",
        -3.5,
        r"\b(?:share|how much|%|part) .{0,40}\b(?:comes?|came) (?:from|through)\b",
    ),
    (
        "breakdown",
        1.5,
        r"\b(?:share|how much|%|part) .{0,40}\b(?:comes?|came|goes|went|runs|is made) (?:from|through|via|by|to)\b",
    ),
    (
        "drivers",
        3.0,
        r"\b(?:attribute (?:the|this|that)|segments? explain\w*|responsible for)\b",
    ),
    (
        "drivers",
        4.5,
        r"\b(?:drivers?|drove|driving|driven|drives|behind (?:the|our|this|that|it|E\d+)|explains?|explained|explanation|explaining|responsible|to blame|blame|dragg(?:ed|ing)|drags?|pushed|pushing|pulled|pulling|what happened (?:to|with|on|in|at)|what (?:has )?happened|went wrong|made .{0,30}(?:jump|fall|drop|rise|grow|go)|attribut\w+|come from|comes from|came from|due to|moved the needle|account for the)\b",
    ),
    ("drivers", 5.5, r"왜|원인|이유|때문|요인|무슨 ?일|배경|탓"),
    // elasticity
    (
        "elasticity",
        7.0,
        r"\b(?:elastic\w*|inelastic|pric(?:e|ing) (?:sensitiv\w+|respons\w+|reaction)|sensitiv\w+ (?:\w+ ){0,5}(?:to|on|towards) (?:\w+ ){0,3}pric\w+|pric\w+ sensitiv\w+|pricing power|sensible .{0,20}pric\w+)\b",
    ),
    (
        "elasticity",
        5.5,
        r"\b(?:react\w*|respond\w*|respons\w+|care about|notice|demand .{0,20}(?:change|move|fall)s?|buy less|walk away|run away|put off)\b.{0,50}\bpric\w+\b",
    ),
    (
        "elasticity",
        5.5,
        r"\bpric\w+\b.{0,40}\b(?:without (?:losing|hurting|killing|denting|damaging|risking)|bear|tolerate|afford|absorb|withstand|stomach|cope|buy less|react\w*)|(?:bear|tolerate|take|absorb|stand|withstand|handle|charge|stomach) (?:a |an |more|higher)(?: price| prices)?\b|\bcharge more\b|\bdiscounts? (?:actually |really )?(?:move|work|drive|lift)\b|\bprice .{0,20}(?:affect|influence|impact)s? (?:demand|volume|units|sales)\b",
    ),
    ("elasticity", 7.0, r"탄력|민감"),
    // targets
    (
        "suggest_targets",
        3.6,
        r"\b(?:targets?|goals?|objectives?|quotas?|budgets?|aim|the bar)\b",
    ),
    (
        "suggest_targets",
        3.5,
        r"\b(?:what|which|propose|proposed|proposal|suggest\w*|set|recommend\w*|should|realistic\w*|ambitious|sensible|stretch|fair|reasonable|statistical\w*|how (?:high|big|much)|sound|plausible|new|good) .{0,50}\b(?:targets?|goals?|objectives?|quotas?|budgets?|aim|the bar)\b|\b(?:targets?|goals?|objectives?|quotas?|budgets?) .{0,40}\b(?:should|propos\w+|suggest\w*|realistic|sensible|makes? sense|would be|recommend\w*)\b|\baim (?:for|at)\b|\bshoot for\b",
    ),
    (
        "suggest_targets",
        7.0,
        r"\b(?:achievable|attainable|doable|feasible|realistic|reachable|too ambitious|within reach|out of reach|overambitious|achievability)\b",
    ),
    (
        "suggest_targets",
        6.5,
        r"\b(?:can|could|will|do|would) (?:we|E\d+) (?:make|do|reach|hit|achieve|crack|get to) \W?\d",
    ),
    (
        "suggest_targets",
        5.0,
        r"목표.{0,14}(?:얼마|제안|추천|설정|잡|세워|정해|어느 정도|적당|좋을)|(?:현실적|적정|도전적).{0,8}목표",
    ),
    (
        "suggest_targets",
        4.0,
        r"\bcommit\b.{0,20}\b(?:stretch|ambitious)\b|현실적|\b(?:kpi|sound|statistical\w*) (?:kpi )?(?:targets|goals|objectives)\b",
    ),
    ("attainment", 3.0, r"\bp ?\(? ?attain"),
    (
        "attainment",
        2.6,
        r"\b(?:targets?|goals?|objectives?|quotas?|plan|budget)\b",
    ),
    (
        "attainment",
        4.6,
        r"\b(?:hit|hits|hitting|reach(?:ed|es|ing)?|meet(?:s|ing)?|met|make|makes|made|miss(?:ed|es|ing)?|behind|ahead of|above|below|vs|versus|against|beat|beats|close to|far from|short of|achiev(?:e|ed|ing)|attain\w*|on|fulfil\w*|exceed\w*|arriv\w+|deliver(?:ed)?|odds|chance|likely|probability|progress (?:to|towards)) (?:to )?(?:our |the |its |their |his |her |that |a |my |T\d+ |E\d+ |D\d+ |{MET} |'s |annual |yearly |monthly |quarterly |weekly |sales )*(?:targets?|goals?|objectives?|quotas?|plan|budget|numbers?)\b",
    ),
    (
        "attainment",
        4.0,
        r"\b(?:make|makes|made) (?:its|our|their|the|his|her) (?:numbers?|figures?)\b",
    ),
    (
        "attainment",
        6.0,
        r"\b(?:on track|on pace|on course|off track|pace|pacing|run ?rate|attainment|make (?:it|the (?:year|month|quarter|number))|are we going to make|behind schedule|will we make it|(?:likely|will|going to|can|chance|chances|odds|able to)\b.{0,40}\b(?:make|hit|reach|land|complete) T\d+|plan fulfil\w+|target fulfil\w+|target attainment)\b",
    ),
    (
        "attainment",
        3.0,
        r"\bhow likely\b|\bwhat are the (?:odds|chances)\b|\bprobability\b",
    ),
    (
        "attainment",
        3.0,
        r"\b(?:targets?|goals?|plan) (?:vs|versus|against) actuals?\b|\bactuals? (?:vs|versus|against) (?:targets?|plan|budget)\b|\b(?:did|have|has|will|are|is|do) (?:we|E\d+|the|our) .{0,40}\b(?:targets?|goals?|plan|objectives?)\b|\b(?:how (?:close|far)|chances?|odds|likely|probability|likelihood)\b.{0,50}\b(?:targets?|goals?|plan|make|hit)\b",
    ),
    (
        "attainment",
        7.0,
        r"달성|목표 ?대비|목표에 ?(?:얼마|가까)|목표를? ?(?:채|맞|넘)",
    ),
    // what if
    (
        "what_if",
        6.0,
        r"\bwhat if\b|\bwhat (?:happens?|would happen|will happen|would change|will pass)\b.{0,30}\bif\b|\bif we (?:\w+ )?(?:raise|raised|increase|increased|cut|lower|lowered|drop|dropped|stop|stopped|lose|lost|delist|put|reduce|reduced|sell|sold|charge|discontinue|remove|hike|took|take|kill|pull|double|halve)",
    ),
    (
        "what_if",
        5.0,
        r"\b(?:suppose|supposing|assum(?:e|ing)|imagine|simulat\w+|scenario|counterfactual|hypothetical\w*|what would (?:a|an|the|it) |were to|if (?:all |the |our )?(?:E\d+|prices?|volumes?|units|demand|everything))\b",
    ),
    (
        "what_if",
        3.4,
        r"\b(?:rais|increas|cut|lower|reduc|hik|drop|decreas|discount|rise|bump|mark)\w*\b.{0,60}X\d+|X\d+ .{0,20}\b(?:price|rise|increase|cut|discount|hike|reduction|cheaper|more expensive|drop|decrease|less|fewer)\b",
    ),
    (
        "what_if",
        4.0,
        r"\b(?:delist|discontinu\w+|dropping|losing) .{0,24}(?:impact|effect|consequence)|^(?:assume|assuming|suppose) ",
    ),
    (
        "what_if",
        4.0,
        r"(?:\+|plus|minus|-) ?X\d+$|\bprices? (?:\+|-|by |up |down )?X\d+",
    ),
    (
        "what_if",
        3.0,
        r"\b(?:effect|impact|model|consequence)s? of\b.{0,40}(?:X\d+|delist\w*|losing|discontinu\w+|dropping)|\b(?:delist|discontinue|losing) .{0,20}\bimpact\b|\bcost us to lose\b",
    ),
    (
        "what_if",
        5.0,
        r"(?:올리|내리|인상하|인하하|줄|늘|줄이|늘리|빠지|단종하|하|오르|없어지|떨어지)면|만약|가정",
    ),
    // recommend
    (
        "recommend",
        3.0,
        r"\bfuture .{0,20}strateg\w+|\bstrateg\w+ for\b",
    ),
    (
        "recommend",
        5.0,
        r"\b(?:what do we do|what (?:should|can|could|shall|must|would you|to) (?:we |i |you )?(?:do|change|improve|fix|prioriti[sz]e|focus)|recommend(?:ation|ations|ed)?|advice|advise|advices|next steps?|action (?:list|plan|items?)|(?:price )?actions|measures|countermeasures|what now|now what|to do list|what next|next best|opportunit(?:y|ies))\b",
    ),
    (
        "recommend",
        4.5,
        r"\bhow (?:can|do|could|should|to) (?:we )?(?:sell more|improve|increase|grow|boost|fix|turn|get|raise|lift|win|stop|make|earn|recover)\b|\bwhere (?:should|to|do|shall) (?:we )?(?:invest|put|focus|spend|expand|push)\b|\bshould (?:we|i) (?:do|focus|delist|invest|drop|push|stop|prioriti[sz]e|expand|discontinue|kill|restock|cut|promote)\b|\bdelist(?:ing)?\b|\bshould go\b|\bpush harder\b|\b(?:thing|things|what) .{0,20}\b(?:fix|tackle|change|improve|address) first\b|\bturn .{0,10} around\b",
    ),
    (
        "recommend",
        3.0,
        r"\bhow can\b|\b(?:ideas|suggestions|strateg(?:y|ies|ic)|priorities|steps|tips|expected uplift|candidates)\b",
    ),
    ("suggest_targets", 3.5, r"목표"),
    (
        "recommend",
        5.5,
        r"추천|조언|해야 ?(?:할|돼|하|매출|되)|개선|방안|조치|투자|전략|어떻게 하면",
    ),
    // insights
    (
        "insights",
        5.0,
        r"\b(?:summar\w+|highlights?|take ?aways?|insights?|recap|tl ?dr|stood out|stands? out|standout|catch me up|fill me in|findings|in a nutshell|short version|executive|gist|brief(?:ing)?|(?:main|key|top|most important) (?:points?|messages?|facts?|things|news|developments?)|update me|bring me up to speed|up to speed|need to know|should i know|ought to know|know about|worth (?:knowing|mentioning|noting|telling)|digest|wrap ?up|low ?down)\b",
    ),
    (
        "insights",
        4.0,
        r"\b(?:interesting|noteworthy|notable|remarkable|what is new|what's new|anything new|going on|important|should i tell|tell the (?:board|boss|team)|miss(?:ed)? .{0,20}(?:holiday|away|vacation)|did i miss|patterns?|story|big picture|worry about|watch out)\b",
    ),
    (
        "insights",
        5.5,
        r"요약|정리|인사이트|핵심|주목|중요한|브리핑|보고할",
    ),
    // none
    (
        "none",
        7.0,
        r"\b(?:profit\w*|margins?|ebitda?|cogs|cost of goods|gross profit|(?:in|of|left in|our|the|current|low|days of|much) (?:stock|stocks|inventory)$|(?:in|left in|low on) stock|stock(?:s)? (?:levels?|outs?|left|on hand|value)|^stocks?$|inventor(?:y|ies)|warehouse|magazine|roas|cpc|ctr|cpm|cac|campaigns?|advert\w*|ads?|ad spend|marketing (?:spend|budget|cost\w*)|impressions|click\w*|traffic|visitors?|visited|visits|website|conversion(?:s| rate)?|competit\w+|rivals?|market share|employees?|people work|staff|salar\w+|headcount|nps|promoter|reviews say|customer reviews?|reviews?|star ratings?|ratings?|satisfaction|shipping|deliver(?:y|ies)|logistics|tax(?:es)?|invoices?|debts?|cash ?flow|bank account|break even|acquisition cost|abandonment|sell through|subscri\w+|followers|likes|opex|capex|overheads?|rent|costs?|spend on|spent on|lead time|supply chain|backorders?|open orders|exchange rate|share price|stock price)\b",
    ),
    (
        "none",
        8.0,
        r"\b(?:weather|joke|poem|song|pizza|restaurants?|lunch|dinner|recipe|capital of|president|prime minister|football|soccer|football match|game|movie|film|bitcoin|crypto|translate|what time is it|your name|who are you|are you (?:a|an) |birthday|flight|hotel|horoscope|lottery|chatgpt|meaning of life|world cup|olympics|news|train|meeting room|holidays? booking|python|javascript|homework|essay|story about|sing|married|temperature|rain|ceo)\b",
    ),
    (
        "none",
        6.0,
        r"\b(?:by|per|which|each|every|across|what|in which) (?:countr(?:y|ies)|regions?|cit(?:y|ies)|states?|stores?|sales ?(?:person|people|rep|reps|men|man)|gender|age(?: group)?s?|languages?|currenc(?:y|ies)|warehouses?|hours?|province|zip|postcode|campaigns?|colou?rs?|departments?|teams?|device)\b",
    ),
    (
        "none",
        12.0,
        r"^(?:please |can you |could you |now |just |hey |ok |also |go |and )*(?:delete|truncate|erase|wipe|purge|insert|update|alter|grant|revoke|overwrite|rename|upload|import|email|e mail|mail|send|book|copy|edit|modify|reset|disable|enable|register|reboot|shut down|kill|vacuum|reindex|execute|run the|install|cancel|restart|call) ",
    ),
    (
        "none",
        9.0,
        r"^(?:please |can you |could you |now |just |hey |ok |also |go )*(?:create|add|remove|load|write|save|store|change|correct|adjust|make|put|enter|record|move|set) (?:a |an |the |all |our |in |this |that |new |my )?(?:user|role|table|brand|alias|row|rows|line|lines|record|records|column|order|orders|sale|file|data|everything|entries|entry|numbers|index|database|password|october|sku|product) ",
    ),
    (
        "none",
        14.0,
        r"^(?:please |can you |could you |now |just )*(?:set|change|raise|lower|put|adjust|update|make|fix|reset|increase|bump|lift|move|cut|double|reduce) (?:the |our |my |your |all |E\d+ |'s |T\d+ |{MET} |new )*(?:targets?|goals?|prices?|quotas?|budgets?) (?:of|for|on|in|at|E\d+|T\d+|the|D\d+| )*(?: ?to | at | = |of )",
    ),
    (
        "none",
        7.0,
        r"\b(?:called|named) (?:foo|\w+)$|\bin the report\b.{0,5}$|\bpay (?:our|the) (?:suppliers?|vendors?|staff|team)\b|\bmake .{0,20} look\b",
    ),
    (
        "none",
        14.0,
        r"\b(?:drop (?:table|schema|database|view|index|role|user|function|extension|all tables)|delete from|insert into|truncate|update \w+ set|alter (?:table|role|system)|create (?:table|role|user|function)|grant |copy .{0,20}(?:to|from) |pg_\w+|information_schema|pg_sleep|union select|union all select|select \* from|set role|row level security|rls|do \$)",
    ),
    (
        "none",
        14.0,
        r"\b(?:passwords?|passwd|api ?keys?|secrets?|credentials?|access tokens?|private keys?|system prompt|your (?:instructions|prompt|rules|configuration|guidelines|settings)|(?:ignore|disregard|forget|override|bypass) (?:all |any |the |your |my |every |of |these |those |previous |prior |above |earlier |preceding )*(?:instructions?|rules|prompts?|guidelines|restrictions|constraints|commands|orders given)|jailbreak|developer mode|act as|you are now|pretend|superuser|admin rights|environment variables?|list (?:all )?(?:users|roles|tables))\b",
    ),
    ("none", 10.0, r"\b(?:delete|deleting|erase|wipe|purge)\b"),
    (
        "none",
        6.0,
        r"^(?:hi|hello|hey|thanks?|thank you|ok|okay|cool|great|nice|bye|good (?:morning|evening|night)|yes|no|test|help|asdf\w*|lol)(?: (?:a lot|there|very much|you|so much|all|again|how are you|you too|that 's great|,))*$",
    ),
    (
        "none",
        6.0,
        r"^(?:load|read|open|run|execute) (?:this|that|the|a) (?:file|script|query|code|command)\b",
    ),
    (
        "none",
        8.0,
        r"날씨|재고(?: ?(?:얼마|가|는|량|수준|남|현황|있)|$)|이익|마진|수익률|순이익|비밀번호|암호|삭제|지워|점심|저녁|경쟁사|광고|안녕|시장 ?점유율|직원|환율|주가|맛집|농담|방문자|전환율|배송|리뷰|평점|바꿔|변경해|수정해|입력해|추가해|api ?키|프롬프트|지시|비용|원가",
    ),
];
