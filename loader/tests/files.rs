//! Files as people export them, loaded into a real server and compared with their truth.

#![allow(clippy::unwrap_used)]

mod common;

use common::{bench, project};
use serde_json::Value;
use std::fs;

/// The public sample, to the last digit.
#[test]
fn superstore_is_exact() {
    let Some(b) = bench() else { return };
    b.load(
        0,
        &[
            &project("../sql/samples/superstore.csv.gz"),
            "--map",
            "brand=Sub-Category",
            "--map",
            "channel=Segment",
        ],
    );
    assert_eq!(
        b.sql("SELECT sum(revenue), trim_scale(sum(quantity)), count(DISTINCT order_ref), count(DISTINCT customer_ref), count(*) FROM sales.order_line"),
        "2297200.8603|37873|5009|793|9994"
    );
    assert_eq!(
        b.sql(
            "SELECT count(*) FROM sales.order_line WHERE abs(price * quantity - revenue) > 0.000001"
        ),
        "0"
    );
    assert_eq!(
        b.sql("SELECT count(DISTINCT brand), count(DISTINCT channel) FROM sales.order_line"),
        "17|3"
    );
}

/// The figures a truth file holds, computed by the server the way its script does.
const SUMMARY: &str = "WITH r AS (
    SELECT to_char(sold_on, 'YYYY-MM-DD') AS sold_on, coalesce(brand, '\\N') AS brand, sku, coalesce(channel, '\\N') AS channel,
        coalesce(vendor, '\\N') AS vendor, coalesce(trim_scale(price)::text, '\\N') AS price, trim_scale(quantity)::text AS quantity,
        trim_scale(revenue)::text AS revenue
    FROM sales.order_line)
SELECT jsonb_build_object('accepted', count(*), 'sum_quantity', trim_scale(sum(quantity::numeric))::text,
    'sum_revenue', trim_scale(sum(revenue::numeric))::text, 'min_date', min(sold_on), 'max_date', max(sold_on),
    'hash', jsonb_build_object(
        'sold_on', left(md5(string_agg(sold_on, E'\\n' ORDER BY sold_on COLLATE \"C\")), 16),
        'brand', left(md5(string_agg(brand, E'\\n' ORDER BY brand COLLATE \"C\")), 16),
        'sku', left(md5(string_agg(sku, E'\\n' ORDER BY sku COLLATE \"C\")), 16),
        'channel', left(md5(string_agg(channel, E'\\n' ORDER BY channel COLLATE \"C\")), 16),
        'vendor', left(md5(string_agg(vendor, E'\\n' ORDER BY vendor COLLATE \"C\")), 16),
        'price', left(md5(string_agg(price, E'\\n' ORDER BY price COLLATE \"C\")), 16),
        'quantity', left(md5(string_agg(quantity, E'\\n' ORDER BY quantity COLLATE \"C\")), 16),
        'revenue', left(md5(string_agg(revenue, E'\\n' ORDER BY revenue COLLATE \"C\")), 16),
        'row', left(md5(string_agg(w, E'\\n' ORDER BY w COLLATE \"C\")), 16)))
FROM (SELECT *, concat_ws(chr(31), sold_on, brand, sku, channel, vendor, price, quantity, revenue) AS w FROM r) r";

/// Ten files with known truth: every value, every reject; a second load changes nothing.
#[test]
fn messy_files_give_their_truth() {
    let Some(b) = bench() else { return };
    let mut cases: Vec<_> = fs::read_dir(project("tests/messy"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    cases.retain(|p| p.to_string_lossy().ends_with(".truth.json"));
    cases.sort();
    assert_eq!(cases.len(), 10);
    for case in cases {
        let truth: Value = serde_json::from_str(&fs::read_to_string(&case).unwrap()).unwrap();
        let file = project(&format!("tests/messy/{}", truth["file"].as_str().unwrap()));
        let mut arguments: Vec<&str> = truth["args"]
            .as_array()
            .unwrap()
            .iter()
            .map(|a| a.as_str().unwrap())
            .collect();
        arguments.push(&file);
        b.load(truth["exit"].as_i64().unwrap() as i32, &arguments);
        let got: Value = serde_json::from_str(&b.sql(SUMMARY)).unwrap();
        for key in [
            "accepted",
            "sum_quantity",
            "sum_revenue",
            "min_date",
            "max_date",
            "hash",
        ] {
            assert_eq!(got[key], truth[key], "{file}: {key}");
        }
        let want: Vec<String> = truth["rejects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| format!("{}|{}", r[0], r[1].as_str().unwrap()))
            .collect();
        assert_eq!(b.rejects(), want, "{file}");
        let before = b.state();
        let again = b.load(0, &arguments);
        assert!(again.out.contains("nothing changed"), "{}", again.out);
        assert_eq!(b.state(), before);
        let id = b.sql("SELECT max(load_id) FROM sales.load");
        assert_eq!(b.kpi(&["unload", &id]).code, 0);
        assert_eq!(b.state(), "0|0|0");
        assert_eq!(b.rejects(), Vec::<String>::new());
    }
}

/// The generator's dirty files in every format: each sound line arrives, each spoilt one has its code.
#[test]
fn dirty_files_give_their_truth() {
    let Some(b) = bench() else { return };
    let styles = [
        ("plain", "csv"),
        ("korean", "csv"),
        ("utf16", "txt"),
        ("german", "csv"),
        ("quoted", "csv"),
        ("xlsx", "xlsx"),
        ("parquet", "parquet"),
        ("jsonl", "jsonl"),
        ("json", "json"),
    ];
    for (seed, (style, ending)) in styles.into_iter().enumerate() {
        let file = b
            .dir
            .join(format!("{style}.{ending}"))
            .display()
            .to_string();
        let seed = (seed + 3).to_string();
        let made = b.kpi(&[
            "generate", "--rows", "3000", "--seed", &seed, "--dirty", style, "--out", &file,
        ]);
        assert_eq!(made.code, 0, "{}", made.err);
        b.load(1, &[&file]);
        let truth =
            fs::read_to_string(b.dir.join(format!("{style}_truth/truth_dirty.csv"))).unwrap();
        let want: Vec<String> = truth.lines().skip(1).map(|l| l.replace(',', "|")).collect();
        assert!(want.len() > 30, "{style}");
        let got = b.rejects();
        let wrong: Vec<_> = got
            .iter()
            .filter(|r| !want.contains(r))
            .chain(want.iter().filter(|r| !got.contains(r)))
            .collect();
        assert!(wrong.is_empty(), "{style}: {wrong:?}");
        assert_eq!(
            b.sql("SELECT count(*) FROM sales.order_line"),
            "3000",
            "{style}"
        );
        let id = b.sql("SELECT max(load_id) FROM sales.load");
        b.kpi(&["unload", &id]);
    }
}

const HEADER: &str = "date,brand,product,channel,vendor,price,quantity\n";

/// Of several sheets, those with sales that show.
#[test]
fn sheets() {
    let Some(b) = bench() else { return };
    let path = b.file("book.xlsx", "");
    let mut book = rust_xlsxwriter::Workbook::new();
    for (name, day, hidden) in [
        ("Old", "2009-07-06", true),
        ("Read me", "", false),
        ("Jan", "2025-01-02", false),
        ("Feb", "2025-02-03", false),
    ] {
        let sheet = book.add_worksheet();
        sheet.set_name(name).unwrap().set_hidden(hidden);
        let rows = [["date", "product", "price", "qty"], [day, "x", "5", "2"]];
        for (r, row) in (0..).zip(rows.iter().filter(|_| !day.is_empty())) {
            for (c, text) in (0..).zip(row) {
                sheet.write_string(r, c, *text).unwrap();
            }
        }
    }
    book.worksheet_from_name("Read me")
        .unwrap()
        .set_active(true);
    let mut chart = rust_xlsxwriter::Chart::new_line();
    chart.add_series().set_values("Jan!$C$2:$C$2");
    book.add_chartsheet().insert_chart(0, 0, &chart).unwrap();
    book.save(&path).unwrap();
    let days = "SELECT string_agg(sold_on::text, ' ' ORDER BY load_id) FROM sales.order_line";
    // A hidden sheet comes last, and what another sheet holds is told.
    let said = b.load(0, &[&path]);
    assert!(
        said.out
            .contains("only sheet \"Jan\" is loaded; others with a header of sales: \"Feb\""),
        "{}",
        said.out
    );
    assert_eq!(b.sql(days), "2025-01-02");
    b.sql("TRUNCATE sales.order_line, sales.reject, sales.load");
    let said = b.load(0, &["--sheet", "Old", &path]);
    assert!(!said.out.contains("note:"), "{}", said.out);
    assert_eq!(b.sql(days), "2009-07-06");
}

/// Dates, numbers and other readings that a column decides.
#[test]
fn columns_decide() {
    let Some(b) = bench() else { return };
    let load = |name: &str, text: &str, arguments: &[&str]| {
        let file = b.file(name, text);
        b.load(0, &[arguments, &[file.as_str()]].concat());
        let got = b.sql("SELECT string_agg(concat_ws(' ', sold_on, trim_scale(price), trim_scale(quantity), trim_scale(revenue)), ', ' ORDER BY line_no) FROM sales.order_line");
        b.sql("TRUNCATE sales.order_line, sales.reject, sales.load");
        got
    };
    assert_eq!(
        load(
            "a.csv",
            "date,product,price,qty\n03/04/2025,x,5,2\n17/04/2025,x,5,1\n",
            &[]
        ),
        "2025-04-03 5 2 10, 2025-04-17 5 1 5"
    );
    assert_eq!(
        load(
            "b.csv",
            "date,product,price,qty\n03/04/2025,x,5,2\n04/17/2025,x,5,1\n",
            &[]
        ),
        "2025-03-04 5 2 10, 2025-04-17 5 1 5"
    );
    assert_eq!(
        load(
            "c.csv",
            "date,product,price,qty\n03/04/2025,x,5,2\n",
            &["--date-order", "dmy"]
        ),
        "2025-04-03 5 2 10"
    );
    assert_eq!(
        load(
            "d.csv",
            "date;product;price;qty\n2025-01-02;x;1.500;2\n",
            &[]
        ),
        "2025-01-02 1500 2 3000"
    );
    assert_eq!(
        load(
            "e.csv",
            "date,product,price,qty\n2025-01-02,x,1.500,2\n",
            &[]
        ),
        "2025-01-02 1.5 2 3"
    );
    assert_eq!(
        load(
            "f.csv",
            "date,product,price,qty\n2025-01-02,x,1.500,2\n",
            &["--decimal", "comma"]
        ),
        "2025-01-02 1500 2 3000"
    );
    assert_eq!(
        load(
            "g.csv",
            "2025-01-02,x,7,3\n",
            &["--columns", "date,sku,price,quantity"]
        ),
        "2025-01-02 7 3 21"
    );
    assert_eq!(
        load(
            "h.csv",
            "product,price,qty\nx,7,3\n",
            &["--default", "date=2025-05-05"]
        ),
        "2025-05-05 7 3 21"
    );
    assert_eq!(
        load(
            "i.csv",
            "# note\n\n,,,\ndate,product,sales,qty\n2025-01-02,x,9.99,3\n",
            &[]
        ),
        "2025-01-02 3.33 3 9.99"
    );
    assert_eq!(
        load(
            "j.csv",
            "time,product,price,qty\n1765929600,x,7,3\n",
            &["--map", "date=time"]
        ),
        "2025-12-17 7 3 21"
    );
    assert_eq!(
        load(
            "k.csv",
            "Sales report\nMay 2025\n\ndate,product,price,qty\n2025-01-02,x,7,-3\n",
            &[]
        ),
        "2025-01-02 7 -3 -21"
    );
    // 0.005 off agrees, and what is given is stored.
    assert_eq!(
        load(
            "l.csv",
            "date,product,price,qty,revenue\n2025-01-02,x,1.115,1,1.11\n",
            &[]
        ),
        "2025-01-02 1.115 1 1.11"
    );
    assert_eq!(
        load(
            "m.csv",
            &format!(
                "date,product,price,qty\n2025-01-02,{},7,3\n",
                "x".repeat(300)
            ),
            &[]
        ),
        "2025-01-02 7 3 21"
    );
    // Windows-1252, UTF-16 with the bytes the other way round, lone carriage returns.
    let latin = [
        b"date;product;price;qty\n2025-01-02;Cr".as_slice(),
        b"\xe8",
        b"me;1,5;2\n",
    ]
    .concat();
    let file = b.file("n.csv", latin);
    b.load(0, &[&file]);
    assert_eq!(b.sql("SELECT sku FROM sales.order_line"), "Crème");
    b.sql("TRUNCATE sales.order_line, sales.reject, sales.load");
    let wide: Vec<u8> = "\u{feff}date\tproduct\tprice\tqty\r\n2025-01-02\t세럼\t5\t2\r\n"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let file = b.file("o.txt", wide);
    b.load(0, &[&file]);
    assert_eq!(
        b.sql("SELECT sku, product_type FROM sales.order_line"),
        "세럼|Serum"
    );
    b.sql("TRUNCATE sales.order_line, sales.reject, sales.load");
    assert_eq!(
        load("p.csv", "date,product,price,qty\r2025-01-02,x,7,3\r", &[]),
        "2025-01-02 7 3 21"
    );
}

/// An order's line number that repeats; equal lines of an order are legal.
#[test]
fn order_lines() {
    let Some(b) = bench() else { return };
    let file = b.file("a.csv", "date,order_id,line_no,product,price,qty\n2025-01-02,A,1,x,5,1\n2025-01-02,A,2,x,5,1\n2025-01-02,A,1,x,5,1\n2025-01-02,B,1,x,5,1\n");
    b.load(1, &[&file]);
    assert_eq!(b.rejects(), ["4|DUP_IN_FILE"]);
    let file = b.file(
        "b.csv",
        "date,order_id,product,price,qty\n2025-01-02,A,x,5,1\n2025-01-02,A,x,5,1\n",
    );
    b.load(0, &[&file]);
    assert_eq!(b.sql("SELECT count(*) FROM sales.order_line"), "5");
}

/// Packed files, directories, patterns, standard input.
#[test]
fn ways_in() {
    let Some(b) = bench() else { return };
    let text = format!("{HEADER}2025-01-02,A,x toner,Web,V,5,2\n");
    let row = |n: u32| text.replace(",2\n", &format!(",{n}\n"));
    let plain = b.file("plain.csv", row(1));
    for (tool, packed) in [("gzip", "plain.csv.gz"), ("zstd", "plain.csv.zst")] {
        let out = b.dir.join(packed);
        let bytes = match tool {
            "gzip" => {
                use std::io::Write;
                let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                e.write_all(row(2).as_bytes()).unwrap();
                e.finish().unwrap()
            }
            _ => zstd::encode_all(row(3).as_bytes(), 1).unwrap(),
        };
        fs::write(&out, bytes).unwrap();
        b.load(0, &[out.to_str().unwrap()]);
    }
    // The packed copy of what is there already is the same content.
    let copy = b.file("copy.csv", row(2));
    assert!(b.load(0, &[&copy]).out.contains("nothing changed"));
    let said = b.kpi_with(&["load", "-"], row(4).as_bytes());
    assert_eq!(said.code, 0, "{}", said.err);
    let zip = zip_of(&[
        ("a.csv", row(5)),
        ("b.csv", row(6)),
        ("README.txt", "not a table".into()),
    ]);
    let zip = b.file("two.zip", zip);
    b.load(0, &[&zip]);
    b.load(0, &[&plain]);
    assert_eq!(b.sql("SELECT string_agg(trim_scale(quantity)::text, ' ' ORDER BY quantity) FROM sales.order_line"), "1 2 3 4 5 6");
    fs::create_dir_all(b.dir.join("in")).unwrap();
    b.file("in/one.csv", row(7));
    b.file("in/two.csv", row(8));
    b.file("in/.hidden.csv", row(9));
    b.load(0, &[b.dir.join("in").to_str().unwrap()]);
    b.file("in/three.csv", row(10));
    b.load(0, &[b.dir.join("in/t*.csv").to_str().unwrap()]);
    assert_eq!(
        b.sql("SELECT max(quantity), count(*) FROM sales.order_line"),
        "10|9"
    );
    // A member that is refused takes the whole archive along.
    let zip = b.file(
        "bad.zip",
        zip_of(&[("a.csv", row(20)), ("b.csv", "nothing,here\n1,2\n".into())]),
    );
    b.refused(&[&zip], "--map");
}

/// A zip archive of texts.
fn zip_of(members: &[(&str, String)]) -> Vec<u8> {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Files made by a script that writes their truth down with them: encodings, notations, workbooks, JSON, Parquet.
#[test]
#[allow(clippy::print_stdout)] // says which cases were skipped
fn held_out_files_give_their_truth() {
    let Some(b) = bench() else { return };
    let python = std::env::var("KPI_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let psql = format!("psql -U tester -h {} -d {}", b.server.dir.display(), b.name);
    let run = std::process::Command::new(python)
        .env_remove("PGPORT")
        .arg(project("tests/held_out/check.py"))
        .args([
            "--kpi",
            env!("CARGO_BIN_EXE_kpi"),
            "--psql",
            &psql,
            "--keep",
        ])
        .arg(b.dir.join("held_out"))
        .env("PGHOST", &b.server.dir)
        .env("PGUSER", "tester")
        .env("PGDATABASE", &b.name)
        .env("PYTHONUTF8", "1")
        .env_remove("DATABASE_URL")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned();
    assert!(run.status.success(), "{text}");
    println!("{text}");
}
