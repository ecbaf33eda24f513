//! Judging multipart bodies that are larger than what is held in memory, while they pass.
//!
//! The upstream sees such a body before it is judged to its end, and never all of one that is
//! refused: the last piece waits for the verdict, and a refusal breaks the request off.

use std::cell::RefCell;
use std::rc::Rc;

use portcullis_contract::{FormData, MediaType, Violation, check_form_data};

use super::judge_head::declared_body;
use super::staged_request::{ExchangeProblem, ServiceAnswer, enforce};
use crate::proxy::body::forward_body::BodyChecker;
use crate::proxy::body::request_body::RequestBodyError;
use crate::proxy::exchange::data_core::DataCore;
use crate::proxy::exchange::request_record::RequestRecord;

/// What was decided about an upload: what is to be reported, or why it is refused.
pub(super) type UploadVerdict = Rc<RefCell<Option<Result<Vec<Violation>, ExchangeProblem>>>>;

/// Reads an upload as it passes.
#[derive(Debug)]
pub(super) struct UploadChecker {
    core: Rc<DataCore>,
    ledger: Rc<RequestRecord>,
    /// Which media type of the operation's body it is.
    media: usize,
    /// `None` once it was decided about.
    form: Option<FormData>,
    verdict: UploadVerdict,
}

impl UploadChecker {
    pub(super) fn new(
        core: &Rc<DataCore>,
        ledger: &Rc<RequestRecord>,
        media: usize,
        form: FormData,
    ) -> Self {
        Self {
            core: Rc::clone(core),
            ledger: Rc::clone(ledger),
            media,
            form: Some(form),
            verdict: UploadVerdict::default(),
        }
    }

    pub(super) fn verdict(&self) -> UploadVerdict {
        Rc::clone(&self.verdict)
    }

    fn decide(&mut self) -> Result<(), RequestBodyError> {
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
                service.check_settings(operation),
                &mut self.core.scratch.borrow_mut(),
                &mut violations,
            );
        }
        let mut reported = Vec::new();
        let decided =
            enforce(&self.ledger, &mut reported, violations, Vec::new()).map(|()| reported);
        let is_refused = decided.is_err();
        *self.verdict.borrow_mut() = Some(decided);
        match is_refused {
            true => Err(RequestBodyError::Violated),
            false => Ok(()),
        }
    }
}

impl BodyChecker for UploadChecker {
    fn data(&mut self, bytes: &[u8]) -> Result<(), RequestBodyError> {
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

    fn end(&mut self) -> Result<(), RequestBodyError> {
        self.decide()
    }
}

/// The operation's id, and one of the media types of its body.
fn declared(ledger: &RequestRecord, media: usize) -> Option<(u32, &MediaType)> {
    let id = ledger.operation()?;
    let body = declared_body(ledger.service.contract.operation(id))?;
    Some((id, body.content.get(media)?))
}

/// What becomes of an answer by what was decided while its request passed.
pub(super) fn conclude(
    verdict: &UploadVerdict,
    answered: Result<ServiceAnswer, ExchangeProblem>,
) -> Result<ServiceAnswer, ExchangeProblem> {
    match (verdict.take(), answered) {
        (Some(Err(refused)), Err(_)) => Err(refused),
        (Some(Ok(reported)), Ok(mut answered)) => {
            answered.reported.extend(reported);
            Ok(answered)
        }
        (_, answered) => answered,
    }
}
