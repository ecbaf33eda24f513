//! Why a parameter has no readable value.

use super::escapes::EscapeError;

/// Why no value was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterReadError {
    /// The parameter is absent.
    Missing,
    /// The parameter takes one value but occurs more than once.
    Repeated,
    /// The value repeats a property, so recipients may use different values.
    RepeatedProperty,
    /// The escapes are malformed.
    Escapes(EscapeError),
    /// The text does not follow the style.
    Malformed(&'static str),
    /// The parameter is present and its value is not checked.
    NotChecked,
}

impl From<EscapeError> for ParameterReadError {
    fn from(error: EscapeError) -> Self {
        Self::Escapes(error)
    }
}
