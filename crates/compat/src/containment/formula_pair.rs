//! Two documents in one arena, and the search for values that are in one but not in the other.

use hashbrown::HashMap;

use serde_json::{Map, Value};

use portcullis_contract::MessageDirection;
use portcullis_json::pointer;

use super::containment_verdict::{ProducerReading, ValueEncoding};
use super::formula::{ANY, FormulaId, FormulaNode, ItemFormulas, PropertyFormulas};
use super::formula_arena::FormulaArena;
use super::formula_evaluator::FormulaEvaluator;
use super::formula_resolver::{FormulaResolver, resolve_references};
use super::read::{
    DefinitionFormulas, DefinitionNumbers, EditedDefinitions, EditedRecursion, FormulaReader,
    OtherDocument,
};
use super::solve::{Literal, LiteralMode, SearchAnswer, SearchGoal, Solver, SolverMemo};
use super::string_matchers::StringMatchers;
use super::text_form::TextForm;
use super::text_rewriter::{readable_as_text, sendable_as_text};
use super::truth_value::TruthValue;
use super::type_mask::TypeMask;

/// One of the two documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContainmentSide {
    Producer,
    Acceptor,
}

impl ContainmentSide {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Producer => Self::Acceptor,
            Self::Acceptor => Self::Producer,
        }
    }
}

/// The formulas of both documents, with cached results.
#[derive(Debug)]
pub(super) struct FormulaPair {
    pub(super) arena: FormulaArena,
    matchers: StringMatchers,
    memo: SolverMemo,
    resolver: FormulaResolver,
    unsent: &'static str,
    producer: DocumentFormulas,
    acceptor: DocumentFormulas,
}

#[derive(Debug)]
struct DocumentFormulas {
    /// Formulas by location, for schemas that were read after the documents.
    read: HashMap<String, FormulaId>,
    roots: HashMap<String, FormulaId>,
    numbers: DefinitionNumbers,
    mark: &'static str,
}

/// The goal of a search: a value of the producer that the acceptor refuses.
#[derive(Clone, Debug)]
pub(super) struct CounterexampleGoal {
    pub(super) producer: FormulaId,
    pub(super) acceptor: FormulaId,
    pub(super) reading: ProducerReading,
    pub(super) encoding: ValueEncoding,
    /// Further conditions on the value, which exclude known causes.
    pub(super) also_holds: Vec<FormulaId>,
}

impl FormulaPair {
    /// Reads both documents (see [`portcullis_contract::LoweredSchemas`]).
    pub(super) fn new(producer: &Value, acceptor: &Value, direction: MessageDirection) -> Self {
        let unsent = match direction {
            MessageDirection::Request => "readOnly",
            MessageDirection::Response => "writeOnly",
        };
        let mut arena = FormulaArena::new();
        let has_broken_parts = |document: &Value| document.get("x-unknown").is_some();
        arena.has_broken_parts = has_broken_parts(producer) || has_broken_parts(acceptor);
        // In equal documents, keywords that cannot be interpreted have the same meaning.
        let marks = if producer == acceptor {
            ["", ""]
        } else {
            ["of the producer", "of the acceptor"]
        };
        let first = FormulaReader::new(producer, unsent, marks[0], 0).read(&mut arena);
        let second =
            FormulaReader::new(acceptor, unsent, marks[1], first.bodies.len()).read(&mut arena);
        let mut resolver =
            resolve_references(&mut arena, [&first.bodies[..], &second.bodies].concat());
        let mut formulas = |read: DefinitionFormulas, mark| DocumentFormulas {
            roots: read
                .roots
                .into_iter()
                .map(|(key, id)| (key, resolver.resolved(&mut arena, id)))
                .collect(),
            numbers: read.numbers,
            mark,
            read: HashMap::new(),
        };
        let producer = formulas(first, marks[0]);
        let acceptor = formulas(second, marks[1]);
        Self {
            arena,
            matchers: StringMatchers::default(),
            memo: SolverMemo::default(),
            resolver,
            unsent,
            producer,
            acceptor,
        }
    }

    /// The formula of a schema; `ANY` without a key.
    pub(super) fn root(&self, side: ContainmentSide, key: Option<&str>) -> FormulaId {
        let formulas = self.formulas(side);
        key.map_or(ANY, |key| formulas.roots.get(key).copied().unwrap_or(ANY))
    }

    fn formulas(&self, side: ContainmentSide) -> &DocumentFormulas {
        match side {
            ContainmentSide::Producer => &self.producer,
            ContainmentSide::Acceptor => &self.acceptor,
        }
    }

    fn document<'d>(&mut self, side: ContainmentSide, document: &'d Value) -> FormulaReader<'d> {
        let unsent = self.unsent;
        let formulas = match side {
            ContainmentSide::Producer => &mut self.producer,
            ContainmentSide::Acceptor => &mut self.acceptor,
        };
        FormulaReader::again(
            document,
            unsent,
            formulas.mark,
            std::mem::take(&mut formulas.numbers),
        )
    }

    fn give_back(&mut self, side: ContainmentSide, document: FormulaReader<'_>) {
        let (numbers, _) = document.into_numbers();
        self.formulas_mut(side).numbers = numbers;
    }

    fn formulas_mut(&mut self, side: ContainmentSide) -> &mut DocumentFormulas {
        match side {
            ContainmentSide::Producer => &mut self.producer,
            ContainmentSide::Acceptor => &mut self.acceptor,
        }
    }

    /// The formula of a root with some definitions in an edited form. `other` is the document of
    /// the other side.
    pub(super) fn edited_root<'d>(
        &mut self,
        side: ContainmentSide,
        [document, other]: [&'d Value; 2],
        key: &str,
        edits: &'d EditedDefinitions,
        recursion: EditedRecursion,
    ) -> Option<FormulaId> {
        let root = document.get("properties")?.get(key)?;
        let other_side = side.other();
        let other = OtherDocument {
            document: other,
            numbers: std::mem::take(&mut self.formulas_mut(other_side).numbers),
        };
        let reading = self.document(side, document);
        let mut reading = reading.with_edits(edits, other, recursion);
        let id = reading.schema(&mut self.arena, root);
        for (number, body) in reading.take_recursive() {
            let body = self.resolver.resolved(&mut self.arena, body);
            self.arena.definitions[number as usize] = body;
        }
        let (own, others) = reading.into_numbers();
        self.formulas_mut(side).numbers = own;
        self.formulas_mut(other_side).numbers = others;
        Some(self.resolver.resolved(&mut self.arena, id))
    }

    /// The formula at a location, cached.
    pub(super) fn at_location(
        &mut self,
        side: ContainmentSide,
        location: &str,
        read: impl FnOnce(&mut Self) -> FormulaId,
    ) -> FormulaId {
        let known = self.formulas(side).read.get(location);
        if let Some(known) = known {
            return *known;
        }
        let id = read(self);
        let formulas = match side {
            ContainmentSide::Producer => &mut self.producer,
            ContainmentSide::Acceptor => &mut self.acceptor,
        };
        formulas.read.insert(location.to_owned(), id);
        id
    }

    /// The formula of a schema inside a document.
    pub(super) fn schema<'d>(
        &mut self,
        side: ContainmentSide,
        document: &'d Value,
        schema: &'d Value,
    ) -> FormulaId {
        let mut reading = self.document(side, document);
        let id = reading.schema(&mut self.arena, schema);
        self.give_back(side, reading);
        self.resolver.resolved(&mut self.arena, id)
    }

    /// The formula of one keyword of a schema inside a document.
    pub(super) fn keyword<'d>(
        &mut self,
        side: ContainmentSide,
        document: &'d Value,
        keywords: &'d Map<String, Value>,
        keyword: &str,
    ) -> FormulaId {
        let mut reading = self.document(side, document);
        let id = reading.only(&mut self.arena, keywords, keyword);
        self.give_back(side, reading);
        self.resolver.resolved(&mut self.arena, id)
    }

    /// Holds for objects with this property.
    pub(super) fn has(&mut self, name: &str) -> FormulaId {
        let name = self.arena.intern(name);
        self.arena.add(FormulaNode::RequiredProperty(name))
    }

    /// Whether a string matches a pattern.
    pub(super) fn matches(&mut self, pattern: &str, text: &str) -> TruthValue {
        let word = self.arena.intern(pattern);
        self.matchers.matches(word, pattern, text)
    }

    /// A formula that holds for a value if `inner` holds for the part at a pointer. An array index
    /// in the pointer stands for all items.
    pub(super) fn at(&mut self, value: &Value, pointer: &str, inner: FormulaId) -> FormulaId {
        let Some((token, rest)) = pointer
            .strip_prefix('/')
            .map(|rest| rest.split_once('/').unwrap_or((rest, "")))
        else {
            return inner;
        };
        let rest = if rest.is_empty() {
            String::new()
        } else {
            format!("/{rest}")
        };
        let name = pointer::unescape(token);
        let (next, is_list) = match value {
            Value::Array(items) => (name.parse().ok().and_then(|at: usize| items.get(at)), true),
            other => (other.get(name.as_ref()), false),
        };
        let inner = self.at(next.unwrap_or(&Value::Null), &rest, inner);
        if is_list {
            return self.arena.items(ItemFormulas {
                prefix: Box::new([]),
                rest: inner,
            });
        }
        let name = self.arena.intern(&name);
        self.arena.members(PropertyFormulas {
            named: Box::new([(name, inner)]),
            patterned: Box::new([]),
            rest: ANY,
            declares_rest: false,
        })
    }

    /// A formula that holds for exactly one value.
    pub(super) fn exactly(&mut self, value: &Value) -> FormulaId {
        self.arena.values([value])
    }

    /// Holds for everything except objects that satisfy `has`.
    pub(super) fn without(&mut self, has: FormulaId) -> FormulaId {
        let object = self.arena.types(TypeMask::OBJECT);
        let both = self.arena.all_of([object, has]);
        self.arena.not(both)
    }

    /// The negation.
    pub(super) fn not(&mut self, id: FormulaId) -> FormulaId {
        self.arena.not(id)
    }

    /// An evaluator for single values.
    pub(super) fn evaluator(&mut self) -> FormulaEvaluator<'_> {
        FormulaEvaluator::new(&self.arena, &mut self.matchers)
    }

    /// Whether a text can carry the value, and no reading of the text satisfies the acceptor.
    pub(super) fn is_refused_as_text(
        &mut self,
        [producer, acceptor]: [FormulaId; 2],
        form: TextForm,
        value: &Value,
    ) -> bool {
        let readable = readable_as_text(&mut self.arena, acceptor, form);
        let sendable = sendable_as_text(&mut self.arena, producer, form);
        let mut evaluator = self.evaluator();
        evaluator.holds(readable, value) != Some(true)
            && evaluator.holds(sendable, value) != Some(false)
    }

    /// The broken part of a contract because of which it is unknown whether a schema accepts any of
    /// these values; `None` if it is known.
    pub(super) fn broken_part(&mut self, id: FormulaId, values: &[Value]) -> Option<String> {
        if !self.arena.has_broken_parts {
            return None;
        }
        let mut evaluator = FormulaEvaluator::new(&self.arena, &mut self.matchers);
        let is_open = |value: &Value| evaluator.holds(id, value).is_none();
        if !values.iter().any(is_open) {
            return None;
        }
        let word = evaluator.broken_part?;
        self.arena.broken_parts.get(&word).cloned()
    }

    /// Searches for a value that the producer sends and the acceptor refuses. Returns the answer,
    /// the number of steps, and the reason if the search gave up.
    pub(super) fn refute(
        &mut self,
        goal: &CounterexampleGoal,
        steps_max: u64,
    ) -> (SearchAnswer, u64, Option<String>) {
        let mode = match goal.reading {
            ProducerReading::Sent => LiteralMode::Sent,
            ProducerReading::Accepted => LiteralMode::Holds,
        };
        let mut literals = vec![Literal::new(goal.producer, mode)];
        match goal.encoding {
            ValueEncoding::Json => literals.push(Literal::fails(goal.acceptor)),
            ValueEncoding::Text(form) => {
                let readable = readable_as_text(&mut self.arena, goal.acceptor, form);
                let sendable = sendable_as_text(&mut self.arena, goal.producer, form);
                literals.extend([Literal::fails(readable), Literal::holds(sendable)]);
            }
        }
        literals.extend(goal.also_holds.iter().map(|id| Literal::holds(*id)));
        let search = SearchGoal::new(literals, true);
        let mut solver = Solver::new(
            &mut self.arena,
            &mut self.matchers,
            &mut self.memo,
            steps_max,
        );
        let answer = solver.solve(&search);
        (answer, solver.steps, solver.reason)
    }
}
