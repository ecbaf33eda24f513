//! The options of compiling a contract.

/// What can be set about compiling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompileOptions {
    /// Base paths that replace those of the document's `servers`.
    pub base_paths: Option<Vec<String>>,
    /// Whether members of request bodies that are not declared can be found. It costs a second
    /// validator.
    pub detect_undeclared: bool,
    /// Whether everything is compiled that only comparing contracts needs: webhooks and callbacks,
    /// which no proxy in front of a service sees, and the schemas of media types that are not
    /// judged.
    pub outbound_operations: bool,
}
