//! Judges one edit by itself.
//!
//! The edited keyword of the producer's schema takes the value that it has in the acceptor's schema.
//! The edit breaks if the schema that results refuses a value that is sent, and the acceptor refuses
//! it, too. Where consumers send, this is the older schema with this edit alone. Where the service
//! sends, the older schema with this edit alone is tried first: it shows the edit without others.

use super::containment_query::ContainmentQuery;
use super::containment_verdict::{
    EditVerdict, ProducerReading, SchemaBreak, UndecidedReason, ValueEncoding,
};
use super::formula::FormulaId;
use super::formula_pair::{ContainmentSide, CounterexampleGoal};
use super::patched_schemas::patched;
use super::read::EditedRecursion;
use super::revision_schemas::RevisionSchemas;
use super::schema_patch::EditedSchema;
use super::text_rewriter::readable_as_text;
use serde_json::Value;

/// The maximum number of failing keywords of one value to look at for the edited one.
const CAUSES_MAX: usize = 32;

/// Steps for a question about senders that send more than declared properties.
const ANY_SENDER_STEPS: u64 = 10_000;

impl ContainmentQuery<'_, '_> {
    pub(super) fn edit_answer(
        mut self,
        edited: &EditedSchema,
        older: ContainmentSide,
        is_cause: &dyn Fn(&SchemaBreak) -> bool,
    ) -> EditVerdict {
        let Some(goals) = self.edit_goals(edited, older) else {
            return EditVerdict::Unknown(UndecidedReason {
                reason: "the change cannot be judged apart from the others".to_owned(),
            });
        };
        let mut steps_left = match self.question.reading {
            ProducerReading::Sent => self.compared.budget.question_steps,
            ProducerReading::Accepted => ANY_SENDER_STEPS,
        };
        let mut unknown = None;
        for alternatives in goals {
            let mut answer = Ok(None);
            for mut goal in alternatives {
                answer = self.witness(&mut goal, &mut steps_left);
                if answer.is_ok() {
                    break;
                }
            }
            match answer {
                Ok(Some(witness)) => {
                    let cause = self.cause(&witness, is_cause);
                    return EditVerdict::Breaking(Box::new(cause));
                }
                Ok(None) => {}
                Err(reason) => unknown = unknown.or(Some(reason)),
            }
        }
        unknown.map_or(EditVerdict::Harmless, EditVerdict::Unknown)
    }

    /// The goals of an edit. A value for any of them is a counterexample; within a list, each goal
    /// has the same values and is tried if the search gives up on the one before.
    fn edit_goals(
        &mut self,
        edited: &EditedSchema,
        older: ContainmentSide,
    ) -> Option<Vec<Vec<CounterexampleGoal>>> {
        let goal = CounterexampleGoal {
            producer: self.producer,
            acceptor: self.acceptor,
            reading: self.question.reading,
            encoding: self.question.encoding,
            also_holds: Vec::new(),
        };
        let mut goals = Vec::new();
        // What the service sends breaks if the older schema with the edit allows it: then the edit
        // alone is enough. It breaks as well if the newer schema without the edit refuses it.
        if older == ContainmentSide::Acceptor {
            let alone = self.edited_root(&[edited], older, EditedRecursion::Unedited)?;
            if alone != self.acceptor {
                let allowed = self.readable(alone);
                goals.push(vec![CounterexampleGoal {
                    also_holds: vec![allowed],
                    ..goal
                }]);
            }
        }
        let sent = self.edited_producer(&[edited], older, EditedRecursion::Unedited)?;
        if sent != self.producer {
            let refused = self.refused(self.acceptor);
            let edited = CounterexampleGoal {
                acceptor: sent,
                ..goal
            };
            let as_well = CounterexampleGoal {
                also_holds: vec![refused],
                ..edited
            };
            goals.push(match older {
                ContainmentSide::Producer => vec![edited, as_well],
                ContainmentSide::Acceptor => vec![as_well],
            });
        }
        Some(goals)
    }

    /// The formula of the producer's root with these edits taken from the acceptor.
    fn edited_producer(
        &mut self,
        edits: &[&EditedSchema],
        older: ContainmentSide,
        recursion: EditedRecursion,
    ) -> Option<FormulaId> {
        match older {
            ContainmentSide::Producer => {
                self.edited_root(edits, ContainmentSide::Producer, recursion)
            }
            ContainmentSide::Acceptor => {
                let reversed: Vec<EditedSchema> =
                    edits.iter().map(|edited| edited.reversed()).collect();
                let reversed: Vec<&EditedSchema> = reversed.iter().collect();
                self.edited_root(&reversed, ContainmentSide::Producer, recursion)
            }
        }
    }

    /// The formula of the root of one side with edits of its schemas.
    fn edited_root(
        &mut self,
        edits: &[&EditedSchema],
        side: ContainmentSide,
        recursion: EditedRecursion,
    ) -> Option<FormulaId> {
        let compared = &mut *self.compared;
        let revisions = [
            RevisionSchemas {
                contract: compared.producer,
                lowered: &compared.lowered[0],
            },
            RevisionSchemas {
                contract: compared.acceptor,
                lowered: &compared.lowered[1],
            },
        ];
        let (base, other, key) = match side {
            ContainmentSide::Producer => (revisions[0], revisions[1], self.question.producer),
            ContainmentSide::Acceptor => (revisions[1], revisions[0], self.question.acceptor),
        };
        let definitions = patched(base, other, edits)?;
        let documents = [&base.lowered.document, &other.lowered.document];
        compared
            .pair
            .edited_root(side, documents, key?.as_str(), &definitions, recursion)
    }

    /// Holds for the values that an acceptor refuses in the encoding of the question.
    fn refused(&mut self, acceptor: FormulaId) -> FormulaId {
        let accepted = self.readable(acceptor);
        self.compared.pair.not(accepted)
    }

    /// Holds for the values that a schema accepts in the encoding of the question.
    fn readable(&mut self, schema: FormulaId) -> FormulaId {
        match self.question.encoding {
            ValueEncoding::Json => schema,
            ValueEncoding::Text(form) => {
                readable_as_text(&mut self.compared.pair.arena, schema, form)
            }
        }
    }

    /// The explanation of a witness, by the edited keyword if that refuses it.
    fn cause(&mut self, witness: &Value, is_cause: &dyn Fn(&SchemaBreak) -> bool) -> SchemaBreak {
        let mut first = None;
        for _ in 0..CAUSES_MAX {
            let Some(failure) = self.failure(witness) else {
                break;
            };
            let cause = self.explain(witness, &failure);
            if is_cause(&cause) {
                return cause;
            }
            first.get_or_insert(cause);
            self.known.push(failure);
        }
        first.unwrap_or_else(|| self.unexplained(witness))
    }

    /// A value that breaks and that these edits together do not explain: the producer's schema with
    /// all of them taken from the acceptor still allows it.
    ///
    /// # Errors
    ///
    /// Returns the reason if the search gave up.
    pub(super) fn unexplained_break(
        mut self,
        edits: &[&EditedSchema],
        older: ContainmentSide,
    ) -> Result<Option<SchemaBreak>, UndecidedReason> {
        let mut found = None;
        for recursion in [EditedRecursion::Unedited, EditedRecursion::Edited] {
            let Some(edited) = self.edited_producer(edits, older, recursion) else {
                return Ok(None);
            };
            if edited == self.acceptor {
                return Ok(None);
            }
            let allowed = self.readable(edited);
            let mut goal = CounterexampleGoal {
                producer: self.producer,
                acceptor: self.acceptor,
                reading: self.question.reading,
                encoding: self.question.encoding,
                also_holds: vec![allowed],
            };
            let mut steps_left = self.compared.budget.question_steps;
            found = self.witness(&mut goal, &mut steps_left)?;
            // A value that contains the edited schema several times can break by its inner parts.
            if found.is_none() {
                break;
            }
        }
        Ok(found.map(|witness| self.cause(&witness, &|_| false)))
    }

    /// Whether a value breaks only with this edit: it does not if the newer schema takes the edit
    /// back.
    pub(super) fn needs(
        mut self,
        edited: &EditedSchema,
        older: ContainmentSide,
        value: &Value,
    ) -> bool {
        let reversed = edited.reversed();
        let Some(without) = self.edited_root(&[&reversed], older.other(), EditedRecursion::Edited)
        else {
            return false;
        };
        let allowed = self.readable(without);
        let holds = self.compared.pair.evaluator().holds(allowed, value);
        holds == Some(older == ContainmentSide::Producer)
    }

    /// Whether the producer's schema with these edits refuses a value.
    pub(super) fn explains(
        mut self,
        edits: &[&EditedSchema],
        older: ContainmentSide,
        value: &Value,
    ) -> bool {
        let Some(edited) = self.edited_producer(edits, older, EditedRecursion::Edited) else {
            return false;
        };
        let refused = self.refused(edited);
        self.compared.pair.evaluator().holds(refused, value) == Some(true)
    }
}
