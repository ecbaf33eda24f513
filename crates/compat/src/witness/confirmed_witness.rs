//! A confirmed witness.

use serde_json::Value;

use super::curl::{WitnessRequest, curl};

/// A message that one contract allows and the other refuses.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// The decisive value: a body, a parameter or a header.
    pub value: Value,
    /// The refused part of the value, as a JSON pointer.
    pub pointer: String,
    /// The keyword that refuses the part.
    pub keyword: String,
    /// The violation that the refusing contract reports.
    pub refusal: String,
    /// The whole request, if consumers send it.
    pub request: Option<WitnessRequest>,
}

impl Witness {
    /// The value as one line of JSON.
    pub fn payload(&self) -> String {
        self.value.to_string()
    }

    /// The request as a shell command, sent to the server in the variable `BASE`.
    pub fn curl(&self) -> Option<String> {
        self.request.as_ref().map(curl)
    }
}
