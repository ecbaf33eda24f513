//! Witnesses: messages that one contract allows and the other refuses.
//!
//! The containment search finds a value. `request_builder` and `response_builder` write it into a
//! whole message, whose other parts are samples, and `message_judge` checks the message with the
//! validators of one contract. `contract_side` asks both contracts about a value. The validators
//! share no code with the search. Only confirmed messages are shown.

mod witness_message;
mod serialise;
mod concrete_media_type;
mod field_encodings;
mod serialise_body;
mod message_samples;
mod message_judge;
mod request_address;
mod request_builder;
mod response_builder;
mod contract_side;
mod curl;
mod confirmed_witness;

#[cfg(test)]
pub(crate) mod tests;

pub(super) use concrete_media_type::request_content;
pub use confirmed_witness::Witness;
pub(super) use contract_side::{
    CompleteMessage, ContractSide, ValueCarrier, complete_message, verify,
};
pub(super) use field_encodings::{FieldForm, part_headers};
pub(super) use message_judge::MessageJudge;
pub(super) use message_samples::{
    body_values, delimited_texts, field_values, listed_values, parameter_values,
};
pub(super) use request_builder::{
    BodyChoice, BuiltRequest, RequestChoices, build_request, received,
};
pub(super) use response_builder::{
    ResponseBodyChoice, ResponseChoices, build_response, usual_statuses,
};
pub(super) use serialise::{header_text, path_text};
pub(super) use serialise_body::{BodyText, body_with, field_content_types, has_required_headers};
pub use witness_message::{WitnessRequest, WitnessResponse};
