//! A database for each test, copied from a template that is migrated and loaded once.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use conum::features::territories;
use conum::platform::clock::Clock;
use conum::platform::db::private_cluster::{Keep, PrivateCluster, program};
use conum::platform::db::sql::Sql;
use conum::platform::db::{Db, Outcome, Request, Settings, Site, migrations};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types as st;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The server that all tests of this process share: our own, or that of DATABASE_URL.
struct Cluster {
    /// Never dropped: the server ends with this process.
    _own: Option<PrivateCluster>,
    /// Address of some database of it.
    url: String,
    template: String,
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();

/// Where a throw-away cluster of this process may lie; it removes itself.
pub fn cluster_folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("conum-test-{}-{name}", std::process::id()))
}

fn cluster() -> &'static Cluster {
    CLUSTER.get_or_init(|| {
        let given = std::env::var("DATABASE_URL").ok().filter(|url| !url.trim().is_empty());
        let (own, url) = match given {
            Some(url) => (None, url),
            None => {
                let own =
                    PrivateCluster::start(&cluster_folder("shared"), Keep::Nothing).expect("a throw-away cluster");
                let url = own.url("postgres");
                (Some(own), url)
            }
        };
        let template = make_template(&url);
        Cluster { _own: own, url, template }
    })
}

/// Migrates and loads once; the name says what is in it, so that a server kept between runs
/// never serves an old one.
fn make_template(url: &str) -> String {
    let name = format!("conum_template_{}", fingerprint(&["migrations", "data/territories"]));
    let mut admin = Session::open(url);
    // Several runs may share the server of DATABASE_URL.
    admin.run("select pg_advisory_lock(hashtext('conum.test.template'))");
    let known = admin.rows(&format!("select 1 from pg_database where datname = '{name}'"));
    if known.is_empty() {
        let unfinished = format!("{name}_new");
        admin.run(&format!("drop database if exists {unfinished} with (force)"));
        admin.run(&format!("create database {unfinished}"));
        fill(&with_database(url, &unfinished));
        admin.run(&format!(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{unfinished}'"
        ));
        admin.run(&format!("alter database {unfinished} rename to {name}"));
    }
    name
}

fn fill(url: &str) {
    migrations::run(url).expect("migrations");
    let settings = Settings::single(url);
    let db = Db::new(&settings, Clock::system(), Site::default());
    let load = |tx: &mut conum::platform::db::Tx<'_>| territories::load::territories(tx).map(Outcome::Keep);
    db.write_now(&Request::job("migrate"), &load).expect("territories");
    Session::open(url).run("vacuum analyze");
}

fn fingerprint(folders: &[&str]) -> String {
    let mut hash = Sha256::new();
    for folder in folders {
        let mut files = Vec::new();
        list(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
        files.sort();
        for file in files {
            hash.update(file.to_string_lossy().as_bytes());
            hash.update(std::fs::read(&file).expect("a file of the repository"));
        }
    }
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { list(&path, files) } else { files.push(path) }
    }
}

/// The same server, another database.
pub fn with_database(url: &str, name: &str) -> String {
    if !url.contains("://") {
        return format!("{url} dbname={name}");
    }
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let start = address.find("://").map_or(0, |at| at + 3);
    let authority = address[start..].find('/').map_or(address, |at| &address[..start + at]);
    format!("{authority}/{name}?{query}")
}

/// A database of one test's own.
pub struct Database {
    pub url: String,
    /// Where to drop it from, and its name; nothing where the server vanishes as a whole.
    shared: Option<(String, String)>,
}

impl Database {
    /// Migrated, with the territories in it.
    pub fn new() -> Self {
        Self::create(&format!("template {} strategy file_copy", cluster().template))
    }

    /// One that is there already and stays.
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned(), shared: None }
    }

    /// Without anything in it.
    pub fn empty() -> Self {
        Self::create("")
    }

    fn create(how: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("conum_test_{}_{number}", std::process::id());
        let cluster = cluster();
        Session::open(&cluster.url).run(&format!("create database {name} {how}"));
        let url = with_database(&cluster.url, &name);
        Self { url, shared: Some((cluster.url.clone(), name)) }
    }

    /// Writes all of it into a file, as an operator would.
    pub fn dump(&self, file: &Path) {
        succeed(Command::new(program("pg_dump").expect("pg_dump")).arg("-f").arg(file).arg(&self.url));
    }

    /// A session of the owner, whom nothing restricts.
    pub fn owner(&self) -> Session {
        Session::open(&self.url)
    }

    /// A session as the service has them, told of a caller by settings such as `("reach", "country")`.
    pub fn application(&self, settings: &[(&str, &str)]) -> Session {
        let mut session = self.owner();
        session.run("set role conum_app");
        for (name, value) in settings {
            session.run(&format!("set conum.{name} = '{value}'"));
        }
        session
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // On our own server as well: hundreds of copies of the template would fill a small disk.
        if let Some((url, name)) = &self.shared {
            Session::open(url).run(&format!("drop database if exists {name} with (force)"));
        }
    }
}

/// A server of one test's own, to be stopped and started again.
pub struct Server {
    folder: PathBuf,
    running: Mutex<Option<PrivateCluster>>,
}

impl Server {
    pub fn start(name: &str) -> Self {
        let server = Self { folder: cluster_folder(name), running: Mutex::new(None) };
        server.go_on();
        server
    }

    pub fn go_on(&self) {
        let cluster = PrivateCluster::start(&self.folder, Keep::Data).expect("a cluster");
        *self.running.lock().expect("the cluster") = Some(cluster);
    }

    /// Stops it and waits until it has ended.
    pub fn stop(&self) {
        *self.running.lock().expect("the cluster") = None;
    }

    pub fn url(&self) -> String {
        self.running.lock().expect("the cluster").as_ref().expect("it runs").url("postgres")
    }

    /// Its database, migrated and empty.
    pub fn database(&self) -> Database {
        migrations::run(&self.url()).expect("migrations");
        Database { url: self.url(), shared: None }
    }

    /// Its database, migrated, with the territories in it.
    pub fn filled_database(&self) -> Database {
        fill(&self.url());
        self.as_it_is()
    }

    /// Its database, whatever is in it.
    pub fn as_it_is(&self) -> Database {
        Database { url: self.url(), shared: None }
    }

    /// Restores what `Database::dump` wrote: roles are no part of a dump, and come first.
    pub fn restore(&self, dump: &Path) {
        let url = self.url();
        Session::open(&url).run("create role conum_app nologin");
        let mut command = Command::new(program("psql").expect("psql"));
        command.args(["-q", "-1", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f"]).arg(dump).arg(&url);
        succeed(&mut command);
    }

    /// Stops it and waits until it has written its last, however long that takes: its files are to be copied.
    fn stop_for_good(&self) {
        self.stop();
        let deadline = Instant::now() + Duration::from_secs(120);
        while self.folder.join("data/postmaster.pid").exists() {
            assert!(Instant::now() < deadline, "the server does not stop");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops the server and keeps its files beside it.
    pub fn keep_copy(&self) {
        self.stop_for_good();
        succeed(Command::new("cp").arg("-a").arg(self.folder.join("data")).arg(self.folder.join("copy")));
        self.go_on();
    }

    /// Stops the server and puts the kept files back, as if nothing had been since; `to_a_point_in_time`, as a recovery that
    /// ends where the files end and goes on under a timeline of its own.
    pub fn put_copy_back(&self, to_a_point_in_time: bool) {
        self.stop_for_good();
        let data = self.folder.join("data");
        std::fs::remove_dir_all(&data).expect("data to remove");
        succeed(Command::new("cp").arg("-a").arg(self.folder.join("copy")).arg(&data));
        if to_a_point_in_time {
            let settings = data.join("postgresql.auto.conf");
            std::fs::write(&settings, "restore_command = 'false'\n").expect("settings");
            // A copy of a file of the server's: it belongs to whom the server runs as.
            succeed(Command::new("cp").arg("-a").arg(&settings).arg(data.join("recovery.signal")));
        }
        self.go_on();
    }

    /// A standby of this server that follows it.
    pub fn standby(&self, name: &str) -> Self {
        let folder = cluster_folder(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let data = folder.join("data");
        // The folder of the programs may hold links to some of them only.
        let programs =
            PrivateCluster::programs().expect("programs").join("postgres").canonicalize().expect("a program");
        let copied = std::process::Command::new(programs.with_file_name("pg_basebackup"))
            .args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--dbname", &self.url(), "--pgdata"])
            .arg(&data)
            .status();
        assert!(copied.expect("pg_basebackup").success());
        // The copy is made by whoever runs the tests, the server runs as the user of the first one.
        let original = Session::open(&self.url()).column("select current_setting('data_directory')").remove(0);
        let owner = std::fs::metadata(original).expect("a data folder");
        hand_over(&folder, owner.uid(), owner.gid());
        let server = Self { folder, running: Mutex::new(None) };
        server.go_on();
        server
    }

    /// Stops all processes of the server in their tracks until the answer is dropped.
    pub fn freeze(&self) -> Frozen {
        let mut session = Session::open(&self.url());
        let data = session.column("select current_setting('data_directory')").remove(0);
        let main = std::fs::read_to_string(format!("{data}/postmaster.pid")).expect("a number");
        let mut frozen = Frozen(vec![main.lines().next().expect("a number").to_owned()]);
        // The first of them first: it makes no others then.
        frozen.signal("-STOP");
        let others = session.column("select pid::text from pg_stat_activity order by pid = pg_backend_pid()");
        let first = std::mem::replace(&mut frozen.0, others);
        frozen.signal("-STOP");
        frozen.0.extend(first);
        // Its goodbye could not be answered, and need not be.
        std::mem::forget(session);
        frozen
    }
}

fn hand_over(path: &Path, uid: u32, gid: u32) {
    std::os::unix::fs::lchown(path, Some(uid), Some(gid)).expect("handed over");
    if path.is_dir() && !path.is_symlink() {
        for entry in std::fs::read_dir(path).expect("a folder") {
            hand_over(&entry.expect("an entry").path(), uid, gid);
        }
    }
}

/// Processes that are stopped; they go on when this is dropped, also where a test fails.
pub struct Frozen(Vec<String>);

impl Frozen {
    pub fn sessions(numbers: Vec<String>) -> Self {
        let frozen = Self(numbers);
        frozen.signal("-STOP");
        frozen
    }

    fn signal(&self, name: &str) {
        let _ = std::process::Command::new("kill").arg(name).args(&self.0).status();
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

#[track_caller]
fn succeed(command: &mut Command) {
    let output = command.output().expect("a program");
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A session for what a test wants to know or to arrange behind the service's back.
pub struct Session(pub PgConnection);

impl Session {
    pub fn open(url: &str) -> Self {
        Self(migrations::connect(url).expect("a session"))
    }

    /// Runs statements.
    #[track_caller]
    pub fn run(&mut self, statements: &str) {
        self.try_run(statements).unwrap_or_else(|error| panic!("{error}\n{statements}"));
    }

    pub fn try_run(&mut self, statements: &str) -> Result<(), String> {
        self.0.batch_execute(statements).map_err(|error| error.to_string())
    }

    /// The rows of a query, each as a JSON object.
    #[track_caller]
    pub fn rows(&mut self, query: &str) -> Vec<Value> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = st::Jsonb)]
            row: Value,
        }
        let rows: Result<Vec<Row>, _> =
            Sql::raw(format!("select to_jsonb(q) as row from ({query}) q")).load(&mut self.0);
        rows.unwrap_or_else(|error| panic!("{error}\n{query}")).into_iter().map(|row| row.row).collect()
    }

    /// The first column of each row, as text.
    #[track_caller]
    pub fn column(&mut self, query: &str) -> Vec<String> {
        let first = |row: Value| match row.as_object().and_then(|row| row.values().next().cloned()) {
            Some(Value::String(text)) => text,
            other => other.unwrap_or_default().to_string(),
        };
        self.rows(query).into_iter().map(first).collect()
    }

    /// The one number that a query answers.
    #[track_caller]
    pub fn number(&mut self, query: &str) -> i64 {
        self.column(query)[0].parse().expect("a number")
    }
}
