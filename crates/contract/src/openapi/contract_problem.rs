//! What is wrong with a contract: findings of loading, compiling and checking it.

use std::fmt;

use super::document::SourceLocation;

/// How much a problem matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The contract works, but a part of it does not say what its author meant.
    Warning,
    /// The contract cannot be enforced and is refused.
    Error,
}

impl Severity {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// The kinds of problem, with stable names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContractProblemKind {
    /// Not an OpenAPI document of a supported version, or a part has the wrong shape.
    MalformedDocument,
    /// A `$ref` that leads nowhere.
    UnresolvedReference,
    /// A path key that is no template, or whose expressions and parameters disagree.
    MalformedPath,
    /// Two templates that match the same paths with equal right.
    AmbiguousPath,
    /// A parameter object that cannot be used.
    MalformedParameter,
    /// A schema that is no schema.
    MalformedSchema,
    /// A `pattern` that is no regular expression.
    MalformedPattern,
    /// A schema that no value satisfies.
    UnsatisfiableSchema,
    /// An example that its own schema refuses.
    InvalidExample,
    /// A `format` that nobody here knows, and that judges nothing.
    UnknownFormat,
    /// A schema keyword of the other dialect of OpenAPI.
    ForeignKeyword,
    /// A part of the contract that is read but not enforced.
    NotJudged,
}

impl ContractProblemKind {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MalformedDocument => "malformed-document",
            Self::UnresolvedReference => "unresolved-reference",
            Self::MalformedPath => "malformed-path",
            Self::AmbiguousPath => "ambiguous-path",
            Self::MalformedParameter => "malformed-parameter",
            Self::MalformedSchema => "malformed-schema",
            Self::MalformedPattern => "malformed-pattern",
            Self::UnsatisfiableSchema => "unsatisfiable-schema",
            Self::InvalidExample => "invalid-example",
            Self::UnknownFormat => "unknown-format",
            Self::ForeignKeyword => "foreign-keyword",
            Self::NotJudged => "not-judged",
        }
    }
}

/// One thing wrong with a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractProblem {
    /// Whether the contract is refused for it.
    pub severity: Severity,
    /// What kind it is.
    pub kind: ContractProblemKind,
    /// Where it stands.
    pub at: SourceLocation,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for ContractProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SourceLocation {
            file,
            line,
            pointer,
        } = &self.at;
        write!(
            f,
            "{file}:{line}: {}: {} ",
            self.severity.as_str(),
            self.message
        )?;
        write!(f, "[{}] at #{pointer}", self.kind.as_str())
    }
}
