//! Judges multipart bodies that are larger than the memory bound, while they pass.
//!
//! The upstream receives such a body before the verdict, but never all of a refused one: the last
//! piece waits for the verdict, and a refusal aborts the upstream's request.

use std::rc::Rc;

use portcullis_contract::{FormData, MediaType, check_form_data};

use super::enforce::enforce;
use super::judge_head::declared_body;
use crate::body::BodyChecker;
use crate::body::BodyLease;
use crate::body::RequestBodyError;
use crate::exchange::data_core::DataCore;
use crate::exchange::request_record::RequestRecord;

/// Judges one upload.
#[derive(Debug)]
pub(super) struct UploadChecker {
    core: Rc<DataCore>,
    record: Rc<RequestRecord>,
    /// The index of the body's media type in the operation.
    media: usize,
    /// `None` after the verdict.
    form: Option<FormData>,
    /// The memory of the parts that are kept.
    lease: BodyLease,
}

impl UploadChecker {
    pub(super) fn new(
        core: &Rc<DataCore>,
        record: &Rc<RequestRecord>,
        media: usize,
        form: FormData,
    ) -> Self {
        Self {
            core: Rc::clone(core),
            record: Rc::clone(record),
            media,
            form: Some(form),
            lease: record.service.body_budget.lease(record.caller.consumer),
        }
    }

    fn decide(&mut self) -> Result<(), RequestBodyError> {
        let Some(form) = self.form.take() else {
            return Ok(());
        };
        let service = &self.record.service;
        let mut violations = Vec::new();
        if let Some((operation, media)) = declared_media(&self.record, self.media) {
            check_form_data(
                &service.contract,
                media,
                &form,
                service.check_settings(operation),
                &mut self.core.scratch.borrow_mut(),
                &mut violations,
            );
        }
        enforce(&self.record, violations, Vec::new()).map_err(|problem| {
            // The error stops the upload; the answer shows these violations.
            self.record.set_upload_refusal(problem.cause);
            RequestBodyError::Violated
        })
    }
}

impl BodyChecker for UploadChecker {
    fn data(&mut self, bytes: &[u8]) -> Result<(), RequestBodyError> {
        let Some(form) = &mut self.form else {
            return Ok(());
        };
        if let Some((_, media)) = declared_media(&self.record, self.media) {
            form.feed(media, bytes);
        }
        if !self.lease.grow_to(form.kept_bytes() as u64) {
            return Err(RequestBodyError::NoMemory);
        }
        if form.is_broken() {
            self.decide()
        } else {
            Ok(())
        }
    }

    fn end(&mut self) -> Result<(), RequestBodyError> {
        self.decide()
    }
}

/// The operation's id, and one media type of its body.
fn declared_media(record: &RequestRecord, media: usize) -> Option<(u32, &MediaType)> {
    let id = record.operation()?;
    let body = declared_body(record.service.contract.operation(id))?;
    Some((id, body.content.get(media)?))
}
