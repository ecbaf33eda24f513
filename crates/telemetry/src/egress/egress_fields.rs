//! The fields of an access line for a call through the forward proxy.

use serde::Serialize;

/// Where the call of a service went.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct EgressFields<'a> {
    /// The host and the port.
    pub destination: &'a str,
    /// Whether the call is declared.
    pub verdict: &'static str,
}
