//! Explains a counterexample: the keyword that refuses it, the locations in both contracts, and a
//! sentence.

use serde_json::Value;

use portcullis_contract::{MessageDirection, SourceLocation};
use portcullis_json::pointer;

use super::break_sentence::sentence;
use super::compared_schemas::ComparedSchemas;
use super::containment_query::ContainmentQuery;
use super::containment_verdict::SchemaBreak;
use super::failed_keyword::{FailedKeyword, FailureSearch, SCHEMAS_MAX};
use super::formula::{FormulaId, NEVER};
use super::formula_pair::ContainmentSide;
use super::keyword_omission::{KeywordOmission, without};
use super::schema_trace::SchemaTrace;

impl ContainmentQuery<'_, '_> {
    /// A formula that holds for all values without this cause.
    pub(super) fn without_cause(&mut self, witness: &Value, failure: &FailedKeyword) -> FormulaId {
        let compared = &mut *self.compared;
        match (&failure.property, failure.formula) {
            // Exclude objects that have the forbidden property.
            (Some(name), NEVER) => {
                let has = compared.pair.has(name);
                let lacks = compared.pair.without(has);
                compared.pair.at(witness, holder(&failure.pointer), lacks)
            }
            _ => compared.pair.at(witness, &failure.pointer, failure.formula),
        }
    }

    /// An acceptor without the failing keyword.
    pub(super) fn weaker(&mut self, acceptor: FormulaId, failure: &FailedKeyword) -> FormulaId {
        let arena = &mut self.compared.pair.arena;
        let omission = KeywordOmission {
            formula: failure.formula,
            property: failure.property.as_deref().map(|name| arena.intern(name)),
        };
        let pointer = match failure.formula {
            NEVER => holder(&failure.pointer),
            _ => &failure.pointer,
        };
        without(arena, acceptor, pointer, &omission)
    }

    /// Explains why the witness is refused.
    pub(super) fn explain(&mut self, witness: &Value, failure: &FailedKeyword) -> SchemaBreak {
        let compared = &mut *self.compared;
        let acceptor_location = compared.lowered[1].location(compared.acceptor, &failure.location);
        let (producer_location, said) = self.producer_keyword(witness, failure);
        let accepted = quotable(&failure.operand);
        let (before, after) = match self.compared.direction {
            MessageDirection::Request => (said, accepted),
            MessageDirection::Response => (accepted, said),
        };
        let part = witness.pointer(&failure.pointer);
        SchemaBreak {
            message: sentence(self.compared.direction, failure, part),
            witness: witness.clone(),
            pointer: failure.pointer.clone(),
            keyword: failure.keyword.clone(),
            property: failure.property.clone(),
            producer_location,
            acceptor_location,
            before,
            after,
        }
    }

    /// The keyword that refuses the witness, except for known causes.
    pub(super) fn failure(&mut self, witness: &Value) -> Option<FailedKeyword> {
        let key = self.question.acceptor?;
        let ComparedSchemas { lowered, pair, .. } = &mut *self.compared;
        let document = &lowered[1].document;
        let location = format!("/properties/{}", key.as_str());
        let schema = document.pointer(&location)?;
        FailureSearch {
            pair,
            side: ContainmentSide::Acceptor,
            document,
            known: &self.known,
            schemas_left: SCHEMAS_MAX,
        }
        .of(&location, schema, witness)
    }

    /// The location and value of the same keyword in the producer's contract.
    fn producer_keyword(
        &mut self,
        witness: &Value,
        failure: &FailedKeyword,
    ) -> (Option<SourceLocation>, Option<String>) {
        let Some(key) = self.question.producer else {
            return (None, None);
        };
        let ComparedSchemas {
            lowered,
            pair,
            producer,
            ..
        } = &mut *self.compared;
        let document = &lowered[0].document;
        let location = format!("/properties/{}", key.as_str());
        let Some(schema) = document.pointer(&location) else {
            return (None, None);
        };
        let mut trace = SchemaTrace {
            pair,
            side: ContainmentSide::Producer,
            document,
            found: Vec::new(),
            declared: Vec::new(),
        };
        trace.follow(&location, schema, witness, &failure.pointer, 0);
        let declared = format!(
            "/properties/{}",
            pointer::escape(failure.property.as_deref().unwrap_or_default())
        );
        let (location, said) = match (&failure.property, failure.keyword.as_str()) {
            // For a property that is no longer allowed, show its former declaration.
            (Some(_), keyword) if keyword != "required" => {
                let at = trace.declared.iter().find(|at| at.ends_with(&declared));
                (at.cloned(), None)
            }
            _ => keyword_in_force(&trace, &failure.keyword),
        };
        (
            location.and_then(|location| lowered[0].location(producer, &location)),
            said,
        )
    }

    /// The explanation if no single keyword refuses the witness.
    pub(super) fn unexplained(&self, witness: &Value) -> SchemaBreak {
        let message = match self.compared.direction {
            MessageDirection::Request => "a value that was accepted is refused",
            MessageDirection::Response => {
                "a value may now be sent that consumers of the old contract do not expect"
            }
        };
        SchemaBreak {
            witness: witness.clone(),
            pointer: String::new(),
            keyword: String::new(),
            property: None,
            producer_location: None,
            acceptor_location: None,
            before: None,
            after: None,
            message: message.to_owned(),
        }
    }
}

/// The pointer to the value that holds a part.
fn holder(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(holder, _)| holder)
}

/// The location and value of a keyword in the applicable schemas; otherwise the location of the
/// schema with the most keywords.
fn keyword_in_force(
    trace: &SchemaTrace<'_, '_>,
    keyword: &str,
) -> (Option<String>, Option<String>) {
    let exact = format!("x-exact-{keyword}");
    let says = trace.found.iter().find_map(|speaking| {
        let name = [keyword, &exact]
            .into_iter()
            .find(|name| speaking.keywords.contains_key(*name))?;
        let said = quotable(speaking.keywords.get(name)?);
        Some((format!("{}/{name}", speaking.location), said))
    });
    let fullest = || {
        trace
            .found
            .iter()
            .max_by_key(|speaking| speaking.keywords.len())
    };
    match says {
        Some((location, said)) => (Some(location), said),
        None => (fullest().map(|speaking| speaking.location.clone()), None),
    }
}

/// The value of a keyword as text. A value that contains references is not quoted.
fn quotable(operand: &Value) -> Option<String> {
    let text = operand.to_string();
    (!text.contains("#/$defs/")).then_some(text)
}
