//! The contract whose message is tried, and the contract that should refuse it.

use portcullis_contract::{CompiledContract, MessageDirection, Operation};

use super::super::operation_diff::{AddressTakeover, OperationPair};
use super::super::witness::MessageJudge;

/// The contracts in words.
const OLDER: &str = "the older contract";
const NEWER: &str = "the newer contract";

/// One operation in both contracts.
#[derive(Clone, Copy)]
pub(super) struct BreakSides<'c> {
    pub(super) sender: MessageJudge<'c>,
    pub(super) receiver: MessageJudge<'c>,
    /// The receiving contract in words.
    pub(super) receiver_name: &'static str,
}

impl<'c> BreakSides<'c> {
    /// The sides of a message. Consumers follow the older contract, the service the newer one.
    /// `is_promise` reverses the sides: the older contract promised what the newer one does not
    /// allow any more.
    pub(super) fn new(
        [old, new]: [&'c CompiledContract; 2],
        pair: OperationPair<'c>,
        takeover: Option<&'c AddressTakeover>,
        direction: MessageDirection,
        is_promise: bool,
    ) -> Self {
        let is_outbound = pair.is_outbound;
        let method = |operation: &'c Operation| {
            takeover.map_or(&operation.method, |takeover| &takeover.method)
        };
        let old = MessageJudge {
            contract: old,
            operation: pair.old,
            method: method(pair.old),
            is_outbound,
            address: takeover.map(|takeover| &*takeover.old_template),
        };
        let new = MessageJudge {
            contract: new,
            operation: pair.new,
            method: method(pair.new),
            is_outbound,
            address: takeover.map(|takeover| &*takeover.new_template),
        };
        let service_sends = (direction == MessageDirection::Response) != is_outbound;
        if service_sends && !is_promise {
            Self {
                sender: new,
                receiver: old,
                receiver_name: OLDER,
            }
        } else {
            Self {
                sender: old,
                receiver: new,
                receiver_name: NEWER,
            }
        }
    }

    /// The same sides in the other direction.
    pub(super) fn reversed(self) -> Self {
        let receiver_name = match self.receiver_name {
            OLDER => NEWER,
            _ => OLDER,
        };
        Self {
            sender: self.receiver,
            receiver: self.sender,
            receiver_name,
        }
    }

    /// Why a message that should break shows nothing.
    pub(super) fn accepted(self, line: &str) -> String {
        format!("{} accepts the example {line}", self.receiver_name)
    }
}
