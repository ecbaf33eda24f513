//! What is said of a witness: which keyword refuses it, where both contracts speak of it, and one
//! sentence.

use serde_json::Value;

use portcullis_contract::{MessageDirection, SourceLocation};
use portcullis_json::pointer;

use super::break_sentence::sentence;
use super::containment_query::ContainmentQuery;
use super::containment_verdict::SchemaBreak;
use super::failed_keyword::{FailedKeyword, FailureSearch, SCHEMAS_MAX};
use super::formula::{FormulaId, NEVER};
use super::formula_pair::ContainmentSide;
use super::schema_comparison::SchemaComparison;
use super::schema_trace::SchemaTrace;

impl ContainmentQuery<'_, '_> {
    /// A formula that holds of all values without a flaw.
    pub(super) fn without_cause(&mut self, witness: &Value, blame: &FailedKeyword) -> FormulaId {
        let comparison = &mut *self.comparison;
        match (&blame.member, blame.formula) {
            // Without the member that is not wanted.
            (Some(name), NEVER) => {
                let has = comparison.pair.has(name);
                let lacks = comparison.pair.without(has);
                let holder = blame
                    .pointer
                    .rsplit_once('/')
                    .map_or("", |(holder, _)| holder);
                comparison.pair.at(witness, holder, lacks)
            }
            _ => comparison.pair.at(witness, &blame.pointer, blame.formula),
        }
    }

    /// Why the witness is refused, in words and places.
    pub(super) fn explain(&mut self, witness: &Value, blame: &FailedKeyword) -> SchemaBreak {
        let comparison = &mut *self.comparison;
        let acceptor_spot = comparison.lowered[1].location(comparison.acceptor, &blame.location);
        let (producer_spot, said) = self.producer_keyword(witness, blame);
        let accepted = quotable(&blame.operand);
        let (before, after) = match self.comparison.direction {
            MessageDirection::Request => (said, accepted),
            MessageDirection::Response => (accepted, said),
        };
        let part = witness.pointer(&blame.pointer);
        SchemaBreak {
            message: sentence(self.comparison.direction, blame, part),
            witness: witness.clone(),
            pointer: blame.pointer.clone(),
            keyword: blame.keyword.clone(),
            producer_spot,
            acceptor_spot,
            before,
            after,
        }
    }

    /// Which keyword refuses the witness, but for those that are looked past.
    pub(super) fn blame(&mut self, witness: &Value) -> Option<FailedKeyword> {
        let key = self.question.acceptor?;
        let SchemaComparison { lowered, pair, .. } = &mut *self.comparison;
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

    /// Where the producer's contract speaks of the same, and what its keyword says.
    fn producer_keyword(
        &mut self,
        witness: &Value,
        blame: &FailedKeyword,
    ) -> (Option<SourceLocation>, Option<String>) {
        let Some(key) = self.question.producer else {
            return (None, None);
        };
        let SchemaComparison {
            lowered,
            pair,
            producer,
            ..
        } = &mut *self.comparison;
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
        trace.follow(&location, schema, witness, &blame.pointer, 0);
        let declared = format!(
            "/properties/{}",
            pointer::escape(blame.member.as_deref().unwrap_or_default())
        );
        let (location, said) = match (&blame.member, blame.keyword.as_str()) {
            // A member that is not wanted any more is spoken of where it was declared.
            (Some(_), keyword) if keyword != "required" => {
                let at = trace.declared.iter().find(|at| at.ends_with(&declared));
                (at.cloned(), None)
            }
            _ => keyword_in_force(&trace, &blame.keyword),
        };
        (
            location.and_then(|location| lowered[0].location(producer, &location)),
            said,
        )
    }

    /// All that can be said where no keyword alone refuses the witness.
    pub(super) fn unexplained(&self, witness: &Value) -> SchemaBreak {
        let message = match self.comparison.direction {
            MessageDirection::Request => "a value that was accepted is refused",
            MessageDirection::Response => {
                "a value may now be sent that consumers of the old contract do not expect"
            }
        };
        SchemaBreak {
            witness: witness.clone(),
            pointer: String::new(),
            keyword: String::new(),
            producer_spot: None,
            acceptor_spot: None,
            before: None,
            after: None,
            message: message.to_owned(),
        }
    }
}

/// Where the schemas in force have a keyword and what it says, else where they say most.
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

/// What a keyword says, for a person; what is made of other schemas is looked up where it stands.
fn quotable(operand: &Value) -> Option<String> {
    let text = operand.to_string();
    (!text.contains("#/$defs/")).then_some(text)
}
