//! The check of one head: its inputs, and the violations found so far.

use portcullis_json::Tape;

use super::request_head::RequestHead;
use crate::message::check_settings::CheckSettings;
use crate::message::compiled_contract::CompiledContract;
use crate::message::operation::Operation;
use crate::message::parameter::RawPairs;
use crate::message::violation::Violation;
use crate::openapi::dialect::MessageDirection;

/// Checks the head of one message. The check of a response uses it for header fields.
pub(super) struct HeadJudge<'j, 'c> {
    pub(super) contract: &'c CompiledContract,
    pub(super) operation: &'c Operation,
    pub(super) head: RequestHead<'j>,
    pub(super) settings: CheckSettings<'j>,
    pub(super) direction: MessageDirection,
    pub(super) tape: &'j mut Tape,
    /// Holds JSON texts inside a query while `tape` holds its value.
    pub(super) inner: &'j mut Tape,
    pub(super) query: RawPairs<'j>,
    pub(super) cookies: RawPairs<'j>,
    pub(super) violations: &'j mut Vec<Violation>,
}

impl HeadJudge<'_, '_> {
    pub(super) fn push(&mut self, violation: Violation) {
        self.settings.add(self.violations, violation);
    }
}
