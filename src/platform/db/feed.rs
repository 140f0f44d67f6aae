//! Places in the feed of events, and the epochs that they belong to.
//!
//! A transaction number says something in one history of one cluster only: after a restore, or on a promoted standby, the same
//! numbers come again with other content. So there is no place without its epoch: the fields are private, and what makes a
//! place takes the epoch from the database, or from a cursor that we signed.

use diesel::prelude::*;
use diesel::sql_types as st;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::sql::Sql;
use crate::platform::error::{Problem, Result};
use crate::sql;

/// A point in the order of all events: by epoch, transaction, sequence.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Point {
    #[serde(rename = "n")]
    epoch: i32,
    #[serde(rename = "t")]
    transaction: i64,
    #[serde(rename = "s")]
    sequence: i64,
}

impl Point {
    /// Where an event of the database lies, or before every event where all is 0.
    pub fn of_event(epoch: i32, transaction: i64, sequence: i64) -> Self {
        Self { epoch, transaction, sequence }
    }

    /// Before the first event of an epoch.
    pub fn start_of(epoch: i32) -> Self {
        Self::of_event(epoch, 0, 0)
    }

    pub fn epoch(&self) -> i32 {
        self.epoch
    }

    pub fn transaction(&self) -> i64 {
        self.transaction
    }

    pub fn sequence(&self) -> i64 {
        self.sequence
    }

    /// Whether an event `e` comes after this point.
    pub fn is_before(&self) -> Sql {
        sql!(
            "(e.epoch, e.transaction, e.sequence) > ({}::int, {}::bigint::text::xid8, {}::bigint)",
            self.epoch,
            self.transaction,
            self.sequence
        )
    }
}

/// How far a follower has come, and in which epoch that was said.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FeedPlace {
    /// The epoch at the time. The point may lie in an earlier one, which is being read to its end.
    #[serde(rename = "e")]
    epoch: Uuid,
    #[serde(rename = "p")]
    point: Point,
}

impl FeedPlace {
    pub fn point(&self) -> Point {
        self.point
    }
}

/// The feed as one statement sees it: its newest epoch, and the oldest transaction that may still commit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Present {
    number: i32,
    id: Uuid,
    oldest: i64,
}

/// Whether a place can be gone on from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Standing {
    Holds,
    /// It is of an epoch that has ended, or of a history that this database does not know.
    Ended,
    /// The newest epoch was begun on another database than this one, or has lost what the place names: it must end.
    MustEnd(EpochEnd),
}

/// Which epoch has to end, and why; without a reason the database itself finds one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EpochEnd {
    epoch: Uuid,
    why: Option<&'static str>,
}

impl Present {
    /// What `conum_feed_present()` answers.
    pub fn parse(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split(' ').collect();
        let read = match parts.as_slice() {
            [number, id, oldest] => number.parse().ok().zip(id.parse().ok()).zip(oldest.parse().ok()),
            _ => None,
        };
        let ((number, id), oldest) =
            read.ok_or_else(|| Problem::internal(format!("no present of the feed: {text}")))?;
        Ok(Self { number, id, oldest })
    }

    pub fn read(conn: &mut PgConnection) -> Result<Self> {
        Ok(Self::judge(conn, None)?.0)
    }

    /// The present, and whether a place holds in it, in one statement. A place in the future of the present, or after an event
    /// that is not there (events are never deleted), was given out by a history that was lost.
    pub fn judge(conn: &mut PgConnection, place: Option<&FeedPlace>) -> Result<(Self, Standing)> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = st::Nullable<st::Text>)]
            present: Option<String>,
            #[diesel(sql_type = st::Bool)]
            stale: bool,
            #[diesel(sql_type = st::Bool)]
            lost: bool,
        }
        let lost = match place.map(FeedPlace::point) {
            Some(Point { epoch, transaction, sequence }) => sql!(
                "(({}::int = (select max(number) from feed_epochs)
                    and {}::bigint::text::xid8 > pg_snapshot_xmax(pg_current_snapshot()))
                 or ({}::bigint > 0 and not exists (select from events e
                    where e.sequence = {} and e.epoch = {} and e.transaction = {}::bigint::text::xid8)))",
                epoch,
                transaction,
                sequence,
                sequence,
                epoch,
                transaction
            ),
            None => Sql::raw("false"),
        };
        let row: Row =
            sql!("select conum_feed_present() as present, conum_feed_stale() is not null as stale, {} as lost", lost)
                .one(conn)?;
        let present = Self::parse(row.present.as_deref().unwrap_or_default())?;
        let standing = match place {
            _ if row.stale => Standing::MustEnd(EpochEnd { epoch: present.id, why: None }),
            Some(place) if place.epoch != present.id => Standing::Ended,
            Some(_) if row.lost => Standing::MustEnd(EpochEnd { epoch: present.id, why: Some("lost_tail") }),
            _ => Standing::Holds,
        };
        Ok((present, standing))
    }

    /// Number of the newest epoch.
    pub fn epoch(&self) -> i32 {
        self.number
    }

    /// Identifier of the newest epoch.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Where the feed goes on from what is seen now.
    pub fn place(&self) -> FeedPlace {
        self.at(Point::of_event(self.number, self.oldest, 0))
    }

    pub fn at(&self, point: Point) -> FeedPlace {
        FeedPlace { epoch: self.id, point }
    }

    /// Before every event of every epoch.
    pub fn beginning(&self) -> FeedPlace {
        self.at(Point::start_of(0))
    }

    /// Whether an event `e` is published: those of earlier epochs are final whatever their transaction number, those of the
    /// newest once no older transaction can still commit.
    pub fn is_published(&self) -> Sql {
        sql!("(e.epoch, e.transaction) < ({}::int, pg_snapshot_xmin(pg_current_snapshot()))", self.number)
    }
}

/// Begins an epoch if the newest one is not that of this database; answers its number and why. A database that is not
/// migrated yet has no feed.
pub fn settle(conn: &mut PgConnection) -> QueryResult<Option<(i32, String)>> {
    let begun = begin(conn, "select conum_begin_feed_epoch() as number");
    match begun {
        Err(diesel::result::Error::DatabaseError(_, told)) if told.message().contains("does not exist") => Ok(None),
        other => other,
    }
}

/// The same in the transaction at hand, for sessions that outlive the database that they were opened on.
pub fn settle_now(conn: &mut PgConnection) -> Result<()> {
    settle(conn)?;
    Ok(())
}

/// Begins an epoch whatever the database looks like: somebody says that it was put back from a copy.
pub fn restored(conn: &mut PgConnection) -> QueryResult<Option<(i32, String)>> {
    begin(conn, "select conum_begin_feed_epoch(why => 'restored') as number")
}

fn begin(conn: &mut PgConnection, call: &'static str) -> QueryResult<Option<(i32, String)>> {
    #[derive(QueryableByName)]
    struct Begun {
        #[diesel(sql_type = st::Nullable<st::Integer>)]
        number: Option<i32>,
    }
    #[derive(QueryableByName)]
    struct Why {
        #[diesel(sql_type = st::Text)]
        reason: String,
    }
    let Some(number) = diesel::sql_query(call).get_result::<Begun>(conn)?.number else { return Ok(None) };
    let why: Why = diesel::sql_query("select reason from feed_epochs where number = $1")
        .bind::<st::Integer, _>(number)
        .get_result(conn)?;
    log::warn!(epoch = number, reason:% = why.reason; "the feed begins a new epoch: places of earlier ones are answered 410");
    Ok(Some((number, why.reason)))
}

/// Ends an epoch, in the transaction at hand. Nothing happens if it has ended meanwhile.
pub fn end(conn: &mut PgConnection, end: &EpochEnd) -> Result<()> {
    #[derive(QueryableByName)]
    struct Begun {
        #[diesel(sql_type = st::Nullable<st::Integer>)]
        number: Option<i32>,
    }
    let begun: Begun =
        sql!("select conum_begin_feed_epoch({}::uuid, {}::text) as number", end.epoch, end.why).one(conn)?;
    if let Some(number) = begun.number {
        log::warn!(epoch = number, reason = end.why.unwrap_or("moved"); "the feed begins a new epoch: places of earlier ones are answered 410");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRESENT: &str = "3 0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f 745";

    #[test]
    fn the_present_is_read_whole_or_not_at_all() {
        let present = Present::parse(PRESENT).unwrap();
        assert_eq!((present.number, present.oldest), (3, 745));
        for wrong in ["", "3", "3 745", "x 0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f 745", "3 745 745"] {
            assert!(Present::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn no_place_is_without_an_epoch() {
        let present = Present::parse(PRESENT).unwrap();
        for place in [present.place(), present.beginning(), present.at(Point::of_event(2, 800, 7))] {
            assert_eq!(place.epoch, present.id);
            let text = serde_json::to_value(place).unwrap();
            assert_eq!(serde_json::from_value::<FeedPlace>(text.clone()).unwrap(), place);
            for member in ["e", "p"] {
                let mut less = text.clone();
                less.as_object_mut().unwrap().remove(member);
                assert!(serde_json::from_value::<FeedPlace>(less).is_err(), "{member}");
            }
            let mut less = text;
            less["p"].as_object_mut().unwrap().remove("n");
            assert!(serde_json::from_value::<FeedPlace>(less).is_err());
        }
        // As cursors were before epochs.
        assert!(serde_json::from_str::<FeedPlace>(r#"{"b":false,"k":["745","0"]}"#).is_err());
    }

    #[test]
    fn epochs_come_before_transactions() {
        let (early, late) = (Point::of_event(1, 9_000, 5), Point::of_event(2, 700, 1));
        assert!(early < late && Point::start_of(2) > early && Point::start_of(2) < late);
    }
}
