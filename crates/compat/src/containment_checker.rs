//! Runs containment queries by direction and by producer.

use portcullis_contract::{CompiledContract, MessageDirection, SchemaKey};
use serde_json::Value;

use super::containment::{
    ContainmentBudget, ContainmentSide, ContainmentVerdict, EditVerdict, EditedSchema, FoundText,
    ProducerReading, SchemaBreak, SchemaComparison, SchemaPart, SchemaQuestion, TextConditions,
    TextForm, UndecidedReason, ValueEncoding,
};

/// Two contracts and the comparisons between them. Each comparison caches its results.
#[derive(Debug)]
pub(super) struct ContainmentChecker<'c> {
    old: &'c CompiledContract,
    new: &'c CompiledContract,
    /// Indexed by direction and by whether the newer contract is the producer.
    searches: [Option<SchemaComparison<'c>>; 4],
}

/// The schemas of one site in both contracts.
#[derive(Clone, Copy, Debug)]
pub(super) struct SchemaKeyPair<'k> {
    pub(super) old: &'k SchemaKey,
    pub(super) new: &'k SchemaKey,
    pub(super) direction: MessageDirection,
    pub(super) encoding: ValueEncoding,
}

impl<'c> ContainmentChecker<'c> {
    pub(super) fn new(old: &'c CompiledContract, new: &'c CompiledContract) -> Self {
        Self {
            old,
            new,
            searches: [None, None, None, None],
        }
    }

    /// Whether one revision accepts everything that the other sends.
    pub(super) fn check(
        &mut self,
        schemas: SchemaKeyPair<'_>,
        new_produces: bool,
    ) -> ContainmentVerdict {
        self.ask(schemas, new_produces, ProducerReading::Sent)
    }

    /// The same with at most one break.
    pub(super) fn check_first(
        &mut self,
        schemas: SchemaKeyPair<'_>,
        new_produces: bool,
    ) -> ContainmentVerdict {
        let question = SchemaQuestion {
            is_first_enough: true,
            ..question(schemas, new_produces, ProducerReading::Sent)
        };
        self.search(schemas.direction, new_produces).ask(question)
    }

    /// Whether one edit alone breaks the schemas.
    pub(super) fn check_edit(
        &mut self,
        schemas: SchemaKeyPair<'_>,
        new_produces: bool,
        edited: &EditedSchema,
        is_cause: &(dyn Fn(&SchemaBreak) -> bool + Sync),
    ) -> EditVerdict {
        let question = question(schemas, new_produces, ProducerReading::Sent);
        self.search(schemas.direction, new_produces).ask_edit(
            question,
            edited,
            older(new_produces),
            is_cause,
        )
    }

    /// Whether one edit alone breaks the schemas if senders also send properties that no schema
    /// declares.
    pub(super) fn check_edit_of_any_sender(
        &mut self,
        schemas: SchemaKeyPair<'_>,
        new_produces: bool,
        edited: &EditedSchema,
    ) -> EditVerdict {
        let question = question(schemas, new_produces, ProducerReading::Accepted);
        self.search(schemas.direction, new_produces).ask_edit(
            question,
            edited,
            older(new_produces),
            &|_| false,
        )
    }

    /// Whether these edits together bring about that a value breaks.
    pub(super) fn explains(
        &mut self,
        schemas: SchemaKeyPair<'_>,
        new_produces: bool,
        edits: &[&EditedSchema],
        value: &Value,
    ) -> bool {
        let question = question(schemas, new_produces, ProducerReading::Sent);
        self.search(schemas.direction, new_produces).explains(
            question,
            edits,
            older(new_produces),
            value,
        )
    }

    /// Whether a value that breaks would not without this edit.
    pub(super) fn needs(
        &mut self,
        schemas: SchemaKeyPair<'_>,
        new_produces: bool,
        edited: &EditedSchema,
        value: &Value,
    ) -> bool {
        let question = question(schemas, new_produces, ProducerReading::Sent);
        self.search(schemas.direction, new_produces).needs(
            question,
            edited,
            older(new_produces),
            value,
        )
    }

    /// A break that these edits together do not explain.
    pub(super) fn check_unexplained(
        &mut self,
        schemas: SchemaKeyPair<'_>,
        new_produces: bool,
        edits: &[&EditedSchema],
    ) -> Result<Option<SchemaBreak>, UndecidedReason> {
        let question = question(schemas, new_produces, ProducerReading::Sent);
        self.search(schemas.direction, new_produces)
            .ask_unexplained(question, edits, older(new_produces))
    }

    /// Whether the producer can send no value at all, which makes every containment hold.
    pub(super) fn is_vacuous(&mut self, schemas: SchemaKeyPair<'_>, new_produces: bool) -> bool {
        let question = question(schemas, new_produces, ProducerReading::Sent);
        self.search(schemas.direction, new_produces)
            .sends_nothing(question)
    }

    /// Whether a schema accepts every value. The producer's contract has no schema.
    pub(super) fn check_any(
        &mut self,
        acceptor: &SchemaKey,
        direction: MessageDirection,
        new_produces: bool,
        encoding: ValueEncoding,
    ) -> ContainmentVerdict {
        let question = SchemaQuestion {
            producer: None,
            acceptor: Some(acceptor),
            reading: ProducerReading::Accepted,
            encoding,
            is_first_enough: true,
        };
        self.search(direction, new_produces).ask(question)
    }

    /// A value of a parameter of the older contract whose text meets the conditions.
    pub(super) fn find_text(
        &mut self,
        schema: Option<&SchemaKey>,
        form: TextForm,
        conditions: &TextConditions,
    ) -> FoundText {
        self.search(MessageDirection::Request, false)
            .find_text(schema, form, conditions)
    }

    /// A text that a parameter of the newer contract refuses. It `may_split` into several values.
    pub(super) fn find_refused_text(
        &mut self,
        schema: &SchemaKey,
        form: TextForm,
        may_split: bool,
    ) -> FoundText {
        self.search(MessageDirection::Request, false)
            .find_refused_text(schema, form, may_split)
    }

    /// A value of a part of an older parameter, or any text, that a part of a newer one refuses.
    pub(super) fn find_refused_part(
        &mut self,
        old: Option<SchemaPart<'_>>,
        new: SchemaPart<'_>,
        form: TextForm,
    ) -> FoundText {
        self.search(MessageDirection::Request, false)
            .find_refused_part(old, new, form)
    }

    fn ask(
        &mut self,
        schemas: SchemaKeyPair<'_>,
        new_produces: bool,
        reading: ProducerReading,
    ) -> ContainmentVerdict {
        let question = question(schemas, new_produces, reading);
        self.search(schemas.direction, new_produces).ask(question)
    }

    fn search(
        &mut self,
        direction: MessageDirection,
        new_produces: bool,
    ) -> &mut SchemaComparison<'c> {
        let (old, new) = (self.old, self.new);
        let number = match direction {
            MessageDirection::Request => 0,
            MessageDirection::Response => 2,
        } + usize::from(new_produces);
        let (producer, acceptor) = if new_produces { (new, old) } else { (old, new) };
        self.searches[number].get_or_insert_with(|| {
            SchemaComparison::new(producer, acceptor, direction, ContainmentBudget::default())
        })
    }
}

const fn older(new_produces: bool) -> ContainmentSide {
    if new_produces {
        ContainmentSide::Acceptor
    } else {
        ContainmentSide::Producer
    }
}

fn question(
    schemas: SchemaKeyPair<'_>,
    new_produces: bool,
    reading: ProducerReading,
) -> SchemaQuestion<'_> {
    let SchemaKeyPair { old, new, .. } = schemas;
    let (producer, acceptor) = if new_produces { (new, old) } else { (old, new) };
    SchemaQuestion {
        producer: Some(producer),
        acceptor: Some(acceptor),
        reading,
        encoding: schemas.encoding,
        is_first_enough: false,
    }
}
