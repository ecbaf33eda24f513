//! Adds the sidecar to annotated pods by a policy of the API server.

mod cel_text;
mod injection_policy;

pub use injection_policy::{AdmissionVersion, injection_manifests};
