//! The flaws that the tolerant reading repairs, and what each repair means.

/// A flaw that the tolerant reading repairs. Every repair has one meaning, which its warning states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContractRepair {
    /// A path that no request can match, such as one with a query or a fragment.
    UnmatchablePath,
    /// Paths that differ only in the names of their parameters and declare the same method.
    SamePath,
    /// Several operations with one `operationId`.
    RepeatedOperationId,
    /// A key that an object repeats.
    RepeatedKey,
    /// `exclusiveMinimum` or `exclusiveMaximum` as a boolean in OpenAPI 3.1.
    BooleanBound,
    /// An empty `allOf`, `anyOf` or `oneOf`.
    EmptyAlternatives,
    /// `$recursiveRef` of JSON Schema 2019-09 below its `$recursiveAnchor`.
    RecursiveReference,
    /// A pattern with syntax of another regex dialect.
    ForeignPattern,
    /// A reference that leads nowhere.
    DanglingReference,
    /// A security scheme that the contract does not declare, or not completely.
    UndeclaredScheme,
    /// `null` instead of an object, an array or the value of a keyword.
    EmptyValue,
}

impl ContractRepair {
    /// Every repair.
    pub const ALL: [Self; 11] = [
        Self::UnmatchablePath,
        Self::SamePath,
        Self::RepeatedOperationId,
        Self::RepeatedKey,
        Self::BooleanBound,
        Self::EmptyAlternatives,
        Self::RecursiveReference,
        Self::ForeignPattern,
        Self::DanglingReference,
        Self::UndeclaredScheme,
        Self::EmptyValue,
    ];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnmatchablePath => "unmatchable-path",
            Self::SamePath => "same-path",
            Self::RepeatedOperationId => "repeated-operation-id",
            Self::RepeatedKey => "repeated-key",
            Self::BooleanBound => "boolean-bound",
            Self::EmptyAlternatives => "empty-alternatives",
            Self::RecursiveReference => "recursive-reference",
            Self::ForeignPattern => "foreign-pattern",
            Self::DanglingReference => "dangling-reference",
            Self::UndeclaredScheme => "undeclared-scheme",
            Self::EmptyValue => "empty-value",
        }
    }

    /// Whether messages are not judged by the part with the flaw: it is left out, or unknown.
    pub fn leaves_unjudged(self) -> bool {
        match self {
            Self::UnmatchablePath
            | Self::SamePath
            | Self::DanglingReference
            | Self::UndeclaredScheme
            | Self::EmptyValue => true,
            Self::RepeatedOperationId
            | Self::RepeatedKey
            | Self::BooleanBound
            | Self::EmptyAlternatives
            | Self::RecursiveReference
            | Self::ForeignPattern => false,
        }
    }

    /// What the tolerant reading does about the flaw.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::UnmatchablePath => "its operations are left out",
            Self::SamePath => "requests go to the first, and the later operations are left out",
            Self::RepeatedOperationId => "the later operation is named by its method and path",
            Self::RepeatedKey => "the last value is used",
            Self::BooleanBound => {
                "read as in draft 4: `true` makes the bound exclusive, `false` has no effect"
            }
            Self::EmptyAlternatives => "the keyword is ignored",
            Self::RecursiveReference => {
                "read as a reference to the nearest enclosing schema with `$recursiveAnchor: true`"
            }
            Self::ForeignPattern => "it is matched with this meaning",
            Self::DanglingReference => {
                "what it stands for is unknown, and `enforcement.unreadable` decides about messages \
                 that it describes"
            }
            Self::UndeclaredScheme => {
                "whether a request has these credentials is unknown, and `enforcement.unreadable` \
                 decides about it"
            }
            Self::EmptyValue => "it is read as empty",
        }
    }
}

/// The setting of a service that repairs the flaws of its contract.
pub const READING_KEY: &str = "`contract_reading = \"tolerant\"`";
