//! Files on their way out: written once, at the speed of whoever makes them, to a file without a name in the temporary folder,
//! and read from there by any number of callers, each at their own speed. Who reads slowly holds up nobody: no connection to
//! the database, and no place among the exports.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use super::error::{Code, Problem, Result};

/// Files for the public that are kept at a time.
const KEPT: usize = 64;
/// Seconds after which to ask again for a place.
const ASK_AGAIN: u32 = 5;

/// How files may be taken.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Bytes a second that a caller takes at least, on average over `grace`.
    pub least_rate: u32,
    /// How long a caller may take nothing.
    pub grace: Duration,
    /// How long one file may take in all.
    pub longest: Duration,
    /// For how long a file for the public is handed out before it is made anew.
    pub public_age: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            least_rate: 4096,
            grace: Duration::from_secs(30),
            longest: Duration::from_secs(1800),
            public_age: Duration::from_secs(300),
        }
    }
}

/// How far a file has come.
#[derive(Clone, Debug, Default)]
struct Progress {
    /// Set once the first rows are there, with the place in the feed from which to follow them.
    begun: Option<Option<String>>,
    written: u64,
    /// Set at the end: nothing, or why it is not whole.
    ended: Option<Option<Problem>>,
}

/// The end that writes.
pub struct Spool {
    file: Arc<File>,
    progress: watch::Sender<Progress>,
}

/// The end that reads; as many as there are callers.
#[derive(Clone)]
pub struct Spooled {
    file: Arc<File>,
    progress: watch::Receiver<Progress>,
}

fn broken(cause: impl std::fmt::Display) -> Problem {
    Problem::internal(format!("a temporary file: {cause}"))
}

impl Spool {
    pub fn create() -> Result<(Self, Spooled)> {
        let path = std::env::temp_dir().join(format!("conum-{}.part", uuid::Uuid::new_v4()));
        let file = File::options().read(true).write(true).create_new(true).open(&path).map_err(broken)?;
        // Gone from the folder at once; what is open stays readable.
        std::fs::remove_file(&path).map_err(broken)?;
        let file = Arc::new(file);
        let (progress, seen) = watch::channel(Progress::default());
        Ok((Self { file: file.clone(), progress }, Spooled { file, progress: seen }))
    }

    pub fn begin(&self, events_cursor: Option<String>) {
        self.progress.send_if_modified(|progress| {
            let first = progress.begun.is_none();
            progress.begun.get_or_insert(events_cursor);
            first
        });
    }

    /// Gives up once nobody reads any more.
    pub fn write(&self, bytes: &[u8]) -> Result<()> {
        if self.progress.is_closed() {
            return Err(Problem::new(Code::RequestTimeout).caused_by("nobody takes the file"));
        }
        let at = self.progress.borrow().written;
        self.file.write_all_at(bytes, at).map_err(broken)?;
        self.progress.send_modify(|progress| progress.written += bytes.len() as u64);
        Ok(())
    }

    pub fn end(self, outcome: Result<()>) {
        self.progress.send_modify(|progress| progress.ended = Some(outcome.err()));
    }
}

impl Spooled {
    /// Waits for the first rows: a refusal before them is an answer like any other.
    pub async fn begun(&mut self) -> Result<Option<String>> {
        let known = |progress: &Progress| progress.begun.is_some() || progress.ended.is_some();
        let progress =
            self.progress.wait_for(known).await.map_err(|_| Problem::internal("a file ended before it began"))?;
        match (&progress.begun, &progress.ended) {
            (Some(cursor), _) => Ok(cursor.clone()),
            (None, Some(Some(problem))) => Err(problem.clone()),
            (None, _) => Err(Problem::internal("a file ended before it began")),
        }
    }

    /// The bytes from a place on, at most so many; none at the end.
    pub async fn read(&mut self, at: u64, most: usize) -> Result<Vec<u8>> {
        let progress = self.progress.wait_for(|progress| progress.written > at || progress.ended.is_some()).await;
        let (written, ended) = match &progress {
            Ok(progress) => (progress.written, progress.ended.clone()),
            Err(_) => return Err(Problem::internal("a file ended before its end")),
        };
        drop(progress);
        if written <= at {
            return ended.flatten().map_or(Ok(Vec::new()), Err);
        }
        let length = usize::try_from(written - at).unwrap_or(most).min(most);
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, at).map_err(broken)?;
        Ok(bytes)
    }

    fn is_broken(&self) -> bool {
        matches!(self.progress.borrow().ended, Some(Some(_)))
    }
}

/// Where lists become files: places, by who asks, and files that are kept.
pub struct Exports {
    pub pace: Pace,
    signed_in: Arc<Semaphore>,
    public: Arc<Semaphore>,
    /// Places that each caller holds, and how many one may hold.
    held: Arc<Mutex<BTreeMap<String, usize>>>,
    each: usize,
    kept: Mutex<BTreeMap<String, (Instant, Spooled)>>,
}

/// A place among the exports, while a file is made.
pub struct Place {
    held: Arc<Mutex<BTreeMap<String, usize>>>,
    holder: String,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.holder) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.holder);
            }
        }
    }
}

fn busy(cause: &str) -> Problem {
    Problem::new(Code::ServiceUnavailable).header("Retry-After", ASK_AGAIN).caused_by(cause)
}

impl Exports {
    /// Half of the reading connections for those who are signed in, and one for the public.
    pub fn new(pool_size: u32, pace: Pace) -> Self {
        let places = (pool_size as usize / 2).max(1);
        Self {
            pace,
            signed_in: Arc::new(Semaphore::new(places)),
            public: Arc::new(Semaphore::new(1)),
            held: Arc::default(),
            each: places.saturating_sub(1).clamp(1, 2),
            kept: Mutex::default(),
        }
    }

    /// A place for a caller, or a refusal where there are enough already.
    pub fn place(&self, holder: &str, public: bool) -> Result<Place> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.get(holder).is_some_and(|count| *count >= self.each) {
            return Err(busy("exports of this caller are under way"));
        }
        let places = if public { &self.public } else { &self.signed_in };
        let permit = places.clone().try_acquire_owned().map_err(|_| busy("enough exports are under way"))?;
        *held.entry(holder.to_owned()).or_default() += 1;
        Ok(Place { held: self.held.clone(), holder: holder.to_owned(), _permit: permit })
    }

    /// The file for the public of this name: the one that is kept, or on its way, or a new one.
    pub fn kept(&self, name: &str, make: impl FnOnce() -> Result<Spooled>) -> Result<Spooled> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        kept.retain(|_, (made, file)| now.duration_since(*made) < self.pace.public_age && !file.is_broken());
        if let Some((_, file)) = kept.get(name) {
            return Ok(file.clone());
        }
        let file = make()?;
        if kept.len() >= KEPT {
            let oldest = kept.iter().min_by_key(|(_, (made, _))| *made).map(|(name, _)| name.clone());
            oldest.map(|name| kept.remove(&name));
        }
        kept.insert(name.to_owned(), (now, file.clone()));
        Ok(file)
    }
}

/// What a caller may still take its time for: bytes that are taken earn time, waiting spends it.
pub struct Patience {
    pace: Pace,
    left: Duration,
    until: Instant,
}

impl Patience {
    pub fn new(pace: Pace) -> Self {
        Self { pace, left: pace.grace, until: Instant::now() + pace.longest }
    }

    /// How long the next bytes may wait to be taken.
    pub fn left(&self) -> Duration {
        self.left.min(self.until.saturating_duration_since(Instant::now()))
    }

    /// So many bytes were taken after a wait.
    pub fn spend(&mut self, waited: Duration, bytes: usize) {
        let earned = Duration::from_secs_f64(bytes as f64 / f64::from(self.pace.least_rate.max(1)));
        self.left = (self.left.saturating_sub(waited) + earned).min(self.pace.grace);
    }
}
