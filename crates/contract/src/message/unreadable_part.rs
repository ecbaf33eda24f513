//! The violation of a message that the contract describes where it cannot be read.

use portcullis_vocabulary::enforcement::ViolationClass;

use super::compiled_contract::CompiledContract;
use super::violation::{MessagePart, Violation};
use crate::openapi::dialect::MessageDirection;
use crate::openapi::document::NodeRef;

/// The class of a message that the contract describes where it cannot be read.
pub(crate) fn unreadable_class(direction: MessageDirection) -> ViolationClass {
    match direction {
        MessageDirection::Request => ViolationClass::Unreadable,
        MessageDirection::Response => ViolationClass::UnreadableResponse,
    }
}

/// The violation of a message that the contract describes at a node that cannot be read.
pub(crate) fn unreadable(
    contract: &CompiledContract,
    class: ViolationClass,
    part: MessagePart,
    node_ref: NodeRef,
) -> Violation {
    let broken = contract.broken_parts.iter();
    let reason = broken
        .filter(|broken| broken.node_ref == node_ref)
        .map(|broken| broken.message.as_str())
        .next();
    let message = format!(
        "the contract cannot be read where it describes this: {}; `enforcement.unreadable` decides \
         about such messages",
        reason.unwrap_or("its meaning is unknown")
    );
    Violation::new(class, part, message)
        .with_expected("a part of the contract that cannot be read")
        .with_location(contract.location(node_ref))
}
