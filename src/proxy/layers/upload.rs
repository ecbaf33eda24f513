//! Judging multipart bodies that are larger than what is held in memory, while they pass.
//!
//! The upstream sees such a body before it is judged to its end, and never all of one that is
//! refused: the last piece waits for the verdict, and a refusal breaks the request off.

use std::cell::RefCell;
use std::rc::Rc;

use portcullis_contract::{FormData, MediaType, Violation, check_form_data};

use super::super::body::BodyError;
use super::super::core::Core;
use super::super::forward_body::Gate;
use super::super::ledger::Ledger;
use super::head::declared_body;
use super::stage::{Answered, Refused, decide};

/// What was decided about an upload: what is to be reported, or why it is refused.
pub(super) type Verdict = Rc<RefCell<Option<Result<Vec<Violation>, Refused>>>>;

/// Reads an upload as it passes.
#[derive(Debug)]
pub(super) struct UploadGate {
    core: Rc<Core>,
    ledger: Rc<Ledger>,
    /// Which media type of the operation's body it is.
    media: usize,
    /// `None` once it was decided about.
    form: Option<FormData>,
    verdict: Verdict,
}

impl UploadGate {
    pub(super) fn new(core: &Rc<Core>, ledger: &Rc<Ledger>, media: usize, form: FormData) -> Self {
        Self {
            core: Rc::clone(core),
            ledger: Rc::clone(ledger),
            media,
            form: Some(form),
            verdict: Verdict::default(),
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        Rc::clone(&self.verdict)
    }

    fn decide(&mut self) -> Result<(), BodyError> {
        let Some(form) = self.form.take() else {
            return Ok(());
        };
        let service = &self.ledger.service;
        let mut violations = Vec::new();
        if let Some((operation, media)) = declared(&self.ledger, self.media) {
            check_form_data(
                &service.contract,
                media,
                &form,
                service.rules(operation),
                &mut self.core.scratch.borrow_mut(),
                &mut violations,
            );
        }
        let mut reported = Vec::new();
        let decided =
            decide(&self.ledger, &mut reported, violations, Vec::new()).map(|()| reported);
        let is_refused = decided.is_err();
        *self.verdict.borrow_mut() = Some(decided);
        match is_refused {
            true => Err(BodyError::Violated),
            false => Ok(()),
        }
    }
}

impl Gate for UploadGate {
    fn data(&mut self, bytes: &[u8]) -> Result<(), BodyError> {
        let Some(form) = &mut self.form else {
            return Ok(());
        };
        if let Some((_, media)) = declared(&self.ledger, self.media) {
            form.feed(media, bytes);
        }
        match form.is_broken() {
            true => self.decide(),
            false => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), BodyError> {
        self.decide()
    }
}

/// The operation's id, and one of the media types of its body.
fn declared(ledger: &Ledger, media: usize) -> Option<(u32, &MediaType)> {
    let id = ledger.operation()?;
    let body = declared_body(ledger.service.contract.operation(id))?;
    Some((id, body.content.get(media)?))
}

/// What becomes of an answer by what was decided while its request passed.
pub(super) fn conclude(
    verdict: &Verdict,
    answered: Result<Answered, Refused>,
) -> Result<Answered, Refused> {
    match (verdict.take(), answered) {
        (Some(Err(refused)), Err(_)) => Err(refused),
        (Some(Ok(reported)), Ok(mut answered)) => {
            answered.reported.extend(reported);
            Ok(answered)
        }
        (_, answered) => answered,
    }
}
