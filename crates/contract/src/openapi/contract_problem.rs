//! Problems of a contract: the findings of compiling and linting it.

use std::fmt;

use portcullis_vocabulary::ContractReading;

use super::contract_repair::ContractRepair;
use super::document::SourceLocation;

/// The severity of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The contract can be enforced, but a part of it probably does not mean what its author
    /// intended.
    Warning,
    /// The contract cannot be enforced and is rejected.
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

/// The kinds of problems. Their names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContractProblemKind {
    /// The document is not OpenAPI of a supported version, or a part of it has the wrong type.
    MalformedDocument,
    /// A `$ref` that does not resolve.
    UnresolvedReference,
    /// A path that is not a valid template, or whose expressions and parameters do not match.
    MalformedPath,
    /// Two templates that match the same paths with the same precedence.
    AmbiguousPath,
    /// A parameter object that cannot be used.
    MalformedParameter,
    /// A schema that is not valid JSON Schema.
    MalformedSchema,
    /// A schema that could take a validator any amount of work.
    CostlySchema,
    /// A `pattern` that is not a valid regular expression.
    MalformedPattern,
    /// A schema that no value satisfies.
    UnsatisfiableSchema,
    /// An example that does not satisfy its own schema.
    InvalidExample,
    /// An unknown `format`, which validates nothing.
    UnknownFormat,
    /// A schema keyword that only another version of OpenAPI has.
    ForeignKeyword,
    /// A part of the contract that is not enforced.
    NotJudged,
    /// An objective that cannot be read, or has no effect.
    MalformedObjective,
    /// An action of an overlay that cannot be applied, or has no effect.
    OverlayAction,
    /// A name close to that of a field that the object has.
    MisspeltKeyword,
    /// A keyword of a schema in another object.
    MisplacedKeyword,
    /// A field that the object does not have.
    UnknownField,
    /// A required field that is missing.
    MissingField,
    /// A keyword that no value can violate.
    IneffectiveKeyword,
    /// `nullable` where it allows no further value.
    IneffectiveNullable,
    /// An alternative that accepts every value.
    VacuousAlternative,
}

impl ContractProblemKind {
    /// Every kind, in the order of reports.
    pub const ALL: [Self; 22] = [
        Self::MalformedDocument,
        Self::UnresolvedReference,
        Self::MalformedPath,
        Self::AmbiguousPath,
        Self::MalformedParameter,
        Self::MalformedSchema,
        Self::CostlySchema,
        Self::MalformedPattern,
        Self::UnsatisfiableSchema,
        Self::InvalidExample,
        Self::UnknownFormat,
        Self::ForeignKeyword,
        Self::NotJudged,
        Self::MalformedObjective,
        Self::OverlayAction,
        Self::MisspeltKeyword,
        Self::MisplacedKeyword,
        Self::UnknownField,
        Self::MissingField,
        Self::IneffectiveKeyword,
        Self::IneffectiveNullable,
        Self::VacuousAlternative,
    ];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedDocument => "malformed-document",
            Self::UnresolvedReference => "unresolved-reference",
            Self::MalformedPath => "malformed-path",
            Self::AmbiguousPath => "ambiguous-path",
            Self::MalformedParameter => "malformed-parameter",
            Self::MalformedSchema => "malformed-schema",
            Self::CostlySchema => "costly-schema",
            Self::MalformedPattern => "malformed-pattern",
            Self::UnsatisfiableSchema => "unsatisfiable-schema",
            Self::InvalidExample => "invalid-example",
            Self::UnknownFormat => "unknown-format",
            Self::ForeignKeyword => "foreign-keyword",
            Self::NotJudged => "not-judged",
            Self::MalformedObjective => "malformed-objective",
            Self::OverlayAction => "overlay-action",
            Self::MisspeltKeyword => "misspelt-keyword",
            Self::MisplacedKeyword => "misplaced-keyword",
            Self::UnknownField => "unknown-field",
            Self::MissingField => "missing-field",
            Self::IneffectiveKeyword => "ineffective-keyword",
            Self::IneffectiveNullable => "ineffective-nullable",
            Self::VacuousAlternative => "vacuous-alternative",
        }
    }
}

/// One problem of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractProblem {
    /// Whether it makes Portcullis reject the contract.
    pub severity: Severity,
    /// The kind.
    pub kind: ContractProblemKind,
    /// Where it is.
    pub at: SourceLocation,
    /// What is wrong and how to fix it.
    pub message: String,
    /// The repair: of an error the one that the tolerant reading has for it, of a warning the one
    /// that was made.
    pub repair: Option<ContractRepair>,
}

impl ContractProblem {
    /// The kinds of parts that messages are not judged by.
    pub const UNJUDGED_KINDS: [&'static str; 6] = [
        ContractRepair::UnmatchablePath.as_str(),
        ContractRepair::SamePath.as_str(),
        ContractRepair::DanglingReference.as_str(),
        ContractRepair::UndeclaredScheme.as_str(),
        ContractRepair::EmptyValue.as_str(),
        ContractProblemKind::NotJudged.as_str(),
    ];

    /// The kind of the part that messages are not judged by, if the problem names it.
    pub(crate) fn unjudged_kind(&self) -> Option<&'static str> {
        match self.repair {
            Some(repair) => repair.leaves_unjudged().then_some(repair.as_str()),
            None => (self.kind == ContractProblemKind::NotJudged).then_some(self.kind.as_str()),
        }
    }

    /// An error that the tolerant reading repairs, as this reading reports it.
    pub(crate) fn repaired_by(mut self, repair: ContractRepair, reading: ContractReading) -> Self {
        self.repair = Some(repair);
        if reading.is_tolerant() {
            self.severity = Severity::Warning;
            self.message = format!("{}: {}", self.message, repair.meaning());
        }
        self
    }
}

impl fmt::Display for ContractProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SourceLocation {
            file,
            line,
            column,
            pointer,
        } = &self.at;
        write!(f, "{file}:{line}:")?;
        if let Some(column) = column {
            write!(f, "{column}:")?;
        }
        write!(f, " {}: {} ", self.severity.as_str(), self.message)?;
        write!(f, "[{}] at #{pointer}", self.kind.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_repair_that_leaves_a_part_unjudged_is_listed() {
        for repair in ContractRepair::ALL {
            let is_listed = ContractProblem::UNJUDGED_KINDS.contains(&repair.as_str());
            assert_eq!(is_listed, repair.leaves_unjudged(), "{repair:?}");
        }
    }
}
