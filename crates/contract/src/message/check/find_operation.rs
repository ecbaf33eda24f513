//! Finds the operation of a request target, or why no operation matches.

use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::{HeaderMap, Method};

use crate::message::compiled_contract::CompiledContract;
use crate::message::route::{MalformedPath, PathCaptures, RouteMatch, check_path};
use crate::message::unread_path::UnreadPath;
use crate::message::unreadable_part::unreadable;
use crate::message::violation::{MessagePart, Violation, ViolationClass};

/// Why a request matches no operation. [`violation`](Self::violation) builds the description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnmatchedTarget<'c> {
    /// The path is ambiguous.
    MalformedPath(MalformedPath),
    /// The path is declared but the method is not.
    UnknownMethod {
        /// The declared methods, as the value of `Allow` (RFC 9110 section 10.2.1).
        allow: &'c str,
    },
    /// The path is declared by a Path Item that cannot be read and that may have the method.
    UnreadPath(UnreadPath),
    /// No path of the contract matches.
    UnknownPath,
}

/// Finds the operation for a method and a raw path. Stores the values of the path in `captures`.
///
/// # Errors
/// [`UnmatchedTarget`] if no operation matches.
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
        RouteMatch::Unread { part } => {
            let path = contract.unread_paths[part as usize];
            Err(UnmatchedTarget::UnreadPath(path))
        }
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
    /// declare. Browsers send preflights, and few contracts declare them.
    pub fn is_preflight(self, method: &Method, headers: &HeaderMap) -> bool {
        !matches!(self, Self::MalformedPath(_)) && is_preflight(method, headers)
    }

    /// The value of `Allow` in the response.
    pub fn allow(self) -> Option<&'c str> {
        match self {
            Self::UnknownMethod { allow } => Some(allow),
            Self::MalformedPath(_) | Self::UnreadPath(_) | Self::UnknownPath => None,
        }
    }

    /// The violation. It suggests the declared path that the client probably meant.
    pub fn violation(self, contract: &CompiledContract, method: &Method, path: &str) -> Violation {
        let violation = |class, message| Violation::new(class, MessagePart::Target, message);
        match self {
            Self::MalformedPath(malformed) => {
                violation(ViolationClass::MalformedPath, malformed.to_string())
            }
            Self::UnknownMethod { allow } => {
                let message = format!("the path has no operation for {method}");
                violation(ViolationClass::UnknownMethod, message).with_expected(allow)
            }
            Self::UnreadPath(path) => {
                unreadable(contract, path.class, MessagePart::Target, path.node_ref)
            }
            Self::UnknownPath => match contract.nearest_path(path) {
                Some(nearest) => {
                    let message =
                        format!("no path of the contract matches; did you mean `{nearest}`?");
                    violation(ViolationClass::UnknownPath, message).with_expected(nearest)
                }
                None => {
                    let message = "no path of the contract matches".to_owned();
                    violation(ViolationClass::UnknownPath, message)
                }
            },
        }
    }
}
