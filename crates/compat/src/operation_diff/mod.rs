//! The structural comparison: operations, parameters, bodies, responses and security, without the
//! content of schemas.
//!
//! `contract_comparison` collects the findings and the sites whose schemas are to be compared. Each
//! other file compares one part of an operation. Details that a compiled contract does not keep are
//! read from its documents.

mod contract_comparison;
mod address_template;
mod segment_conditions;
mod served_paths;
mod address_search;
mod path_outcomes;
mod removed_addresses;
mod address_takeovers;
mod value_encoding;
mod operations;
mod lifecycle_changes;
mod objective_changes;
mod parameter_changes;
mod path_declarations;
mod sent_names;
mod wire_names;
mod unplaced_parameters;
mod nested_lists;
mod effective_style;
mod request_bodies;
mod described_values;
mod encoding_changes;
mod media_types;
mod response_changes;
mod response_links;
mod security_formula;
mod security_schemes;
mod server_urls;
mod servers;
mod document_changes;
mod event_channels;
mod event_messages;
mod payload_schemas;
mod avro_messages;
mod protobuf_messages;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod openapi_32_tests;

pub(super) use contract_comparison::{
    AddressTakeover, ContractComparison, OperationPair, SchemaSite, TOO_MANY_MESSAGES, sentence,
};
pub(super) use security_formula::{credential_signature, is_certificate};
