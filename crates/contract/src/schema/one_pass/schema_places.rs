//! The places of a program. A place is named by the set of its schemas, so recursive schemas end and
//! equal places share their rules.

use std::collections::{HashMap, VecDeque};

use serde_json::{Map, Value};

use super::rules_id::RulesId;
use super::schema_kinds::{KindSet, referenced};

/// The most places of one program. What lies beyond is left to the validators.
const PLACES_MAX: usize = 1 << 17;

/// The most schemas that apply to one place.
pub(super) const SCHEMAS_MAX: usize = 64;

/// The schemas that apply to one place. Schemas are compared by identity.
#[derive(Clone, Debug)]
pub(super) struct JoinedSchemas<'s> {
    pub(super) schemas: Vec<&'s Value>,
    /// The schema that all others belong to, if one schema describes the place.
    pub(super) sole: Option<&'s Value>,
    /// The `anyOf` and `oneOf` of which one alternative is already among the schemas.
    pub(super) chosen: Vec<&'s Value>,
    pub(super) kinds: KindSet,
}

/// The name of a place: the identities of its schemas and of the chosen alternatives, and the kinds.
type PlaceName = (Vec<usize>, Vec<usize>, u8);

/// The places that were met, and those whose rules are not made yet.
pub(super) struct SchemaPlaces<'s> {
    pub(super) definitions: &'s Map<String, Value>,
    places: HashMap<PlaceName, RulesId>,
    queue: VecDeque<JoinedSchemas<'s>>,
    /// One of each group of equal schemas without subschemas.
    simple: HashMap<&'s Value, &'s Value>,
}

impl<'s> SchemaPlaces<'s> {
    pub(super) fn new(definitions: &'s Map<String, Value>) -> Self {
        Self {
            definitions,
            places: HashMap::new(),
            queue: VecDeque::new(),
            simple: HashMap::new(),
        }
    }

    /// The next place to make rules for.
    pub(super) fn next(&mut self) -> Option<JoinedSchemas<'s>> {
        self.queue.pop_front()
    }

    /// The place where these schemas apply. `None` if the program has too many places.
    pub(super) fn place(&mut self, schemas: Vec<&'s Value>) -> Option<RulesId> {
        let sole = match schemas.as_slice() {
            [sole] => Some(*sole),
            _ => None,
        };
        self.intern(JoinedSchemas {
            schemas,
            sole,
            chosen: Vec::new(),
            kinds: KindSet::ALL,
        })
    }

    pub(super) fn intern(&mut self, mut conjunction: JoinedSchemas<'s>) -> Option<RulesId> {
        for schema in &mut conjunction.schemas {
            *schema = final_target(self.definitions, schema);
            if is_simple(schema) {
                *schema = self.simple.entry(schema).or_insert(schema);
            }
        }
        if conjunction.sole.is_some() {
            conjunction.sole = conjunction.schemas.first().copied();
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
}

impl<'s> JoinedSchemas<'s> {
    /// The same place with one alternative of a group.
    pub(super) fn choosing(&self, group: &'s Value, branch: &'s Value, kind: KindSet) -> Self {
        let mut chosen = self.clone();
        chosen.schemas.push(branch);
        chosen.chosen.push(group);
        chosen.kinds = kind;
        chosen
    }
}

/// The longest chain of references that is followed to name a place.
const CHAIN_MAX: usize = 32;

/// The schema that a chain of references leads to.
fn final_target<'s>(definitions: &'s Map<String, Value>, schema: &'s Value) -> &'s Value {
    let mut here = schema;
    for _ in 0..CHAIN_MAX {
        let alone = here.as_object().filter(|keywords| keywords.len() == 1);
        let reference = alone.and_then(|keywords| keywords.get("$ref"));
        match reference.and_then(|reference| referenced(definitions, reference)) {
            Some(target) => here = target,
            None => break,
        }
    }
    here
}

pub(super) fn identity(value: &Value) -> usize {
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
