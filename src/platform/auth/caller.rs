//! The admitted caller: the first argument of every handler.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use super::actor::{Actor, Principal};
use super::policy::Permission;
use crate::platform::db::feed::{FeedPlace, Present, Standing};
use crate::platform::db::{Db, Outcome, Reader, Request, Tx};
use crate::platform::error::{Code, Problem, Result};
use crate::platform::http::body::BodyHash;
use crate::platform::http::export;
use crate::platform::http::front::Admitted;
use crate::platform::http::idempotency;
use crate::platform::http::reply::{Answer, Reply};
use crate::platform::journal;

/// Somebody whom the policy line `P` admits, and the way to the database on their behalf.
pub struct Caller<P> {
    admitted: Admitted,
    request: HttpRequest,
    db: Data<Db>,
    permission: PhantomData<P>,
}

impl<P: Permission> Caller<P> {
    pub fn actor(&self) -> &Actor {
        &self.admitted.principal.actor
    }

    pub fn principal(&self) -> &Arc<Principal> {
        &self.admitted.principal
    }

    /// Version named by `If-Match`, checked against the row by the use case.
    pub fn version(&self) -> Option<i32> {
        self.admitted.version
    }

    /// This call, for the journals.
    fn as_request(&self) -> Request {
        Request {
            principal: self.admitted.principal.clone(),
            operation: P::LINE.operation,
            request_id: self.admitted.request_id.clone(),
        }
    }

    /// Reads tables that hold no personal data and no money.
    pub async fn read(&self, work: impl Fn(&mut Reader<'_>) -> Result<Reply> + Send + 'static) -> Answer {
        if let Some(export) = &self.admitted.export {
            return export::answer(&self.db, self.as_request(), export.clone(), work).await;
        }
        self.db.read(self.admitted.principal.clone(), work).await
    }

    /// Reads tables that row-level security guards. Of an answer that shows people the journal of accesses is told first: what
    /// cannot be noted is not shown.
    pub async fn read_private(&self, work: impl Fn(&mut Reader<'_>) -> Result<Reply> + Send + 'static) -> Answer {
        if let Some(export) = &self.admitted.export {
            return export::answer(&self.db, self.as_request(), export.clone(), work).await;
        }
        let reply = self.db.read_private(self.admitted.principal.clone(), work).await?;
        if let Some(shown) = reply.shown().filter(|_| journal::notes(self.actor())).cloned() {
            self.db.write(self.as_request(), move |tx| journal::note(tx, &shown).map(Outcome::Keep)).await?;
        }
        Ok(reply)
    }

    /// Reads the feed from a place. One of an epoch that has ended is answered 410; one that proves that the newest epoch is over
    /// ends it first, so that all learn of it and not only who asks.
    pub async fn read_feed(
        &self,
        place: Option<FeedPlace>,
        work: impl Fn(&mut Reader<'_>, &Present) -> Result<Reply> + Send + Sync + 'static,
    ) -> Answer {
        let work = Arc::new(work);
        // Once more where an epoch was ended: whoever has no place reads on.
        for _ in 0..2 {
            let (over, work) = (Arc::new(OnceLock::new()), work.clone());
            let found = over.clone();
            let answer = self.read_private(move |reader| {
                let (present, standing) = Present::judge(reader.conn(), place.as_ref())?;
                match standing {
                    Standing::Holds => return work(reader, &present),
                    Standing::MustEnd(end) => drop(found.set(end)),
                    Standing::Ended => {}
                }
                Err(Problem::new(Code::FeedRestarted))
            });
            let answer = answer.await;
            match over.get() {
                Some(end) => self.db.end_feed_epoch(*end).await?,
                None => return answer,
            }
        }
        Err(Problem::new(Code::ServiceUnavailable).header("Retry-After", 1).caused_by("the feed begins anew"))
    }

    /// Reads what the journal of accesses is told of, in the same transaction: what cannot be noted is not shown.
    pub async fn read_journalled(&self, work: impl Fn(&mut Tx<'_>) -> Result<Reply> + Send + 'static) -> Answer {
        self.db.write(self.as_request(), move |tx| work(tx).map(Outcome::Keep)).await
    }

    /// Runs a use case in one transaction; honours `dry_run` and `Idempotency-Key`.
    pub async fn write(&self, work: impl Fn(&mut Tx<'_>) -> Result<Reply> + Send + 'static) -> Answer {
        let dry_run = self.admitted.dry_run;
        let body_hash = self.request.extensions().get::<BodyHash>().map(|hash| hash.0);
        let key = self.admitted.idempotency_key.as_ref().filter(|_| !dry_run).map(|key| idempotency::Call {
            key: key.clone(),
            method: self.request.method().to_string(),
            path: self.request.uri().to_string(),
            request_hash: body_hash.unwrap_or_default().to_vec(),
        });
        self.db
            .write(self.as_request(), move |tx| {
                if dry_run {
                    let reply = work(tx)?;
                    tx.settle()?;
                    return Ok(Outcome::Discard(reply.rehearsed(tx.effects())));
                }
                match &key {
                    Some(call) => idempotency::once(tx, call, &work).map(Outcome::Keep),
                    None => work(tx).map(Outcome::Keep),
                }
            })
            .await
    }
}

impl<P: Permission> FromRequest for Caller<P> {
    type Error = Problem;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let admitted = request.extensions().get::<Admitted>().cloned();
        let db = request.app_data::<Data<Db>>().cloned();
        ready(match (admitted, db) {
            // The door admits by the document's operation; the signature must name the same one.
            (Some(admitted), Some(db)) if std::ptr::eq(admitted.operation.line, P::LINE) => {
                Ok(Self { admitted, request: request.clone(), db, permission: PhantomData })
            }
            (Some(admitted), _) => Err(Problem::internal(format!(
                "{} was admitted where {} is asked for",
                admitted.operation.id,
                P::LINE.operation
            ))),
            (None, _) => Err(Problem::internal(format!("{} was not admitted", P::LINE.operation))),
        })
    }
}
