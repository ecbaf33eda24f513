//! The compiled schemas of one contract and direction: one validator for all of them.
//!
//! Subschemas are shared within one build of a validator, but not between builds. So one wrapper
//! schema refers to every schema that values are validated against: `{"properties": {"<key>": …}}`.
//! A value is validated as the object `{"<key>": value}`, which is what every tape holds.

use std::borrow::Cow;
use std::fmt;

use jsonschema::ValidationError;

use portcullis_json::{JsonLimits, JsonNode, WorkLimit, add_message_steps, within_limit};
use portcullis_validator::TapeValidator;
use portcullis_vocabulary::limits::{CHECK_STEPS_MAX, CHECK_STEPS_PER_VALUE, EXPLAIN_STEPS_MAX};

use super::application_bounds::costly_schemas;
use super::lower::{LoweringOutput, SchemaFault, closed, origin};
use super::malformed_schema::{all_malformed, malformed};
use super::one_pass::OnePassProgram;
use super::pattern_keyword::SchemaPatterns;
use super::schema_surface::TypeSet;
use super::schema_validator::build_validator;
use super::schema_verdict::SchemaVerdict;
use super::self_application::self_applied_schemas;
use super::unknown_keyword::verdict_of;
use crate::openapi::contract_problem::ContractProblem;
use crate::openapi::document::{DocumentSet, NodeRef};

/// Identifies a schema that values are validated against: its property name in the wrapper schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaKey {
    number: u32,
    name: Box<str>,
}

impl SchemaKey {
    pub(crate) fn new(number: u32) -> Self {
        Self {
            number,
            name: number.to_string().into(),
        }
    }

    /// The key to give to [`portcullis_json::Tape`].
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

/// All schemas of one contract and direction.
pub(crate) struct SchemaSet {
    validator: TapeValidator,
    one_pass: OnePassProgram,
    /// Whether a pattern for names of properties needs a backtracking engine.
    backtracks_names: bool,
    origins: Vec<NodeRef>,
    roots: Vec<u32>,
    warnings: Vec<ContractProblem>,
    /// Whether some parts are unknown.
    has_unknown: bool,
    /// The same schemas, without undeclared properties.
    closed: Option<Box<Self>>,
}

impl fmt::Debug for SchemaSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemaSet")
            .field("definitions", &self.origins.len())
            .finish_non_exhaustive()
    }
}

/// Why schemas cannot be built.
#[derive(Debug)]
pub(crate) struct SchemaSetErrors {
    pub(crate) faults: Vec<SchemaFault>,
    warnings: Vec<ContractProblem>,
}

impl SchemaSetErrors {
    /// The errors and the warnings.
    pub(crate) fn into_problems(self) -> Vec<ContractProblem> {
        let faults = self.faults.into_iter().map(|fault| fault.problem);
        self.warnings.into_iter().chain(faults).collect()
    }
}

impl SchemaSet {
    /// Builds the validator.
    ///
    /// # Errors
    /// Every schema that is not valid, with its location in the contract.
    pub(crate) fn build(
        lowered: LoweringOutput,
        documents: &DocumentSet,
    ) -> Result<Self, SchemaSetErrors> {
        let LoweringOutput {
            schema,
            origins,
            roots,
            backtracks_names,
            has_unknown,
            warnings,
            mut faults,
        } = lowered;
        if !faults.is_empty() {
            faults.extend(all_malformed(&schema, &origins, documents));
            return Err(SchemaSetErrors { faults, warnings });
        }
        let mut costly = costly_schemas(&schema, &origins, documents);
        costly.extend(self_applied_schemas(&schema, &origins, documents));
        if !costly.is_empty() {
            return Err(SchemaSetErrors {
                faults: costly,
                warnings,
            });
        }
        let patterns = SchemaPatterns::default();
        match build_validator(&schema, origins.len(), backtracks_names, &patterns) {
            Ok(validator) => Ok(Self {
                validator,
                one_pass: OnePassProgram::new(&schema, &roots, &patterns),
                backtracks_names,
                origins,
                roots,
                warnings,
                has_unknown,
                closed: None,
            }),
            Err(error) => Err(SchemaSetErrors {
                faults: malformed(&schema, &error, &origins, documents),
                warnings: Vec::new(),
            }),
        }
    }

    /// Builds the validator and a second one for the closed form of the same schemas.
    ///
    /// # Errors
    /// The same as [`SchemaSet::build`].
    pub(crate) fn build_closed(
        lowered: LoweringOutput,
        documents: &DocumentSet,
    ) -> Result<Self, SchemaSetErrors> {
        let closed_output = LoweringOutput {
            schema: closed(&lowered.schema),
            origins: lowered.origins.clone(),
            roots: lowered.roots.clone(),
            backtracks_names: lowered.backtracks_names,
            has_unknown: lowered.has_unknown,
            warnings: Vec::new(),
            faults: Vec::new(),
        };
        let open = Self::build(lowered, documents)?;
        let closed = Self::build(closed_output, documents)?;
        Ok(Self {
            closed: Some(Box::new(closed)),
            ..open
        })
    }

    /// The closed form, if it was built.
    pub(crate) fn closed(&self) -> Option<&Self> {
        self.closed.as_deref()
    }

    /// The warnings about the schemas.
    pub(crate) fn warnings(&self) -> &[ContractProblem] {
        &self.warnings
    }

    /// Whether a text is known to be a JSON value that satisfies the schema of a key. Fast. If not,
    /// the text has to be parsed and validated.
    pub(crate) fn accepts_text(&self, key: &SchemaKey, text: &[u8], limits: JsonLimits) -> bool {
        self.one_pass.accepts(key.number, text, limits)
    }

    /// Whether a text, read as a scalar of these types, is known to satisfy the schema of a key.
    pub(crate) fn accepts_scalar(&self, key: &SchemaKey, text: &str, types: TypeSet) -> bool {
        self.one_pass.accepts_scalar(key.number, text, types)
    }

    /// Whether the array of these texts, each read as a scalar, is known to satisfy the schema of a
    /// key.
    pub(crate) fn accepts_scalars<'t>(
        &self,
        key: &SchemaKey,
        texts: impl Iterator<Item = Option<Cow<'t, str>>>,
        types: TypeSet,
    ) -> bool {
        self.one_pass.accepts_scalars(key.number, texts, types)
    }

    /// Whether a wrapped value satisfies the schema of its key.
    pub(crate) fn verdict(&self, wrapped: JsonNode<'_>) -> SchemaVerdict {
        if self.has_unknown {
            verdict_of(|| self.known_verdict(wrapped))
        } else {
            self.known_verdict(wrapped)
        }
    }

    /// The verdict under the current assumption about unknown parts.
    fn known_verdict(&self, wrapped: JsonNode<'_>) -> SchemaVerdict {
        let share = share(wrapped);
        add_message_steps(share);
        let limit = self.limit(CHECK_STEPS_MAX + share);
        match within_limit(limit, || self.validator.is_valid(wrapped)) {
            Some(true) => SchemaVerdict::Valid,
            Some(false) => SchemaVerdict::Invalid,
            None => SchemaVerdict::OverLimit,
        }
    }

    /// Whether some parts are unknown.
    pub(crate) fn has_unknown(&self) -> bool {
        self.has_unknown
    }

    /// Whether a wrapped value satisfies the schema of its key, or may satisfy it.
    pub(crate) fn may_be_valid(&self, wrapped: JsonNode<'_>) -> bool {
        matches!(
            self.verdict(wrapped),
            SchemaVerdict::Valid | SchemaVerdict::Unknown(_)
        )
    }

    fn limit(&self, steps_max: u64) -> WorkLimit {
        WorkLimit {
            steps_max,
            backtracks_names: self.backtracks_names,
        }
    }

    /// The errors of a wrapped value: all of them, or only the first if there are too many, or none
    /// if even finding the first exceeds the limit. Slow: call it only if the value is invalid.
    pub(crate) fn errors<'a>(&'a self, wrapped: JsonNode<'a>) -> Vec<ValidationError<'a>> {
        let every = || self.validator.errors(wrapped);
        let first = || Vec::from_iter(self.validator.first_error(wrapped));
        let limit = self.limit(EXPLAIN_STEPS_MAX + share(wrapped));
        add_message_steps(limit.steps_max);
        within_limit(limit, every)
            .or_else(|| within_limit(limit, first))
            .unwrap_or_default()
    }

    /// The node of the contract that each definition was lowered from.
    pub(crate) fn origins(&self) -> &[NodeRef] {
        &self.origins
    }

    /// The numbers of the schemas that values are validated against.
    pub(crate) fn roots(&self) -> &[u32] {
        &self.roots
    }

    /// The node of the contract that contains a location of the lowered schema, and the rest of the
    /// pointer below that node.
    pub(crate) fn origin<'p>(&self, location: &'p str) -> Option<(NodeRef, Cow<'p, str>)> {
        origin(&self.origins, location)
    }
}

/// The steps that a value adds to those of its message.
fn share(wrapped: JsonNode<'_>) -> u64 {
    u64::from(wrapped.entry_count()) * CHECK_STEPS_PER_VALUE
}
