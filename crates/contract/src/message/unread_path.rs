//! Paths of a contract whose operations are not known.

use portcullis_vocabulary::enforcement::ViolationClass;

use crate::openapi::document::NodeRef;

/// A Path Item whose reference leads nowhere, so it is not known which operations it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnreadPath {
    /// The class of its requests. Where the contract has credentials, an unknown operation may need
    /// some.
    pub(crate) class: ViolationClass,
    /// The object whose reference leads nowhere.
    pub(crate) node_ref: NodeRef,
}
