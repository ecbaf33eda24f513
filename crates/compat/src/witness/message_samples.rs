//! Values for the parts of a message that it needs although they are not decisive.

use serde_json::{Value, json};

use portcullis_contract::{CompiledContract, MediaType, MessageDirection, Parameter};

/// A value to try for a parameter or a header: its example, a generated value, then common values.
/// `None` after the last one.
pub(super) fn parameter_sample(
    contract: &CompiledContract,
    parameter: &Parameter,
    direction: MessageDirection,
    attempt: usize,
) -> Option<Value> {
    let common = [json!("1"), json!("a"), json!("true"), json!(["1", "2"])];
    match attempt {
        0 => contract
            .parameter_example(parameter)
            .or_else(|| Some(json!("1"))),
        1 => contract
            .generated_value(parameter, direction)
            .or_else(|| Some(json!("1"))),
        later => common.get(later - 2).cloned(),
    }
}

/// Values to try for a body of a media type.
pub(super) fn body_samples(
    contract: &CompiledContract,
    media: &MediaType,
    direction: MessageDirection,
) -> Vec<Value> {
    let generated = contract.generated_body(media, direction);
    let common = [json!({}), json!("a"), json!(1)];
    generated.into_iter().chain(common).collect()
}
