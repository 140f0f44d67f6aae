//! Random lives of posts, told month by month: grants, starts, breaks, renewals, returns, transfers, rejections. A ledger
//! of the test's own, by arithmetic of its own, must agree to the cent after every month.
//!
//! `CONUM_HISTORIES=10000 cargo test --test api -- subsidy_histories` tells that many; `CONUM_HISTORIES_SEED` is the seed
//! of the first world, the next worlds take the next ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use conum::features::posts::dto::PostTransfer;
use conum::features::posts::model::ReturnReason;
use conum::features::recruitments::dto::{NewRecruitment, RecruitmentValidation, Renewal, TerminationRequest};
use conum::features::recruitments::model::{ContractType, REQUIRED_DOCUMENTS, TerminationReason};
use conum::features::subsidies::dto::{NewPaymentBatch, PaymentOutcome, PaymentResult};
use conum::features::subsidies::model::RejectionReason;
use conum::features::{posts, recruitments, subsidies};
use conum::platform::auth::{Actor, Principal};
use conum::platform::db::{Outcome, Request, Tx};
use conum::platform::error::{Code, Problem, Result};
use conum::platform::ids::{
    AgreementId, CandidateId, CreditNoteId, InstalmentId, PaymentBatchId, PostId, RecruitmentId, StructureId,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

use crate::subsidies::{instructed, night, sign, violations};
use crate::support::builders::{Employer, open_call, posts_of, retained_at};
use crate::support::{App, Session};

const FULL: i64 = 5_000_000;
const MONTHS: u32 = 24;
/// Months told.
const SPAN: u32 = 40;

/// The test's own account of a post with one structure.
#[derive(Debug)]
struct Stay {
    structure: String,
    /// Full amount and days-of-thirty of its term.
    full: i64,
    term: i64,
    agreed: i64,
    paid: i64,
    credited: i64,
    left: bool,
    /// Day on which an earlier time with the same structure ended, and on which this one did.
    after_on: Option<NaiveDate>,
    left_on: Option<NaiveDate>,
}

/// A contract as the test remembers it.
#[derive(Clone, Debug)]
struct Contract {
    id: RecruitmentId,
    structure: String,
    first: NaiveDate,
    last: NaiveDate,
    over: bool,
}

struct Post {
    id: PostId,
    holder: usize,
    returned: bool,
    contracts: Vec<Contract>,
    stays: Vec<Stay>,
}

struct World {
    app: App,
    owner: Session,
    houses: Vec<Employer>,
    agreements: Vec<String>,
    posts: Vec<Post>,
    candidates: u32,
    dice: StdRng,
    /// Tries to close an agreement, and the books of those that closed, by house.
    tries: u32,
    closed: BTreeMap<usize, Vec<Value>>,
}

/// Days of thirty from one day to another, counted a month and then a day at a time.
fn thirtieths(first: NaiveDate, last: NaiveDate) -> i64 {
    let (mut count, mut months, mut day) = (0, 0, first);
    loop {
        let next = first.checked_add_months(Months::new(months + 1)).unwrap();
        if next - TimeDelta::days(1) > last {
            break;
        }
        months += 1;
        count += 30;
        day = next;
    }
    let mut rest = 0;
    while day <= last {
        rest += 1;
        day += TimeDelta::days(1);
    }
    count + rest.min(29)
}

impl Stay {
    fn holds(&self, contract: &Contract) -> bool {
        contract.structure == self.structure
            && self.after_on.is_none_or(|on| contract.first > on)
            && self.left_on.is_none_or(|on| contract.first <= on)
    }

    fn worked(&self, contracts: &[Contract], today: NaiveDate) -> i64 {
        let own: Vec<Contract> = contracts.iter().filter(|contract| self.holds(contract)).cloned().collect();
        worked(&own, &self.structure, today)
    }

    fn leave(&mut self, today: NaiveDate) {
        self.left = true;
        self.left_on = Some(today);
    }
}

/// Time worked in a house until a day; contracts without a day between count as one.
fn worked(contracts: &[Contract], structure: &str, today: NaiveDate) -> i64 {
    let mut total = 0;
    let mut open: Option<(NaiveDate, NaiveDate)> = None;
    for contract in contracts.iter().filter(|c| c.structure == structure && c.first <= today) {
        let last = contract.last.min(today);
        open = match open {
            Some((first, end)) if end + TimeDelta::days(1) == contract.first => Some((first, last)),
            Some((first, end)) => {
                total += thirtieths(first, end);
                Some((contract.first, last))
            }
            None => Some((contract.first, last)),
        };
    }
    total + open.map_or(0, |(first, last)| thirtieths(first, last))
}

/// Reads the terms of a contract and validates it.
fn validate(tx: &mut Tx<'_>, id: RecruitmentId) -> Result<()> {
    let read = recruitments::service::find(&mut tx.reader(), id)?;
    recruitments::service::validate(tx, id, None, &RecruitmentValidation::of(&read.recruitment)).map(|_| ())
}

/// Reads the amount that an amendment would agree on, and signs it.
fn amend(tx: &mut Tx<'_>, id: AgreementId) -> Result<()> {
    let read = subsidies::service::find(&mut tx.reader(), id)?.estimate_cents;
    subsidies::service::amend(tx, id, None, read.unwrap_or_default()).map(|_| ())
}

/// A share, halves up, in whole numbers.
fn share(cents: i64, part: i64, whole: i64) -> i64 {
    let product = i128::from(cents) * i128::from(part.min(whole));
    let (quotient, rest) = (product / i128::from(whole), product % i128::from(whole));
    i64::try_from(if rest * 2 >= i128::from(whole) { quotient + 1 } else { quotient }).unwrap()
}

impl World {
    fn begin(houses: usize, posts_each: i32, seed: u64) -> Self {
        let app = App::start();
        open_call(&app);
        app.database.owner().run("update programme set posts_cap = 1000000; update envelopes set allotted_cents = 900000000000 where parent_code is null;
            update envelopes set allotted_cents = 800000000000 where code = 'posts'");
        let houses: Vec<Employer> = (0..houses)
            .map(|rank| retained_at(&app, &format!("Commune n° {rank}"), "82112", "82200", posts_each))
            .collect();
        let agreements: Vec<String> = houses
            .iter()
            .map(|house| {
                let id = instructed(&app, house, "v1");
                sign(&app, &id).expect(200);
                id
            })
            .collect();
        let mut posts = Vec::new();
        for (holder, house) in houses.iter().enumerate() {
            for id in posts_of(&app, house) {
                let stay = Stay {
                    structure: house.id.clone(),
                    full: FULL,
                    term: i64::from(MONTHS) * 30,
                    agreed: FULL,
                    paid: 0,
                    credited: 0,
                    left: false,
                    after_on: None,
                    left_on: None,
                };
                posts.push(Post {
                    id: PostId::from_uuid(id.parse().unwrap()),
                    holder,
                    returned: false,
                    contracts: Vec::new(),
                    stays: vec![stay],
                });
            }
        }
        let owner = app.database.owner();
        Self {
            app,
            owner,
            houses,
            agreements,
            posts,
            candidates: 0,
            dice: StdRng::seed_from_u64(seed),
            tries: 0,
            closed: BTreeMap::new(),
        }
    }

    fn act<T>(&self, actor: &Actor, work: impl Fn(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let principal = Principal { actor: actor.clone(), subject: "history".to_owned(), ..Principal::anonymous() };
        let request = Request { principal: Arc::new(principal), operation: "history", request_id: String::new() };
        self.app.service.db.write_now(&request, &|tx| work(tx).map(Outcome::Keep))
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.dice.random_range(0..100) < percent
    }

    /// A candidate, made without the form.
    fn candidate(&mut self) -> CandidateId {
        self.candidates += 1;
        let id = CandidateId::new();
        self.owner.run(&format!(
            "insert into candidates (id, first_name, last_name, search_key, postal_code, commune_code, departement_code, region_code,
                longitude, latitude, max_distance_km, anywhere, available_from, job_seeker, employed, in_training, graduated,
                experienced, status, confirmed_at, last_contact_at)
             values ('{id}', 'Candidat', 'Exemple', 'candidat exemple', '82200', '82112', '82', '76', 1.08, 44.1, 40, false,
                date '2020-01-01', true, false, false, false, false, 'active', now(), now());
             insert into candidate_contacts (candidate_id, email) values ('{id}', 'histoire-{}@example.org')",
            self.candidates
        ));
        id
    }

    fn hire(&mut self, at: usize) {
        let candidate = self.candidate();
        let today = self.app.today();
        let last = today + TimeDelta::days(self.dice.random_range(40..1000));
        let (post, house) = (self.posts[at].id, self.houses[self.posts[at].holder].clone());
        let new = NewRecruitment {
            post_id: post,
            candidate_id: candidate,
            contract_type: ContractType::Cdd,
            starts_on: today,
            ends_on: Some(last),
            gross_monthly_salary_cents: 250_000,
            documents: Some(REQUIRED_DOCUMENTS.to_vec()),
        };
        let id = self
            .act(&house.actor, |tx| Ok(recruitments::service::submit(tx, &new)?.recruitment.id))
            .expect("submitted");
        self.act(&Actor::Bdt, |tx| validate(tx, id)).expect("validated");
        // Most are trained; what the others earn waits for it.
        if self.chance(80) {
            crate::subsidy_closing::exempt(&self.app, &house, &id.to_string());
        }
        self.posts[at].contracts.push(Contract { id, structure: house.id, first: today, last, over: false });
    }

    fn dismiss(&mut self, at: usize) {
        let today = self.app.today();
        let house = self.houses[self.posts[at].holder].clone();
        let contract = self.posts[at].contracts.last_mut().unwrap();
        if contract.first > today || contract.last < today {
            return;
        }
        let id = contract.id;
        contract.last = today;
        contract.over = true;
        let ask = TerminationRequest { terminates_on: today, reason: TerminationReason::Demission, comment: None };
        self.act(&house.actor, |tx| recruitments::service::request_termination(tx, id, None, &ask).map(|_| ()))
            .expect("asked");
        self.act(&Actor::Anct, |tx| recruitments::service::terminate(tx, id, None).map(|_| ())).expect("terminated");
        // A renewal that waited falls with it.
    }

    /// Renews a contract that ends soon: it goes on the day after.
    fn renew(&mut self, at: usize) {
        let house = self.houses[self.posts[at].holder].clone();
        let contract = self.posts[at].contracts.last().unwrap().clone();
        let new = Renewal {
            contract_type: ContractType::Cdd,
            ends_on: Some(contract.last + TimeDelta::days(self.dice.random_range(60..500))),
            gross_monthly_salary_cents: 250_000,
            phase: None,
            documents: Some(REQUIRED_DOCUMENTS.to_vec()),
        };
        let id = self
            .act(&house.actor, |tx| Ok(recruitments::service::renew(tx, contract.id, None, &new)?.recruitment.id))
            .expect("renewed");
        self.act(&Actor::Anct, |tx| validate(tx, id)).expect("validated");
        // Remembered at once; until it begins, only its first day lies ahead.
        self.posts[at].contracts.push(Contract {
            id,
            structure: house.id,
            first: contract.last + TimeDelta::days(1),
            last: new.ends_on.unwrap(),
            over: false,
        });
    }

    fn give_back(&mut self, at: usize) {
        let house = self.houses[self.posts[at].holder].clone();
        let id = self.posts[at].id;
        let asked = self
            .act(&house.actor, |tx| {
                Ok(posts::service::request_return(tx, id, ReturnReason::CapaciteFinanciere, None)?.request.id)
            })
            .expect("asked");
        self.act(&Actor::Anct, |tx| posts::service::accept_return(tx, asked, None).map(|_| ())).expect("accepted");
        let today = self.app.today();
        self.posts[at].returned = true;
        self.posts[at].stays.last_mut().unwrap().leave(today);
    }

    fn transfer(&mut self, at: usize) {
        let to = (self.posts[at].holder + 1) % self.houses.len();
        let (id, today) = (self.posts[at].id, self.app.today());
        let target = StructureId::from_uuid(self.houses[to].id.parse().unwrap());
        let body: PostTransfer = serde_json::from_value(serde_json::json!({"structure_id": target})).unwrap();
        match self.act(&Actor::Anct, |tx| recruitments::service::transfer_post(tx, id, None, body.to()).map(|_| ())) {
            // On its very first or last day a contract does not move, nor while something about it waits.
            Err(problem)
                if matches!(
                    problem.code(),
                    Code::ValidationFailed | Code::OccupantMayNotMove | Code::TransferTargetNotUsable
                ) =>
            {
                return;
            }
            other => other.expect("transferred"),
        }
        let post = &mut self.posts[at];
        post.holder = to;
        let from = post.stays.last_mut().unwrap();
        if !from.left {
            from.leave(today);
        }
        if let Some(running) = post.contracts.iter_mut().find(|c| !c.over && c.first <= today && c.last >= today) {
            let last = running.last;
            running.last = today - TimeDelta::days(1);
            running.over = true;
            let id: RecruitmentId = {
                let found = self.owner.column(&format!(
                    "select id from recruitments where post_id = '{}' and status = 'validated'",
                    post.id
                ));
                RecruitmentId::from_uuid(found[0].parse().unwrap())
            };
            post.contracts.push(Contract {
                id,
                structure: self.houses[to].id.clone(),
                first: today,
                last,
                over: false,
            });
        }
    }

    /// One month of every post's life.
    fn live(&mut self) {
        let today = self.app.today();
        for at in 0..self.posts.len() {
            if self.posts[at].returned {
                continue;
            }
            let current = self.posts[at].contracts.iter().rposition(|c| !c.over && c.first <= today && c.last >= today);
            let waiting = self.posts[at].contracts.iter().any(|c| c.first > today);
            match current {
                None if self.chance(55) => self.hire(at),
                None if self.chance(4) => self.give_back(at),
                None if self.houses.len() > 1 && self.chance(3) => self.transfer(at),
                Some(_) if waiting => {}
                Some(index) => {
                    let soon = self.posts[at].contracts[index].last < today + TimeDelta::days(40);
                    if soon && self.chance(50) {
                        self.renew(at);
                    } else if self.chance(5) {
                        self.dismiss(at);
                    } else if self.houses.len() > 1 && self.chance(2) {
                        self.transfer(at);
                    }
                }
                None => {}
            }
            self.follow(at, false);
        }
    }

    /// What the rules say of a post, by the test's own arithmetic.
    fn follow(&mut self, at: usize, amended: bool) {
        let today = self.app.today();
        let Post { contracts, stays, .. } = &mut self.posts[at];
        for stay in stays.iter_mut() {
            let own: Vec<&Contract> = contracts.iter().filter(|c| stay.holds(c) && c.first <= today).collect();
            let running = own.iter().any(|c| !c.over && c.last >= today);
            let settling = stay.left || (!running && !own.is_empty());
            let rule = if settling { share(stay.full, stay.worked(contracts, today), stay.term) } else { stay.full };
            let agreed = if amended && !stay.left { rule } else { rule.min(stay.agreed) };
            stay.agreed = agreed;
            stay.credited += (stay.paid - stay.credited - agreed).max(0);
        }
    }

    /// Every contract whose last day has passed is over.
    fn sleep(&mut self, until: NaiveDate) {
        while self.app.today() < until {
            let step = (until - self.app.today()).min(TimeDelta::days(7));
            self.app.advance(step);
            night(&self.app);
            let today = self.app.today();
            for at in 0..self.posts.len() {
                for contract in &mut self.posts[at].contracts {
                    if !contract.over && contract.last < today {
                        contract.over = true;
                    }
                }
                self.follow(at, false);
            }
        }
    }

    fn amend(&mut self) {
        for house in 0..self.houses.len() {
            let id = AgreementId::from_uuid(self.agreements[house].parse().unwrap());
            match self.act(&Actor::Bdt, |tx| amend(tx, id)) {
                Err(problem) if problem.code() == Code::NothingToAmend => continue,
                Err(problem) if self.closed.contains_key(&house) => {
                    assert_eq!(problem.code(), Code::TransitionNotAllowed);
                    continue;
                }
                other => other.expect("amended"),
            }
            for at in 0..self.posts.len() {
                if self.posts[at].holder == house && !self.posts[at].returned {
                    self.join(at, house);
                    self.follow(at, true);
                }
            }
        }
    }

    /// Tries to close an agreement; from then on its books never move.
    fn try_to_close(&mut self, house: usize) {
        let id = AgreementId::from_uuid(self.agreements[house].parse().unwrap());
        self.tries += 1;
        match self.act(&Actor::Bdt, |tx| subsidies::service::close(tx, id, None).map(|_| ())) {
            Ok(()) => {
                self.closed.insert(house, self.books(house));
            }
            Err(problem) => assert!(
                matches!(
                    problem.code(),
                    Code::AgreementUnsettled | Code::AgreementPostsOpen | Code::TransitionNotAllowed
                ),
                "{problem}"
            ),
        }
    }

    /// Everything that an agreement has agreed, paid and asked back.
    fn books(&self, house: usize) -> Vec<Value> {
        let id = &self.agreements[house];
        self.app.database.owner().rows(&format!(
            "select c.post_id::text as id, c.amount_cents, c.paid_cents, c.credited_cents, null as status
                from agreement_posts c where c.agreement_id = '{id}'
             union all select i.id::text, i.amount_cents, null, null, i.status from instalments i where i.agreement_id = '{id}'
             union all select n.id::text, n.amount_cents, null, null, null from credit_notes n where n.agreement_id = '{id}'
             union all select a.id::text, a.amount_cents, a.paid_cents, a.credited_cents, a.status
                from agreements a where a.id = '{id}' order by 1"
        ))
    }

    /// Somebody pays back what was asked back.
    fn repay(&mut self) {
        let notes = self.owner.column("select id from credit_notes where status = 'issued' order by id");
        let today = self.app.today();
        for note in notes {
            let id = CreditNoteId::from_uuid(note.parse().unwrap());
            self.act(&Actor::Bdt, |tx| subsidies::service::repay(tx, id, None, today, "VIR").map(|_| ()))
                .expect("repaid");
        }
    }

    /// A post that came by transfer gets what is left of its term.
    fn join(&mut self, at: usize, house: usize) {
        let structure = self.houses[house].id.clone();
        let post = &mut self.posts[at];
        if post.stays.iter().any(|stay| stay.structure == structure && !stay.left) {
            return;
        }
        let today = self.app.today();
        let after_on =
            post.stays.iter().filter(|stay| stay.structure == structure).filter_map(|stay| stay.left_on).max();
        let stay =
            Stay { structure, full: 0, term: 1, agreed: 0, paid: 0, credited: 0, left: false, after_on, left_on: None };
        let elsewhere: Vec<Contract> = post.contracts.iter().filter(|c| !stay.holds(c)).cloned().collect();
        let mut houses: Vec<&str> = elsewhere.iter().map(|c| c.structure.as_str()).collect();
        houses.sort_unstable();
        houses.dedup();
        let before: i64 = houses.iter().map(|s| worked(&elsewhere, s, today)).sum();
        let whole = i64::from(MONTHS) * 30;
        let left = (whole - before).max(0);
        post.stays.push(Stay { full: share(FULL, left, whole), term: left.max(1), ..stay });
    }

    /// Orders what is due; the bank pays most of it, rejects some, and leaves some without an answer.
    fn pay(&mut self) {
        let new = NewPaymentBatch {
            expected_cents: None,
            expected_count: None,
            execution_on: crate::subsidies::bank_day(&self.app),
            instalment_ids: None,
            phase: None,
            departement_codes: None,
            structure_id: None,
            lines_max: None,
        };
        let made = self.act(&Actor::Bdt, |tx| Ok(subsidies::service::create_batch(tx, &new, true)?.id));
        match made {
            Err(problem) if problem.code() == Code::NothingDue => {}
            other => drop(other.expect("a batch")),
        }
        let open = self.owner.rows(
            "select l.batch_id, l.instalment_id, i.amount_cents, i.post_id, i.structure_id from payment_lines l
             join instalments i on i.id = l.instalment_id where l.status = 'ordered' order by l.batch_id, l.number",
        );
        let mut answers: BTreeMap<String, Vec<PaymentResult>> = BTreeMap::new();
        let today = self.app.today();
        for line in &open {
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            let instalment_id = InstalmentId::from_uuid(text("instalment_id").parse().unwrap());
            let results = answers.entry(text("batch_id")).or_default();
            if self.dice.random_range(0..100) < 80 {
                results.push(PaymentResult {
                    instalment_id,
                    outcome: PaymentOutcome::Paid,
                    paid_on: Some(today),
                    bank_reference: Some("VIR".to_owned()),
                    rejection: None,
                });
                let post = self.posts.iter_mut().find(|post| post.id.to_string() == text("post_id")).unwrap();
                // A house may have had the post twice.
                let stay = post.stays.iter_mut().rev().find(|stay| stay.structure == text("structure_id")).unwrap();
                stay.paid += line["amount_cents"].as_i64().unwrap();
            } else if self.dice.random_range(0..100) < 50 {
                results.push(PaymentResult {
                    instalment_id,
                    outcome: PaymentOutcome::Rejected,
                    paid_on: None,
                    bank_reference: None,
                    rejection: Some(RejectionReason::Ms03),
                });
            }
        }
        for (batch, results) in answers.into_iter().filter(|(_, results)| !results.is_empty()) {
            let id = PaymentBatchId::from_uuid(batch.parse().unwrap());
            self.act(&Actor::Bdt, |tx| subsidies::service::record_results(tx, id, &results).map(|_| ()))
                .expect("answered");
        }
        for at in 0..self.posts.len() {
            self.follow(at, false);
        }
    }

    /// The service's books against the test's.
    fn check(&self, month: u32) {
        assert_eq!(violations(&self.app), Vec::<Value>::new(), "month {month}");
        let rows = self.app.database.owner().rows(
            "select post_id, structure_id, amount_cents, paid_cents, credited_cents from agreement_posts order by post_id, created_at, id",
        );
        let mut books: BTreeMap<String, Vec<(String, i64, i64, i64)>> = BTreeMap::new();
        for row in &rows {
            let cents = |name: &str| row[name].as_i64().unwrap();
            books.entry(row["post_id"].as_str().unwrap().to_owned()).or_default().push((
                row["structure_id"].as_str().unwrap().to_owned(),
                cents("amount_cents"),
                cents("paid_cents"),
                cents("credited_cents"),
            ));
        }
        for post in &self.posts {
            let own: Vec<(String, i64, i64, i64)> =
                post.stays.iter().map(|stay| (stay.structure.clone(), stay.agreed, stay.paid, stay.credited)).collect();
            assert_eq!(books[&post.id.to_string()], own, "month {month} of {}: {:#?}", post.id, post.contracts);
        }
        for (house, books) in &self.closed {
            assert_eq!(&self.books(*house), books, "month {month}: something of a closed agreement has moved");
        }
    }
}

fn tell(houses: usize, posts_each: i32, seed: u64) {
    let mut world = World::begin(houses, posts_each, seed);
    for month in 0..SPAN {
        world.live();
        world.check(month);
        world.amend();
        world.check(month);
        world.pay();
        world.check(month);
        let next = world.app.today() + Months::new(1);
        world.sleep(next.with_day(1).unwrap() + TimeDelta::days(i64::from(month % 28)));
    }
    world.check(SPAN);
    // Something of everything has happened.
    let happened = world.app.database.owner().rows(
        "select count(*) filter (where type = 'recruitment.terminated') as breaks, count(*) filter (where type = 'post.transferred') as moves,
            count(*) filter (where type = 'instalment.rejected') as rejections, count(*) filter (where type = 'credit_note.issued') as credits,
            count(*) filter (where type = 'recruitment.begun') as renewals, count(*) filter (where type = 'agreement.amended') as amendments
         from events",
    );
    for (what, count) in happened[0].as_object().unwrap() {
        assert!(count.as_i64().unwrap() > 0, "no {what}");
    }
}

#[test]
fn an_independent_ledger_agrees_to_the_cent_over_random_histories() {
    let number = |name: &str| std::env::var(name).ok().and_then(|given| given.parse::<u32>().ok());
    let wanted = number("CONUM_HISTORIES").unwrap_or(30) as usize;
    let mut seed = u64::from(number("CONUM_HISTORIES_SEED").unwrap_or(1));
    let mut told = 0;
    while told < wanted {
        // Worlds of several houses, so that posts move between them.
        let (houses, each) = if wanted - told >= 300 { (6, 50) } else { (3, 10) };
        println!("seed {seed}: {houses} structures with {each} posts each, after {told} histories");
        tell(houses, each, seed);
        told += houses * usize::try_from(each).unwrap();
        seed += 1;
    }
    assert!(told >= wanted);
}

#[test]
fn nothing_of_a_closed_agreement_moves_whatever_its_posts_live_through() {
    let number = |name: &str| std::env::var(name).ok().and_then(|given| given.parse::<u64>().ok());
    let (mut closed, mut refused) = (0, 0);
    for seed in 1..=number("CONUM_CLOSINGS").unwrap_or(2) {
        // Houses with one post each, so that many come to their end.
        let mut world = World::begin(10, 1, 100 + seed);
        for month in 0..SPAN {
            world.live();
            for house in 0..world.houses.len() {
                world.try_to_close(house);
            }
            world.check(month);
            world.amend();
            world.pay();
            world.repay();
            for house in 0..world.houses.len() {
                if world.chance(50) {
                    world.try_to_close(house);
                }
            }
            world.check(month);
            let next = world.app.today() + Months::new(1);
            world.sleep(next.with_day(1).unwrap() + TimeDelta::days(i64::from(month % 28)));
        }
        world.check(SPAN);
        closed += world.closed.len();
        refused += world.tries as usize - world.closed.len();
    }
    println!("{closed} agreements closed, {refused} tries refused");
    assert!(closed > 3 && refused > 100, "{closed} closed, {refused} refused");
}

/// Goes on to a day, with its nights, and pays what is due until the bank has paid it all.
fn go_on(world: &mut World, days: i64) {
    let until = world.app.today() + TimeDelta::days(days);
    world.sleep(until);
    world.amend();
    world.check(0);
    for _ in 0..20 {
        world.pay();
    }
    world.check(0);
}

#[test]
fn a_post_that_comes_back_stands_in_its_agreement_twice() {
    // Two posts each: a structure without any is withdrawn.
    let mut world = World::begin(2, 2, 3);
    for _ in 0..4 {
        world.hire(0);
        let (id, house) = (world.posts[0].contracts.last().unwrap().id, world.houses[world.posts[0].holder].clone());
        crate::subsidy_closing::exempt(&world.app, &house, &id.to_string());
        go_on(&mut world, 70);
        world.dismiss(0);
        go_on(&mut world, 1);
        world.transfer(0);
        go_on(&mut world, 20);
    }
    let places: Vec<(i64, bool)> = world.posts[0].stays.iter().map(|stay| (stay.paid, stay.left)).collect();
    assert_eq!(places.len(), 5, "{places:?}");
    assert!(places[..4].iter().all(|(paid, left)| *paid > 0 && *left) && !places[4].1, "{places:?}");
    // Each time is paid for by itself, and all of them together never more than the post is worth.
    let kept: i64 = world.posts[0].stays.iter().map(|stay| stay.paid - stay.credited).sum();
    assert!(kept > 0 && kept <= FULL, "{kept}");
}

#[test]
fn a_problem_of_a_history_is_told() {
    // The helper above must not swallow refusals.
    let world = World::begin(1, 1, 7);
    let refused = world.act(&Actor::Bdt, |tx| {
        subsidies::service::close(tx, AgreementId::from_uuid(world.agreements[0].parse().unwrap()), None).map(|_| ())
    });
    assert_eq!(refused.map_err(|problem: Problem| problem.code()), Err(Code::AgreementUnsettled));
}
