//! Judging a collected body.

use crate::config::enforcement::Enforcement;
use crate::json::{DuplicateKeys, Limits, SyntaxError, SyntaxErrorKind, Tape};

use super::super::compiled::CompiledContract;
use super::super::dialect::Direction;
use super::super::explain::{Subject, explain};
use super::super::operation::MediaType;
use super::super::schema::SchemaKey;
use super::super::violation::{Part, Violation, ViolationClass};
use super::plan::{BodyPlan, missing_body};
use super::rules::{Rules, Scratch};

/// Judges a collected body.
pub fn check_body(
    contract: &CompiledContract,
    plan: BodyPlan<'_>,
    bytes: &[u8],
    rules: Rules<'_>,
    scratch: &mut Scratch,
    violations: &mut Vec<Violation>,
) {
    let media = match plan {
        BodyPlan::Stream => return,
        BodyPlan::Judge(media) => media,
        BodyPlan::JudgeIfPresent(_, body) if bytes.is_empty() => {
            if body.required && rules.is_on(ViolationClass::MissingBody) {
                violations.push(missing_body(contract, body));
            }
            return;
        }
        BodyPlan::JudgeIfPresent(media, _) => media,
    };
    let Some(key) = &media.schema else {
        return;
    };
    let Scratch { tape, .. } = scratch;
    let Some(source) = parse(contract, media, key, bytes, rules, tape, violations) else {
        return;
    };
    let wrapped = tape.wrapped(source);
    let schemas = contract.schemas(Direction::Request);
    if !schemas.is_valid(wrapped) && rules.is_on(ViolationClass::InvalidBody) {
        let subject = Subject {
            class: ViolationClass::InvalidBody,
            part: Part::Body,
            name: None,
        };
        let most = rules.violations_max.saturating_sub(violations.len());
        violations.extend(explain(
            schemas,
            &contract.documents,
            wrapped,
            subject,
            most,
        ));
    }
}

/// A body beyond the bound within which bodies are judged, in bytes.
pub fn body_too_large(bytes_max: u64) -> Violation {
    let message = format!("the body is larger than {bytes_max} bytes");
    Violation::new(ViolationClass::BodyTooLarge, Part::Body, message)
        .expecting(format!("at most {bytes_max} bytes"))
}

/// Reads a body. Where repeated members do not keep it from passing, the last one counts, as for
/// most parsers.
fn parse<'s>(
    contract: &CompiledContract,
    media: &MediaType,
    key: &SchemaKey,
    bytes: &'s [u8],
    rules: Rules<'_>,
    tape: &mut Tape,
    violations: &mut Vec<Violation>,
) -> Option<&'s str> {
    let error = match parse_json(tape, key, bytes, rules) {
        Ok(source) => return Some(source),
        Err(error) => error,
    };
    let violation = malformed_body(contract, media, &error);
    let is_repeated = violation.class == ViolationClass::DuplicateKey;
    if rules.is_on(violation.class) {
        violations.push(violation);
    }
    if !is_repeated || rules.policy.of(ViolationClass::DuplicateKey) == Enforcement::Reject {
        return None;
    }
    tape.parse(key.as_str(), bytes, limits(rules, DuplicateKeys::Allow))
        .ok()
}

/// Reads a body of either direction. Repeated members are an error where they are looked for.
pub(super) fn parse_json<'s>(
    tape: &mut Tape,
    key: &SchemaKey,
    bytes: &'s [u8],
    rules: Rules<'_>,
) -> Result<&'s str, SyntaxError> {
    let duplicate_keys = match rules.is_on(ViolationClass::DuplicateKey) {
        true => DuplicateKeys::Refuse,
        false => DuplicateKeys::Allow,
    };
    tape.parse(key.as_str(), bytes, limits(rules, duplicate_keys))
}

fn limits(rules: Rules<'_>, duplicate_keys: DuplicateKeys) -> Limits {
    Limits {
        depth_max: rules.json_depth_max,
        duplicate_keys,
    }
}

fn malformed_body(
    contract: &CompiledContract,
    media: &MediaType,
    error: &SyntaxError,
) -> Violation {
    let class = match error.kind {
        SyntaxErrorKind::DuplicateKey(_) => ViolationClass::DuplicateKey,
        _ => ViolationClass::MalformedBody,
    };
    let mut violation = Violation::new(class, Part::Body, error.to_string())
        .expecting("one JSON value (RFC 8259)")
        .declared_at(contract.spot(media.place));
    violation.pointer.clone_from(&error.pointer);
    violation
}
