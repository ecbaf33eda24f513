//! Judges one edit by itself: the older schema with this edit alone against the older schema.
//!
//! Where consumers send, the older schema produces: the edit breaks if the edited schema refuses a
//! value that is sent, and the newer schema refuses the value, too. Where the service sends, the
//! newer schema produces: the edit breaks if the older schema refuses a value that is sent and that
//! the edited schema allows. So a break is blamed on an edit only if the edit alone brings it about.

use super::containment_query::ContainmentQuery;
use super::containment_verdict::{EditVerdict, SchemaBreak, UndecidedReason, ValueEncoding};
use super::formula::FormulaId;
use super::formula_pair::{ContainmentSide, CounterexampleGoal};
use super::patched_schemas::patched;
use super::revision_schemas::RevisionSchemas;
use super::schema_patch::EditedSchema;
use super::text_rewriter::readable_as_text;
use serde_json::Value;

/// The maximum number of failing keywords of one value to look at for the edited one.
const CAUSES_MAX: usize = 32;

/// Steps for finding a value that the known edits do not explain.
const UNEXPLAINED_STEPS: u64 = 50_000;

impl ContainmentQuery<'_, '_> {
    pub(super) fn edit_answer(
        mut self,
        edited: &EditedSchema,
        older: ContainmentSide,
        is_cause: &dyn Fn(&SchemaBreak) -> bool,
    ) -> EditVerdict {
        let Some(formula) = self.edited_root(&[edited], older) else {
            return EditVerdict::Unknown(UndecidedReason {
                reason: "the change cannot be judged apart from the others".to_owned(),
            });
        };
        let unedited = match older {
            ContainmentSide::Producer => self.producer,
            ContainmentSide::Acceptor => self.acceptor,
        };
        if formula == unedited {
            return EditVerdict::Harmless;
        }
        let mut steps_left = self.compared.budget.question_steps;
        let mut answer = Ok(None);
        for mut goal in self.edit_goals(formula, older) {
            let next = self.witness(&mut goal, &mut steps_left);
            // The first goal is about this edit only, so its reason is the better one.
            match next {
                Err(_) if answer.is_err() => {}
                Err(_) => answer = next,
                Ok(_) => {
                    answer = next;
                    break;
                }
            }
        }
        match answer {
            Ok(Some(witness)) => {
                let cause = self.cause(&witness, is_cause);
                EditVerdict::Breaking(Box::new(cause))
            }
            Ok(None) => EditVerdict::Harmless,
            Err(unknown) => EditVerdict::Unknown(unknown),
        }
    }

    /// The formula of the older root with these edits.
    fn edited_root(
        &mut self,
        edits: &[&EditedSchema],
        older: ContainmentSide,
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
        let (old, new, key) = match older {
            ContainmentSide::Producer => (revisions[0], revisions[1], self.question.producer),
            ContainmentSide::Acceptor => (revisions[1], revisions[0], self.question.acceptor),
        };
        let definitions = patched(old, new, edits)?;
        let documents = [&old.lowered.document, &new.lowered.document];
        compared
            .pair
            .edited_root(older, documents, key?.as_str(), &definitions)
    }

    /// The goals to try, one after the other, until one has an answer.
    fn edit_goals(&mut self, edited: FormulaId, older: ContainmentSide) -> Vec<CounterexampleGoal> {
        let goal = CounterexampleGoal {
            producer: self.producer,
            acceptor: self.acceptor,
            reading: self.question.reading,
            encoding: self.question.encoding,
            also_holds: Vec::new(),
        };
        match older {
            ContainmentSide::Producer => {
                let alone = CounterexampleGoal {
                    acceptor: edited,
                    ..goal
                };
                let refused = self.refused(self.acceptor);
                let as_well = CounterexampleGoal {
                    also_holds: vec![refused],
                    ..alone
                };
                vec![alone, as_well]
            }
            ContainmentSide::Acceptor => vec![CounterexampleGoal {
                also_holds: vec![edited],
                ..goal
            }],
        }
    }

    /// Holds for the values that an acceptor refuses in the encoding of the question.
    fn refused(&mut self, acceptor: FormulaId) -> FormulaId {
        let arena = &mut self.compared.pair.arena;
        let acceptor = match self.question.encoding {
            ValueEncoding::Json => acceptor,
            ValueEncoding::Text(form) => readable_as_text(arena, acceptor, form),
        };
        arena.not(acceptor)
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

    /// A value that breaks and that these edits together do not explain.
    pub(super) fn unexplained_break(
        mut self,
        edits: &[&EditedSchema],
        older: ContainmentSide,
    ) -> Option<SchemaBreak> {
        let edited = self.edited_root(edits, older)?;
        let (newer, condition) = match older {
            ContainmentSide::Producer => (self.acceptor, edited),
            ContainmentSide::Acceptor => (self.producer, self.compared.pair.not(edited)),
        };
        if edited == newer {
            return None;
        }
        let mut goal = CounterexampleGoal {
            producer: self.producer,
            acceptor: self.acceptor,
            reading: self.question.reading,
            encoding: self.question.encoding,
            also_holds: vec![condition],
        };
        let mut steps_left = UNEXPLAINED_STEPS;
        let witness = self.witness(&mut goal, &mut steps_left).ok()??;
        Some(self.cause(&witness, &|_| false))
    }

    /// Whether the older schema with these edits refuses a value that is sent, or allows one that
    /// the service sends.
    pub(super) fn explains(
        mut self,
        edits: &[&EditedSchema],
        older: ContainmentSide,
        value: &Value,
    ) -> bool {
        let Some(edited) = self.edited_root(edits, older) else {
            return false;
        };
        let condition = match older {
            ContainmentSide::Producer => self.refused(edited),
            ContainmentSide::Acceptor => edited,
        };
        self.compared.pair.evaluator().holds(condition, value) == Some(true)
    }
}
