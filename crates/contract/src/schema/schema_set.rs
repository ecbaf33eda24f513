//! The compiled schemas of one contract and direction: one validator for all of them.
//!
//! Nothing is shared between two builds of a validator, and everything inside one build is. So
//! all schemas that are judged on their own hang under one wrapper,
//! `{"properties": {"<key>": …}}`, and a value is judged as the object `{"<key>": value}`,
//! which every tape is anyway.

use std::fmt;

use jsonschema::{Draft, PatternOptions, ValidationError, Validator};

use serde_json::Value;

use portcullis_json::{JsonNode, TapeJson, with_errors_at_most};

use super::exact::with_exact_keywords;
use super::format::with_formats;
use super::lower::{LoweringOutput, closed, origin};
use super::malformed_schema::{all_malformed, malformed};
use crate::openapi::contract_problem::{ContractProblem, Severity};
use crate::openapi::document::{DocumentSet, NodeRef};

/// A schema that is judged on its own: the member name under which its values are judged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchemaKey(String);

impl SchemaKey {
    pub(crate) fn new(number: u32) -> Self {
        Self(number.to_string())
    }

    /// The member name for [`portcullis_json::Tape`].
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// All schemas of one contract and direction.
pub(crate) struct SchemaSet {
    validator: Validator<TapeJson>,
    origins: Vec<NodeRef>,
    roots: Vec<u32>,
    warnings: Vec<ContractProblem>,
    /// The same schemas without room for members that are not declared.
    closed: Option<Box<Self>>,
}

/// How often the backtracking engine may go back in one match. Patterns without looking around and
/// back references never do; a match that would need more counts as failed.
pub(crate) const BACKTRACKS_MAX: usize = 200_000;

impl fmt::Debug for SchemaSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemaSet")
            .field("definitions", &self.origins.len())
            .finish_non_exhaustive()
    }
}

/// How many errors are made to explain one value; recursive alternatives could make any number.
const ERRORS_MAX: u32 = 10_000;

impl SchemaSet {
    /// Builds the validator.
    ///
    /// # Errors
    /// Every schema that is no schema, with its place in the contract.
    pub(crate) fn build(
        lowered: LoweringOutput,
        documents: &DocumentSet,
    ) -> Result<Self, Vec<ContractProblem>> {
        let LoweringOutput {
            schema,
            origins,
            roots,
            backtracks,
            mut problems,
        } = lowered;
        if problems
            .iter()
            .any(|problem| problem.severity == Severity::Error)
        {
            problems.extend(all_malformed(&schema, &origins, documents));
            return Err(problems);
        }
        match validator(&schema, backtracks) {
            Ok(validator) => Ok(Self {
                validator,
                origins,
                roots,
                warnings: problems,
                closed: None,
            }),
            Err(error) => Err(malformed(&schema, &error, &origins, documents)),
        }
    }

    /// Builds the validator, and one for the closed reading of the same schemas.
    ///
    /// # Errors
    /// As [`SchemaSet::build`].
    pub(crate) fn build_closed(
        lowered: LoweringOutput,
        documents: &DocumentSet,
    ) -> Result<Self, Vec<ContractProblem>> {
        let strict = LoweringOutput {
            schema: closed(&lowered.schema),
            origins: lowered.origins.clone(),
            roots: lowered.roots.clone(),
            backtracks: lowered.backtracks,
            problems: Vec::new(),
        };
        let open = Self::build(lowered, documents)?;
        let closed = Self::build(strict, documents)?;
        Ok(Self {
            closed: Some(Box::new(closed)),
            ..open
        })
    }

    /// The closed reading, where it was built.
    pub(crate) fn closed(&self) -> Option<&Self> {
        self.closed.as_deref()
    }

    /// What is odd about the schemas without keeping them from being judged.
    pub(crate) fn warnings(&self) -> &[ContractProblem] {
        &self.warnings
    }

    /// Whether a wrapped value satisfies the schema of its key.
    pub(crate) fn is_valid(&self, wrapped: JsonNode<'_>) -> bool {
        self.validator.is_valid(wrapped)
    }

    /// The errors of a wrapped value: all of them, else the first, else none where even that one
    /// has too many alternatives. Slow: only after [`SchemaSet::is_valid`] said no.
    pub(crate) fn errors<'a>(&'a self, wrapped: JsonNode<'a>) -> Vec<ValidationError<'a>> {
        let every = || self.validator.iter_errors(wrapped).collect();
        let first = || Vec::from_iter(self.validator.validate(wrapped).err());
        with_errors_at_most(ERRORS_MAX, every)
            .or_else(|| with_errors_at_most(ERRORS_MAX, first))
            .unwrap_or_default()
    }

    /// Where the definitions stand in the contract.
    pub(crate) fn origins(&self) -> &[NodeRef] {
        &self.origins
    }

    /// The numbers of the schemas that are judged on their own.
    pub(crate) fn roots(&self) -> &[u32] {
        &self.roots
    }

    /// The place in the contract that a location in the lowered schema came from, and the rest
    /// of the pointer below that place's definition.
    pub(crate) fn origin<'p>(&self, location: &'p str) -> Option<(NodeRef, &'p str)> {
        origin(&self.origins, location)
    }
}

/// Patterns run in linear time where every one of the contract can.
fn validator(
    schema: &Value,
    backtracks: bool,
) -> Result<Validator<TapeJson>, ValidationError<'static>> {
    let options = jsonschema::options_for::<TapeJson>()
        .with_draft(Draft::Draft202012)
        .offline()
        .should_validate_formats(true);
    let options = with_exact_keywords(with_formats(options));
    if backtracks {
        let engine = PatternOptions::fancy_regex().backtrack_limit(BACKTRACKS_MAX);
        options.with_pattern_options(engine).build(schema)
    } else {
        options
            .with_pattern_options(PatternOptions::regex())
            .build(schema)
    }
}
