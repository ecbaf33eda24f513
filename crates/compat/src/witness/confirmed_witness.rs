//! A confirmed witness.

use serde_json::Value;

use super::curl::curl;
use super::witness_message::{WitnessRequest, WitnessResponse};

/// A message that one contract allows and the other refuses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Witness {
    /// The decisive value: a body, a parameter or a header. If the message as a whole is decisive,
    /// its first line.
    pub value: Value,
    /// The refused part of the value, as a JSON pointer.
    pub pointer: String,
    /// The keyword that refuses the part; empty if no schema refuses it.
    pub keyword: String,
    /// The violation that the refusing contract reports.
    pub refusal: String,
    /// The whole request, if the break is in a request.
    pub request: Option<WitnessRequest>,
    /// The whole response, if the break is in a response.
    pub response: Option<WitnessResponse>,
    /// Why there is neither a whole request nor a whole response.
    pub no_message: Option<String>,
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
