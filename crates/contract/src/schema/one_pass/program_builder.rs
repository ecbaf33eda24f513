//! Builds a program: joins the schemas that apply to one place into one set of rules.
//!
//! A place is named by the set of its schemas ([`SchemaConjunction`]), so recursive schemas end and
//! equal places share their rules. `$ref`, `allOf` and alternatives of which only one admits a kind
//! of value join the set. Where several alternatives admit a kind, each becomes a place of its own,
//! which consists of the alternative and everything beside it.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::{Map, Value};

use super::disjoint_branches::are_disjoint;
use super::merge_keywords::{array_rules, boolean_rules, null_rules, number_rules, text_rules};
use super::merge_objects::object_rules;
use super::schema_kinds::{KindSet, admitted_kinds, referenced};
use super::value_rules::{KindRule, OnePassProgram, RulesId, ValueRules};

/// The most places of one program. What lies beyond is left to the validators.
const PLACES_MAX: usize = 1 << 17;

/// The most schemas that apply to one place.
const SCHEMAS_MAX: usize = 64;

/// The rules that accept everything.
const ANYTHING: RulesId = 0;

/// The schemas that apply to one place. Schemas are compared by identity.
#[derive(Clone, Debug)]
struct SchemaConjunction<'s> {
    schemas: Vec<&'s Value>,
    /// The `anyOf` and `oneOf` of which one alternative is already among the schemas.
    chosen: Vec<&'s Value>,
    kinds: KindSet,
}

/// The keywords that apply to one kind of value at one place.
enum AppliedSchemas<'s> {
    Keywords(Vec<&'s Map<String, Value>>),
    Alternatives(Vec<SchemaConjunction<'s>>),
    Undecided,
}

type ConjunctionKey = (Vec<usize>, Vec<usize>, u8);

pub(super) struct ProgramBuilder<'s> {
    definitions: &'s Map<String, Value>,
    places: HashMap<ConjunctionKey, RulesId>,
    queue: VecDeque<SchemaConjunction<'s>>,
    /// One of each group of equal schemas without subschemas.
    simple: HashMap<&'s Value, &'s Value>,
}

impl OnePassProgram {
    /// Compiles a lowered document. `roots` are the numbers of the schemas that values are judged
    /// by.
    pub(in crate::schema) fn new(document: &Value, roots: &[u32]) -> Self {
        let empty = Map::new();
        let definitions = document.get("$defs").and_then(Value::as_object);
        let mut builder = ProgramBuilder {
            definitions: definitions.unwrap_or(&empty),
            places: HashMap::new(),
            queue: VecDeque::new(),
            simple: HashMap::new(),
        };
        let anything = builder.place(Vec::new());
        debug_assert_eq!(anything, Some(ANYTHING), "it is the first place");
        let mut program = Self::default();
        for number in roots {
            let schema = builder.definitions.get(&number.to_string());
            let place = schema.and_then(|schema| builder.place(vec![schema]));
            let at = *number as usize;
            if program.roots.len() <= at {
                program.roots.resize(at + 1, None);
            }
            program.roots[at] = place;
        }
        while let Some(conjunction) = builder.queue.pop_front() {
            let rules = builder.rules(&conjunction);
            program.values.push(rules);
        }
        program
    }
}

impl<'s> ProgramBuilder<'s> {
    /// The place where these schemas apply. `None` if the program has too many places.
    pub(super) fn place(&mut self, schemas: Vec<&'s Value>) -> Option<RulesId> {
        self.intern(SchemaConjunction {
            schemas,
            chosen: Vec::new(),
            kinds: KindSet::ALL,
        })
    }

    fn intern(&mut self, mut conjunction: SchemaConjunction<'s>) -> Option<RulesId> {
        for schema in &mut conjunction.schemas {
            if is_simple(schema) {
                *schema = self.simple.entry(schema).or_insert(schema);
            }
        }
        conjunction
            .schemas
            .retain(|schema| **schema != Value::Bool(true));
        let key = (
            identities(&conjunction.schemas),
            identities(&conjunction.chosen),
            conjunction.kinds.bits(),
        );
        if let Some(known) = self.places.get(&key) {
            return Some(*known);
        }
        let id = self.places.len();
        if id >= PLACES_MAX || conjunction.schemas.len() > SCHEMAS_MAX {
            return None;
        }
        let id = RulesId::try_from(id).ok()?;
        self.places.insert(key, id);
        self.queue.push_back(conjunction);
        Some(id)
    }

    fn rules(&mut self, conjunction: &SchemaConjunction<'s>) -> ValueRules {
        ValueRules {
            null: self.kind_rule(conjunction, KindSet::NULL, |_, all| null_rules(all)),
            boolean: self.kind_rule(conjunction, KindSet::BOOLEAN, |_, all| boolean_rules(all)),
            number: self.kind_rule(conjunction, KindSet::NUMBER, |_, all| number_rules(all)),
            string: self.kind_rule(conjunction, KindSet::STRING, |_, all| text_rules(all)),
            array: self.kind_rule(conjunction, KindSet::ARRAY, array_rules),
            object: self.kind_rule(conjunction, KindSet::OBJECT, object_rules),
        }
    }

    fn kind_rule<T>(
        &mut self,
        conjunction: &SchemaConjunction<'s>,
        kind: KindSet,
        merge: impl FnOnce(&mut Self, &[&'s Map<String, Value>]) -> Option<T>,
    ) -> KindRule<T> {
        if !conjunction.kinds.has(kind) {
            return KindRule::Undecided;
        }
        match self.applied(conjunction, kind) {
            AppliedSchemas::Undecided => KindRule::Undecided,
            AppliedSchemas::Keywords(keywords) => merge(self, &keywords)
                .map_or(KindRule::Undecided, |rules| {
                    KindRule::Rules(Box::new(rules))
                }),
            AppliedSchemas::Alternatives(alternatives) => {
                let places: Option<Box<[RulesId]>> = alternatives
                    .into_iter()
                    .map(|alternative| self.intern(alternative))
                    .collect();
                places.map_or(KindRule::Undecided, KindRule::AnyOf)
            }
        }
    }

    /// Everything that applies to values of one kind.
    fn applied(&self, conjunction: &SchemaConjunction<'s>, kind: KindSet) -> AppliedSchemas<'s> {
        let mut expansion = Expansion {
            definitions: self.definitions,
            kind,
            waiting: conjunction.schemas.clone(),
            keywords: Vec::new(),
            groups: Vec::new(),
            seen: HashSet::new(),
        };
        let mut chosen: HashSet<usize> = conjunction.chosen.iter().map(|g| identity(g)).collect();
        loop {
            if expansion.expand().is_none() {
                return AppliedSchemas::Undecided;
            }
            let Some((name, group)) = expansion.groups.pop() else {
                return AppliedSchemas::Keywords(expansion.keywords);
            };
            if !chosen.insert(identity(group)) {
                continue;
            }
            let Some(branches) = group.as_array() else {
                return AppliedSchemas::Undecided;
            };
            let admitting: Vec<&'s Value> = branches
                .iter()
                .filter(|branch| admitted_kinds(self.definitions, branch).has(kind))
                .collect();
            match admitting.as_slice() {
                [] => return AppliedSchemas::Undecided,
                [only] => expansion.waiting.push(only),
                several => {
                    if name == "oneOf" && !are_disjoint(self.definitions, several, kind) {
                        return AppliedSchemas::Undecided;
                    }
                    let choose = |branch: &&'s Value| conjunction.choosing(group, branch, kind);
                    return AppliedSchemas::Alternatives(several.iter().map(choose).collect());
                }
            }
        }
    }
}

impl<'s> SchemaConjunction<'s> {
    /// The same place with one alternative of a group.
    fn choosing(&self, group: &'s Value, branch: &'s Value, kind: KindSet) -> Self {
        let mut chosen = self.clone();
        chosen.schemas.push(branch);
        chosen.chosen.push(group);
        chosen.kinds = kind;
        chosen
    }
}

/// Collects the keywords that apply to one kind of value.
struct Expansion<'s> {
    definitions: &'s Map<String, Value>,
    kind: KindSet,
    waiting: Vec<&'s Value>,
    keywords: Vec<&'s Map<String, Value>>,
    /// The alternatives that were met: the keyword and its list.
    groups: Vec<(&'s str, &'s Value)>,
    seen: HashSet<usize>,
}

impl Expansion<'_> {
    /// Joins all waiting schemas. `None` if the kind is refused or something is not covered.
    fn expand(&mut self) -> Option<()> {
        while let Some(schema) = self.waiting.pop() {
            if !self.seen.insert(identity(schema)) {
                continue;
            }
            match schema {
                Value::Bool(true) => {}
                Value::Object(keywords) if self.keywords.len() < SCHEMAS_MAX => {
                    for (keyword, value) in keywords {
                        self.keyword(keyword, value)?;
                    }
                    self.keywords.push(keywords);
                }
                _ => return None,
            }
        }
        Some(())
    }
}

impl<'s> Expansion<'s> {
    fn keyword(&mut self, keyword: &'s str, value: &'s Value) -> Option<()> {
        match keyword {
            "$ref" => self.waiting.push(referenced(self.definitions, value)?),
            "allOf" => self.waiting.extend(value.as_array()?),
            "anyOf" | "oneOf" => self.groups.push((keyword, value)),
            "type" if !KindSet::of_type(value)?.has(self.kind) => return None,
            "not" | "if" => return None,
            _ if keyword.starts_with('$') => return None,
            _ => {}
        }
        Some(())
    }
}

fn identity(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}

fn identities(values: &[&Value]) -> Vec<usize> {
    let mut identities: Vec<usize> = values.iter().map(|value| identity(value)).collect();
    identities.sort_unstable();
    identities.dedup();
    identities
}

/// Whether a schema has no subschema.
fn is_simple(schema: &Value) -> bool {
    const KEYWORDS_MAX: usize = 8;
    let is_scalar = |value: &Value| !value.is_object() && !value.is_array();
    match schema {
        Value::Object(keywords) => {
            keywords.len() <= KEYWORDS_MAX
                && keywords
                    .iter()
                    .all(|(keyword, value)| is_scalar(value) || keyword == "type")
        }
        scalar => is_scalar(scalar),
    }
}
