//! What must not go wrong: refusals, hostile files, loads that are cut off, loads that repeat.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Bench, bench, bench_alone, project};
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

const HEADER: &str = "date,brand,product,channel,vendor,price,quantity\n";
const ROW: &str = "2025-01-02,A,x toner,Web,V,5,2\n";

/// Refused whole, with a word on what to type.
#[test]
fn refusals() {
    let Some(b) = bench() else { return };
    let f = |name: &str, text: &str| b.file(name, text);
    b.refused(&[&f("empty.csv", "")], "nothing in it");
    b.refused(&[&f("blank.csv", "\n \n")], "nothing in it");
    b.refused(
        &[&f(
            "prose.csv",
            "Dear all,\nplease find the sales attached.\n",
        )],
        "--map",
    );
    b.refused(
        &[&b.file("image.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")],
        "not a table",
    );
    b.refused(&[&b.file("broken.xlsx", b"PK\x03\x04nonsense")], "damaged");
    b.refused(
        &[&b.file("broken.csv.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03abc")],
        "damaged",
    );
    b.refused(
        &[&b.file("broken.parquet", b"PAR1 nothing of the sort PAR1")],
        "Parquet",
    );
    b.refused(
        &[&f("noprice.csv", "date,product,qty\n2025-01-02,x,1\n")],
        "--map price=",
    );
    b.refused(
        &[&f(
            "two.csv",
            "date,product,qty,quantity,price\n2025-01-02,x,1,1,5\n",
        )],
        "--map quantity=",
    );
    b.refused(
        &[&f(
            "order.csv",
            "date,product,qty,price\n03/04/2025,x,1,5\n",
        )],
        "--date-order",
    );
    b.refused(
        &[
            &f("map.csv", &format!("{HEADER}{ROW}")),
            "--map",
            "price=Cost",
        ],
        "no column \"Cost\"",
    );
    b.refused(
        &[
            &f("field.csv", &format!("{HEADER}{ROW}")),
            "--map",
            "colour=price",
        ],
        "unknown field",
    );
    b.refused(
        &[
            &f("enc.csv", &format!("{HEADER}{ROW}")),
            "--encoding",
            "klingon",
        ],
        "unknown encoding",
    );
    b.refused(
        &[&f("sheet.csv", &format!("{HEADER}{ROW}")), "--sheet", "May"],
        "--sheet",
    );
    b.refused(
        &[&project("tests/messy/report.xlsx"), "--sheet", "May"],
        "no sheet \"May\"",
    );
    b.refused(
        &[&project("tests/messy/dirty.csv"), "--max-rejects", "27"],
        "--max-rejects 27",
    );
    b.refused(
        &[&project("tests/messy/dirty.csv"), "--max-rejects", "5%"],
        "--max-rejects 5%",
    );
    b.refused(&["/nowhere/at/all.csv"], "cannot open");
    b.load(
        1,
        &[&project("tests/messy/dirty.csv"), "--max-rejects", "28"],
    );
    // A stranger's bytes are no commands to the terminal, and noise is no table.
    let said = b.refused(
        &[&f("esc.csv", "\u{1b}[2Jx,\u{7}y\n1,2\n")],
        "no column for date",
    );
    assert!(!said.err.contains(['\u{1b}', '\u{7}']), "{:?}", said.err);
    let noise: Vec<u8> = (0..20_000u64)
        .map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8)
        .collect();
    b.refused(&[&b.file("noise.csv", noise)], "not a table");
    // Rejects are not written over what is to be loaded.
    let precious = f("precious.csv", &format!("{HEADER}{ROW}"));
    b.refused(
        &[&precious, "--reject-file", &precious],
        "is a file to be loaded",
    );
    assert_eq!(
        fs::read_to_string(&precious).unwrap(),
        format!("{HEADER}{ROW}")
    );
    b.refused(&["--database", "mysql://a@b/c", &precious], "postgres://");
    let said = b
        .command()
        .arg("loads")
        .env("PGSSLMODE", "verfy-full")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&said.stderr).contains("verify-full"));
    let said = b
        .command()
        .arg("loads")
        .env("PGSERVICE", "prod")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&said.stderr).contains("PGSERVICE is not read"));
    // A server that takes the connection and says nothing.
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = mute.local_addr().unwrap().port().to_string();
    let began = Instant::now();
    let said = b
        .command()
        .arg("loads")
        .env_remove("DATABASE_URL")
        .envs([
            ("PGHOST", "127.0.0.1"),
            ("PGPORT", &port),
            ("PGCONNECT_TIMEOUT", "1"),
        ])
        .output()
        .unwrap();
    assert!(
        String::from_utf8_lossy(&said.stderr).contains("no answer within PGCONNECT_TIMEOUT, 1 s")
    );
    assert!(began.elapsed() < Duration::from_secs(20));
    // Rows in an object: which of two arrays they are is for the user to say.
    b.refused(
        &[&f(
            "two.json",
            r#"{"sales": [{"date": "2025-01-02"}], "returns": [{"date": "2025-01-02"}]}"#,
        )],
        "jq '.sales'",
    );
    let loads = b.sql("SELECT count(*) FROM sales.load");
    b.load(0, &[&f("header.csv", HEADER)]);
    assert_ne!(loads, b.sql("SELECT count(*) FROM sales.load"));
    let said = b.load(2, &["x.csv", "--no-such-option"]);
    assert!(said.err.contains("--no-such-option"));
    // A password shows nowhere: host unknown, port closed, URL no URL, role unknown, by option or environment.
    let socket = b.server.dir.display().to_string().replace('/', "%2F");
    for url in [
        "postgres://u:topsecret@nowhere.invalid/x",
        "postgres://u:topsecret@127.0.0.1:1/x",
        "postgres://u:topsecret@127.0.0.1:port/x",
        "postgres//u:topsecret@h/x",
        &format!("postgres://nobody:topsecret@{socket}/x"),
    ] {
        for command in [&["loads"][..], &["doctor"], &["init"], &["load", "x.csv"]] {
            let said = b.kpi(&[&["--database", url], command].concat());
            assert_ne!(said.code, 0, "{url}");
            assert!(said.err.matches("refused").count() <= 1, "{}", said.err);
            assert!(
                !format!("{}{}", said.out, said.err).contains("topsecret"),
                "{} {}",
                said.out,
                said.err
            );
            let out = b
                .command()
                .args(command)
                .env("DATABASE_URL", url)
                .output()
                .unwrap();
            let text = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
            assert!(!text.contains("topsecret"), "{text}");
        }
    }
}

/// Runs a load and watches its memory; returns exit code, messages and the most that was resident, in MB.
fn watched(b: &Bench, file: &str) -> (i32, String, u64) {
    let mut child = b
        .command()
        .args(["load", "--threads", "2", file])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    let deadline = Instant::now() + Duration::from_secs(120);
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let peak = text
            .lines()
            .find_map(|l| l.strip_prefix("VmHWM:"))
            .and_then(|v| v.trim().split(' ').next()?.parse::<u64>().ok());
        most = most.max(peak.unwrap_or(0) / 1024);
        assert!(Instant::now() < deadline, "{file} takes for ever");
        std::thread::sleep(Duration::from_millis(5));
    }
    let out = child.wait_with_output().unwrap();
    (
        out.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&out.stderr).into_owned(),
        most,
    )
}

/// Memory that no file may need, in MB.
const BOUND: u64 = 300;

/// Files made to hurt end in a clear error within bounded memory.
#[test]
fn hostile_files() {
    use std::io::Write;
    let Some(b) = bench() else { return };
    let expect = |file: &str, code: i32, word: &str| {
        let (got, said, memory) = watched(&b, file);
        assert_eq!(got, code, "{file}: {said}");
        assert!(said.contains(word), "{file} lacks {word:?}: {said}");
        assert!(memory < BOUND, "{file}: {memory} MB");
    };
    // 600 MB of blank lines, and of zero bytes, in a few hundred kilobytes.
    for (name, byte) in [("lines.csv.gz", b'\n'), ("zeros.csv.gz", 0)] {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        for _ in 0..600 {
            packed.write_all(&vec![byte; 1 << 20]).unwrap();
        }
        expect(&b.file(name, packed.finish().unwrap()), 2, "bomb");
    }
    let wide: Vec<String> = (0..3_000).map(|n| format!("column {n}")).collect();
    expect(
        &b.file("wide.csv", format!("{}\n", wide.join(","))),
        2,
        "3000",
    );
    let long = format!(
        "{HEADER}{ROW}2025-01-02,A,{},Web,V,5,2\n",
        "x".repeat(100_000_000)
    );
    expect(&b.file("long.csv", &long), 2, "longer than");
    let quoted = format!(
        "{HEADER}{ROW}2025-01-02,A,\"{},Web,V,5,2\n{ROW}",
        (("x".repeat(99) + "\n").repeat(50_000))
    );
    let (code, said, memory) = watched(&b, &b.file("quote.csv", quoted));
    assert!(code == 1 && memory < BOUND, "{code} {memory} MB {said}");
    let whole = fs::read(project("../sql/samples/superstore.csv.gz")).unwrap();
    expect(
        &b.file("cut.csv.gz", &whole[..whole.len() / 2]),
        2,
        "damaged",
    );
    let whole = fs::read(project("tests/messy/report.xlsx")).unwrap();
    expect(&b.file("cut.xlsx", &whole[..whole.len() / 2]), 2, "damaged");
    let whole = fs::read(project("tests/messy/lines.parquet")).unwrap();
    expect(
        &b.file("cut.parquet", &whole[..whole.len() / 2]),
        2,
        "Parquet",
    );
    let mut bent = whole.clone();
    for at in (40..whole.len() / 2).step_by(7) {
        bent[at] ^= 0x5a;
    }
    let (code, said, memory) = watched(&b, &b.file("bent.parquet", bent));
    assert!(
        code == 2 && memory < BOUND && !said.is_empty(),
        "{code} {memory} {said}"
    );
    // Two gigabytes of nothing that take no room on disk; a workbook, a zip member and a Zstandard frame cut short.
    let sparse = b.file("sparse.csv", format!("{HEADER}{ROW}"));
    fs::OpenOptions::new()
        .write(true)
        .open(&sparse)
        .unwrap()
        .set_len(2 << 30)
        .unwrap();
    expect(&sparse, 2, "not a table");
    fs::remove_file(&sparse).unwrap();
    let packed = zstd::encode_all(format!("{HEADER}{}", ROW.repeat(5_000)).as_bytes(), 1).unwrap();
    expect(
        &b.file("cut.csv.zst", &packed[..packed.len() / 2]),
        2,
        "damaged",
    );
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("bomb.csv", zip::write::SimpleFileOptions::default())
        .unwrap();
    for _ in 0..600 {
        zip.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let zip = zip.finish().unwrap().into_inner();
    expect(&b.file("bomb.zip", &zip), 2, "bomb");
    expect(&b.file("cut.zip", &zip[..zip.len() / 2]), 2, "damaged");
    let cells = format!("{HEADER}{}\n", ",".repeat(4_000_000));
    let (code, said, memory) = watched(&b, &b.file("commas.csv", cells));
    assert!(code == 0 && memory < BOUND, "{code} {memory} MB {said}");
    b.sql("TRUNCATE sales.order_line, sales.reject, sales.load");
    // What is no plain file: a directory without tables, a link to nowhere, a link to a file, a pipe.
    fs::create_dir_all(b.dir.join("bare")).unwrap();
    expect(&b.dir.join("bare").display().to_string(), 2, "no file");
    let link = b.dir.join("nowhere.csv");
    std::os::unix::fs::symlink("missing.csv", &link).unwrap();
    expect(&link.display().to_string(), 2, "cannot open");
    let link = b.dir.join("link.csv");
    std::os::unix::fs::symlink(b.file("target.csv", format!("{HEADER}{ROW}")), &link).unwrap();
    expect(&link.display().to_string(), 0, "");
    let pipe = b.dir.join("pipe.csv").display().to_string();
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, format!("{HEADER}{ROW}{ROW}"))
    });
    expect(&pipe, 0, "");
    writer.join().unwrap().unwrap();
    assert_eq!(b.state(), "3|6|30");
    b.sql("TRUNCATE sales.order_line, sales.reject, sales.load");
    // NUL bytes cost their lines; a formula is text like any other.
    let file = b.file("nul.csv", format!("{HEADER}{ROW}2025-01-02,A,x\0y,Web,V,5,2\n2025-01-02,A,\"=HYPERLINK(\"\"http://x\"\")\",Web,V,5,2\n"));
    let out = b.dir.join("rejects.csv").display().to_string();
    b.load(1, &[&file, "--reject-file", &out]);
    assert_eq!(b.rejects(), ["3|BAD_ENCODING"]);
    assert_eq!(
        b.sql("SELECT sku FROM sales.order_line WHERE line_no = 4"),
        "=HYPERLINK(\"http://x\")"
    );
    assert!(
        fs::read_to_string(out)
            .unwrap()
            .contains("nul.csv,3,product,BAD_ENCODING")
    );
}

/// Keys, indexes and checks of the table.
const SHAPE: &str = "SELECT string_agg(conname || ' ' || pg_get_constraintdef(oid), ', ' ORDER BY conname)
        || (SELECT string_agg(indexdef, ', ' ORDER BY indexname) FROM pg_indexes WHERE tablename = 'order_line')
    FROM pg_constraint WHERE conrelid = 'sales.order_line'::regclass AND convalidated";

/// Loads a file `moments` times and each time breaks something: the command, its connection, the server's process
/// behind it, the whole server. All of the load is there afterwards or nothing.
fn break_off(b: &Bench, file: &str, moments: u32) -> (u32, u32) {
    let shape = b.sql(SHAPE);
    let started = Instant::now();
    b.load(0, &["--no-refresh", file]);
    let whole = started.elapsed();
    let full = b.state();
    let unload = || {
        let id = b.sql("SELECT max(load_id) FROM sales.load");
        assert_eq!(b.kpi(&["unload", &id]).code, 0);
        // A large load is only as quick as before into a table that never had these lines.
        b.sql("TRUNCATE sales.order_line");
    };
    unload();
    let backend = "SELECT pid FROM pg_stat_activity WHERE application_name = 'kpi' AND datname = current_database()";
    let (mut none, mut all) = (0, 0);
    for moment in 0..moments {
        let mut child = b
            .command()
            .args(["load", "--no-refresh", file])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole * (moment * 7 % moments) / (moments - 2));
        match moment % 5 {
            0 => child.kill().unwrap(),
            1 => {
                b.sql(&format!(
                    "SELECT count(pg_terminate_backend(pid)) FROM ({backend}) AS k"
                ));
            }
            2 => {
                let _ = std::process::Command::new("kill")
                    .args(["-TERM", &child.id().to_string()])
                    .status();
            }
            3 => {
                // The server takes such a death for a corrupted memory, and starts anew.
                for pid in b.sql(backend).lines() {
                    let _ = std::process::Command::new("kill")
                        .args(["-KILL", pid])
                        .status();
                }
            }
            _ => {
                b.server.crash();
                b.server.up();
            }
        }
        child.wait().unwrap();
        b.wait_for_server();
        // The server may still be rolling back what the dead client had begun.
        while !b.sql(backend).is_empty() {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(b.sql(SHAPE), shape);
        let done = b.sql("SELECT count(*) FROM sales.load WHERE state <> 'unloaded'");
        match b.state().as_str() {
            "0|0|0" => {
                assert_eq!(done, "0");
                none += 1;
            }
            state => {
                assert_eq!((state, done.as_str()), (full.as_str(), "1"));
                all += 1;
                unload();
            }
        }
    }
    b.load(0, &["--no-refresh", file]);
    assert_eq!((b.state(), b.sql(SHAPE)), (full, shape));
    unload();
    (none, all)
}

/// A load that breaks off at any moment leaves all of it or nothing, and can be repeated.
#[test]
fn killed_at_any_moment() {
    let Some(b) = bench_alone() else { return };
    let file = b.dir.join("many.csv").display().to_string();
    b.kpi(&["generate", "--rows", "60000", "--out", &file]);
    let (none, all) = break_off(&b, &file, 20);
    assert_eq!(none + all, 20);
    assert!(none > 0, "no load was cut off");
    // Large enough for keys and indexes to be made at the end.
    let file = b.dir.join("large.csv").display().to_string();
    b.kpi(&["generate", "--rows", "460000", "--out", &file]);
    assert!(fs::metadata(&file).unwrap().len() > 32 << 20);
    let (none, _) = break_off(&b, &file, 10);
    assert!(none > 0, "no large load was cut off");
}

/// A large load into an empty table makes keys and indexes at its end: nobody can tell afterwards, and what would
/// be lost or cannot be locked is left alone.
#[test]
fn large_loads() {
    let Some(b) = bench() else { return };
    let file = |name: &str, rows: u32| {
        let file = b.dir.join(name).display().to_string();
        b.kpi(&[
            "generate",
            "--rows",
            "460000",
            "--seed",
            &rows.to_string(),
            "--out",
            &file,
        ]);
        file
    };
    let (one, two) = (file("one.csv", 1), file("two.csv", 2));
    let made = "SELECT oid FROM pg_class WHERE relname = 'order_line_sold_on_idx'";
    let (shape, first) = (b.sql(SHAPE), b.sql(made));
    b.load(0, &["--no-refresh", &one]);
    assert_ne!(first, b.sql(made), "the index was kept up line by line");
    assert_eq!(b.sql(SHAPE), shape);
    assert_eq!(b.sql("SELECT count(*), count(DISTINCT line_no), min(line_no), max(line_no) FROM sales.order_line"), "460000|460000|2|460001");
    let second = b.sql(made);
    b.load(0, &["--no-refresh", &two]);
    assert_eq!(second, b.sql(made), "the table was not empty");
    assert_eq!(b.sql("SELECT count(*) FROM sales.order_line"), "920000");
    // An index with a comment would come back without it; someone's lock is waited for only shortly.
    b.sql("TRUNCATE sales.order_line, sales.reject, sales.load; COMMENT ON INDEX sales.order_line_sold_on_idx IS 'mine'");
    let held = b.sql(made);
    b.load(0, &["--no-refresh", &one]);
    assert_eq!((b.sql(made), b.sql(SHAPE)), (held, shape.clone()));
    b.sql("TRUNCATE sales.order_line, sales.reject, sales.load; COMMENT ON INDEX sales.order_line_sold_on_idx IS NULL");
    let held = b.sql(made);
    let mut other =
        b.psql("BEGIN; LOCK TABLE sales.order_line IN ACCESS SHARE MODE; SELECT pg_sleep(600)");
    while b.sql("SELECT count(*) FROM pg_locks WHERE relation = 'sales.order_line'::regclass AND mode = 'AccessShareLock' AND granted") == "0" {
        std::thread::sleep(Duration::from_millis(20));
    }
    b.load(0, &["--no-refresh", &one]);
    b.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()");
    other.wait().unwrap();
    assert_eq!((b.sql(made), b.sql(SHAPE)), (held, shape));
    assert_eq!(b.sql("SELECT count(*) FROM sales.order_line"), "460000");
}

/// Ways of meeting lines that are there already.
#[test]
fn modes() {
    let Some(b) = bench() else { return };
    let day = |d: u32, q: u32| format!("2025-01-{d:02},A,x toner,Web,V,5,{q}\n");
    let first = b.file(
        "first.csv",
        format!("{HEADER}{}{}{}", day(1, 1), day(2, 2), day(2, 2)),
    );
    let second = b.file(
        "second.csv",
        format!(
            "{HEADER}{}{}{}{}",
            day(2, 2),
            day(2, 2),
            day(2, 2),
            day(3, 3)
        ),
    );
    b.load(0, &[&first]);
    // Two equal lines are there, the file has three: one is new, and the third of January.
    b.load(0, &[&second, "--mode", "upsert"]);
    assert_eq!(b.state(), "5|10|50");
    let third = b.file("third.csv", format!("{HEADER}{}", day(2, 9)));
    b.load(0, &[&third, "--mode", "replace-period"]);
    assert_eq!(b.sql("SELECT string_agg(trim_scale(quantity)::text, ' ' ORDER BY sold_on) FROM sales.order_line"), "1 9 3");
    b.sql("TRUNCATE sales.order_line, sales.reject, sales.load");
    // With an order a changed line takes the place of the old one.
    let orders = |q: u32| {
        format!("date,order_id,product,price,qty\n2025-01-02,A,x,5,{q}\n2025-01-02,A,y,5,1\n")
    };
    b.load(0, &[&b.file("o1.csv", orders(1)), "--mode", "upsert"]);
    b.load(0, &[&b.file("o2.csv", orders(4)), "--mode", "upsert"]);
    assert_eq!(
        b.sql(
            "SELECT string_agg(sku || trim_scale(quantity), ' ' ORDER BY sku) FROM sales.order_line"
        ),
        "x4 y1"
    );
    let before = b.state();
    b.load(0, &[&b.file("o3.csv", orders(7)), "--dry-run"]);
    assert_eq!(b.state(), before);
}

/// A month's exports that overlap, with returns and a correction, and taking them back: right to the cent.
#[test]
fn overlapping_exports() {
    let Some(b) = bench() else { return };
    let head = "date,order_id,product,channel,price,qty\n";
    let lines = |rows: &[&str]| format!("{head}{}\n", rows.join("\n"));
    let january = b.file(
        "january.csv",
        lines(&[
            "2025-01-10,A,cream,Web,19.99,2",
            "2025-01-20,B,toner,Web,7.35,3",
            "2025-01-31,C,mask,Shop,2.05,10",
        ]),
    );
    b.load(0, &[&january, "--mode", "upsert"]);
    assert_eq!(b.state(), "3|15|82.53");
    // B was corrected to four, C is there again, A comes back in two parts, D is new.
    let february = b.file(
        "february.csv",
        lines(&[
            "2025-01-20,B,toner,Web,7.35,4",
            "2025-01-31,C,mask,Shop,2.05,10",
            "2025-02-03,A,cream,Web,19.99,-1",
            "2025-02-14,D,cream,Web,18.49,1",
        ]),
    );
    b.load(0, &[&february, "--mode", "upsert"]);
    assert_eq!(b.state(), "5|16|88.38");
    let march = b.file("march.csv", lines(&["2025-03-01,A,cream,Web,19.99,-1"]));
    b.load(0, &[&march, "--mode", "upsert"]);
    assert_eq!(b.state(), "6|15|68.39");
    let before = b.state();
    // An appended file is taken back to the line.
    let more = b.file(
        "more.csv",
        lines(&[
            "2025-03-02,E,cream,Web,1.1,7",
            "2025-03-02,E,cream,Web,1.1,7",
        ]),
    );
    let rows =
        "SELECT md5(string_agg(t::text, ',' ORDER BY load_id, line_no)) FROM sales.order_line t";
    let exactly = b.sql(rows);
    b.load(0, &[&more]);
    assert_eq!(b.state(), "8|29|83.79");
    let last = || b.sql("SELECT max(load_id) FROM sales.load WHERE state = 'done'");
    let said = b.kpi(&["unload", &last()]);
    assert!(
        said.code == 0 && !said.out.contains("come back"),
        "{}",
        said.out
    );
    assert_eq!((b.state(), b.sql(rows)), (before, exactly));
    // A later export of the same days takes their place, whichever load they came with.
    let again = b.file(
        "again.csv",
        lines(&[
            "2025-02-01,F,mask,Shop,2.05,1",
            "2025-02-28,G,mask,Shop,2.05,1",
        ]),
    );
    b.load(0, &[&again, "--mode", "replace-period"]);
    assert_eq!(b.state(), "6|17|73.99");
    // What it replaced does not come back by itself, and the command says so.
    let said = b.kpi(&["unload", &last()]);
    assert!(
        said.code == 0 && said.out.contains("do not come back"),
        "{}",
        said.out
    );
    assert_eq!(b.state(), "4|15|69.89");
    let id = b.sql("SELECT load_id FROM sales.load WHERE file = 'february.csv'");
    b.kpi(&["unload", &id]);
    b.load(0, &[&february, "--mode", "upsert"]);
    assert_eq!(b.state(), "6|15|68.39");
}

/// The commands around a load.
#[test]
fn commands() {
    let Some(b) = bench() else { return };
    let file = b.file("a.csv", "Tag,brand,product,channel,vendor,price,quantity\n2025-01-02,A,x toner,Web,V,5,2\nsoon,A,x,Web,V,5,2\n");
    let said = b.load(0, &[&file, "--map", "date=Tag", "--explain-mapping"]);
    assert!(
        said.out.contains("you said so") && said.out.contains("from words"),
        "{}",
        said.out
    );
    assert_eq!(b.state(), "0|0|0");
    let said = b.load(
        1,
        &[
            &file,
            "--map",
            "date=Tag",
            "--save-profile",
            "shop",
            "--json",
        ],
    );
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        (report["accepted"].as_u64(), report["rejected"].as_u64()),
        (Some(1), Some(1))
    );
    assert_eq!(report["reject_codes"]["BAD_DATE"], 1);
    let id = report["load_id"].to_string();
    let said = b.kpi(&["rejects", &id]);
    assert!(
        said.out.contains("BAD_DATE") && said.out.contains("soon"),
        "{}",
        said.out
    );
    assert!(b.kpi(&["loads"]).out.contains("a.csv"));
    assert!(!b.kpi(&["rejects", &id]).out.contains("--limit"));
    let two = b.file(
        "two.csv",
        format!("{HEADER}{ROW}soon,A,x,Web,V,5,2\nlater,A,x,Web,V,5,2\n"),
    );
    b.load(1, &[&two]);
    let last = b.sql("SELECT max(load_id) FROM sales.load");
    let said = b.kpi(&["rejects", last.trim(), "--limit", "1"]);
    assert!(said.out.contains("the first 1 of 2"), "{}", said.out);
    assert_eq!(b.kpi(&["unload", last.trim()]).code, 0);
    assert_eq!(b.kpi(&["unload", "999"]).code, 2);
    assert_eq!(b.kpi(&["unload", &id]).code, 0);
    assert_eq!(b.kpi(&["unload", &id]).code, 2);
    b.load(1, &[&file, "--profile", "shop"]);
    assert!(
        b.load(2, &[&file, "--profile", "none"])
            .err
            .contains("shop")
    );
    fs::create_dir_all(b.dir.join("in")).unwrap();
    b.file("in/b.csv", format!("{HEADER}{ROW}"));
    let (inbox, done) = (
        b.dir.join("in").display().to_string(),
        b.dir.join("done").display().to_string(),
    );
    let said = b.kpi(&["watch", &inbox, "--once", "--done", &done]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(b.dir.join("done/b.csv").exists());
    // The next export of the same name does not take its place.
    b.file("in/b.csv", format!("{HEADER}{ROW}{ROW}"));
    assert_eq!(b.kpi(&["watch", &inbox, "--once", "--done", &done]).code, 0);
    assert!(b.dir.join("done/b-2.csv").exists() && b.dir.join("done/b.csv").exists());
    let said = b.kpi(&["doctor"]);
    assert!(
        said.code == 1 && said.out.contains("ok    connection") && said.out.contains("type: "),
        "{}",
        said.out
    );
    assert!(b.kpi(&["ask", "revenue?"]).err.contains("kpi init"));
    // A rollup that cannot follow does not make a load that is done a failure; an unknown source does, before.
    b.sql("CREATE SCHEMA kpi; CREATE FUNCTION kpi.refresh(text) RETURNS void LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'; \
           CREATE TABLE kpi.sources AS SELECT 'sales' AS name");
    let more = b.file("more.csv", format!("{HEADER}{ROW}{ROW}{ROW}"));
    b.refused(
        &[&more, "--source", "salse"],
        "there is no source \"salse\"",
    );
    let said = b.load(0, &[&more]);
    assert!(
        said.out.contains("the lines are loaded") && said.out.contains("kpi refresh"),
        "{}",
        said.out
    );
}

/// Ctrl-C ends a watch in the middle of a load, which leaves nothing.
#[test]
fn interrupted_watch() {
    let Some(b) = bench() else { return };
    fs::create_dir_all(b.dir.join("in")).unwrap();
    b.file("in/a.csv", format!("{HEADER}{ROW}"));
    let mut child = b
        .command()
        .args([
            "watch",
            "--interval",
            "1",
            &b.dir.join("in").display().to_string(),
        ])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let until = |what: &str, sql: &str| {
        let deadline = Instant::now() + Duration::from_secs(60);
        while b.sql(sql).trim() != "1" {
            assert!(Instant::now() < deadline, "{what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    until(
        "the first file is loaded",
        "SELECT count(*) FROM sales.load WHERE state = 'done'",
    );
    // The second load waits for this lock.
    let mut locker = b.psql("BEGIN; LOCK TABLE sales.load; SELECT pg_sleep(60)");
    until(
        "the lock is held",
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND wait_event = 'PgSleep'",
    );
    b.file("in/b.csv", format!("{HEADER}{ROW}{ROW}"));
    until(
        "the second load waits",
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kpi' AND wait_event_type = 'Lock'",
    );
    let killed = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let deadline = Instant::now() + Duration::from_secs(20);
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "Ctrl-C is not heard");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    locker.kill().unwrap();
    locker.wait().unwrap();
    b.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()");
    assert_eq!(b.sql("SELECT count(*) FROM sales.order_line").trim(), "1");
}
