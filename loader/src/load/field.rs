//! The fields of a sales line and the names exports give them.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// A field of `sales.order_line` that a column can fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Field {
    /// Day of the sale.
    Date,
    /// Brand.
    Brand,
    /// Code of the article.
    Sku,
    /// Name of the article.
    Product,
    /// Kind of article.
    ProductType,
    /// Where it was sold.
    Channel,
    /// Who supplied it.
    Vendor,
    /// Price of one unit.
    Price,
    /// Units; negative in a return.
    Quantity,
    /// The line's revenue.
    Revenue,
    /// The order.
    OrderRef,
    /// Number of the line within its order.
    OrderLine,
    /// The customer.
    CustomerRef,
    /// Price before discount.
    ListPrice,
}

/// Number of fields.
pub(crate) const FIELDS: usize = 14;

use Field::{
    Brand, Channel, CustomerRef, Date, ListPrice, OrderLine, OrderRef, Price, Product, ProductType,
    Quantity, Revenue, Sku, Vendor,
};

impl Field {
    /// All of them, in the order of `index`.
    pub(crate) const ALL: [Self; FIELDS] = [
        Date,
        Brand,
        Sku,
        Product,
        ProductType,
        Channel,
        Vendor,
        Price,
        Quantity,
        Revenue,
        OrderRef,
        OrderLine,
        CustomerRef,
        ListPrice,
    ];

    /// Position in arrays of fields.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// Name on the command line and in messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Date => "date",
            Brand => "brand",
            Sku => "sku",
            Product => "product",
            ProductType => "product_type",
            Channel => "channel",
            Vendor => "vendor",
            Price => "price",
            Quantity => "quantity",
            Revenue => "revenue",
            OrderRef => "order_ref",
            OrderLine => "order_line",
            CustomerRef => "customer_ref",
            ListPrice => "list_price",
        }
    }

    /// The field of a name given on the command line.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let wanted = normalise(name);
        let own = |f: &Self| normalise(f.name()) == wanted;
        Self::ALL.into_iter().find(own).or(match wanted.as_str() {
            "soldon" => Some(Date),
            "type" => Some(ProductType),
            "qty" => Some(Quantity),
            "order" => Some(OrderRef),
            "customer" => Some(CustomerRef),
            _ => None,
        })
    }

    /// Headers that mean this field, best first; all of a rank fit equally well.
    fn synonyms(self) -> &'static [&'static [&'static str]] {
        match self {
            Date => &[
                &[
                    "date",
                    "일자",
                    "주문일",
                    "판매일",
                    "날짜",
                    "order date",
                    "sale date",
                    "sales date",
                    "sold on",
                    "주문일자",
                    "판매일자",
                    "day",
                    "transaction date",
                    "거래일",
                    "거래일자",
                    "매출일",
                    "매출일자",
                ],
                &[
                    "date of sale",
                    "sold at",
                    "order time",
                    "ordered at",
                    "order datetime",
                    "주문일시",
                    "판매일시",
                    "일시",
                    "결제일",
                    "결제일자",
                    "결제일시",
                    "invoice date",
                    "purchase date",
                    "datetime",
                    "timestamp",
                    "posting date",
                    "거래일시",
                    "business date",
                    "order day",
                    "date time",
                ],
                &[
                    "datum",
                    "bestelldatum",
                    "rechnungsdatum",
                    "verkaufsdatum",
                    "buchungsdatum",
                    "auftragsdatum",
                    "belegdatum",
                    "date de commande",
                    "date de vente",
                    "date de facture",
                ],
            ],
            Brand => &[
                &["brand", "브랜드"],
                &[
                    "brand name",
                    "브랜드명",
                    "marke",
                    "marque",
                    "label",
                    "브랜드이름",
                ],
            ],
            Sku => &[
                &[
                    "sku",
                    "상품코드",
                    "product code",
                    "item code",
                    "품목코드",
                    "제품코드",
                    "product id",
                    "item id",
                    "sku code",
                    "sku id",
                ],
                &[
                    "품번",
                    "article number",
                    "article no",
                    "item number",
                    "item no",
                    "asin",
                    "ean",
                    "upc",
                    "gtin",
                    "barcode",
                    "바코드",
                    "단품코드",
                    "style code",
                    "product no",
                    "product number",
                    "상품번호",
                    "품목번호",
                    "material",
                    "part number",
                    "sku코드",
                    "sku번호",
                    "상품id",
                ],
                &[
                    "artikelnummer",
                    "artikelnr",
                    "artikelcode",
                    "produktnummer",
                    "référence",
                    "référence produit",
                    "référence article",
                    "code article",
                    "code produit",
                ],
            ],
            Product => &[
                &[
                    "product",
                    "품목",
                    "상품명",
                    "product name",
                    "item",
                    "item name",
                    "제품명",
                    "품명",
                    "상품",
                    "제품",
                ],
                &[
                    "sku name",
                    "품목명",
                    "article",
                    "article name",
                    "product title",
                    "title",
                    "description",
                    "product description",
                    "item description",
                    "goods",
                    "상품이름",
                    "상품 정보",
                    "goods name",
                ],
                &[
                    "artikel",
                    "artikelname",
                    "artikelbezeichnung",
                    "produkt",
                    "produktname",
                    "bezeichnung",
                    "produit",
                    "nom du produit",
                    "désignation",
                    "libellé",
                ],
            ],
            ProductType => &[
                &["product type", "제품유형", "상품유형"],
                &[
                    "category",
                    "카테고리",
                    "product category",
                    "분류",
                    "상품분류",
                    "품목군",
                    "제품군",
                    "유형",
                ],
                &[
                    "sub category",
                    "subcategory",
                    "product group",
                    "상품군",
                    "중분류",
                ],
                &[
                    "kategorie",
                    "warengruppe",
                    "produktgruppe",
                    "catégorie",
                    "famille",
                ],
            ],
            Channel => &[
                &["channel", "platform", "판매처", "채널", "몰", "플랫폼"],
                &[
                    "sales channel",
                    "marketplace",
                    "판매채널",
                    "쇼핑몰",
                    "판매몰",
                    "유통채널",
                    "store",
                    "shop",
                    "mall",
                    "channel name",
                    "채널명",
                    "판매처명",
                    "쇼핑몰명",
                    "사이트",
                    "outlet",
                    "platform name",
                ],
                &[
                    "kanal",
                    "vertriebskanal",
                    "verkaufskanal",
                    "marktplatz",
                    "canal",
                    "canal de vente",
                    "boutique",
                    "magasin",
                ],
            ],
            Vendor => &[
                &["vendor", "거래처", "벤더", "공급사", "supplier"],
                &[
                    "vendor name",
                    "supplier name",
                    "거래처명",
                    "공급처",
                    "공급업체",
                    "업체",
                    "업체명",
                    "distributor",
                    "벤더명",
                    "공급사명",
                    "협력사",
                    "매입처",
                    "partner",
                    "seller",
                    "판매자",
                ],
                &["lieferant", "händler", "fournisseur", "vendeur"],
            ],
            Price => &[
                &["price", "단가", "판매가", "unit price", "판매단가", "가격"],
                &[
                    "sale price",
                    "selling price",
                    "price per unit",
                    "item price",
                    "판매가격",
                    "net price",
                    "unit cost price",
                    "price each",
                    "retail price",
                    "실판매가",
                    "sales price",
                    "개당가격",
                ],
                &[
                    "preis",
                    "einzelpreis",
                    "stückpreis",
                    "verkaufspreis",
                    "prix",
                    "prix unitaire",
                    "prix de vente",
                ],
            ],
            Quantity => &[
                &["quantity", "qty", "수량", "판매수량"],
                &[
                    "units",
                    "units sold",
                    "quantity sold",
                    "qty sold",
                    "주문수량",
                    "개수",
                    "order quantity",
                    "order qty",
                    "출고수량",
                    "sales quantity",
                    "pieces",
                    "pcs",
                    "count",
                    "sales qty",
                    "판매량",
                ],
                &["menge", "anzahl", "stückzahl", "quantité", "qté"],
            ],
            Revenue => &[
                &[
                    "revenue",
                    "매출",
                    "금액",
                    "매출액",
                    "sales",
                    "amount",
                    "판매금액",
                ],
                &[
                    "order revenue",
                    "sales amount",
                    "total",
                    "total price",
                    "line total",
                    "net sales",
                    "total amount",
                    "결제금액",
                    "주문금액",
                    "합계",
                    "합계금액",
                    "총액",
                    "총금액",
                    "총매출",
                    "net amount",
                    "gross sales",
                    "turnover",
                    "순매출",
                    "sales revenue",
                    "total revenue",
                    "line amount",
                    "total sales",
                    "판매액",
                    "net revenue",
                    "gross revenue",
                    "실결제금액",
                    "extended price",
                ],
                &[
                    "umsatz",
                    "betrag",
                    "gesamtpreis",
                    "gesamtbetrag",
                    "montant",
                    "montant total",
                    "chiffre d'affaires",
                ],
            ],
            OrderRef => &[
                &[
                    "order ref",
                    "order id",
                    "order number",
                    "order no",
                    "주문번호",
                    "order",
                ],
                &[
                    "invoice",
                    "invoice no",
                    "invoice number",
                    "transaction id",
                    "receipt",
                    "오더번호",
                    "주문id",
                    "invoice id",
                    "order code",
                    "거래번호",
                ],
                &[
                    "bestellnummer",
                    "bestellnr",
                    "auftragsnummer",
                    "rechnungsnummer",
                    "belegnummer",
                    "numéro de commande",
                ],
            ],
            OrderLine => &[
                &[
                    "order line",
                    "line number",
                    "line no",
                    "order line no",
                    "order line number",
                    "line",
                    "주문라인",
                    "라인번호",
                ],
                &[
                    "line item",
                    "line id",
                    "order item",
                    "order line id",
                    "position",
                    "pos",
                    "item position",
                    "행번호",
                    "주문순번",
                    "주문상세번호",
                    "상품주문번호",
                    "순번",
                    "line nr",
                    "order item no",
                    "order item id",
                    "line item number",
                    "주문행번호",
                    "line item no",
                    "lineno",
                    "seq",
                    "sequence",
                    "seq no",
                    "item seq",
                    "항목번호",
                    "line seq",
                ],
            ],
            CustomerRef => &[
                &[
                    "customer ref",
                    "customer id",
                    "customer",
                    "고객번호",
                    "고객id",
                    "customer number",
                    "customer no",
                ],
                &[
                    "client id",
                    "buyer id",
                    "회원번호",
                    "회원id",
                    "고객코드",
                    "고객",
                    "member id",
                    "user id",
                    "customer code",
                    "구매자id",
                ],
                &[
                    "kundennummer",
                    "kundennr",
                    "kunde",
                    "numéro client",
                    "code client",
                ],
            ],
            ListPrice => &[
                &["list price", "정가", "msrp", "소비자가", "소비자가격"],
                &[
                    "rrp",
                    "original price",
                    "정상가",
                    "regular price",
                    "권장소비자가",
                ],
                &["listenpreis", "uvp", "prix catalogue", "prix public"],
            ],
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A header without case, width, blanks and punctuation.
pub(crate) fn normalise(header: &str) -> String {
    header
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
        .collect()
}

/// Score of a header that is a first-rank name.
const EXACT: u32 = 100;
/// Lost per rank of synonyms.
const RANK: u32 = 5;
/// Lost where a unit in brackets was taken off: "단가(원)", "Price (KRW)".
const UNIT: u32 = 2;
/// Lost where the name is that of an object's member ("order.date"): a plain "date" beside it counts more.
const MEMBER: u32 = 1;
/// Score of a header that only contains a name: "Net Unit Price EUR".
const CONTAINS: u32 = 50;

/// Words that turn a header into something else than the name it contains.
const FOREIGN: [&str; 46] = [
    "discount",
    "tax",
    "vat",
    "ship",
    "shipping",
    "shipped",
    "delivery",
    "delivered",
    "refund",
    "refunded",
    "cost",
    "fee",
    "due",
    "expiry",
    "created",
    "updated",
    "modified",
    "return",
    "returned",
    "cancel",
    "cancelled",
    "stock",
    "inventory",
    "target",
    "budget",
    "forecast",
    "previous",
    "last",
    "first",
    "avg",
    "average",
    "birth",
    "per",
    "할인",
    "배송",
    "세금",
    "환불",
    "원가",
    "취소",
    "재고",
    "발송",
    "margin",
    "livraison",
    "remise",
    "tva",
    "rabatt",
];

/// Names of the fields as they are compared, each with its score; normalising them costs more than all else
/// that is done with a header.
static NAMES: LazyLock<[HashMap<String, u32>; FIELDS]> = LazyLock::new(|| {
    Field::ALL.map(|field| {
        let mut names = HashMap::new();
        for (rank, synonyms) in (0u32..).zip(field.synonyms()) {
            for name in *synonyms {
                names.entry(normalise(name)).or_insert(EXACT - rank * RANK);
            }
        }
        names
    })
});

/// The words of the first-rank names.
static FIRST_RANK: LazyLock<[Vec<Vec<String>>; FIELDS]> = LazyLock::new(|| {
    let words = |name: &&str| name.split(' ').map(normalise).collect();
    Field::ALL.map(|field| {
        field
            .synonyms()
            .first()
            .map_or(Vec::new(), |names| names.iter().map(words).collect())
    })
});

/// How well a header fits a field, 0 for not at all.
pub(crate) fn score(header: &str, field: Field) -> u32 {
    let exact = |text: &str| {
        NAMES[field.index()]
            .get(&normalise(text))
            .copied()
            .unwrap_or(0)
    };
    let whole = exact(header);
    if whole > 0 {
        let member = header.trim_matches('.').contains('.');
        return whole - if member { MEMBER } else { 0 };
    }
    let cut = header.nfkc().collect::<String>();
    if let Some(at) = cut.find(['(', '[', '/', '<']).filter(|at| *at > 0) {
        let bare = exact(&cut[..at]);
        if bare > 0 {
            return bare - UNIT;
        }
    }
    contains(&cut, field)
}

/// Score of a header of several words, one of them a first-rank name and none foreign.
fn contains(header: &str, field: Field) -> u32 {
    // Only what a line cannot do without is looked for this far.
    if !matches!(field, Date | Sku | Product | Price | Quantity | Revenue) {
        return 0;
    }
    let words: Vec<String> = header
        .split(|c: char| !c.is_alphanumeric())
        .map(normalise)
        .filter(|w| !w.is_empty())
        .collect();
    let foreign = |w: &String| {
        FOREIGN
            .iter()
            .any(|f| w == f || (!f.is_ascii() && w.contains(f)))
    };
    if words.len() < 2 || words.len() > 6 || words.iter().any(foreign) {
        return 0;
    }
    let names = &FIRST_RANK[field.index()];
    // "id" and "code" make a product a SKU, "name" does not.
    let code = words
        .iter()
        .any(|w| matches!(w.as_str(), "id" | "code" | "no" | "number"));
    if code && !matches!(field, Sku) {
        return 0;
    }
    let found = names
        .iter()
        .any(|parts| words.windows(parts.len()).any(|w| w == parts.as_slice()));
    if found { CONTAINS } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_one_field() {
        for field in Field::ALL {
            for name in field.synonyms().concat() {
                let best = Field::ALL.into_iter().max_by_key(|f| score(name, *f));
                assert_eq!(
                    best.map(|f| score(name, f)),
                    Some(score(name, field)),
                    "{name}"
                );
                let rivals = Field::ALL
                    .into_iter()
                    .filter(|f| *f != field && score(name, *f) >= score(name, field));
                assert_eq!(rivals.collect::<Vec<_>>(), [], "{name}");
            }
        }
    }

    #[test]
    fn headers() {
        for (header, field) in [
            ("Order Date", Date),
            ("ORDER_DATE", Date),
            ("주문일", Date),
            ("Unit Price (KRW)", Price),
            ("단가(원)", Price),
            ("판매수량", Quantity),
            ("Qty.", Quantity),
            ("orderId", OrderRef),
            ("Product Name", Product),
            ("channel(platform)", Channel),
            ("Ｂｒａｎｄ", Brand),
            ("product(SKU name)", Product),
            ("Buchungsdatum", Date),
            ("Stückzahl", Quantity),
            ("Prix unitaire (€)", Price),
            ("Chiffre d'affaires", Revenue),
            ("Désignation", Product),
        ] {
            assert!(score(header, field) > CONTAINS, "{header}");
        }
        for (header, field) in [
            ("Ship Date", Date),
            ("Date de livraison", Date),
            ("Discount Amount", Revenue),
            ("Profit", Revenue),
            ("Row ID", OrderRef),
            ("Memo", Product),
        ] {
            assert_eq!(score(header, field), 0, "{header}");
        }
    }
}
