//! What can go wrong, as data. `http::problem` turns it into an answer.

use std::borrow::Cow;

use serde_json::Value;

pub use super::problems::Code;

pub type Result<T, E = Problem> = std::result::Result<T, E>;

/// Faults that one problem tells; how many more there are is counted.
pub const MOST_FAULTS: usize = 100;

/// Where a fault lies in the request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// JSON Pointer into the body.
    Pointer(String),
    /// Name of a path or query parameter.
    Parameter(String),
    /// Name of a header.
    Header(&'static str),
}

/// One fault of the request.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub place: Place,
    pub code: FaultCode,
    pub params: Vec<(&'static str, String)>,
}

impl Fault {
    pub fn new(place: Place, code: FaultCode) -> Self {
        Self { place, code, params: Vec::new() }
    }

    /// A fault of the member `field` of the body.
    pub fn field(field: &str, code: FaultCode) -> Self {
        Self::new(Place::Pointer(format!("/{field}")), code)
    }

    pub fn parameter(name: &str, code: FaultCode) -> Self {
        Self::new(Place::Parameter(name.to_owned()), code)
    }

    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.push((name, value.to_string()));
        self
    }
}

pub use super::problems::FaultCode;

/// Whether the same work may succeed when it is tried again, and on what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retry {
    #[default]
    No,
    /// It lost a race with another, which is over.
    Again,
    /// Nothing more comes through this connection; another one may do.
    ConnectionLost,
}

/// Why a request is not carried out: a stable code, its parameters and the faults found.
#[derive(Clone, Debug)]
pub struct Problem(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    code: Code,
    params: Vec<(&'static str, Cow<'static, str>)>,
    faults: Vec<Fault>,
    /// Faults that are not among them.
    omitted: usize,
    extensions: Vec<(&'static str, Value)>,
    headers: Vec<(&'static str, String)>,
    retry: Retry,
    /// For the log only; never sent, and nothing is decided by it.
    cause: Option<String>,
}

impl Problem {
    pub fn new(code: Code) -> Self {
        Self(Box::new(Inner {
            code,
            params: Vec::new(),
            faults: Vec::new(),
            omitted: 0,
            extensions: Vec::new(),
            headers: Vec::new(),
            retry: Retry::No,
            cause: None,
        }))
    }

    /// A failure of ours: `cause` goes to the log, never to the caller.
    pub fn internal(cause: impl ToString) -> Self {
        let mut problem = Self::new(Code::InternalError);
        problem.0.cause = Some(cause.to_string());
        problem
    }

    /// The faults of a body that is well-formed JSON but does not fit.
    pub fn invalid(faults: Vec<Fault>) -> Self {
        Self::new(Code::ValidationFailed).faults(faults)
    }

    /// One fault of one member of the body.
    pub fn invalid_field(field: &str, code: FaultCode) -> Self {
        Self::invalid(vec![Fault::field(field, code)])
    }

    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.0.params.push((name, value.to_string().into()));
        self
    }

    /// The first hundred are kept, the others counted: an answer is never longer than somebody reads.
    pub fn faults(mut self, mut faults: Vec<Fault>) -> Self {
        self.0.omitted = faults.len().saturating_sub(MOST_FAULTS);
        faults.truncate(MOST_FAULTS);
        self.0.faults = faults;
        self
    }

    /// Faults that were found and only counted, beside those that are told.
    pub fn omitted(mut self, more: usize) -> Self {
        self.0.omitted += more;
        self
    }

    /// Adds a member of its own to the problem document.
    pub fn extension(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.extensions.push((name, value.into()));
        self
    }

    pub fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.0.headers.push((name, value.to_string()));
        self
    }

    pub fn caused_by(mut self, cause: impl ToString) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// Whether the work that met this may be tried again.
    pub fn retried(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    pub fn code(&self) -> Code {
        self.0.code
    }

    pub fn params(&self) -> &[(&'static str, Cow<'static, str>)] {
        &self.0.params
    }

    pub fn into_faults(self) -> Vec<Fault> {
        self.0.faults
    }

    pub fn fault_list(&self) -> &[Fault] {
        &self.0.faults
    }

    pub fn omitted_count(&self) -> usize {
        self.0.omitted
    }

    pub fn extensions(&self) -> &[(&'static str, Value)] {
        &self.0.extensions
    }

    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.0.headers
    }

    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.code.as_str())?;
        match &self.0.cause {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

/// For what a member of the body names.
pub trait Named<T> {
    /// What is missing, or out of reach, is a fault of the member that names it; whatever else went wrong stays what it
    /// is.
    fn named_by(self, field: &str) -> Result<T>;
}

impl<T> Named<T> for Result<T> {
    fn named_by(self, field: &str) -> Result<T> {
        self.map_err(|problem| match problem.code() {
            Code::NotFound => Problem::invalid_field(field, FaultCode::UnknownId),
            _ => problem,
        })
    }
}

/// Collects faults, so that a caller learns of all of them at once.
#[derive(Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub fn add_if(&mut self, wrong: bool, field: &str, code: FaultCode) {
        if wrong {
            self.add(Fault::field(field, code));
        }
    }

    /// What was found; or nothing where its faults were collected. Whatever else went wrong stays what it is.
    pub fn keep<T>(&mut self, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(found) => Ok(Some(found)),
            Err(problem) if problem.code() == Code::ValidationFailed => {
                self.0.extend(problem.into_faults());
                Ok(None)
            }
            Err(problem) => Err(problem),
        }
    }

    pub fn into_result(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::invalid(self.0)) }
    }
}
