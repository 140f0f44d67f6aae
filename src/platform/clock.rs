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

/// Tells the time: the machine's, or one set by a test or a demonstration.
#[derive(Clone, Default)]
pub struct Clock(Option<Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>>);

impl Clock {
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that reads what `instant` answers.
    pub fn driven_by(instant: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(instant)))
    }

    /// A clock that runs, `offset` away from the machine's.
    pub fn shifted(offset: Duration) -> Self {
        Self::driven_by(move || Self::system().now().instant() + offset)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    pub fn now(&self) -> Now {
        Now::at(match &self.0 {
            Some(instant) => instant(),
            None => Utc::now(),
        })
    }
}
