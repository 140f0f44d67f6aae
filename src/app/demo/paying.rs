//! Training and money of the Dordogne: sessions past and to come, agreements in most states, payments and a rejection.

use chrono::{NaiveDate, TimeDelta};

use super::{Demo, date, siret};
use crate::features::posts::model::Phase;
use crate::features::structures::model::StructureKind;
use crate::features::subsidies::dto::{
    BankDetailsInput, NewAgreement, NewPaymentBatch, PaymentOutcome, PaymentResult, Signature,
};
use crate::features::subsidies::model::{AgreementDocument, Category, LegalForm, RejectionReason, is_bank_day};
use crate::features::trainings::dto::{
    NewCertification, NewEnrolment, NewTrainingBody, NewTrainingPath, NewTrainingSession,
};
use crate::features::trainings::model::{AttendanceStatus, CertificationKind, CertificationResult, PathKind};
use crate::features::{subsidies, trainings};
use crate::platform::auth::Actor;
use crate::platform::clock::Clock;
use crate::platform::error::Result;
use crate::platform::ids::{
    CounsellorId, EnrolmentId, InstalmentId, StructureId, TrainingBodyId, TrainingPathId, TrainingSessionId,
};
use crate::sql;

/// Everything up to yesterday.
pub(super) fn load(demo: &Demo) -> Result<()> {
    let today = Clock::system().now().today();
    train(demo, today)?;
    pay(demo, today)
}

fn ago(today: NaiveDate, days: i64) -> String {
    (today - TimeDelta::days(days)).to_string()
}

#[derive(diesel::QueryableByName)]
struct Person {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: CounsellorId,
}

fn train(demo: &Demo, today: NaiveDate) -> Result<()> {
    let early = ago(today, 690);
    let body = demo.act(&early, Actor::Bdt, |tx| {
        let new =
            NewTrainingBody { name: "Organisme de formation A (démonstration)".to_owned(), siret: siret(770_001) };
        Ok(trainings::service::create_body(tx, &new)?.id)
    })?;
    demo.act(&early, Actor::Bdt, |tx| {
        let new =
            NewTrainingBody { name: "Organisme de formation B (démonstration)".to_owned(), siret: siret(770_002) };
        trainings::service::create_body(tx, &new).map(|_| ())
    })?;
    let path = |name: &str, kind, hours, certification| {
        let new = NewTrainingPath { name: name.to_owned(), kind, hours, certification };
        demo.act(&early, Actor::Anct, |tx| Ok(trainings::service::create_path(tx, &new)?.id))
    };
    let initial = path("Formation initiale, 105 heures", PathKind::Initial, 105, None)?;
    path("Formation initiale, 70 heures", PathKind::Initial, 70, None)?;
    let module = path("Accompagner les démarches en ligne", PathKind::Continuing, 14, None)?;
    path("Certification CCP1", PathKind::Certification, 7, Some(CertificationKind::Ccp1))?;
    // Those in post long enough for a session that is over.
    let people: Vec<Person> = demo.act(&ago(today, 1), Actor::System, |tx| {
        sql!(
            "select k.id from counsellors k join recruitments r on r.id = k.recruitment_id
             where k.status = 'in_post' and r.status = 'validated' and not r.waiting and r.starts_on <= {} and (r.ends_on is null or r.ends_on > {})
             order by k.reference limit 18",
            today - TimeDelta::days(80),
            today + TimeDelta::days(60)
        )
        .load(tx.conn())
    })?;
    let past = session(demo, &ago(today, 75), body, initial, today - TimeDelta::days(60), 5, 12)?;
    let enrolments = people
        .iter()
        .take(10)
        .map(|person| enrol(demo, &ago(today, 74), person.id, past))
        .collect::<Result<Vec<_>>>()?;
    for id in &enrolments[..9.min(enrolments.len())] {
        demo.act(&ago(today, 70), Actor::TrainingBody(body), |tx| {
            trainings::service::confirm(tx, *id, None).map(|_| ())
        })?;
    }
    demo.act(&ago(today, 60), Actor::System, |tx| trainings::service::settle_all(tx).map(|_| ()))?;
    for (rank, id) in enrolments.iter().take(9).enumerate() {
        attend(demo, today, body, past, *id, rank)?;
    }
    let coming = session(demo, &ago(today, 20), body, initial, today + TimeDelta::days(20), 5, 10)?;
    for (rank, person) in people.iter().skip(10).enumerate() {
        let id = enrol(demo, &ago(today, 10), person.id, coming)?;
        if rank % 2 == 0 {
            demo.act(&ago(today, 5), Actor::Bdt, |tx| trainings::service::confirm(tx, id, None).map(|_| ()))?;
        }
    }
    session(demo, &ago(today, 15), body, module, today + TimeDelta::days(45), 2, 15)?;
    Ok(())
}

fn session(
    demo: &Demo,
    day: &str,
    body: TrainingBodyId,
    path: TrainingPathId,
    from: NaiveDate,
    days: i64,
    capacity: i32,
) -> Result<TrainingSessionId> {
    let half_days = (0..days)
        .flat_map(|rank| ["am", "pm"].map(|half| format!("{}-{half}", from + TimeDelta::days(rank))))
        .collect();
    let new = NewTrainingSession {
        path_id: path,
        body_id: None,
        region_code: Some("75".into()),
        place: Some("Périgueux".to_owned()),
        half_days,
        capacity,
    };
    demo.act(day, Actor::TrainingBody(body), |tx| Ok(trainings::service::create_session(tx, &new)?.session.id))
}

fn enrol(demo: &Demo, day: &str, person: CounsellorId, session: TrainingSessionId) -> Result<EnrolmentId> {
    let new = NewEnrolment { counsellor_id: Some(person), session_id: Some(session), path_id: None };
    demo.act(day, Actor::Bdt, |tx| Ok(trainings::service::enrol(tx, &new)?.enrolment.id))
}

/// Most attend and complete; one misses a morning without an excuse, one leaves.
fn attend(
    demo: &Demo,
    today: NaiveDate,
    body: TrainingBodyId,
    session: TrainingSessionId,
    id: EnrolmentId,
    rank: usize,
) -> Result<()> {
    let trainer = Actor::TrainingBody(body);
    let after = ago(today, 55);
    if rank == 8 {
        return demo.act(&after, trainer, |tx| trainings::service::drop_out(tx, id, None).map(|_| ()));
    }
    let half_days = demo.act(&after, Actor::Bdt, |tx| {
        Ok(trainings::service::find_session(&mut tx.reader(), session)?.session.half_days)
    })?;
    for (at, half_day) in half_days.iter().enumerate() {
        let status = match (rank, at) {
            (7, 2) => AttendanceStatus::UnjustifiedAbsence,
            (6, 4) => AttendanceStatus::JustifiedAbsence,
            _ => AttendanceStatus::Present,
        };
        demo.act(&after, trainer.clone(), |tx| {
            trainings::service::record_attendance(tx, id, None, half_day, status).map(|_| ())
        })?;
    }
    if rank >= 6 {
        return Ok(());
    }
    let person = demo
        .act(&after, trainer.clone(), |tx| Ok(trainings::service::complete(tx, id, None)?.enrolment.counsellor_id))?;
    if rank < 3 {
        let new = NewCertification {
            counsellor_id: person,
            kind: CertificationKind::Ccp1,
            result: if rank == 2 { CertificationResult::Failed } else { CertificationResult::Passed },
            held_on: date(&ago(today, 30))?,
        };
        demo.act(&ago(today, 30), trainer, |tx| trainings::service::record_certification(tx, &new).map(|_| ()))?;
    }
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct House {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: StructureId,
    #[diesel(sql_type = diesel::sql_types::Text)]
    kind: StructureKind,
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

fn pay(demo: &Demo, today: NaiveDate) -> Result<()> {
    let houses: Vec<House> = demo.act(&ago(today, 1), Actor::System, |tx| {
        sql!("select id, kind, name from structures where departement_code = '24' and status = 'retained' order by reference")
            .load(tx.conn())
    })?;
    for (rank, house) in houses.iter().enumerate() {
        agree(demo, today, house, rank)?;
    }
    let ordered_on = today - TimeDelta::days(20);
    let new = NewPaymentBatch {
        expected_cents: None,
        expected_count: None,
        execution_on: ordered_on.iter_days().find(|day| is_bank_day(*day)).unwrap_or(ordered_on),
        instalment_ids: None,
        phase: None,
        departement_codes: Some(vec!["24".into()]),
        structure_id: None,
        lines_max: Some(20),
    };
    // Nobody has read what is made up: nothing is expected.
    let batch = demo.act(&ago(today, 20), Actor::Bdt, |tx| Ok(subsidies::service::create_batch(tx, &new, true)?.id))?;
    #[derive(diesel::QueryableByName)]
    struct Line {
        #[diesel(sql_type = diesel::sql_types::Uuid)]
        instalment_id: InstalmentId,
    }
    let lines: Vec<Line> = demo.act(&ago(today, 20), Actor::System, |tx| {
        sql!("select instalment_id from payment_lines where batch_id = {} order by number", batch).load(tx.conn())
    })?;
    let paid_on = today - TimeDelta::days(18);
    let results: Vec<PaymentResult> = lines
        .iter()
        .enumerate()
        .map(|(rank, line)| {
            let rejected = rank == 3;
            PaymentResult {
                instalment_id: line.instalment_id,
                outcome: if rejected { PaymentOutcome::Rejected } else { PaymentOutcome::Paid },
                paid_on: (!rejected).then_some(paid_on),
                bank_reference: (!rejected).then(|| format!("DEMO-{rank:04}")),
                rejection: rejected.then_some(RejectionReason::Ac04),
            }
        })
        .collect();
    demo.act(&ago(today, 18), Actor::Bdt, |tx| subsidies::service::record_results(tx, batch, &results).map(|_| ()))?;
    demo.act(&ago(today, 1), Actor::System, |tx| subsidies::service::settle_all(tx).map(|_| ()))
}

/// Every sixth house has only a draft, every other sixth is under instruction; the others have signed.
fn agree(demo: &Demo, today: NaiveDate, house: &House, rank: usize) -> Result<()> {
    let employer = Actor::Employer(house.id);
    let form = LegalForm::usual(Category::of(house.kind));
    let papers: Vec<AgreementDocument> = form.required_documents().to_vec();
    let draft = rank % 6 == 4;
    let new = NewAgreement {
        structure_id: None,
        phase: Phase::V1,
        legal_form: None,
        documents: Some(if draft { vec![AgreementDocument::Rib] } else { papers }),
    };
    let id =
        demo.act(&ago(today, 40), employer.clone(), |tx| Ok(subsidies::service::create(tx, &new)?.agreement.id))?;
    if draft {
        return Ok(());
    }
    let details = BankDetailsInput {
        holder: house.name.chars().take(70).collect(),
        iban: "FR7630006000011234567890189".to_owned(),
        bic: None,
    };
    demo.act(&ago(today, 39), employer, |tx| {
        subsidies::service::set_bank_details(tx, house.id, None, &details).map(|_| ())
    })?;
    demo.act(&ago(today, 35), Actor::Bdt, |tx| subsidies::service::instruct(tx, id, None).map(|_| ()))?;
    if rank % 6 == 5 {
        return Ok(());
    }
    demo.act(&ago(today, 30), Actor::Bdt, |tx| {
        let read = subsidies::service::find(&mut tx.reader(), id)?.estimate_cents;
        let signature = Signature { expected_cents: read.unwrap_or_default(), signed_on: None };
        subsidies::service::sign(tx, id, None, &signature).map(|_| ())
    })
}
