//! Which server of the address is spoken to, and which are refused.
//!
//! One server takes writes; another may be made to in its place. From then on the former must never be written to, even
//! when it comes back as if nothing had happened: each session tells its lineage first, and what is older than the newest
//! seen, or of another system, is refused. A server that hangs is left by shutting the sockets of all sessions down.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use diesel::PgConnection;
use diesel::connection::SimpleConnection;

use super::address::Address;
use super::lineage::{self, Lineage};
use super::sockets::{self, Socket, Sockets};

/// How often servers that are asked side by side are waited for at the start: longer, in all, than libpq's limit for
/// connecting.
const WAITS: usize = 25;
/// Pause between two questions to a server that is no primary, or not yet.
const AGAIN: Duration = Duration::from_millis(100);
const LOOK: Duration = Duration::from_millis(50);

/// A session that was let in.
pub struct Opened {
    pub session: PgConnection,
    /// Sessions of an earlier epoch are not used any more.
    pub epoch: u64,
    /// Dropped after the session, so that libpq says goodbye first.
    pub socket: Option<Arc<Socket>>,
}

pub struct Primary {
    address: Address,
    /// The server to be asked first.
    first: AtomicUsize,
    epoch: AtomicU64,
    newest: Mutex<Option<Lineage>>,
    sockets: Sockets,
    /// Servers that were asked aside and have not answered yet.
    asked: Vec<AtomicBool>,
    /// The last refusal, so that each is told once.
    refused: Mutex<String>,
}

/// A server that takes writes, as found by asking all of them.
struct Found {
    rank: usize,
    lineage: Lineage,
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Primary {
    pub fn new(url: &str) -> Arc<Self> {
        let address = Address::new(url);
        Arc::new(Self {
            first: AtomicUsize::new(0),
            epoch: AtomicU64::new(0),
            newest: Mutex::new(None),
            sockets: Sockets::default(),
            asked: (0..address.count()).map(|_| AtomicBool::new(false)).collect(),
            refused: Mutex::new(String::new()),
            address,
        })
    }

    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Whether there are other servers to look at.
    pub fn has_others(&self) -> bool {
        self.address.count() > 1
    }

    /// A session with the primary. The server that was good last is asked first, the others after it.
    pub fn open(self: &Arc<Self>) -> Result<Opened, String> {
        if self.has_others() && held(&self.newest).is_none() {
            // Whoever starts knows no history: of several servers that take writes the newest counts.
            let waits = AtomicUsize::new(0);
            self.survey(&|| waits.fetch_add(1, Ordering::Relaxed) < WAITS);
        }
        let (first, count) = (self.first.load(Ordering::Relaxed), self.address.count());
        let mut refusal = String::new();
        for rank in (0..count).map(|step| (first + step) % count) {
            match self.open_at(rank) {
                Ok(opened) => {
                    self.first.store(rank, Ordering::Relaxed);
                    return Ok(opened);
                }
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }

    fn open_at(&self, rank: usize) -> Result<Opened, String> {
        let epoch = self.epoch();
        let (mut session, socket) =
            sockets::connect(&self.address.alone(rank), &self.address.server(rank)).map_err(|e| e.to_string())?;
        if let Some(socket) = &socket {
            self.sockets.remember(socket);
        }
        // Whoever leaves moves the epoch first: a socket that came too late to be shut is not waited on.
        if self.epoch() != epoch {
            return Err("the server was left meanwhile".to_owned());
        }
        let found = lineage::read(&mut session).map_err(|e| e.to_string())?;
        self.admit(rank, found)?;
        Ok(Opened { session, epoch: self.epoch(), socket })
    }

    /// Lets a server in that takes writes and is no older than what is known; a newer one ends what is older.
    pub fn admit(&self, rank: usize, found: Option<Lineage>) -> Result<(), String> {
        let refuse = |why: String| {
            let text = format!("{} is refused: {why}", self.address.name(rank));
            let mut refused = held(&self.refused);
            if *refused != text {
                log::warn!("{text}");
                refused.clone_from(&text);
            }
            Err(text)
        };
        let Some(found) = found else { return refuse("it is a standby and takes no writes".to_owned()) };
        let mut newest = held(&self.newest);
        match *newest {
            Some(known) if known.system_identifier != found.system_identifier => {
                refuse(format!("it is of system {}, not {}", found.system_identifier, known.system_identifier))
            }
            Some(known) if known.timeline > found.timeline => {
                refuse(format!("its {found} is older than timeline {}: another server took its place", known.timeline))
            }
            known => {
                *newest = Some(found);
                drop(newest);
                held(&self.refused).clear();
                if known.is_some_and(|known| known != found) {
                    log::warn!("the database goes on as {found}");
                    self.leave();
                }
                Ok(())
            }
        }
    }

    /// What an open session finds its server to be by now. An error ends the session.
    pub fn still(&self, found: Option<Lineage>) -> Result<(), String> {
        self.admit(self.first.load(Ordering::Relaxed), found)
    }

    /// Leaves all sessions: those at rest are used no more, and whoever waits on one is called back.
    fn leave(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        let sessions = self.sockets.shut();
        log::warn!(sessions = sessions; "sessions are left");
    }

    /// Leaves sessions that hang for a primary that answers, be it the same server: asks all of them until one does, as
    /// long as `hangs` holds. `is_late` is asked then: what came back meanwhile is not left.
    pub fn leave_for_another(self: &Arc<Self>, hangs: &dyn Fn() -> bool, is_late: &dyn Fn() -> bool) -> bool {
        let epoch = self.epoch();
        let (tell, answers) = mpsc::channel();
        let found = loop {
            if !hangs() {
                return false;
            }
            self.ask_each(&tell);
            match answers.recv_timeout(AGAIN) {
                Ok((rank, Some(lineage))) if self.fits(lineage) => break Found { rank, lineage },
                Ok(_) => std::thread::sleep(AGAIN),
                Err(_) => {}
            }
        };
        while !is_late() {
            if !hangs() {
                return false;
            }
            std::thread::sleep(LOOK);
        }
        if self.epoch() != epoch {
            return false;
        }
        log::warn!("PostgreSQL hangs, {} answers", self.address.name(found.rank));
        self.first.store(found.rank, Ordering::Relaxed);
        if self.admit(found.rank, Some(found.lineage)).is_err() {
            return false;
        }
        if self.epoch() == epoch {
            self.leave();
        }
        true
    }

    /// Looks at all servers, as long as `patient` holds, and goes over to one with a newer history.
    pub fn survey(self: &Arc<Self>, patient: &dyn Fn() -> bool) {
        let (tell, answers) = mpsc::channel();
        self.ask_each(&tell);
        drop(tell);
        let mut best: Option<Found> = None;
        while patient() {
            let (rank, lineage) = match answers.recv_timeout(AGAIN) {
                Ok((rank, Some(lineage))) if self.fits(lineage) => (rank, lineage),
                Ok(_) | Err(mpsc::RecvTimeoutError::Timeout) => continue,
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            };
            if let Some(other) = &best
                && other.lineage.timeline != lineage.timeline
            {
                let (one, two) = (self.address.name(other.rank), self.address.name(rank));
                log::error!("{one} and {two} both take writes: only the newer timeline is written to");
            }
            if best.as_ref().is_none_or(|best| best.lineage.timeline < lineage.timeline) {
                best = Some(Found { rank, lineage });
            }
        }
        let Some(found) = best else { return };
        let newer = held(&self.newest).is_none_or(|known| known.timeline < found.lineage.timeline);
        if newer {
            self.first.store(found.rank, Ordering::Relaxed);
            let _ = self.admit(found.rank, Some(found.lineage));
        }
    }

    fn fits(&self, lineage: Lineage) -> bool {
        held(&self.newest).is_none_or(|known| {
            known.system_identifier == lineage.system_identifier && known.timeline <= lineage.timeline
        })
    }

    /// Asks every server on a thread of its own; one that hangs keeps one thread, however often it is asked.
    fn ask_each(self: &Arc<Self>, tell: &mpsc::Sender<(usize, Option<Lineage>)>) {
        for (rank, asked) in self.asked.iter().enumerate() {
            if asked.swap(true, Ordering::SeqCst) {
                continue;
            }
            let (primary, tell) = (self.clone(), tell.clone());
            let work = move || {
                let answer = ask(&primary.address.alone(rank));
                primary.asked[rank].store(false, Ordering::SeqCst);
                // Nobody may be waiting any more.
                let _ = tell.send((rank, answer));
            };
            if std::thread::Builder::new().name("database-survey".to_owned()).spawn(work).is_err() {
                asked.store(false, Ordering::SeqCst);
            }
        }
    }
}

/// The lineage of a server that takes writes; nothing of one that does not, or cannot be reached.
fn ask(url: &str) -> Option<Lineage> {
    let mut session = sockets::connect_aside(url).ok()?;
    session.batch_execute("set statement_timeout = '2s'").ok()?;
    lineage::read(&mut session).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_history_of_the_same_system_is_spoken_to() {
        let primary = Primary::new("postgres://a,b/d");
        let of = |system_identifier, timeline| Some(Lineage { system_identifier, timeline });
        assert!(primary.admit(0, None).is_err(), "a standby");
        assert!(primary.admit(0, of(7, 3)).is_ok());
        assert_eq!(primary.epoch(), 0);
        assert!(primary.admit(1, of(8, 9)).is_err(), "another system");
        assert!(primary.admit(1, of(7, 2)).is_err(), "an older timeline");
        assert!(primary.admit(1, of(7, 4)).is_ok());
        assert_eq!(primary.epoch(), 1, "sessions of the older timeline are left");
        assert!(primary.admit(0, of(7, 3)).is_err(), "what was left stays left");
    }
}
