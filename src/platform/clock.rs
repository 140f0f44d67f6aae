//! The one source of time. Everything else receives a [`Now`].

use std::sync::Arc;

use chrono::{DateTime, Duration, NaiveDate, SubsecRound, Utc};
use chrono_tz::Europe::Paris;

/// One instant, fixed for the whole of a request or of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now(DateTime<Utc>);

impl Now {
    /// An instant, cut to the microseconds that PostgreSQL keeps.
    pub fn at(instant: DateTime<Utc>) -> Self {
        Self(instant.trunc_subsecs(6))
    }

    pub fn instant(self) -> DateTime<Utc> {
        self.0
    }

    /// The legal day: the calendar day in Europe/Paris.
    pub fn today(self) -> NaiveDate {
        self.0.with_timezone(&Paris).date_naive()
    }
}

type Source = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Tells the time: the machine's, or one set by a test or a demonstration.
///
/// Whoever moves the legal time on purpose leaves the machine's clock alone, which is what is compared with the
/// database's; a test that wants a machine with a wrong clock says so with [`Clock::on_machine`].
#[derive(Clone, Default)]
pub struct Clock {
    legal: Option<Source>,
    machine: Option<Source>,
}

impl Clock {
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that reads what `instant` answers.
    pub fn driven_by(instant: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self { legal: Some(Arc::new(instant)), machine: None }
    }

    /// A clock that runs, `offset` away from the machine's.
    pub fn shifted(offset: Duration) -> Self {
        Self::driven_by(move || Self::system().machine() + offset)
    }

    /// The same clock on a machine that takes `instant` for the present.
    pub fn on_machine(self, instant: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self { legal: self.legal, machine: Some(Arc::new(instant)) }
    }

    pub fn now(&self) -> Now {
        self.sample().0
    }

    /// The machine's time, wherever the legal one was moved.
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    pub fn machine(&self) -> DateTime<Utc> {
        self.machine.as_ref().map_or_else(Utc::now, |instant| instant())
    }

    /// The legal time and the machine's, of one look at the clock.
    pub fn sample(&self) -> (Now, DateTime<Utc>) {
        let machine = self.machine();
        (Now::at(self.legal.as_ref().map_or(machine, |instant| instant())), machine)
    }
}
