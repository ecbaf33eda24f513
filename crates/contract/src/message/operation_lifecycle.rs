//! The end of an operation, as its answers announce it.

use std::time::SystemTime;

use http::header::{HeaderMap, HeaderName, HeaderValue, LINK};

use super::violation::{MessagePart, Violation, ViolationClass};
use crate::openapi::document::SourceLocation;

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// `deprecated`, `x-deprecated-since`, `x-sunset` and `x-successor` of an operation, as the fields of
/// its answers.
#[derive(Debug)]
pub struct OperationLifecycle {
    /// `Deprecation`: the time since when it is deprecated (RFC 9745 section 2), if it is.
    pub(crate) deprecation: Option<HeaderValue>,
    /// When it ends.
    pub(crate) sunset: Option<OperationSunset>,
    /// `Link` to what replaces it (RFC 8288; `successor-version` of RFC 5829 section 3.4).
    pub(crate) successor: Option<OperationSuccessor>,
}

/// When an operation ends.
#[derive(Debug)]
pub(crate) struct OperationSunset {
    /// `Sunset` (RFC 8594 section 3).
    pub(crate) field: HeaderValue,
    pub(crate) time: SystemTime,
    /// As the contract writes it.
    pub(crate) text: String,
    pub(crate) at: SourceLocation,
}

/// What replaces an operation.
#[derive(Debug)]
pub(crate) struct OperationSuccessor {
    /// As the contract writes it.
    pub(crate) reference: String,
    /// `Link`.
    pub(crate) field: HeaderValue,
}

impl OperationLifecycle {
    /// Adds the fields of the operation to those of an answer. What the service says itself about
    /// deprecation and sunset stays.
    pub fn announce(&self, headers: &mut HeaderMap) {
        if let Some(deprecation) = &self.deprecation {
            let _ = headers.try_entry(DEPRECATION).map(|entry| {
                entry.or_insert_with(|| deprecation.clone());
            });
        }
        if let Some(sunset) = &self.sunset {
            let _ = headers.try_entry(SUNSET).map(|entry| {
                entry.or_insert_with(|| sunset.field.clone());
            });
        }
        if let Some(successor) = &self.successor {
            headers.append(LINK, successor.field.clone());
        }
    }

    /// Whether the operation is deprecated.
    pub fn is_deprecated(&self) -> bool {
        self.deprecation.is_some()
    }

    /// When the operation ends, if that is known.
    pub fn sunset(&self) -> Option<SystemTime> {
        self.sunset.as_ref().map(|sunset| sunset.time)
    }

    /// What replaces the operation, as the contract writes it.
    pub fn successor(&self) -> Option<&str> {
        let successor = self.successor.as_ref();
        successor.map(|successor| &*successor.reference)
    }

    /// The violation of a call at a time that is not before the sunset.
    pub fn check(&self, now: SystemTime) -> Option<Violation> {
        let sunset = self.sunset.as_ref().filter(|sunset| now >= sunset.time)?;
        let message = format!("the operation ended on {}", sunset.text);
        let mut violation =
            Violation::new(ViolationClass::AfterSunset, MessagePart::Target, message);
        if let Some(successor) = &self.successor {
            violation = violation.with_expected(format!("a call of {}", successor.reference));
        }
        violation.contract = Some(sunset.at.clone());
        Some(violation)
    }
}
