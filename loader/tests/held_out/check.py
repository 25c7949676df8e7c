#!/usr/bin/env python3
"""Files as people export them, made here with their truth, loaded and compared to the last digit.

    check.py --psql 'psql -d scratch' --kpi path/to/kpi [--only NAME] [--keep DIR]

Each case is bytes, arguments of `kpi load`, and what must be stored: rows of (day, brand, sku, channel, vendor, price,
quantity, revenue) in the order of the file, and rejects as "line|CODE"; or words of the refusal. The truth is written
down with the file, never computed by the loader. Parquet needs pyarrow; without it those cases are named as skipped.
"""
import argparse, datetime as dt, gzip, io, json, pathlib, shlex, subprocess, sys, tempfile, zipfile
from decimal import Decimal

CASES = {}


def case(name, data, rows=None, rejects=(), args=(), refused=None, exit=None):
    assert name not in CASES, name
    CASES[name] = dict(data=data, rows=rows, rejects=list(rejects), args=list(args), refused=refused,
                       exit=exit if exit is not None else 2 if refused else 1 if rejects else 0)


def row(day, brand, sku, channel, vendor, price, quantity, revenue=None):
    n = lambda v: None if v is None else format(Decimal(str(v)).normalize(), "f")
    if revenue is None:
        revenue = Decimal(str(price)) * Decimal(str(quantity))
    return (day, brand, sku, channel, vendor, n(price), n(quantity), n(revenue))


def table(lines, sep, eol="\r\n"):
    return "".join(sep.join(cells) + eol for cells in lines)


# Korea: CP949, spelled-out dates, won signs, a total at the end.
case("korean.csv", table([
    ["주문일자", "브랜드명", "상품명", "판매 채널", "거래처명", "판매단가", "판매 수량"],
    ["2025년 12월 17일", "설화", "똠방 크림 50ml", "네이버", "한성상사", '"₩12,900"'.replace("₩", "\\"), "2"],
    ["2025년 1월 5일", "설화", "샤프란 토너", "없음", "", '"1,234원"', "-1"],
    ["2025년 2월 30일", "설화", "크림", "쿠팡", "한성", "1000", "1"],
    ["합계", "", "", "", "", "", "3"],
], ",").encode("cp949"), [
    row("2025-12-17", "설화", "똠방 크림 50ml", "네이버", "한성상사", 12900, 2),
    row("2025-01-05", "설화", "샤프란 토너", None, None, 1234, -1)],
    ["4|BAD_DATE", "5|MISSING_REQUIRED"])
# Excel's "Unicode text", both byte orders, with and without mark; notes with line ends and quotes within.
for order in ("le", "be"):
    for mark in (True, False):
        text = table([
            ["Order Date", "Brand", "Product Name", "Platform", "Supplier", "Unit Price", "Qty"],
            ["17-Dec-25", "Aqua", '"Say ""hi"" cream"', "Web", "V\u00fcr", '"1,234.50"', "3"],
            ["18-Dec-25", "Aqua", '"two\nlines"', "Web", "V", "(5.00)", "1"],
            ["19-Dec-25", "Aqua", "x", "Web", "V", "5", "1234-"]], "\t")
        case(f"utf16{order}{'' if mark else '_bare'}.txt", (("\ufeff" if mark else "") + text).encode(f"utf-16-{order}"), [
            row("2025-12-17", "Aqua", 'Say "hi" cream', "Web", "V\u00fcr", "1234.5", 3),
            row("2025-12-19", "Aqua", "x", "Web", "V", 5, -1234)], ["3|NEG_PRICE"])
# Germany: Windows-1252, semicolons, 1.234,56, days first; the last column's blank is a NBSP.
case("german.csv", table([
    ["Datum", "Marke", "Artikel", "Kanal", "Lieferant", "Preis", "Menge", "Umsatz"],
    ["31.12.2024", "Bl\u00fcte", "Cr\u00e8me \u201eRose\u201c", "L\u00e4den", "M\u00fcller", "1.234,56", "2", "2.469,12"],
    ["01.02.2025", "Bl\u00fcte", "Serum", "Web", "\u00a0", "19,90 \u20ac", "1\u00a0000", "19.900,00"],
    ["02.02.2025", "Bl\u00fcte", "Serum", "Web", "V", "19,90", "2", "49,80"]], ";").encode("cp1252"), [
    row("2024-12-31", "Bl\u00fcte", "Cr\u00e8me \u201eRose\u201c", "L\u00e4den", "M\u00fcller", "1234.56", 2),
    row("2025-02-01", "Bl\u00fcte", "Serum", "Web", None, "19.9", 1000)], ["4|REVENUE_MISMATCH"],
    args=["--map", "date=Datum", "--map", "brand=Marke", "--map", "sku=Artikel", "--map", "channel=Kanal",
          "--map", "vendor=Lieferant", "--map", "price=Preis", "--map", "quantity=Menge", "--map", "revenue=Umsatz"])
# India: lakhs, rupees, and a grouping that is none.
case("indian.csv", "\ufeff" + table([
    ["DATE", "BRAND", "SKU", "CHANNEL", "VENDOR", "PRICE", "QUANTITY"],
    ["2025-03-01", "K", "a", "Web", "V", '"\u20b912,34,567.50"', '"1,00,000"'],
    ["2025-03-02", "K", "a", "Web", "V", '"Rs. 1,00,000"', "1"],
    ["2025-03-03", "K", "a", "Web", "V", '"1,2,34"', "1"]], ",", "\n"), [
    row("2025-03-01", "K", "a", "Web", "V", "1234567.5", 100000),
    row("2025-03-02", "K", "a", "Web", "V", 100000, 1)], ["4|BAD_NUMBER"])
# Full width, narrow blanks, percent, Unicode minus, trailing minus, no value in all spellings.
case("widths.csv", table([
    ["date", "brand", "product", "channel", "vendor", "price", "quantity"],
    ["2025. 12. 17.", "-", "a", "N/A", "없음", "１２,９００", "２"],
    ["2025.12.17", "n/a", "a", "Web", " ", "1\u202f234", "\u22123"],
    ["20251217", "B", "a", "Web", "V", "12 %", "50"],
    ["2025-12-17T23:59:59+09:00", "B", "a", "Web", "V", "(1,234)", "2-"],
    ["2025/12/17 오후 3:05", "B", "a", "Web", "V", "$7.25", "4"]], "|", "\n"), [
    row("2025-12-17", None, "a", None, None, 12900, 2),
    row("2025-12-17", None, "a", "Web", None, 1234, -3),
    row("2025-12-17", "B", "a", "Web", "V", "0.12", 50),
    row("2025-12-17", "B", "a", "Web", "V", "7.25", 4)], ["5|NEG_PRICE"])
# Serial numbers and seconds, in text.
head = "date,sku,price,qty\n"
case("serial1900.csv", head + "45658,a,5,1\n45658.75,a,5,1\n60,a,5,1\n", [row("2025-01-01", None, "a", None, None, 5, 1)] * 2, ["4|BAD_DATE"])
case("serial1904.csv", head + "44196,a,5,1\n", [row("2025-01-01", None, "a", None, None, 5, 1)], args=["--epoch-1904"])
case("epochs.csv", head + "1735689600,a,5,1\n1735775999,a,5,1\n", [row("2025-01-01", None, "a", None, None, 5, 1)] * 2)
case("epoch_ms.csv", head + "1735689600000,a,5,1\n", [row("2025-01-01", None, "a", None, None, 5, 1)])
# Days and months: decided by one line far down, refused where nothing tells.
case("dmy.csv", head + "".join(f"0{i % 9 + 1}/05/2025,a,5,1\n" for i in range(300)) + "13/05/2025,a,5,1\n",
     [row(f"2025-05-0{i % 9 + 1}", None, "a", None, None, 5, 1) for i in range(300)] + [row("2025-05-13", None, "a", None, None, 5, 1)])
case("mdy.csv", head + "05/06/25,a,5,1\n12/31/24,a,5,1\n", [row("2025-05-06", None, "a", None, None, 5, 1), row("2024-12-31", None, "a", None, None, 5, 1)])
case("ambiguous.csv", head + "05/06/2025,a,5,1\n07/08/2025,a,5,1\n", refused=["--date-order dmy", "day/month"])
case("said.csv", head + "05/06/2025,a,5,1\n", [row("2025-06-05", None, "a", None, None, 5, 1)], args=["--date-order", "dmy"])
# Names: case, order, punctuation, units; a title and a comment above; a total below; lone and mixed line ends.
case("names.csv", "\ufeffSales export\n\n# made by hand\nVENDOR ;UNIT PRICE (KRW);QTY.;Order-Date;product_code;Product Name;sales_channel;BRAND NAME\n"
     "V;1.000;2;2025-01-02;0012;Rose Cream;Web;B\r\n;1.500,5;1;2025-01-03;0013;Rose Toner;Web;\n\n;;;;;;;\nTotal;;3;;;;;\n", [
    row("2025-01-02", "B", "0012", "Web", "V", 1000, 2), row("2025-01-03", None, "0013", "Web", None, "1500.5", 1)], ["9|MISSING_REQUIRED"])
case("cr.csv", "date,sku,price,qty\r2025-01-02,a,5,1\r2025-01-03,b,6,2\r",
     [row("2025-01-02", None, "a", None, None, 5, 1), row("2025-01-03", None, "b", None, None, 6, 2)])
case("mixed_ends.csv", "date,sku,price,qty\r\n2025-01-02,a,5,1\n2025-01-03,b,6,2\r\n2025-01-04,c,7,3",
     [row("2025-01-02", None, "a", None, None, 5, 1), row("2025-01-03", None, "b", None, None, 6, 2), row("2025-01-04", None, "c", None, None, 7, 3)])
case("quotes.csv", 'date,sku,price,qty\n2025-01-02,5" pipe,5,1\n2025-01-02,"a ""b"", c",5,1\n2025-01-02,"open,5,1\n2025-01-02,d,5,1\n',
     [row("2025-01-02", None, '5" pipe', None, None, 5, 1), row("2025-01-02", None, 'a "b", c', None, None, 5, 1),
      row("2025-01-02", None, "d", None, None, 5, 1)], ["4|BAD_QUOTE"])
case("single_column_twice.csv", "date,sku,price,qty,price\n2025-01-02,a,5,1,6\n", refused=["price"])
case("header_only.csv", "date,sku,price,qty\n", [])
case("mark_only.csv", b"\xef\xbb\xbf", refused=["nothing in it"])
case("nothing.csv", b"", refused=["nothing in it"])
case("widths_differ.csv", head + "2025-01-02,a,5\n2025-01-02,a,5,1,9\n2025-01-02,a,5,1\n",
     [row("2025-01-02", None, "a", None, None, 5, 1)], ["2|TOO_FEW_COLUMNS", "3|TOO_MANY_COLUMNS"])
case("ranges.csv", head + "1969-12-31,a,5,1\n2025-01-02,a,2000000000000,1\n2025-01-02,a,5,1e10\n2199-01-01,a,5,1\n2025-01-02,a,1e300,1\n2025-01-02,a,nan,1\n1970-01-01,a,5,1\n",
     [row("1970-01-01", None, "a", None, None, 5, 1)],
     ["2|OUT_OF_RANGE", "3|OUT_OF_RANGE", "4|OUT_OF_RANGE", "5|FUTURE_DATE", "6|OUT_OF_RANGE", "7|BAD_NUMBER"])
case("bad_bytes.csv", head.encode() + "2025-01-02,세럼,5,1\n".encode() + b"2025-01-02,\xff\xfe,5,1\n2025-01-02,a\0b,5,1\n" + "2025-01-02,토너,5,1\n".encode() * 3,
     [row("2025-01-02", None, s, None, None, 5, 1) for s in ("세럼", "토너", "토너", "토너")], ["3|BAD_ENCODING", "4|BAD_ENCODING"])
case("derived.csv", "date,item,qty,revenue\n2025-01-02,a,3,10\n2025-01-02,a,0,0\n2025-01-02,a,-2,-9.98\n",
     [row("2025-01-02", None, "a", None, None, "3.333333333333", 3, 10), row("2025-01-02", None, "a", None, None, None, 0, 0),
      row("2025-01-02", None, "a", None, None, "4.99", -2, "-9.98")])
# JSON: nested, arrays of other things, keys missing, numbers as text, exponents, escapes; one line broken.
case("nested.jsonl", "\n".join([
    json.dumps({"order": {"date": "2025-01-02T10:00:00Z"}, "item": {"sku": "a", "price": "1,234.5"}, "quantity": 2, "tags": ["x", {"y": 1}]}),
    json.dumps({"quantity": "3", "item": {"price": 1e3, "sku": "세럼 \"x\""}, "order": {"date": "2025-01-03"}}),
    json.dumps({"order": {"date": "2025-01-04"}, "item": {"sku": "b"}, "quantity": 1}),
    '{"order": {"date": "2025-01-05"}, "item": ', "",
    json.dumps({"order": {"date": 1735862400000}, "item": {"sku": "c", "price": 0.1}, "quantity": 3})]),
    [row("2025-01-02", None, "a", None, None, "1234.5", 2), row("2025-01-03", None, '세럼 "x"', None, None, 1000, 3),
     row("2025-01-03", None, "c", None, None, "0.1", 3)], ["3|MISSING_REQUIRED", "4|BAD_QUOTE"])
case("array.json", json.dumps([{"Date": "17/12/2025", "SKU": "a", "Price": 5, "Qty": 1}, {"Qty": 2, "Price": "6.50", "SKU": 12, "Date": "18/12/2025"},
                               {"Date": "19/12/2025", "SKU": None, "Price": 5, "Qty": 1}], indent=1),
     [row("2025-12-17", None, "a", None, None, 5, 1), row("2025-12-18", None, "12", None, None, "6.5", 2)], ["3|MISSING_REQUIRED"])
case("both.jsonl", json.dumps({"order": {"date": "2020-01-01"}, "date": "2025-01-02", "sku": "a", "price": 5, "qty": 1, "lines": [{"price": 7}]}) + "\n",
     [row("2025-01-02", None, "a", None, None, 5, 1)])
# Archives.
buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("READ ME.txt", "nothing to load")
    z.writestr("2025/jan.csv", head + "2025-01-02,a,5,1\n")
    z.writestr("2025/feb.tsv", "date\tsku\tprice\tqty\n2025-02-02\tb\t6\t2\n")
    z.writestr("__MACOSX/._jan.csv", b"\0\0")
case("months.zip", buffer.getvalue(), [row("2025-01-02", None, "a", None, None, 5, 1), row("2025-02-02", None, "b", None, None, 6, 2)])
case("packed.csv.gz", gzip.compress((head + "2025-01-02,a,5,1\n").encode()) + gzip.compress(b"2025-01-03,b,6,2\n"),
     [row("2025-01-02", None, "a", None, None, 5, 1), row("2025-01-03", None, "b", None, None, 6, 2)])
case("cut.zip", buffer.getvalue()[:200], refused=["damaged"])


# Workbooks, part by part, so that nothing tidies them up.
def workbook(sheets, date1904=False, extra=""):
    """sheets: name -> rows of cells; a cell is a number, text, None, ("d", serial) for a date style, ("e", "#REF!")."""
    from xml.sax.saxutils import escape, quoteattr
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        over = "".join(f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>' for i in range(1, len(sheets) + 1))
        z.writestr("[Content_Types].xml", f'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>{over}</Types>')
        z.writestr("_rels/.rels", '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>')
        names = "".join(f'<sheet name={quoteattr(n)} sheetId="{i}" r:id="rId{i}"/>' for i, n in enumerate(sheets, 1))
        z.writestr("xl/workbook.xml", f'<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr{" date1904=" + chr(34) + "1" + chr(34) if date1904 else ""}/><sheets>{names}</sheets></workbook>')
        rels = "".join(f'<Relationship Id="rId{i}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet{i}.xml"/>' for i in range(1, len(sheets) + 1))
        z.writestr("xl/_rels/workbook.xml.rels", f'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{rels}<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>')
        z.writestr("xl/styles.xml", '<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>')
        for i, rows in enumerate(sheets.values(), 1):
            xml = []
            for r, cells in enumerate(rows, 1):
                parts = []
                for c, v in enumerate(cells):
                    ref = f"{chr(65 + c)}{r}"
                    if v is None:
                        continue
                    if isinstance(v, tuple) and v[0] == "d":
                        parts.append(f'<c r="{ref}" s="1"><v>{v[1]}</v></c>')
                    elif isinstance(v, tuple):
                        parts.append(f'<c r="{ref}" t="e"><v>{v[1]}</v></c>')
                    elif isinstance(v, str):
                        parts.append(f'<c r="{ref}" t="inlineStr"><is><t xml:space="preserve">{escape(v)}</t></is></c>')
                    else:
                        parts.append(f'<c r="{ref}"><v>{v!r}</v></c>')
                if parts:
                    xml.append(f'<row r="{r}">{"".join(parts)}</row>')
            z.writestr(f"xl/worksheets/sheet{i}.xml", f'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{extra}<sheetData>{"".join(xml)}</sheetData><mergeCells count="1"><mergeCell ref="A1:G1"/></mergeCells></worksheet>')
    return out.getvalue()


lines = [["Sales 2025"], [], ["일자", "브랜드", "품목", "채널", "거래처", "단가(원)", "수량"],
         [("d", 45658), "B", "Rose Cream", "Web", "V", 13.049999999999999, 2],
         ["2025년 1월 2일", "B", 12, "Web", "V", "1,500", "3"],
         [], [("d", 45660.5), "B", "Rose Toner", None, None, 5, ("e", "#REF!")],
         ["합계", None, None, None, None, None, 5]]
case("titles.xlsx", workbook({"표지": [["read me first"]], "May": lines}), [
    row("2025-01-01", "B", "Rose Cream", "Web", "V", "13.05", 2), row("2025-01-02", "B", "12", "Web", "V", 1500, 3)],
    ["7|BAD_NUMBER", "8|MISSING_REQUIRED"])
mac = [["date", "sku", "price", "qty"], [("d", 44196), "a", 5, 1]]
case("mac1904.xlsx", workbook({"x": mac}, date1904=True), [row("2025-01-01", None, "a", None, None, 5, 1)])
case("second.xlsx", workbook({"one": [["date", "sku", "price", "qty"], ["2025-01-01", "a", 5, 1]], "two": [["date", "sku", "price", "qty"], ["2025-01-02", "b", 6, 2]]}),
     [row("2025-01-02", None, "b", None, None, 6, 2)], args=["--sheet", "two"])
case("huge_dimension.xlsx", workbook({"x": mac}, date1904=True, extra='<dimension ref="A1:XFD1048576"/>'), [row("2025-01-01", None, "a", None, None, 5, 1)])

try:
    import pyarrow as pa, pyarrow.parquet as pq
except ImportError:
    print("SKIPPED parquet cases: no pyarrow")
else:
    def parquet(columns, **options):
        out = io.BytesIO()
        pq.write_table(pa.table(columns), out, **options)
        return out.getvalue()

    day = dt.date(2025, 1, 2)
    sku = pa.array(["a", "b", None]).dictionary_encode()
    want = [row("2025-01-02", "B", "a", "Web", None, "12.50", 2), row("2025-01-03", "B", "b", "Web", None, "0.05", -1)]
    rest = {"brand": pa.array(["B"] * 3).dictionary_encode(), "sku": sku, "channel": ["Web"] * 3,
            "price": pa.array([Decimal("12.50"), Decimal("0.05"), Decimal("1.00")], pa.decimal128(12, 2)), "quantity": pa.array([2, -1, 1], pa.int16())}
    days = [day, dt.date(2025, 1, 3), day]
    stamps = [dt.datetime(2025, 1, 2, 23, 59, 59), dt.datetime(2025, 1, 3), dt.datetime(2025, 1, 2)]
    bad = ["3|MISSING_REQUIRED"]
    case("date32.parquet", parquet({"date": pa.array(days, pa.date32()), **rest}, compression="zstd"), want, bad)
    for unit in ("ms", "us", "ns"):
        case(f"stamp_{unit}.parquet", parquet({"date": pa.array(stamps, pa.timestamp(unit)), **rest}, compression="snappy"), want, bad)
    case("int96.parquet", parquet({"date": pa.array(stamps, pa.timestamp("ns")), **rest}, use_deprecated_int96_timestamps=True), want, bad)
    case("zone.parquet", parquet({"date": pa.array(stamps, pa.timestamp("us", "UTC")), **rest}, compression="gzip"), want, bad)
    case("text.parquet", parquet({"date": [str(d) for d in days], **rest, "price": ["12.50", "0.05", "1"]}, compression="none"), want, bad)
    case("wide_decimal.parquet", parquet({"date": pa.array(days, pa.date32()), **rest, "price": pa.array([Decimal("12.5"), Decimal("0.05"), Decimal("1")], pa.decimal128(38, 10)),
                                         "quantity": pa.array([2.0, -1.0, 1.0], pa.float64())}, row_group_size=1), want, bad)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--psql", default="psql -d scratch")
    parser.add_argument("--kpi", default="kpi")
    parser.add_argument("--only")
    parser.add_argument("--keep")
    options = parser.parse_args()
    directory = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="kpi-held-out-"))
    directory.mkdir(parents=True, exist_ok=True)

    def sql(text):
        out = subprocess.run(shlex.split(options.psql) + ["-qXAt", "-v", "ON_ERROR_STOP=1", "-c", text], capture_output=True, text=True)
        if out.returncode:
            sys.exit(out.stderr)
        return out.stdout.rstrip("\n")

    passed = 0
    chosen = {n: c for n, c in CASES.items() if not options.only or options.only in n}
    for name, c in chosen.items():
        path = directory / name
        path.write_bytes(c["data"] if isinstance(c["data"], bytes) else c["data"].encode())
        sql("TRUNCATE sales.order_line, sales.reject, sales.load")
        run = subprocess.run([options.kpi, "load", *c["args"], str(path)], capture_output=True, text=True)
        wrong = []
        if run.returncode != c["exit"]:
            wrong.append(f"exit {run.returncode}, not {c['exit']}: {run.stderr.strip()} {run.stdout.strip()}")
        if c["refused"]:
            wrong += [f"lacks {w!r}: {run.stderr.strip()}" for w in c["refused"] if w not in run.stderr]
            want, rejects = [], []
        else:
            want, rejects = c["rows"], c["rejects"]
        text = sql("SELECT coalesce(jsonb_agg(jsonb_build_array(sold_on, brand, sku, channel, vendor, trim_scale(price)::text, trim_scale(quantity)::text, "
                   "trim_scale(revenue)::text) ORDER BY load_id, line_no), '[]') FROM sales.order_line")
        got = [tuple(r) for r in json.loads(text)]
        if got != want:
            wrong.append("rows: " + "; ".join(f"{g} is not {w}" for g, w in zip(got, want) if g != w) + f" ({len(got)} of {len(want)})")
        got = sql("SELECT line, code FROM sales.reject ORDER BY load_id, line").splitlines()
        if got != rejects:
            wrong.append(f"rejects {got} are not {rejects}")
        passed += not wrong
        for w in wrong:
            print(f"{name}: {w}")
    print(f"HELD OUT {passed}/{len(chosen)}")
    sys.exit(passed != len(chosen))


main()
