//! The admitted caller: the first argument of every handler.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde_json::Value;
use uuid::Uuid;

use super::actor::{Actor, Principal};
use super::policy::Permission;
use crate::platform::db::feed::{FeedPlace, Present, Standing};
use crate::platform::db::{Db, Outcome, Reader, Request, Tx};
use crate::platform::error::{Code, Problem, Result};
use crate::platform::http::body::BodyHash;
use crate::platform::http::export::{self, Asker, Export, Socket};
use crate::platform::http::front::Admitted;
use crate::platform::http::idempotency;
use crate::platform::http::rehearsal::{Details, Sent};
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

    /// Who asks for a list as a file. What the public is shown is the same for everybody.
    fn asker(&self, export: &Export) -> Asker {
        let principal = self.principal();
        let nobody = matches!(principal.actor, Actor::Anonymous);
        let holder = if nobody { export.address.to_string() } else { principal.key() };
        let public = nobody.then(|| format!("{} {:?}", self.request.uri(), export.format));
        Asker { holder, public, socket: self.request.conn_data::<Socket>().cloned() }
    }

    /// Reads tables that hold no personal data and no money.
    pub async fn read(&self, work: impl Fn(&mut Reader<'_>) -> Result<Reply> + Send + 'static) -> Answer {
        if let Some(export) = &self.admitted.export {
            return export::answer(&self.db, self.as_request(), export.clone(), self.asker(export), work).await;
        }
        self.db.read(self.admitted.principal.clone(), work).await
    }

    /// Reads tables that row-level security guards. Of an answer that shows people the journal of accesses is told first: what
    /// cannot be noted is not shown.
    pub async fn read_private(&self, work: impl Fn(&mut Reader<'_>) -> Result<Reply> + Send + 'static) -> Answer {
        if let Some(export) = &self.admitted.export {
            return export::answer(&self.db, self.as_request(), export.clone(), self.asker(export), work).await;
        }
        let reply = self.db.read_private(self.admitted.principal.clone(), work).await?;
        self.noted(reply).await
    }

    /// The answer, once the journal of accesses knows whom it shows.
    async fn noted(&self, reply: Reply) -> Answer {
        if let Some(shown) = reply.shown().filter(|_| journal::notes(self.actor())).cloned() {
            self.db.write(self.as_request(), move |tx| journal::note(tx, &shown).map(Outcome::Keep)).await?;
        }
        Ok(reply)
    }

    /// Carries a use case out and rolls it back. Of people the answer shows what the caller saw before; the journal of
    /// accesses keeps who tried, whom it was about.
    async fn rehearse(&self, work: impl Fn(&mut Tx<'_>) -> Result<Reply> + Send + 'static) -> Answer {
        let before = self.before().await?;
        let sent = self.request.extensions().get::<Sent>().cloned();
        let rehearsal = move |tx: &mut Tx<'_>| {
            tx.rehearse()?;
            let reply = work(tx)?;
            tx.settle()?;
            let sent = sent.as_ref().map(|sent| &sent.0);
            Ok(Outcome::Discard(reply.rehearsed(tx.effects(), before.as_ref(), sent)))
        };
        let reply = self.db.write(self.as_request(), rehearsal).await?;
        self.noted(reply).await
    }

    /// The resource that this call changes, as the caller may read it now.
    async fn before(&self) -> Result<Option<Reply>> {
        let details = self.request.app_data::<Data<Details>>();
        let detail = details.and_then(|details| details.of(&self.admitted.operation.path));
        let id = self.admitted.path.values().next().and_then(Value::as_str).and_then(|id| Uuid::try_parse(id).ok());
        let (Some(detail), Some(id)) = (detail, id) else { return Ok(None) };
        match self.db.read_private(self.admitted.principal.clone(), move |reader| (detail.show)(reader, id)).await {
            Ok(reply) => Ok(Some(reply)),
            Err(problem) if problem.code() == Code::NotFound => Ok(None),
            Err(problem) => Err(problem),
        }
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

    /// Whether the call only tries: nothing of it stays.
    pub fn is_dry_run(&self) -> bool {
        self.admitted.dry_run
    }

    /// Runs a use case in one transaction; honours `dry_run` and `Idempotency-Key`.
    pub async fn write(&self, work: impl Fn(&mut Tx<'_>) -> Result<Reply> + Send + 'static) -> Answer {
        if self.admitted.dry_run {
            return self.rehearse(work).await;
        }
        let body_hash = self.request.extensions().get::<BodyHash>().map(|hash| hash.0);
        let key = self.admitted.idempotency_key.as_ref().map(|key| idempotency::Call {
            key: key.clone(),
            method: self.request.method().to_string(),
            path: self.request.uri().to_string(),
            request_hash: body_hash.unwrap_or_default().to_vec(),
        });
        self.db
            .write(self.as_request(), move |tx| match &key {
                Some(call) => idempotency::once(tx, call, &work).map(Outcome::Keep),
                None => work(tx).map(Outcome::Keep),
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
            // The door admits by the document's operation; the signature must name the same one. A role that the line
            // does not list comes as one of the public, or not at all.
            (Some(admitted), Some(db))
                if std::ptr::eq(admitted.operation.line, P::LINE)
                    && admitted.principal.actor.role().is_none_or(|role| P::LINE.admits(role)) =>
            {
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
