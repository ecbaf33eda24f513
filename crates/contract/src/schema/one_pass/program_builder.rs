//! Builds a program: joins the schemas that apply to one place into one set of rules.
//!
//! `$ref`, `allOf` and alternatives of which only one admits a kind
//! of value join the set. Where several alternatives admit a kind, each becomes a separate place,
//! which consists of the alternative and everything next to it.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::disjoint_branches::are_disjoint;
use super::merge_keywords::{array_rules, boolean_rules, null_rules, number_rules, text_rules};
use super::merge_objects::object_rules;
use super::rules_id::RulesId;
use super::schema_kinds::{KindSet, SchemaKeywords, admitted_kinds, referenced};
use super::schema_places::{JoinedSchemas, SCHEMAS_MAX, SchemaPlaces, identity};
use super::value_rules::{Alternatives, KindRule, OnePassProgram, ValueRules};
use crate::schema::lower::UNKNOWN;
use crate::schema::pattern_keyword::SchemaPatterns;

/// The rules that accept everything.
const ANYTHING: RulesId = 0;

/// The keywords that apply to one kind of value at one place.
enum AppliedSchemas<'s> {
    Keywords(Vec<SchemaKeywords<'s>>),
    Alternatives(Vec<JoinedSchemas<'s>>),
    Undecided,
}

struct ProgramBuilder<'s> {
    definitions: &'s Map<String, Value>,
    places: SchemaPlaces<'s>,
    patterns: &'s SchemaPatterns,
}

impl OnePassProgram {
    /// Compiles a lowered document. `roots` are the numbers of the schemas that values are judged
    /// by.
    pub(in crate::schema) fn new(
        document: &Value,
        roots: &[u32],
        patterns: &SchemaPatterns,
    ) -> Self {
        let empty = Map::new();
        let definitions = document.get("$defs").and_then(Value::as_object);
        let judged = document.get("properties").and_then(Value::as_object);
        let definitions = definitions.unwrap_or(&empty);
        let mut builder = ProgramBuilder {
            definitions,
            places: SchemaPlaces::new(definitions),
            patterns,
        };
        let anything = builder.places.place(Vec::new());
        debug_assert_eq!(anything, Some(ANYTHING), "it is the first place");
        let mut places: Vec<Option<RulesId>> = Vec::new();
        for number in roots {
            let schema = judged.and_then(|judged| judged.get(&number.to_string()));
            let place = schema.and_then(|schema| builder.places.place(vec![schema]));
            let at = *number as usize;
            if places.len() <= at {
                places.resize(at + 1, None);
            }
            places[at] = place;
        }
        let mut values = Vec::new();
        while let Some(conjunction) = builder.places.next() {
            values.push(builder.rules(&conjunction));
        }
        Self {
            values: values.into(),
            roots: places.into(),
        }
    }
}

impl<'s> ProgramBuilder<'s> {
    /// The kinds in the order in which their rules are looked at.
    const KINDS: [KindSet; 6] = [
        KindSet::STRING,
        KindSet::NUMBER,
        KindSet::OBJECT,
        KindSet::ARRAY,
        KindSet::BOOLEAN,
        KindSet::NULL,
    ];

    fn rules(&mut self, conjunction: &JoinedSchemas<'s>) -> ValueRules {
        ValueRules::new(
            Self::KINDS
                .into_iter()
                .filter_map(|kind| self.kind_rule(conjunction, kind)),
        )
    }

    fn kind_rule(&mut self, conjunction: &JoinedSchemas<'s>, kind: KindSet) -> Option<KindRule> {
        if !conjunction.kinds.has(kind) {
            return None;
        }
        match self.applied(conjunction, kind) {
            AppliedSchemas::Undecided => None,
            AppliedSchemas::Keywords(keywords) => self.merged(conjunction, kind, &keywords),
            AppliedSchemas::Alternatives(alternatives) => {
                let places = alternatives
                    .into_iter()
                    .map(|alternative| self.places.intern(alternative));
                Some(KindRule::AnyOf(Box::new(Alternatives {
                    kind,
                    places: places.collect::<Option<_>>()?,
                })))
            }
        }
    }

    /// The rule of several schemas for one kind of value.
    fn merged(
        &mut self,
        conjunction: &JoinedSchemas<'s>,
        kind: KindSet,
        schemas: &[SchemaKeywords<'s>],
    ) -> Option<KindRule> {
        match kind {
            KindSet::NULL => null_rules(schemas).map(|()| KindRule::Null),
            KindSet::BOOLEAN => boolean_rules(schemas).map(KindRule::Boolean),
            KindSet::NUMBER => number_rules(schemas).map(|rules| KindRule::Number(rules.into())),
            KindSet::STRING => text_rules(schemas, self.patterns),
            KindSet::ARRAY => {
                let rules = array_rules(&mut self.places, schemas)?;
                Some(KindRule::Array(Box::new(rules)))
            }
            _ => {
                let rules = object_rules(&mut self.places, schemas, conjunction.sole)?;
                Some(KindRule::Object(Box::new(rules)))
            }
        }
    }

    /// Everything that applies to values of one kind.
    fn applied(&self, conjunction: &JoinedSchemas<'s>, kind: KindSet) -> AppliedSchemas<'s> {
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

/// Collects the keywords that apply to one kind of value.
struct Expansion<'s> {
    definitions: &'s Map<String, Value>,
    kind: KindSet,
    waiting: Vec<&'s Value>,
    keywords: Vec<SchemaKeywords<'s>>,
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
            "not" | "if" | UNKNOWN => return None,
            _ if keyword.starts_with('$') => return None,
            _ => {}
        }
        Some(())
    }
}
