//! A handle upon the socket of each session, so that a thread that waits on one which hangs can be called back.
//!
//! Neither Diesel nor libpq stop waiting for an answer that does not come. Shutting the socket down ends the wait at once:
//! libpq reads the end of the stream and tells that the server has gone. Diesel gives no access to libpq's descriptor;
//! it is found as the one connection to PostgreSQL that this process has after connecting and had not before.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::File;
use std::net::{Shutdown, TcpStream};
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

use diesel::{Connection, ConnectionError, PgConnection};

/// One connects at a time to each server, so that what is new is one's own.
static CONNECTING: LazyLock<Mutex<HashMap<String, Arc<Mutex<()>>>>> = LazyLock::new(Mutex::default);
/// Connections made beside the lock (by programs that probe) are told apart by trying again.
const TRIES: usize = 5;

/// A second descriptor of a session's socket: valid whatever libpq does with its own.
pub struct Socket(UnixStream);

impl Socket {
    /// Ends all waiting on the socket, on both sides.
    fn shut(&self) {
        // One that was closed meanwhile needs no more.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// The sockets of the sessions that live.
#[derive(Default)]
pub struct Sockets(Mutex<Vec<Weak<Socket>>>);

impl Sockets {
    pub fn remember(&self, socket: &Arc<Socket>) {
        let mut sockets = held(&self.0);
        sockets.retain(|known| known.strong_count() > 0);
        sockets.push(Arc::downgrade(socket));
    }

    /// Shuts all of them down; tells how many there were.
    pub fn shut(&self) -> usize {
        let sockets: Vec<_> = held(&self.0).drain(..).filter_map(|socket| socket.upgrade()).collect();
        sockets.iter().for_each(|socket| socket.shut());
        sockets.len()
    }
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a server listens, as far as its address tells.
#[derive(Clone, Debug)]
pub struct Server {
    pub name: String,
    /// The folder of its socket, where it is reached by one.
    pub folder: Option<PathBuf>,
    pub port: u16,
}

/// Connects, and tells the socket where it was found. All of this process connect here. One that hangs holds up those who
/// connect to the same server only.
#[expect(clippy::disallowed_methods, reason = "this is where sessions come from")]
pub fn connect(url: &str, server: &Server) -> Result<(PgConnection, Option<Arc<Socket>>), ConnectionError> {
    let lock = held(&CONNECTING).entry(server.name.clone()).or_default().clone();
    let _alone = held(&lock);
    for _ in 0..TRIES {
        let before: HashSet<_> = to_postgres(server).into_keys().collect();
        let session = PgConnection::establish(url)?;
        let mut new = to_postgres(server).into_iter().filter(|(identity, _)| !before.contains(identity));
        if let (Some((_, socket)), None) = (new.next(), new.next()) {
            return Ok((session, Some(Arc::new(Socket(socket)))));
        }
    }
    log::warn!("the socket of a session was not found: should the database hang, whoever waits on it waits on");
    PgConnection::establish(url).map(|session| (session, None))
}

/// Connects where nobody waits for the lock or the socket: to ask a server that may hang.
#[expect(clippy::disallowed_methods, reason = "this is where sessions come from")]
pub fn connect_aside(url: &str) -> Result<PgConnection, ConnectionError> {
    PgConnection::establish(url)
}

/// The open connections to a server, by what tells each from all others. Once each: the list of descriptors also names the
/// one that it was read by, whose number a duplicate may have by then.
fn to_postgres(server: &Server) -> HashMap<(u64, u64), UnixStream> {
    let folder = server.folder.as_deref().and_then(|folder| folder.canonicalize().ok());
    let here = |path: &Path| {
        let named = path.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with(".s.PGSQL."));
        let there = path.parent().and_then(|parent| parent.canonicalize().ok());
        named && (folder.is_none() || there.is_none() || folder == there)
    };
    let open = descriptors().into_iter().filter_map(|descriptor| {
        let file = File::from(second(descriptor)?);
        let about = file.metadata().ok()?;
        let socket = UnixStream::from(OwnedFd::from(file));
        let local = socket.peer_addr().ok().and_then(|peer| peer.as_pathname().map(here));
        let socket = match local {
            Some(true) => socket,
            Some(false) => return None,
            None => {
                let socket = TcpStream::from(OwnedFd::from(socket));
                let peer = socket.peer_addr().ok()?;
                (peer.port() == server.port).then(|| UnixStream::from(OwnedFd::from(socket)))?
            }
        };
        Some(((about.dev(), about.ino()), socket))
    });
    open.collect()
}

/// The numbers of this process's descriptors; none on a system that does not tell.
fn descriptors() -> Vec<RawFd> {
    let folder = std::fs::read_dir("/proc/self/fd").or_else(|_| std::fs::read_dir("/dev/fd"));
    let names = folder.into_iter().flatten().flatten();
    names.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// A second descriptor of whatever stands under a number, if anything does.
fn second(descriptor: RawFd) -> Option<OwnedFd> {
    #[expect(unsafe_code, reason = "the number is only duplicated")]
    // SAFETY: the borrow ends with this statement, and the number is given to nothing but the system's duplication: it
    // answers an error where the number is closed meanwhile, and where it stands for something else by then, that is
    // duplicated, looked at and let go. Numbers are not negative.
    let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
    borrowed.try_clone_to_owned().ok()
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_thread_that_waits_is_called_back_by_shutting_the_socket() {
        let folder = std::env::temp_dir().join(format!("conum-sockets-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let listener = UnixListener::bind(folder.join(".s.PGSQL.1")).unwrap();
        let server = Server { name: "test".to_owned(), folder: Some(folder.clone()), port: 1 };
        let before = to_postgres(&server);
        let mut waiting = UnixStream::connect(folder.join(".s.PGSQL.1")).unwrap();
        let mut found: Vec<_> = to_postgres(&server).into_values().collect();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!((before.len(), found.len()), (0, 1));
        let socket = Arc::new(Socket(found.remove(0)));
        let sockets = Sockets::default();
        sockets.remember(&socket);
        let (_server, _) = listener.accept().unwrap();
        let waiter = std::thread::spawn(move || waiting.read(&mut [0]).unwrap());
        assert_eq!(sockets.shut(), 1);
        assert_eq!(waiter.join().unwrap(), 0, "the end of the stream");
    }
}
