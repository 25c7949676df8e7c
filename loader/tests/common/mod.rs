//! A private PostgreSQL for the tests of a file, and the `kpi` command in front of it.

#![allow(dead_code, unreachable_pub)] // each test file uses what it needs
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};

/// A running server; stopped when the last test that uses it ends.
pub struct Server {
    bin: PathBuf,
    pub dir: PathBuf,
    owner: Option<String>,
}

static SERVER: Mutex<Weak<Server>> = Mutex::new(Weak::new());
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The directory of the server's programs; `None` where there is no server.
fn bin_dir() -> Option<PathBuf> {
    if let Some(dir) = std::env::var_os("KPI_TEST_PG_BIN") {
        return Some(dir.into());
    }
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|d| {
            d.filter_map(|e| e.ok().map(|e| e.path().join("bin")))
                .collect()
        })
        .unwrap_or_default();
    found.sort();
    let asked = Command::new("pg_config").arg("--bindir").output().ok();
    let asked = asked
        .and_then(|o| String::from_utf8(o.stdout).ok())
        .map(|s| PathBuf::from(s.trim()));
    found
        .into_iter()
        .chain(asked)
        .find(|d| d.join("initdb").exists())
}

impl Server {
    /// A program of the server, run as a user who may run one.
    fn program(&self, name: &str) -> Command {
        let mut command = match &self.owner {
            Some(owner) => {
                let mut c = Command::new("runuser");
                c.args(["-u", owner, "--"]).arg(self.bin.join(name));
                c
            }
            None => Command::new(self.bin.join(name)),
        };
        command.env_remove("RUST_BACKTRACE").current_dir("/");
        command
    }

    fn start() -> Option<Arc<Self>> {
        let bin = bin_dir()?;
        let root = fs::metadata("/proc/self")
            .map(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0)
            .unwrap_or(false);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("kpi-test-{}-{number}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
        // The server refuses to run as root.
        let owner = root.then(|| {
            let has = |u: &str| {
                Command::new("id")
                    .arg(u)
                    .output()
                    .is_ok_and(|o| o.status.success())
            };
            ["postgres", "nobody"]
                .into_iter()
                .find(|u| has(u))
                .unwrap_or("nobody")
                .to_owned()
        });
        let server = Self { bin, dir, owner };
        let data = server.dir.join("data");
        let made = server
            .program("initdb")
            .arg("-D")
            .arg(&data)
            .args(["-A", "trust", "-U", "tester", "-E", "UTF8"])
            .args(["--locale=C.UTF-8", "--no-sync"])
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        server.up();
        Some(Arc::new(server))
    }

    /// Starts the server on a socket of its own.
    pub fn up(&self) {
        let options = format!(
            "-k {} -p 5432 -c listen_addresses= -c fsync=off -c max_connections=40",
            self.dir.display()
        );
        let log = self.dir.join("log");
        let started = self
            .program("pg_ctl")
            .arg("-D")
            .arg(self.dir.join("data"))
            .arg("-l")
            .arg(&log)
            .args(["-w", "-o", &options, "start"])
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(
            started.success(),
            "{}",
            fs::read_to_string(&log).unwrap_or_default()
        );
    }

    /// Stops the server at once, as a power failure would.
    pub fn crash(&self) {
        self.program("pg_ctl")
            .arg("-D")
            .arg(self.dir.join("data"))
            .args(["-m", "immediate", "-w", "stop"])
            .stdout(Stdio::null())
            .status()
            .unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.crash();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// A database that `kpi init --schema-only` made ready, and a directory for files.
pub struct Bench {
    pub server: Arc<Server>,
    pub name: String,
    pub dir: PathBuf,
}

/// What `kpi` said.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// A fresh database, or `None` with a loud word where this machine has no PostgreSQL.
pub fn bench() -> Option<Bench> {
    let server = {
        let mut shared = SERVER
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match shared.upgrade() {
            Some(server) => server,
            None => {
                let Some(server) = Server::start() else {
                    println!("SKIPPED: no PostgreSQL server programs on this machine");
                    eprintln!("SKIPPED: no PostgreSQL server programs on this machine");
                    return None;
                };
                *shared = Arc::downgrade(&server);
                server
            }
        }
    };
    Some(ready(server))
}

/// A fresh database on a server that no other test uses, so that it may be crashed.
pub fn bench_alone() -> Option<Bench> {
    let Some(server) = Server::start() else {
        println!("SKIPPED: no PostgreSQL server programs on this machine");
        eprintln!("SKIPPED: no PostgreSQL server programs on this machine");
        return None;
    };
    Some(ready(server))
}

/// A database on a server.
fn ready(server: Arc<Server>) -> Bench {
    let name = format!("t{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let dir = server.dir.join(format!("files-{name}"));
    fs::create_dir_all(&dir).unwrap();
    let bench = Bench { server, name, dir };
    bench.sql_in("postgres", &format!("CREATE DATABASE {}", bench.name));
    let said = bench.kpi(&["init", "--schema-only"]);
    assert_eq!(said.code, 0, "{}", said.err);
    bench
}

impl Bench {
    /// The `kpi` command on this database.
    pub fn command(&self) -> Command {
        let mut c = Command::new(env!("CARGO_BIN_EXE_kpi"));
        c.env("PGHOST", &self.server.dir)
            .env("PGUSER", "tester")
            .env("PGDATABASE", &self.name)
            .env("XDG_STATE_HOME", &self.dir)
            .env_remove("PGPORT")
            .env_remove("DATABASE_URL")
            .env_remove("RUST_BACKTRACE");
        c
    }

    /// Runs `kpi`.
    pub fn kpi(&self, arguments: &[&str]) -> Said {
        said(
            self.command()
                .args(arguments)
                .stdin(Stdio::null())
                .output()
                .unwrap(),
        )
    }

    /// Runs `kpi` on bytes.
    pub fn kpi_with(&self, arguments: &[&str], input: &[u8]) -> Said {
        use std::io::Write;
        let mut child = self
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        said(child.wait_with_output().unwrap())
    }

    /// Writes a file and returns its path.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.dir.join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    /// One value, or lines of values separated by `|`.
    pub fn sql(&self, sql: &str) -> String {
        self.sql_in(&self.name, sql)
    }

    /// A session of its own, left running.
    pub fn psql(&self, sql: &str) -> std::process::Child {
        Command::new(self.server.bin.join("psql"))
            .env_remove("PGPORT")
            .args(["-Xqc", sql, "-U", "tester", "-h"])
            .arg(&self.server.dir)
            .args(["-d", &self.name])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Waits until the server answers, as it does not while it recovers.
    pub fn wait_for_server(&self) {
        for _ in 0..600 {
            let answers = Command::new(self.server.bin.join("psql"))
                .env_remove("PGPORT")
                .args(["-Xqc", "SELECT 1", "-U", "tester", "-h"])
                .arg(&self.server.dir)
                .args(["-d", &self.name])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .unwrap();
            if answers.success() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("the server does not come back");
    }

    fn sql_in(&self, database: &str, sql: &str) -> String {
        let out = Command::new(self.server.bin.join("psql"))
            .env_remove("PGPORT")
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "tester",
                "-h",
            ])
            .arg(&self.server.dir)
            .args(["-d", database, "-c", sql])
            .env("PGCLIENTENCODING", "UTF8")
            .output()
            .unwrap();
        assert!(
            out.status.success(),
            "{sql}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8(out.stdout).unwrap().trim_end().to_owned()
    }

    /// Lines, units and revenue stored.
    pub fn state(&self) -> String {
        self.sql("SELECT count(*), coalesce(trim_scale(sum(quantity)), 0), coalesce(trim_scale(sum(revenue)), 0) FROM sales.order_line")
    }

    /// Rejects of all loads that are not taken back: `line|code`, in order.
    pub fn rejects(&self) -> Vec<String> {
        self.sql("SELECT line, code FROM sales.reject ORDER BY load_id, line")
            .lines()
            .map(str::to_owned)
            .collect()
    }

    /// Loads, and fails the test unless the exit code is as expected.
    pub fn load(&self, code: i32, arguments: &[&str]) -> Said {
        let said = self.kpi(&[&["load"], arguments].concat());
        assert_eq!(said.code, code, "{arguments:?}: {}{}", said.out, said.err);
        assert!(!said.err.contains("panicked"), "{}", said.err);
        said
    }

    /// Expects a file to be refused whole, with a word in the message.
    pub fn refused(&self, arguments: &[&str], hint: &str) -> Said {
        let before = self.state();
        let loads = self.sql("SELECT count(*) FROM sales.load");
        let said = self.load(2, arguments);
        assert!(
            said.err.contains(hint),
            "{arguments:?} lacks {hint:?}: {}",
            said.err
        );
        assert_eq!(before, self.state(), "{arguments:?}");
        assert_eq!(
            loads,
            self.sql("SELECT count(*) FROM sales.load"),
            "{arguments:?}"
        );
        said
    }
}

fn said(out: Output) -> Said {
    Said {
        code: out.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&out.stdout).into_owned(),
        err: String::from_utf8_lossy(&out.stderr).into_owned(),
    }
}

/// A file of the project.
pub fn project(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(path)
        .display()
        .to_string()
}
