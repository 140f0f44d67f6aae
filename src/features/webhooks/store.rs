//! SQL of webhooks.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::model::{DeliveryStatus, WebhookStatus};
use crate::platform::auth::Role;
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::feed::Point;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::{webhook_deliveries, webhooks};
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{AccountId, ApiClientId, StructureId, WebhookDeliveryId, WebhookId};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = webhooks)]
pub struct Webhook {
    pub id: WebhookId,
    pub role: Role,
    pub structure_id: Option<StructureId>,
    pub departement_code: Option<DepartementCode>,
    pub region_code: Option<RegionCode>,
    pub account_id: Option<AccountId>,
    pub api_client_id: Option<ApiClientId>,
    pub scopes: Option<Vec<String>>,
    pub name: String,
    pub url: String,
    pub secret: String,
    pub resources: Option<Vec<String>>,
    pub types: Option<Vec<String>>,
    pub status: WebhookStatus,
    pub failing_since: Option<DateTime<Utc>>,
    pub disabled_at: Option<DateTime<Utc>>,
    pub reached_sequence: i64,
    /// The epoch of the feed that the receiver knows of.
    pub epoch: i32,
    pub reached_epoch: i32,
    pub feed_restarted_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::BigInt)]
    pub reached: i64,
    #[diesel(sql_type = st::BigInt)]
    pub queued: i64,
}

impl Webhook {
    /// Place in the feed up to which deliveries have been queued.
    pub fn point(&self) -> Point {
        Point::of_event(self.reached_epoch, self.reached, self.reached_sequence)
    }
}

const COLUMNS: &str = "w.*, w.reached_transaction::text::bigint as reached, \
    (select count(*) from webhook_deliveries d where d.webhook_id = w.id and d.status = 'queued') as queued";

sortable! {
    /// Sort keys of webhooks.
    pub enum WebhookSort {
        "updated_at" = "w.updated_at"::"timestamptz",
        "created_at" = "w.created_at"::"timestamptz",
        "name" = "w.name"::"text",
    }
}

/// Row-level security leaves each caller their own.
pub fn list(conn: &mut PgConnection, status: Option<WebhookStatus>, page: &PageSpec) -> Result<Rows<Webhook>> {
    Listing::new(COLUMNS, Sql::raw("webhooks w"), "w.id", "uuid")
        .filter_some(status, |status| sql!("w.status = {}", status))
        .page(conn, page)
}

pub fn find(conn: &mut PgConnection, id: WebhookId) -> Result<Option<Webhook>> {
    sql!("select {} from webhooks w where w.id = {}", Sql::raw(COLUMNS), id).first(conn)
}

pub fn lock(tx: &mut Tx<'_>, id: WebhookId) -> Result<Option<Webhook>> {
    sql!("select 1 from webhooks where id = {} for update", id).run(tx.conn())?;
    find(tx.conn(), id)
}

/// A webhook to be written.
pub struct NewRow<'a> {
    pub id: WebhookId,
    pub role: Role,
    pub structure_id: Option<StructureId>,
    pub departement_code: Option<DepartementCode>,
    pub region_code: Option<RegionCode>,
    pub account_id: Option<AccountId>,
    pub api_client_id: Option<ApiClientId>,
    pub scopes: Option<Vec<String>>,
    pub name: &'a str,
    pub url: &'a str,
    pub secret: &'a str,
    pub resources: Option<Vec<String>>,
    pub types: Option<Vec<String>>,
}

/// Lets those who make webhooks of one perimeter wait for each other, and counts what there is: row-level security leaves
/// each caller their own.
pub fn count_of_perimeter(tx: &mut Tx<'_>, perimeter: &str) -> Result<i64> {
    sql!("select pg_advisory_xact_lock(hashtextextended('conum.webhooks|' || {}, 3))", perimeter).run(tx.conn())?;
    sql!("select count(*) as n from webhooks").count(tx.conn())
}

fn texts(values: Option<Vec<String>>) -> Sql {
    match values {
        Some(values) => sql!("{}", values),
        None => Sql::raw("null"),
    }
}

pub fn insert(tx: &mut Tx<'_>, row: &NewRow<'_>) -> Result<()> {
    sql!(
        "insert into webhooks (id, role, structure_id, departement_code, region_code, account_id, api_client_id, scopes, name, url, secret,
            resources, types)
         values ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
        row.id,
        row.role,
        row.structure_id,
        row.departement_code.clone(),
        row.region_code.clone(),
        row.account_id,
        row.api_client_id,
        texts(row.scopes.clone()),
        row.name,
        row.url,
        row.secret,
        texts(row.resources.clone()),
        texts(row.types.clone())
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn update(
    tx: &mut Tx<'_>,
    id: WebhookId,
    name: &str,
    url: &str,
    resources: Option<Vec<String>>,
    types: Option<Vec<String>>,
    status: WebhookStatus,
) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "update webhooks set name = {}, url = {}, resources = {}, types = {}, status = {},
            disabled_at = case when {} = 'disabled' then coalesce(disabled_at, {}) end,
            failing_since = case when {} = 'active' and status = 'disabled' then null else failing_since end where id = {}",
        name,
        url,
        texts(resources),
        texts(types),
        status,
        status,
        now,
        status,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn delete(tx: &mut Tx<'_>, id: WebhookId) -> Result<()> {
    sql!("delete from webhooks where id = {}", id).run(tx.conn()).map(|_| ())
}

/// Goes back in the feed to the first event at or after an instant.
pub fn rewind(tx: &mut Tx<'_>, id: WebhookId, since: DateTime<Utc>) -> Result<()> {
    sql!(
        "update webhooks set (reached_epoch, reached_transaction, reached_sequence) = (
            select p.epoch, p.transaction, 0 from (
                (select e.epoch, e.transaction from events e where e.occurred_at >= {} order by e.epoch, e.transaction limit 1)
                union all select conum_feed_epoch(), pg_current_xact_id()) p
            order by p.epoch, p.transaction limit 1) where id = {}",
        since,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

/// A webhook whose owner may still receive, locked against other servers: the one that was looked at longest ago.
pub fn take(tx: &mut Tx<'_>, after: Option<WebhookId>) -> Result<Option<Webhook>> {
    sql!(
        "select {} from webhooks w where w.status = 'active' and ({}::uuid is null or w.id > {})
            and not exists (select from accounts a where a.id = w.account_id and a.status = 'revoked')
            and not exists (select from api_clients c where c.id = w.api_client_id
                and (c.revoked_at is not null or c.expires_at <= {}))
         order by w.id limit 1 for update of w skip locked",
        Sql::raw(COLUMNS),
        after,
        after,
        tx.now().instant()
    )
    .first(tx.conn())
}

pub fn reach(tx: &mut Tx<'_>, id: WebhookId, point: Point) -> Result<()> {
    sql!(
        "update webhooks set reached_epoch = {}, reached_transaction = {}::bigint::text::xid8, reached_sequence = {} where id = {}",
        point.epoch(),
        point.transaction(),
        point.sequence(),
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

/// Lets a webhook begin with the first event of an epoch. What waits is of before: the receiver lists anew instead.
pub fn restart(tx: &mut Tx<'_>, id: WebhookId, start: Point) -> Result<()> {
    let now = tx.now().instant();
    sql!("update webhooks set epoch = {}, feed_restarted_at = {} where id = {}", start.epoch(), now, id)
        .run(tx.conn())?;
    reach(tx, id, start)?;
    sql!(
        "update webhook_deliveries set status = 'failed', last_error = 'the feed began anew before it was sent'
         where webhook_id = {} and status = 'queued'",
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

/// An event on its way.
#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = webhook_deliveries)]
pub struct Delivery {
    pub id: WebhookDeliveryId,
    pub webhook_id: WebhookId,
    pub event_id: Uuid,
    pub type_: String,
    pub body: String,
    pub status: DeliveryStatus,
    pub attempts: i32,
    pub queued_at: DateTime<Utc>,
    pub next_attempt_at: DateTime<Utc>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub answer_status: Option<i32>,
    pub last_error: Option<String>,
}

const DELIVERY: &str = "d.id, d.webhook_id, d.event_id, d.type as type_, d.body, d.status, d.attempts, d.queued_at, d.next_attempt_at, \
    d.delivered_at, d.answer_status, d.last_error";

sortable! {
    /// Sort keys of deliveries.
    pub enum DeliverySort {
        "queued_at" = "d.queued_at"::"timestamptz",
    }
}

pub fn deliveries(
    conn: &mut PgConnection,
    webhook: WebhookId,
    status: Option<DeliveryStatus>,
    page: &PageSpec,
) -> Result<Rows<Delivery>> {
    let mut list = Listing::new(DELIVERY, Sql::raw("webhook_deliveries d"), "d.id", "uuid");
    list.filter(sql!("d.webhook_id = {}", webhook)).filter_some(status, |status| sql!("d.status = {}", status));
    list.page(conn, page)
}

/// Queues an event; one that was sent before is sent again.
pub fn queue(tx: &mut Tx<'_>, webhook: WebhookId, event: Uuid, kind: &str, body: &str) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "insert into webhook_deliveries (id, webhook_id, event_id, type, body, queued_at, next_attempt_at) values ({}, {}, {}, {}, {}, {}, {})
         on conflict (webhook_id, event_id) do update set status = 'queued', attempts = 0, queued_at = excluded.queued_at,
            next_attempt_at = excluded.next_attempt_at, delivered_at = null, answer_status = null, last_error = null",
        WebhookDeliveryId::new(),
        webhook,
        event,
        kind,
        body,
        now,
        now
    )
    .run(tx.conn())
    .map(|_| ())
}

/// A delivery that is due, with where it goes: not to a receiver who does not know yet that the feed began anew. Put off for longer than an attempt may take, so that nobody else takes it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Due {
    #[diesel(sql_type = st::Uuid)]
    pub id: WebhookDeliveryId,
    #[diesel(sql_type = st::Uuid)]
    pub webhook_id: WebhookId,
    #[diesel(sql_type = st::Uuid)]
    pub event_id: Uuid,
    #[diesel(sql_type = st::Text)]
    pub body: String,
    #[diesel(sql_type = st::Integer)]
    pub attempts: i32,
    #[diesel(sql_type = st::Timestamptz)]
    pub queued_at: DateTime<Utc>,
    #[diesel(sql_type = st::Text)]
    pub url: String,
    #[diesel(sql_type = st::Text)]
    pub secret: String,
    /// Who it goes to, and how often it has not answered in a row.
    #[diesel(sql_type = st::Text)]
    pub receiver: String,
    #[diesel(sql_type = st::Integer)]
    pub silences: i32,
}

/// The first delivery of each active webhook that waits, where it is due: those behind it wait for it, so that events come in
/// their order.
const HEADS: &str = "webhooks w join lateral (select x.* from webhook_deliveries x where x.webhook_id = w.id and x.status = 'queued' \
    order by x.queued_at, x.id limit 1) x on true \
    where w.status = 'active' and w.epoch = (select max(number) from feed_epochs)";

/// Takes a receiver that is free, the most reliable first, and the oldest of its deliveries; `proven` leaves out those that
/// did not answer last time. A receiver gets one delivery at a time, whatever the number of servers.
pub fn take_due(tx: &mut Tx<'_>, proven: bool) -> Result<Option<Due>> {
    let now = tx.now().instant();
    sql!(
        "with free as (
            select r.host from webhook_receivers r
            where r.busy_until <= {} and r.resting_until <= {} and (not {} or (r.silences = 0 and r.answered_at is not null))
                and exists (select from webhook_deliveries q where q.status = 'queued' and q.next_attempt_at <= {})
                and exists (select from {} and w.receiver = r.host and x.next_attempt_at <= {})
            order by r.silences, r.busy_until, r.host limit 1 for update of r skip locked),
         lane as (update webhook_receivers r set busy_until = {} + interval '1 minute' from free
            where r.host = free.host returning r.host, r.silences)
         update webhook_deliveries d set attempts = d.attempts + 1, next_attempt_at = {} + interval '1 minute'
         from webhooks o, lane where o.id = d.webhook_id and o.receiver = lane.host and d.id = (
            select x.id from {} and w.receiver = (select host from free) and x.next_attempt_at <= {}
            order by x.next_attempt_at, x.id limit 1)
         returning d.id, d.webhook_id, d.event_id, d.body, d.attempts, d.queued_at, o.url, o.secret, lane.host as receiver,
            lane.silences",
        now,
        now,
        proven,
        now,
        Sql::raw(HEADS),
        now,
        now,
        now,
        Sql::raw(HEADS),
        now
    )
    .first(tx.conn())
}

/// The receiver has answered, whatever it was: it is free again.
pub fn answered(tx: &mut Tx<'_>, receiver: &str) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "update webhook_receivers set busy_until = {}, resting_until = {}, silences = 0, answered_at = {} where host = {}",
        now,
        now,
        now,
        receiver
    )
    .run(tx.conn())
    .map(|_| ())
}

/// The receiver has not answered: it rests until an instant.
pub fn silent(tx: &mut Tx<'_>, receiver: &str, until: DateTime<Utc>) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "update webhook_receivers set busy_until = {}, resting_until = {}, silences = silences + 1 where host = {}",
        now,
        until,
        receiver
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn delivered(tx: &mut Tx<'_>, due: &Due, status: i32) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "update webhook_deliveries set status = 'delivered', delivered_at = {}, answer_status = {}, last_error = null where id = {}",
        now,
        status,
        due.id
    )
    .run(tx.conn())?;
    sql!("update webhooks set failing_since = null where id = {} and failing_since is not null", due.webhook_id)
        .run(tx.conn())
        .map(|_| ())
}

/// An attempt went wrong; the next one comes at an instant, or none any more.
pub fn failed(tx: &mut Tx<'_>, due: &Due, status: Option<i32>, error: &str, next: Option<DateTime<Utc>>) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "update webhook_deliveries set status = case when {}::timestamptz is null then 'failed' else 'queued' end,
            next_attempt_at = coalesce({}, next_attempt_at), answer_status = {}, last_error = {} where id = {} and status = 'queued'",
        next,
        next,
        status,
        error,
        due.id
    )
    .run(tx.conn())?;
    sql!("update webhooks set failing_since = {} where id = {} and failing_since is null", now, due.webhook_id)
        .run(tx.conn())
        .map(|_| ())
}

/// Address of the account that a webhook belongs to, if it is known.
pub fn address(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Nullable<st::Text>)]
        email: Option<String>,
    }
    let row: Option<Row> =
        sql!("select email from accounts where id = {} and status <> 'revoked'", account).first(tx.conn())?;
    Ok(row.and_then(|row| row.email))
}

/// Deliveries older than a month have served.
pub fn forget(tx: &mut Tx<'_>, before: DateTime<Utc>) -> Result<usize> {
    sql!("delete from webhook_deliveries where status <> 'queued' and queued_at < {}", before).run(tx.conn())
}

/// The webhooks of structures.
pub fn of_structures(tx: &mut Tx<'_>, ids: Vec<Uuid>) -> Result<Vec<WebhookId>> {
    #[derive(QueryableByName)]
    struct Own {
        #[diesel(sql_type = diesel::sql_types::Uuid)]
        id: WebhookId,
    }
    let rows: Vec<Own> =
        sql!("select id from webhooks where structure_id = any({}) order by id", ids).load(tx.conn())?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
