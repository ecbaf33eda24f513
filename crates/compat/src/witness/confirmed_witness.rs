//! What is shown of a witness.

use serde_json::Value;

use super::curl::curl;

/// A message that was right and is wrong, or one that was never sent and may be now.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// The value that decides: a body, a parameter, a header.
    pub value: Value,
    /// Where in the value, as a JSON pointer.
    pub pointer: String,
    /// The keyword that refuses it.
    pub keyword: String,
    /// What the contract that refuses it says.
    pub refusal: String,
    /// The whole request, where it is one that consumers send.
    pub request: Option<WitnessRequest>,
}

/// A request, written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessRequest {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The header fields.
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    pub body: Option<String>,
}

impl Witness {
    /// The value as one line of JSON.
    pub fn payload(&self) -> String {
        self.value.to_string()
    }

    /// The request as a command for a shell, to a server that `BASE` names.
    pub fn curl(&self) -> Option<String> {
        self.request.as_ref().map(curl)
    }
}
