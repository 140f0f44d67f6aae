//! A PostgreSQL of our own for development and tests: the system's `initdb` and `postgres`, a Unix
//! socket nobody else can reach, and a shell that stops the server when its last user is gone.

mod place;
mod probe;
mod programs;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use place::{Place, SOCKET};
use probe::answers;

const SUPERUSER: &str = "conum";
const PATIENCE: Duration = Duration::from_secs(60);

/// Descriptor 0 is a named pipe that every user of the cluster keeps open for writing: when the last
/// of them ends, be it by SIGKILL, the server stops. Descriptor 1 is the lock of the folder; the
/// server inherits it, so a free lock means that nothing of ours runs there. A server killed by a
/// signal is started again. Signals are repeated, because one that comes too early is lost. Should
/// the supervisor itself be killed, its reader stops the server, unless a later one took over.
const SUPERVISOR: &str = r#"
trap '' INT HUP TERM; trap stop=1 USR1
folder=$1 keep=$2 signal=INT stop=; shift 2
[ "$keep" = data ] || signal=QUIT
exec 3<&0 4>&1 >>"$folder/server.log" 2>&1 </dev/null
echo $$ >"$folder/supervisor"
(while read -r _; do :; done
 tries=0
 while [ "$tries" -lt 50 ] && kill -USR1 $$; do tries=$((tries + 1)); sleep 0.1; done
 [ "$(cat "$folder/supervisor")" != $$ ] ||
   kill -INT "$(head -n 1 "$folder/data/postmaster.pid")") <&3 2>/dev/null 4>&- & reader=$!
tries=0
while [ -z "$stop" ]; do
  "$@" 3<&- & server=$!
  wait "$server"; code=$?
  if [ "$code" -gt 128 ]; then tries=25; elif [ "$code" = 0 ] || [ "$tries" -le 0 ]; then break; fi
  tries=$((tries - 1)); [ "$stop" ] || sleep 0.2
done
while kill -"$signal" "$server" 2>/dev/null; do sleep 0.02; done
kill -KILL "$reader"
if [ "$keep" != data ]; then
  cd "$folder" && rm -rf data data.new run server.log supervisor lock; cd / && rmdir "$folder"
fi"#;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    Data,
    /// A throw-away cluster: nothing is synced to disk, and the folder goes with its last user.
    Nothing,
}

pub struct PrivateCluster {
    sockets: PathBuf,
    alive: Option<File>,
    supervisor: Option<Child>,
}

/// Where a client program of PostgreSQL lies, such as `pg_dump`: beside the server's, else wherever PATH leads.
pub fn program(name: &str) -> Result<PathBuf, String> {
    let beside = programs::fitting(Path::new(""))?.join(name);
    Ok(if beside.exists() { beside } else { PathBuf::from(name) })
}

impl PrivateCluster {
    /// Starts the cluster of this folder, made first if need be, or joins it if it is running.
    pub fn start(folder: &Path, keep: Keep) -> Result<PrivateCluster, String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let place = Place::settle(folder, keep)?;
            let cluster = match lock(&place)? {
                Some(lock) => Some(launch(&place, keep, &lock)?),
                None => join(&place)?,
            };
            if let Some(cluster) = cluster {
                if place.moved && keep == Keep::Data {
                    let (from, to) = (folder.display(), place.folder.display());
                    eprintln!("The user that runs PostgreSQL cannot use {from}: the data is in {to}.");
                }
                return Ok(cluster);
            }
            if Instant::now() > deadline {
                return Err(format!(
                    "{} is in use by a PostgreSQL that does not answer: stop it; {} may say more.",
                    place.folder.display(),
                    place.folder.join("server.log").display()
                ));
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// The folder of the programs that a new cluster is made with, `pg_basebackup` among them.
    pub fn programs() -> Result<PathBuf, String> {
        programs::fitting(Path::new(""))
    }

    pub fn url(&self, database: &str) -> String {
        // Host and port are always said: the defaults differ between builds, and with PGPORT.
        format!(
            "postgresql:///{}?host={}&port=5432&user={SUPERUSER}",
            percent_encode(database.as_bytes()),
            percent_encode(self.sockets.as_os_str().as_bytes())
        )
    }
}

impl Drop for PrivateCluster {
    fn drop(&mut self) {
        self.alive = None;
        // Bounded: other processes may still be using the cluster.
        let deadline = Instant::now() + Duration::from_secs(2);
        while let Some(supervisor) = &mut self.supervisor
            && matches!(supervisor.try_wait(), Ok(None))
            && Instant::now() < deadline
        {
            sleep(Duration::from_millis(2));
        }
    }
}

/// None: somebody else has it. A lock on a file that was removed meanwhile does not count.
fn lock(place: &Place) -> Result<Option<File>, String> {
    let path = place.folder.join("lock");
    let failed = |error| format!("Cannot lock {}: {error}", path.display());
    let lock = match File::options().create(true).append(true).open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(failed)?,
    };
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(failed(error)),
        Ok(()) => {}
    }
    place.hand_over(&path).map_err(failed)?;
    let held = lock.metadata().map_err(failed)?.ino();
    Ok(fs::metadata(&path).is_ok_and(|now| now.ino() == held).then_some(lock))
}

fn join(place: &Place) -> Result<Option<PrivateCluster>, String> {
    place.claim(&place.sockets)?;
    // Opened both ways, a named pipe never blocks. Before the question, so that the answer holds.
    let alive = File::options().read(true).write(true).open(place.sockets.join("alive")).ok();
    let joined = alive.is_some() && answers(&place.sockets.join(SOCKET))?;
    let sockets = place.sockets.clone();
    Ok(joined.then_some(PrivateCluster { sockets, alive, supervisor: None }))
}

fn launch(place: &Place, keep: Keep, lock: &File) -> Result<PrivateCluster, String> {
    let failed = |error: io::Error| format!("Cannot start PostgreSQL: {error}");
    if keep == Keep::Nothing && place.data.exists() {
        fs::remove_dir_all(&place.data).map_err(failed)?;
    }
    let programs = programs::fitting(&place.data)?;
    if !place.data.exists() {
        create(place, &programs, keep, lock)?;
    }
    forget_dead_server(place);
    place.claim(&place.sockets)?;
    let pipe = place.sockets.join("alive");
    let _ = fs::remove_file(&pipe);
    let mut mkfifo = place.command(OsStr::new("mkfifo"));
    let made = mkfifo.args(["-m", "600"]).arg(&pipe).status().map_err(failed)?;
    if !made.success() {
        return Err(format!("Cannot make the named pipe {}", pipe.display()));
    }
    let alive = File::options().read(true).write(true).open(&pipe).map_err(failed)?;
    let log = place.folder.join("server.log");
    if fs::metadata(&log).is_ok_and(|log| log.len() > 1_000_000) {
        let _ = fs::remove_file(&log);
    }
    let old = fs::metadata(&log).map_or(0, |log| log.len() as usize);

    let mut command = place.command(OsStr::new("/bin/sh"));
    command.args(["-c", SUPERVISOR, "conum-postgres"]);
    command.arg(&place.folder);
    command.arg(match keep {
        Keep::Data => "data",
        Keep::Nothing => "nothing",
    });
    command.arg(programs.join("postgres"));
    command.arg("-D").arg(&place.data);
    for setting in settings(&place.sockets, keep) {
        command.arg("-c").arg(setting);
    }
    // A group of its own: Ctrl-C must not stop the database before the service has drained.
    command.process_group(0).stdin(File::open(&pipe).map_err(failed)?);
    command.stdout(lock.try_clone().map_err(failed)?).stderr(Stdio::null());
    let supervisor = Some(command.spawn().map_err(failed)?);
    let (sockets, alive) = (place.sockets.clone(), Some(alive));
    let mut cluster = PrivateCluster { sockets, alive, supervisor };

    // Only an answer counts: pid files and process numbers outlive servers.
    let deadline = Instant::now() + PATIENCE;
    while !answers(&place.sockets.join(SOCKET))? {
        let supervisor = cluster.supervisor.as_mut();
        let ended = supervisor.is_none_or(|child| !matches!(child.try_wait(), Ok(None)));
        if ended || Instant::now() > deadline {
            let text = fs::read(&log).unwrap_or_default();
            let text = String::from_utf8_lossy(text.get(old..).unwrap_or_default());
            let used = text.contains("lock file \"postmaster.pid\" already exists");
            let why = if used { ": another server, which we did not start, has it in use" } else { "" };
            let folder = place.data.display();
            return Err(format!("PostgreSQL did not start in {folder}{why}. It says:\n{}", text.trim()));
        }
        sleep(Duration::from_millis(3));
    }
    Ok(cluster)
}

/// The data comes into being under another name, so that an interruption leaves no half of it.
fn create(place: &Place, programs: &Path, keep: Keep, lock: &File) -> Result<(), String> {
    let failed =
        |error: io::Error| format!("Cannot make a database with {}: {error}", programs.join("initdb").display());
    let new = place.folder.join("data.new");
    let mut said = String::new();
    // Older versions of macOS have no C.UTF-8, small containers nothing but C.
    for locale in ["C.UTF-8", "en_US.UTF-8", "C"] {
        if new.exists() {
            fs::remove_dir_all(&new).map_err(failed)?;
        }
        let mut command = place.command(programs.join("initdb").as_os_str());
        command.args(["--auth=trust", "--encoding=UTF8", "--lc-messages=C"]);
        command.arg(format!("--username={SUPERUSER}"));
        command.arg(format!("--locale={locale}"));
        command.arg("-D").arg(&new);
        command.arg(match keep {
            Keep::Data => "--data-checksums",
            Keep::Nothing => "--no-sync",
        });
        // It holds the lock as well: if we are killed, nobody starts over while it still writes.
        command.stdin(lock.try_clone().map_err(failed)?);
        let output = command.output().map_err(failed)?;
        if output.status.success() {
            return fs::rename(&new, &place.data).map_err(failed);
        }
        said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if !said.contains("locale") {
            break;
        }
    }
    Err(format!("Cannot make a database in {}; initdb says:\n{said}", place.folder.display()))
}

/// PostgreSQL takes a zombie, or a stranger that got the same number, for a running server.
fn forget_dead_server(place: &Place) {
    let path = place.data.join("postmaster.pid");
    let dead = fs::read_to_string(&path).is_ok_and(|text| {
        let process = Path::new("/proc").join(text.lines().next().unwrap_or_default().trim());
        let data = fs::metadata(&place.data).map(|data| (data.dev(), data.ino()));
        // A server works in its data folder.
        match fs::metadata(process.join("cwd")) {
            Ok(folder) => data.is_ok_and(|data| data != (folder.dev(), folder.ino())),
            Err(error) => error.kind() == ErrorKind::NotFound && Path::new("/proc/self").exists(),
        }
    });
    if dead {
        let _ = fs::remove_file(&path);
        let _ = fs::remove_file(place.sockets.join(format!("{SOCKET}.lock")));
    }
}

/// On the command line, so that neither a moved folder nor an edited file matters.
fn settings(sockets: &Path, keep: Keep) -> Vec<OsString> {
    let common = ["listen_addresses=", "port=5432", "unix_socket_permissions=0700"];
    let more = ["max_connections=200", "lc_messages=C", "timezone=UTC", "log_timezone=UTC"];
    let kept = ["shared_buffers=256MB"];
    let lost = ["shared_buffers=128MB", "fsync=off", "full_page_writes=off", "synchronous_commit=off"];
    let own: &[&str] = if keep == Keep::Data { &kept } else { &lost };
    let mut settings: Vec<OsString> = common.iter().chain(&more).chain(own).map(OsString::from).collect();
    // It is a list of folders: quoted for the commas, with quotes doubled.
    let mut folders = b"unix_socket_directories=\"".to_vec();
    for byte in sockets.as_os_str().as_bytes() {
        folders.extend(std::iter::repeat_n(*byte, if *byte == b'"' { 2 } else { 1 }));
    }
    folders.push(b'"');
    settings.push(OsStr::from_bytes(&folders).to_owned());
    settings
}

fn percent_encode(bytes: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let encode = |b: &u8| {
        if plain(b) { char::from(*b).to_string() } else { format!("%{b:02X}") }
    };
    bytes.iter().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_names_the_socket_folder_whatever_its_characters() {
        let sockets = PathBuf::from("/srv/a b/l'été/run");
        let cluster = PrivateCluster { sockets, alive: None, supervisor: None };
        let expected = "postgresql:///app%20one?host=%2Fsrv%2Fa%20b%2Fl%27%C3%A9t%C3%A9%2Frun\
            &port=5432&user=conum";
        assert_eq!(cluster.url("app one"), expected);
    }

    #[test]
    fn a_socket_folder_with_quotes_and_commas_stays_one_folder() {
        let settings = settings(Path::new("/a \"b\",c"), Keep::Data);
        let folders = settings.last().and_then(|setting| setting.to_str());
        assert_eq!(folders, Some(r#"unix_socket_directories="/a ""b"",c""#));
    }

    #[test]
    fn only_a_cluster_that_keeps_nothing_runs_without_fsync() {
        let off = |keep| settings(Path::new("/run"), keep).contains(&OsString::from("fsync=off"));
        assert!(off(Keep::Nothing) && !off(Keep::Data));
    }
}
