//! Judges the records of one streamed answer, one by one.

use std::rc::Rc;

use http::HeaderMap;

use portcullis_contract::{
    CheckSettings, ContentDecodeError, ContentDecoder, MediaType, RecordStream, Violation,
    check_response_record, report_undecodable_response,
};
use portcullis_vocabulary::enforcement::Enforcement;

use super::data_core::DataCore;
use super::request_record::RequestRecord;

/// Judges the records of one answer.
#[derive(Debug)]
pub(super) struct RecordJudge {
    core: Rc<DataCore>,
    record: Rc<RequestRecord>,
    operation: u32,
    media: DeclaredMedia,
    /// Finds the records in the bytes.
    pub(super) stream: RecordStream,
    /// Whether a violation that the policy rejects ends the answer.
    pub(super) rejects: bool,
}

/// Where the contract declares the media type of a response body.
#[derive(Clone, Copy, Debug)]
pub(super) struct DeclaredMedia {
    status: u16,
    index: usize,
}

impl DeclaredMedia {
    /// The place of `media` in the response that an operation declares for a status.
    pub(super) fn of(record: &RequestRecord, status: u16, media: &MediaType) -> Option<Self> {
        let declared = record.declared_response(status)?;
        let is_media = |candidate: &MediaType| std::ptr::eq(candidate, media);
        let index = declared.content.iter().position(is_media)?;
        Some(Self { status, index })
    }

    /// The media type.
    pub(super) fn get(self, record: &RequestRecord) -> Option<&MediaType> {
        let declared = record.declared_response(self.status)?;
        declared.content.get(self.index)
    }
}

impl RecordJudge {
    /// The judge of an answer with these headers, and the decoder of its content coding if it has one;
    /// `None` unless its records can be judged as they arrive.
    pub(super) fn of(
        core: &Rc<DataCore>,
        record: &Rc<RequestRecord>,
        media: DeclaredMedia,
        headers: &HeaderMap,
        rejects: bool,
    ) -> Option<(Self, Option<ContentDecoder>)> {
        let ratio_max = record.service.active.limits.decoded_ratio_max;
        let (stream, decoder) = RecordStream::of(media.get(record)?, headers, ratio_max)?;
        let judge = Self {
            stream,
            operation: record.operation()?,
            core: Rc::clone(core),
            record: Rc::clone(record),
            media,
            rejects,
        };
        Some((judge, decoder))
    }

    /// The largest record that is judged, in bytes.
    pub(super) fn bytes_max(&self) -> usize {
        self.record.service.active.limits.record_bytes_max
    }

    /// Judges the bytes of one record. Returns whether it may pass.
    pub(super) fn accepts(&mut self, piece: &[u8]) -> bool {
        let (record, core) = (Rc::clone(&self.record), Rc::clone(&self.core));
        let media = self.media;
        let stream = &mut self.stream;
        judged(
            self.operation,
            &record,
            self.rejects,
            &mut |settings, found| {
                if let Some(media) = media.get(&record) {
                    let contract = &record.service.contract;
                    let mut scratch = core.scratch.borrow_mut();
                    check_response_record(
                        contract,
                        media,
                        stream,
                        piece,
                        settings,
                        &mut scratch,
                        found,
                    );
                }
            },
        )
    }

    /// Reports that nothing more can be decoded. Returns whether the rest may pass.
    pub(super) fn accepts_undecodable(&mut self, error: ContentDecodeError) -> bool {
        let record = Rc::clone(&self.record);
        let media = self.media;
        judged(
            self.operation,
            &record,
            self.rejects,
            &mut |settings, found| {
                if let Some(media) = media.get(&record) {
                    let contract = &record.service.contract;
                    report_undecodable_response(contract, media, error, settings, found);
                }
            },
        )
    }

    /// Counts a record that passes without being judged.
    pub(super) fn count_unjudged(&self, reason: &'static str) {
        self.record.service.recorder.unjudged(reason);
    }
}

/// A check that adds violations.
type RecordCheck<'c> = &'c mut dyn FnMut(CheckSettings<'_>, &mut Vec<Violation>);

/// Records the violations that a check finds. Returns whether what it checked may pass.
fn judged(operation: u32, record: &RequestRecord, rejects: bool, check: RecordCheck<'_>) -> bool {
    let mut settings = record.service.check_settings(operation);
    // A stream has no end, so the record keeps a bounded number of its violations. The others are
    // counted, one for each record.
    let is_kept = record.violations.borrow().len() < settings.violations_max;
    if !is_kept {
        settings.violations_max = 1;
    }
    let mut violations = Vec::new();
    record.timed(|| check(settings, &mut violations));
    let mut is_accepted = true;
    for violation in violations {
        let is_rejected = rejects && settings.policy.of(violation.class) == Enforcement::Reject;
        is_accepted &= !is_rejected;
        let enforcement = if is_rejected {
            Enforcement::Reject
        } else {
            Enforcement::Report
        };
        if is_kept || is_rejected {
            record.record_violation(&violation, enforcement);
        } else {
            record.count_violation(&violation, enforcement);
        }
    }
    is_accepted
}
