//! Judging the target of a request: which operation it is for, or why none.

use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::{HeaderMap, Method};

use crate::message::compiled_contract::CompiledContract;
use crate::message::route::{MalformedPath, PathCaptures, RouteMatch, check_path};
use crate::message::violation::{MessagePart, Violation, ViolationClass};

/// Why a request is for no operation. The violation is worked out when somebody asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnmatchedTarget<'c> {
    /// The path can be read in more than one way.
    MalformedPath(MalformedPath),
    /// The path is declared, the method is not.
    UnknownMethod {
        /// The methods that are, as the value of `Allow` (RFC 9110 section 10.2.1).
        allow: &'c str,
    },
    /// No path of the contract matches.
    UnknownPath,
}

/// Finds the operation for a method and a raw path, whose values are left in `captures`.
///
/// # Errors
/// [`UnmatchedTarget`] when there is none.
pub fn find_operation<'c>(
    contract: &'c CompiledContract,
    method: &Method,
    path: &str,
    captures: &mut PathCaptures,
) -> Result<u32, UnmatchedTarget<'c>> {
    check_path(path).map_err(UnmatchedTarget::MalformedPath)?;
    match contract.match_route(method, path, captures) {
        RouteMatch::Found { operation } => Ok(operation),
        RouteMatch::MethodNotAllowed { allow } => Err(UnmatchedTarget::UnknownMethod { allow }),
        RouteMatch::NotFound => Err(UnmatchedTarget::UnknownPath),
    }
}

/// Whether a request is a CORS preflight (Fetch Standard, section 4.8).
pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

impl<'c> UnmatchedTarget<'c> {
    /// Whether this is a CORS preflight (Fetch Standard, section 4.8) that the contract does not
    /// declare: sent by browsers, described by few contracts.
    pub fn is_preflight(self, method: &Method, headers: &HeaderMap) -> bool {
        !matches!(self, Self::MalformedPath(_)) && is_preflight(method, headers)
    }

    /// The value of `Allow` in the answer.
    pub fn allow(self) -> Option<&'c str> {
        match self {
            Self::UnknownMethod { allow } => Some(allow),
            Self::MalformedPath(_) | Self::UnknownPath => None,
        }
    }

    /// What is wrong, with the declared path that was probably meant.
    pub fn violation(self, contract: &CompiledContract, method: &Method, path: &str) -> Violation {
        let of = |class, message| Violation::new(class, MessagePart::Target, message);
        match self {
            Self::MalformedPath(malformed) => {
                of(ViolationClass::MalformedPath, malformed.to_string())
            }
            Self::UnknownMethod { allow } => {
                let message = format!("the path has no operation for {method}");
                of(ViolationClass::UnknownMethod, message).with_expected(allow)
            }
            Self::UnknownPath => match contract.nearest_path(path) {
                Some(nearest) => {
                    let message =
                        format!("no path of the contract matches; did you mean `{nearest}`?");
                    of(ViolationClass::UnknownPath, message).with_expected(nearest)
                }
                None => {
                    let message = "no path of the contract matches".to_owned();
                    of(ViolationClass::UnknownPath, message)
                }
            },
        }
    }
}
