//! Kinds of what waits: each is the operation that does it, and so for whoever the policy lets call it.

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::platform::auth::policy::{Line, Permission};
use crate::platform::auth::{Principal, can};

/// A kind of task.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Does it.
    pub by: &'static Line,
    /// Shows what it is done to: no token is told of what it may not read.
    pub read: &'static Line,
    /// Path segment of what it is done to.
    pub resource: &'static str,
}

impl Kind {
    const fn new(by: &'static Line, read: &'static Line, resource: &'static str) -> Self {
        Self { by, read, resource }
    }

    pub const fn name(&self) -> &'static str {
        self.by.operation
    }

    /// Whether it waits for callers such as this one.
    pub fn is_for(&self, principal: &Principal) -> bool {
        principal.actor.role().is_some_and(|role| self.by.admits(role)) && self.read.authorise(principal).is_ok()
    }
}

/// Every kind, in the order of the life of a post. What waits of each is SQL of the store, which names all of them.
pub const KINDS: &[Kind] = &[
    Kind::new(can::submit_application::LINE, can::find_application::LINE, "applications"),
    Kind::new(can::give_opinion::LINE, can::find_application::LINE, "applications"),
    Kind::new(can::open_committee::LINE, can::find_committee::LINE, "committees"),
    Kind::new(can::close_committee::LINE, can::find_committee::LINE, "committees"),
    Kind::new(can::submit_recruitment::LINE, can::find_post::LINE, "posts"),
    Kind::new(can::take_back_post::LINE, can::find_post::LINE, "posts"),
    Kind::new(can::accept_post_return::LINE, can::find_post_return::LINE, "post-returns"),
    Kind::new(can::accept_match::LINE, can::find_match::LINE, "matches"),
    Kind::new(can::record_meeting::LINE, can::find_match::LINE, "matches"),
    Kind::new(can::select_match::LINE, can::find_match::LINE, "matches"),
    Kind::new(can::validate_recruitment::LINE, can::find_recruitment::LINE, "recruitments"),
    Kind::new(can::terminate_recruitment::LINE, can::find_recruitment::LINE, "recruitments"),
    Kind::new(can::validate_extension::LINE, can::find_extension::LINE, "extensions"),
    Kind::new(can::confirm_enrolment::LINE, can::find_enrolment::LINE, "enrolments"),
    Kind::new(can::set_bank_details::LINE, can::find_bank_details::LINE, "structures"),
    Kind::new(can::instruct_agreement::LINE, can::find_agreement::LINE, "agreements"),
    Kind::new(can::sign_agreement::LINE, can::find_agreement::LINE, "agreements"),
    Kind::new(can::create_payment_batch::LINE, can::find_instalment::LINE, "instalments"),
    Kind::new(can::record_payment_results::LINE, can::find_payment_batch::LINE, "payment-batches"),
    Kind::new(can::repay_credit_note::LINE, can::find_credit_note::LINE, "credit-notes"),
    Kind::new(can::create_activity_report::LINE, can::find_counsellor::LINE, "counsellors"),
];

/// Name of the operation that does what waits.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct TaskOperation(pub String);

impl PartialSchema for TaskOperation {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("Name of the operation that does what waits."))
            .enum_values(Some(KINDS.iter().map(Kind::name).collect::<Vec<_>>()))
            .into()
    }
}

impl ToSchema for TaskOperation {}
