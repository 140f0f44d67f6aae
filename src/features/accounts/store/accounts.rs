//! SQL of accounts.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::features::accounts::model::{AccountStatus, Perimeter};
use crate::platform::auth::{Actor, Role};
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::accounts;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{AccountId, StructureId};
use crate::{sortable, sql};

/// An account.
#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = accounts)]
pub struct Account {
    pub id: AccountId,
    pub role: Role,
    pub email: String,
    pub structure_id: Option<StructureId>,
    pub departement_code: Option<DepartementCode>,
    pub region_code: Option<RegionCode>,
    pub subject_id: Option<Uuid>,
    pub issuer: Option<String>,
    pub subject: Option<String>,
    pub status: AccountStatus,
    pub last_seen_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

impl Account {
    /// The actor; `None` where the perimeter is missing, which a constraint forbids.
    pub fn actor(&self) -> Option<Actor> {
        let perimeter = Perimeter {
            structure_id: self.structure_id,
            departement_code: self.departement_code.clone(),
            region_code: self.region_code.clone(),
            subject_id: self.subject_id,
        };
        perimeter.actor(self.role)
    }
}

const ACCOUNT: &str = "a.id, a.role, a.email, a.structure_id, a.departement_code, a.region_code, a.subject_id, \
    a.issuer, a.subject, a.status, a.last_seen_at, a.revoked_at, a.created_at, a.updated_at, a.version";

sortable! {
    /// Sort keys of accounts.
    pub enum AccountSort {
        "created_at" = "a.created_at"::"timestamptz",
        "updated_at" = "a.updated_at"::"timestamptz",
        "email" = "a.email"::"text",
        "role" = "a.role"::"text",
    }
}

/// What accounts are asked for.
#[derive(Clone, Debug, Default)]
pub struct AccountSearch {
    pub text: Option<String>,
    pub roles: Option<Vec<Role>>,
    pub statuses: Option<Vec<AccountStatus>>,
    pub structure_id: Option<StructureId>,
    pub departement_code: Option<Vec<DepartementCode>>,
    pub region_code: Option<Vec<RegionCode>>,
    pub updated_since: Option<DateTime<Utc>>,
}

/// The accounts that the caller's perimeter holds: row-level security is the filter, and the
/// condition on the perimeter says the same once more.
pub fn list(conn: &mut PgConnection, within: &Actor, search: &AccountSearch, page: &PageSpec) -> Result<Rows<Account>> {
    let mut list = Listing::new(ACCOUNT, Sql::raw("accounts a"), "a.id", "uuid");
    list.filter(same_perimeter(within))
        .filter_some(search.text.as_deref(), |text| {
            let text = crate::platform::text::like_literal(&text.trim().to_lowercase());
            sql!("a.email like {}", format!("%{text}%"))
        })
        .filter_some(search.roles.clone(), |roles| sql!("a.role = any({})", roles))
        .filter_some(search.statuses.clone(), |statuses| sql!("a.status = any({})", statuses))
        .filter_some(search.structure_id, |id| sql!("a.structure_id = {}", id))
        .filter_some(search.departement_code.clone(), |codes| sql!("a.departement_code = any({})", codes))
        .filter_some(search.region_code.clone(), |codes| sql!("a.region_code = any({})", codes))
        .filter_some(search.updated_since, |since| sql!("a.updated_at >= {}", since));
    list.page(conn, page)
}

/// A perimeter holds the accounts (or API clients, also named `a`) of its own role and territory.
pub fn same_perimeter(actor: &Actor) -> Sql {
    let Some(role) = actor.role() else {
        return Sql::raw(if *actor == Actor::System { "true" } else { "false" });
    };
    if *actor == Actor::Anct {
        return Sql::raw("true");
    }
    let own = Perimeter::of(actor);
    sql!(
        "(a.role = {} and a.structure_id is not distinct from {} and a.departement_code is not distinct from {} \
          and a.region_code is not distinct from {})",
        role,
        own.structure_id,
        own.departement_code,
        own.region_code
    )
}

pub fn find(conn: &mut PgConnection, within: &Actor, id: AccountId) -> Result<Option<Account>> {
    sql!("select {} from accounts a where a.id = {} and {}", Sql::raw(ACCOUNT), id, same_perimeter(within)).first(conn)
}

pub fn lock(tx: &mut Tx<'_>, id: AccountId) -> Result<Option<Account>> {
    let within = same_perimeter(tx.actor());
    sql!("select {} from accounts a where a.id = {} and {} for update", Sql::raw(ACCOUNT), id, within).first(tx.conn())
}

pub fn insert(tx: &mut Tx<'_>, role: Role, perimeter: &Perimeter, email: &str) -> Result<Account> {
    let now = tx.now().instant();
    sql!(
        "insert into accounts as a (id, role, email, structure_id, departement_code, region_code, subject_id, created_at, updated_at)
         values ({}, {}, {}, {}, {}, {}, {}, {}, {}) returning {}",
        AccountId::new(),
        role,
        email,
        perimeter.structure_id,
        &perimeter.departement_code,
        &perimeter.region_code,
        perimeter.subject_id,
        now,
        now,
        Sql::raw(ACCOUNT)
    )
    .one(tx.conn())
}

/// Two first accounts at once: the second waits, and then finds the first.
pub fn lock_first(tx: &mut Tx<'_>) -> Result<()> {
    sql!("select pg_advisory_xact_lock(hashtextextended('conum.first_account', 3))").run(tx.conn()).map(|_| ())
}

/// The live accounts of a role, oldest first. As the service itself.
pub fn live_of_role(tx: &mut Tx<'_>, role: Role) -> Result<Vec<Account>> {
    sql!(
        "select {} from accounts a where a.role = {} and a.status <> 'revoked' order by a.created_at, a.id",
        Sql::raw(ACCOUNT),
        role
    )
    .load(tx.conn())
}

/// The live employer account of a structure and an address, made if there is none.
pub fn open_employer(tx: &mut Tx<'_>, structure_id: StructureId, email: &str) -> Result<Account> {
    let now = tx.now().instant();
    sql!(
        "insert into accounts as a (id, role, email, structure_id, status, last_seen_at)
         values ({}, 'employer', {}, {}, 'active', {})
         on conflict (role, email, structure_id, departement_code, region_code, subject_id) where status <> 'revoked'
         do update set status = 'active', last_seen_at = excluded.last_seen_at
         returning {}",
        AccountId::new(),
        email,
        structure_id,
        now,
        Sql::raw(ACCOUNT)
    )
    .one(tx.conn())
}

/// The live account of a person in a role of their own, made if there is none.
pub fn open_personal(tx: &mut Tx<'_>, role: Role, subject_id: Uuid, email: &str) -> Result<Account> {
    let now = tx.now().instant();
    sql!(
        "insert into accounts as a (id, role, email, subject_id, status, last_seen_at)
         values ({}, {}, {}, {}, 'active', {})
         on conflict (role, email, structure_id, departement_code, region_code, subject_id) where status <> 'revoked'
         do update set status = 'active', last_seen_at = excluded.last_seen_at
         returning {}",
        AccountId::new(),
        role,
        email,
        subject_id,
        now,
        Sql::raw(ACCOUNT)
    )
    .one(tx.conn())
}

/// The address of a person's live account in a role of their own. As the service itself.
pub fn address_of(conn: &mut PgConnection, role: Role, subject_id: Uuid) -> Result<Option<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        email: String,
    }
    let row: Option<Row> = sql!(
        "select a.email from accounts a where a.role = {} and a.subject_id = {} and a.revoked_at is null limit 1",
        role,
        subject_id
    )
    .first(conn)?;
    Ok(row.map(|row| row.email))
}

/// The accounts, named `a`, of people in a role of their own.
pub fn of_subjects(role: Role, subject_ids: Vec<Uuid>) -> Sql {
    sql!("(a.role = {} and a.subject_id = any({}))", role, subject_ids)
}

/// All the accounts, named `a`, that these candidates have: as such, and as the counsellors that they are or were.
pub fn of_people(candidates: Vec<Uuid>) -> Sql {
    let counsellors = "(a.role = 'counsellor' and a.subject_id in (
        select k.id from counsellors k where k.candidate_id = any({})))";
    sql!("({} or {})", of_subjects(Role::Candidate, candidates.clone()), sql!(counsellors, candidates))
}

/// The links that still open these accounts do so no longer.
fn end_links(tx: &mut Tx<'_>, whose: &Sql) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "update mail_links set expires_at = {} where used_at is null and expires_at > {} and account_id in (
            select a.id from accounts a where {})",
        now,
        now,
        whose.clone()
    )
    .run(tx.conn())
    .map(|_| ())
}

/// The address of these live accounts is another one now; what was mailed to the former one opens nothing.
pub fn change_address(tx: &mut Tx<'_>, whose: &Sql, email: &str) -> Result<()> {
    end_links(tx, whose)?;
    sql!("update accounts a set email = {} where {} and a.status <> 'revoked'", email, whose.clone())
        .run(tx.conn())
        .map(|_| ())
}

/// Withdraws the live accounts among these, and their open links.
pub fn close(tx: &mut Tx<'_>, whose: &Sql) -> Result<()> {
    end_links(tx, whose)?;
    let now = tx.now().instant();
    sql!(
        "update accounts a set status = 'revoked', revoked_at = {} where {} and a.status <> 'revoked'",
        now,
        whose.clone()
    )
    .run(tx.conn())
    .map(|_| ())
}

/// Forgets who held these accounts, and what was mailed about them.
pub fn anonymise(tx: &mut Tx<'_>, whose: &Sql) -> Result<usize> {
    sql!(
        "delete from emails where resource = 'accounts' and resource_id in (select a.id from accounts a where {})",
        whose.clone()
    )
    .run(tx.conn())?;
    sql!(
        "update accounts a set email = a.id || '@example.invalid', issuer = null, subject = null
         where {} and a.email not like '%@example.invalid'",
        whose.clone()
    )
    .run(tx.conn())
}

pub fn update(tx: &mut Tx<'_>, account: &Account) -> Result<Account> {
    sql!(
        "update accounts a set email = {}, issuer = {}, subject = {} where a.id = {} returning {}",
        &account.email,
        &account.issuer,
        &account.subject,
        account.id,
        Sql::raw(ACCOUNT)
    )
    .one(tx.conn())
}

pub fn revoke(tx: &mut Tx<'_>, id: AccountId) -> Result<Account> {
    let now = tx.now().instant();
    sql!(
        "update accounts a set status = 'revoked', revoked_at = {} where a.id = {} returning {}",
        now,
        id,
        Sql::raw(ACCOUNT)
    )
    .one(tx.conn())
}

/// Marks a live account as signed in; `None` where it is revoked.
pub fn sign_in(tx: &mut Tx<'_>, id: AccountId) -> Result<Option<Account>> {
    let now = tx.now().instant();
    sql!(
        "update accounts a set status = 'active', last_seen_at = {} where a.id = {} and a.status <> 'revoked' returning {}",
        now,
        id,
        Sql::raw(ACCOUNT)
    )
    .first(tx.conn())
}

/// The live accounts of an address, oldest first, but those that were mailed enough links.
pub fn to_be_mailed(tx: &mut Tx<'_>, email: &str, limit: i64) -> Result<Vec<Account>> {
    let now = tx.now().instant();
    sql!(
        "select {} from accounts a where a.email = {} and a.status <> 'revoked'
            and (select count(*) from mail_links l
                 where l.account_id = a.id and l.used_at is null and l.expires_at > {}) < {}
         order by a.created_at, a.id limit {}",
        Sql::raw(ACCOUNT),
        email,
        now,
        limit,
        limit
    )
    .load(tx.conn())
}

pub fn is_live(conn: &mut PgConnection, id: AccountId) -> Result<bool> {
    sql!("select exists (select from accounts where id = {} and status <> 'revoked') as yes", id).holds(conn)
}

/// The live accounts of somebody whom an external issuer knows.
pub fn of_subject(conn: &mut PgConnection, issuer: &str, subject: &str) -> Result<Vec<Account>> {
    sql!(
        "select {} from accounts a
         where a.issuer = {} and a.subject = {} and a.status <> 'revoked' order by a.created_at, a.id",
        Sql::raw(ACCOUNT),
        issuer,
        subject
    )
    .load(conn)
}

/// Revokes invitations that nobody took up. Tells how many.
pub fn revoke_invitations(tx: &mut Tx<'_>, invited_before: DateTime<Utc>) -> Result<usize> {
    let now = tx.now().instant();
    sql!(
        "update accounts set status = 'revoked', revoked_at = {} where status = 'invited' and created_at < {}",
        now,
        invited_before
    )
    .run(tx.conn())
}

/// Forgets who held accounts that were revoked long ago. Tells how many.
pub fn forget_revoked(tx: &mut Tx<'_>, revoked_before: DateTime<Utc>) -> Result<usize> {
    anonymise(tx, &sql!("(a.status = 'revoked' and a.revoked_at < {})", revoked_before))
}

/// Withdraws the live accounts of a structure. As the service itself.
pub fn close_of_structure(tx: &mut Tx<'_>, id: StructureId) -> Result<Vec<Account>> {
    end_links(tx, &sql!("a.structure_id = {}", id))?;
    let now = tx.now().instant();
    sql!(
        "update accounts a set status = 'revoked', revoked_at = {} where a.structure_id = {} and a.status <> 'revoked'
         returning {}",
        now,
        id,
        Sql::raw(ACCOUNT)
    )
    .load(tx.conn())
}

/// An account of a prefecture that is in use: where it is written to, and its territory.
#[derive(Clone, Debug, QueryableByName)]
pub struct Office {
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub email: String,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    pub departement_code: Option<DepartementCode>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    pub region_code: Option<RegionCode>,
}

impl Office {
    pub fn covers(&self, departement: &DepartementCode, region: &RegionCode) -> bool {
        self.departement_code.as_ref() == Some(departement) || self.region_code.as_ref() == Some(region)
    }
}

/// The prefectures' accounts in use. As the service itself.
pub fn prefectures(tx: &mut Tx<'_>) -> Result<Vec<Office>> {
    sql!(
        "select a.email, a.departement_code, a.region_code from accounts a
         where a.role = 'prefecture' and a.status = 'active' order by a.created_at, a.id"
    )
    .load(tx.conn())
}
