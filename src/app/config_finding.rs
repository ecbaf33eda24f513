//! What is wrong with a configuration.

use std::error::Error;

use portcullis_config::ServiceConfig;

/// Something that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFinding {
    /// Whether the program would not start, or a service would answer nothing.
    pub is_error: bool,
    /// The service, if it concerns one.
    pub service: Option<String>,
    /// What is wrong and what to do.
    pub message: String,
}

impl ConfigFinding {
    pub(super) fn error(error: &dyn Error) -> Self {
        Self {
            is_error: true,
            service: None,
            message: error.to_string(),
        }
    }

    pub(super) fn warning(message: impl Into<String>) -> Self {
        Self {
            is_error: false,
            service: None,
            message: message.into(),
        }
    }

    pub(super) fn of(self, service: &ServiceConfig) -> Self {
        Self {
            service: Some(service.name.clone()),
            ..self
        }
    }
}
