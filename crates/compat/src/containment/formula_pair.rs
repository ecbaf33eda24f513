//! Two documents in one arena, and the question whether all of one is in the other.

use std::collections::HashMap;

use serde_json::{Map, Value};

use portcullis_contract::MessageDirection;
use portcullis_json::pointer;

use super::containment_verdict::{ProducerReading, ValueEncoding};
use super::failed_keyword::FailedKeyword;
use super::formula::{ANY, FormulaId, FormulaNode, ItemFormulas, NEVER, PropertyFormulas};
use super::formula_arena::FormulaArena;
use super::formula_evaluator::{FormulaEvaluator, TruthValue};
use super::formula_resolver::{FormulaResolver, resolve_references};
use super::keyword_omission::{KeywordOmission, without};
use super::read::{DefinitionFormulas, DefinitionNumbers, FormulaReader};
use super::solve::{Literal, LiteralMode, SearchAnswer, SearchGoal, Solver, SolverMemo};
use super::string_matchers::StringMatchers;
use super::text_rewriter::readable_as_text;
use super::type_mask::TypeMask;

/// Which of the two documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContainmentSide {
    Producer,
    Acceptor,
}

/// Both documents as formulas, and what was found out about them so far.
#[derive(Debug)]
pub(super) struct FormulaPair {
    pub(super) arena: FormulaArena,
    library: StringMatchers,
    memo: SolverMemo,
    joined: FormulaResolver,
    unsent: &'static str,
    producer: DocumentFormulas,
    acceptor: DocumentFormulas,
}

#[derive(Debug)]
struct DocumentFormulas {
    /// What was read again, by its location.
    read: HashMap<String, FormulaId>,
    roots: HashMap<String, FormulaId>,
    numbers: DefinitionNumbers,
    mark: &'static str,
}

/// What is asked: a value of this kind that the acceptor refuses.
#[derive(Clone, Debug)]
pub(super) struct CounterexampleGoal {
    pub(super) producer: FormulaId,
    pub(super) acceptor: FormulaId,
    pub(super) reading: ProducerReading,
    pub(super) carriage: ValueEncoding,
    /// What must hold of the value beside that: causes that are known already.
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
        // What cannot be read means the same where all around it is the same.
        let marks = match producer == acceptor {
            true => ["", ""],
            false => ["of the producer", "of the acceptor"],
        };
        let first = FormulaReader::new(producer, unsent, marks[0], 0).read(&mut arena);
        let second =
            FormulaReader::new(acceptor, unsent, marks[1], first.bodies.len()).read(&mut arena);
        let mut joined =
            resolve_references(&mut arena, [&first.bodies[..], &second.bodies].concat());
        let mut formulas = |read: DefinitionFormulas, mark| DocumentFormulas {
            roots: read
                .roots
                .into_iter()
                .map(|(key, id)| (key, joined.resolved(&mut arena, id)))
                .collect(),
            numbers: read.numbers,
            mark,
            read: HashMap::new(),
        };
        let producer = formulas(first, marks[0]);
        let acceptor = formulas(second, marks[1]);
        Self {
            arena,
            library: StringMatchers::default(),
            memo: SolverMemo::default(),
            joined,
            unsent,
            producer,
            acceptor,
        }
    }

    /// The formula of a schema; any value where there is none.
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
        let numbers = document.into_numbers();
        match side {
            ContainmentSide::Producer => self.producer.numbers = numbers,
            ContainmentSide::Acceptor => self.acceptor.numbers = numbers,
        }
    }

    /// The formula of what stands at a location, read once.
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
        self.joined.resolved(&mut self.arena, id)
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
        self.joined.resolved(&mut self.arena, id)
    }

    /// Holds of objects with a member of this name.
    pub(super) fn has(&mut self, name: &str) -> FormulaId {
        let name = self.arena.intern(name);
        self.arena.add(FormulaNode::RequiredProperty(name))
    }

    /// Whether a string matches a pattern.
    pub(super) fn matches(&mut self, pattern: &str, text: &str) -> TruthValue {
        let word = self.arena.intern(pattern);
        self.library.matches(word, pattern, text)
    }

    /// A formula that holds of a value if `inner` holds of the part at a pointer, in all items
    /// of the lists on the way.
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

    /// A formula that holds of one value only.
    pub(super) fn exactly(&mut self, value: &Value) -> FormulaId {
        self.arena.values([value])
    }

    /// Holds of all but the objects of which `has` holds.
    pub(super) fn without(&mut self, has: FormulaId) -> FormulaId {
        let object = self.arena.types(TypeMask::OBJECT);
        let both = self.arena.all_of([object, has]);
        self.arena.not(both)
    }

    /// An acceptor without the keyword that is to blame.
    pub(super) fn weaker(&mut self, acceptor: FormulaId, blame: &FailedKeyword) -> FormulaId {
        let member = blame.member.as_deref().map(|name| self.arena.intern(name));
        let pointer = match blame.formula {
            NEVER => blame
                .pointer
                .rsplit_once('/')
                .map_or("", |(holder, _)| holder),
            _ => &blame.pointer,
        };
        let omission = KeywordOmission {
            formula: blame.formula,
            member,
        };
        without(&mut self.arena, acceptor, pointer, &omission)
    }

    /// The opposite.
    pub(super) fn not(&mut self, id: FormulaId) -> FormulaId {
        self.arena.not(id)
    }

    /// Evaluates formulas of single values.
    pub(super) fn judge(&mut self) -> FormulaEvaluator<'_> {
        FormulaEvaluator::new(&self.arena, &mut self.library)
    }

    /// Looks for a value that the producer has and the acceptor refuses; gives the steps that
    /// were taken, and the reason where it gave up.
    pub(super) fn refute(
        &mut self,
        doubt: &CounterexampleGoal,
        steps_max: u64,
    ) -> (SearchAnswer, u64, Option<String>) {
        let mode = match doubt.reading {
            ProducerReading::Sent => LiteralMode::Sent,
            ProducerReading::Accepted => LiteralMode::Holds,
        };
        let acceptor = match doubt.carriage {
            ValueEncoding::Json => doubt.acceptor,
            ValueEncoding::Text => readable_as_text(&mut self.arena, doubt.acceptor),
        };
        let mut literals = vec![Literal::new(doubt.producer, mode), Literal::fails(acceptor)];
        literals.extend(doubt.also_holds.iter().map(|id| Literal::holds(*id)));
        let goal = SearchGoal::new(literals, true);
        let mut solver = Solver::new(
            &mut self.arena,
            &mut self.library,
            &mut self.memo,
            steps_max,
        );
        let answer = solver.solve(&goal);
        (answer, solver.steps, solver.reason)
    }
}
