//! Finds the keyword that refuses a value: the deepest one that explains the refusal alone.

use serde_json::{Map, Value};

use portcullis_json::pointer;

use super::formula::FormulaId;
use super::formula_pair::{ContainmentSide, FormulaPair};
use super::read::resolve;

/// A keyword that a part of a value violates.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FailedKeyword {
    /// JSON pointer to the part.
    pub(super) pointer: String,
    /// The location of the keyword in the lowered document.
    pub(super) location: String,
    /// The name of the keyword, without the prefix that lowering adds.
    pub(super) keyword: String,
    /// The value of the keyword.
    pub(super) operand: Value,
    /// The formula of the keyword, for continuing the search without it.
    pub(super) formula: FormulaId,
    /// The property that is missing or not allowed.
    pub(super) property: Option<String>,
}

const DEPTH_MAX: u32 = 200;

/// Keywords that only delegate to subschemas. If all causes inside are known, the keyword itself
/// adds none.
const DELEGATING_KEYWORDS: [&str; 9] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "dependentSchemas",
    "if",
    "items",
    "patternProperties",
    "prefixItems",
    "properties",
];

/// A search for the failing keyword in one document.
pub(super) struct FailureSearch<'s> {
    pub(super) pair: &'s mut FormulaPair,
    pub(super) side: ContainmentSide,
    pub(super) document: &'s Value,
    /// Known causes, which the search skips.
    pub(super) known: &'s [FailedKeyword],
    /// The number of schemas that may still be visited. Nested alternatives multiply.
    pub(super) schemas_left: u32,
}

/// The maximum number of schemas to visit for one explanation.
pub(super) const SCHEMAS_MAX: u32 = 400;

impl<'s> FailureSearch<'s> {
    /// The keyword that refuses a value, starting from the schema at a location.
    pub(super) fn of(
        &mut self,
        location: &str,
        schema: &'s Value,
        value: &Value,
    ) -> Option<FailedKeyword> {
        let here = FailureCursor {
            location: location.to_owned(),
            pointer: String::new(),
            depth: 0,
        };
        self.schema(&here, schema, value)
    }

    fn schema(
        &mut self,
        here: &FailureCursor,
        schema: &'s Value,
        value: &Value,
    ) -> Option<FailedKeyword> {
        self.schemas_left = self.schemas_left.saturating_sub(1);
        let keywords = match schema {
            _ if here.depth > DEPTH_MAX || self.schemas_left == 0 => return None,
            Value::Object(keywords) => keywords,
            _ => return None,
        };
        for (keyword, operand) in keywords {
            let (side, document) = (self.side, self.document);
            let at = here.keyword(keyword).location;
            let formula = self.pair.at_location(side, &at, |pair| {
                pair.keyword(side, document, keywords, keyword)
            });
            if self.pair.evaluator().holds(formula, value) == Some(false) {
                let failing = RefusingKeyword {
                    keywords,
                    keyword,
                    operand,
                    formula,
                };
                let itself = || {
                    let passes =
                        !self.known.is_empty() && DELEGATING_KEYWORDS.contains(&keyword.as_str());
                    (!passes).then(|| failing.failure(here))
                };
                let failure = self.inside(here, &failing, value).or_else(itself);
                if let Some(failure) = failure.filter(|failure| !self.is_known(failure)) {
                    return Some(failure);
                }
            }
        }
        None
    }

    /// The cause inside a keyword.
    fn inside(
        &mut self,
        here: &FailureCursor,
        failing: &RefusingKeyword<'s>,
        value: &Value,
    ) -> Option<FailedKeyword> {
        let RefusingKeyword {
            keywords,
            keyword,
            operand,
            ..
        } = *failing;
        let below = here.keyword(keyword);
        match keyword {
            "$ref" => {
                let (pointer, target) = resolve(self.document, operand.as_str()?)?;
                self.schema(
                    &FailureCursor {
                        location: pointer,
                        ..here.deeper()
                    },
                    target,
                    value,
                )
            }
            "allOf" => {
                let branches = operand.as_array()?.iter().enumerate();
                branches.into_iter().find_map(|(at, branch)| {
                    self.schema(&below.token(&at.to_string()), branch, value)
                })
            }
            "anyOf" | "oneOf" => self.alternative(here, failing, value),
            "if" => {
                let condition = self.pair.schema(self.side, self.document, operand);
                let branch = if self.pair.evaluator().holds(condition, value)? {
                    "then"
                } else {
                    "else"
                };
                self.schema(&here.keyword(branch), keywords.get(branch)?, value)
            }
            "properties" | "patternProperties" | "additionalProperties" => value
                .as_object()?
                .iter()
                .find_map(|(name, property)| self.property(here, failing, name, property)),
            "items" | "prefixItems" => {
                let items = value.as_array()?.iter().enumerate();
                items
                    .into_iter()
                    .find_map(|(at, item)| self.item(here, keywords, at, item))
            }
            "dependentSchemas" => {
                let branches = operand.as_object()?.iter();
                branches
                    .filter(|(name, _)| value.get(name.as_str()).is_some())
                    .find_map(|(name, branch)| self.schema(&below.token(name), branch, value))
            }
            "required" => {
                let names = operand.as_array()?.iter().filter_map(Value::as_str);
                let missing = names.filter(|name| value.get(*name).is_none());
                let mut reasons = Vec::new();
                for name in missing {
                    let formula = self.pair.has(name);
                    let property = Some(name.to_owned());
                    reasons.push(FailedKeyword {
                        formula,
                        property,
                        ..failing.failure(here)
                    });
                }
                self.first_new(reasons)
            }
            _ => None,
        }
    }

    fn is_known(&self, failure: &FailedKeyword) -> bool {
        self.known.iter().any(|known| {
            let at = |failure: &FailedKeyword| (failure.location.clone(), failure.property.clone());
            at(known) == at(failure)
        })
    }

    /// The first cause that is not known, otherwise the first.
    fn first_new(&self, mut reasons: Vec<FailedKeyword>) -> Option<FailedKeyword> {
        let at = reasons.iter().position(|failure| !self.is_known(failure));
        (!reasons.is_empty()).then(|| reasons.swap_remove(at.unwrap_or(0)))
    }

    /// The deepest cause among several alternatives; `None` if the alternatives refuse the value as
    /// a whole.
    fn alternative(
        &mut self,
        here: &FailureCursor,
        failing: &RefusingKeyword<'s>,
        value: &Value,
    ) -> Option<FailedKeyword> {
        let branches = failing.operand.as_array()?;
        let below = here.keyword(failing.keyword);
        let mut reasons = Vec::new();
        for (at, branch) in branches.iter().enumerate() {
            let (side, document) = (self.side, self.document);
            let location = below.token(&at.to_string()).location;
            let formula = self
                .pair
                .at_location(side, &location, |pair| pair.schema(side, document, branch));
            if self.pair.evaluator().holds(formula, value) != Some(false) {
                return None;
            }
            reasons.extend(self.schema(&below.token(&at.to_string()), branch, value));
        }
        let is_of_type =
            |failure: &FailedKeyword| failure.keyword != "type" || failure.pointer != here.pointer;
        let mut likely: Vec<FailedKeyword> = reasons.into_iter().filter(is_of_type).collect();
        match likely.len() {
            1 => likely.pop(),
            _ => likely
                .into_iter()
                .filter(|failure| {
                    failure.pointer.len() > here.pointer.len()
                        && failure.keyword != "const"
                        && failure.keyword != "enum"
                })
                .max_by_key(|failure| failure.pointer.len()),
        }
    }

    fn property(
        &mut self,
        here: &FailureCursor,
        failing: &RefusingKeyword<'s>,
        name: &str,
        property: &Value,
    ) -> Option<FailedKeyword> {
        let inside = here.property(name);
        let keywords = failing.keywords;
        let named = keywords.get("properties").and_then(|named| named.get(name));
        if let Some(schema) = named {
            let at = FailureCursor {
                location: inside.keyword("properties").token(name).location,
                ..inside.clone()
            };
            if let Some(failure) = self.judged(&at, schema, property) {
                return Some(failure);
            }
        }
        let patterned = keywords.get("patternProperties").and_then(Value::as_object);
        let mut is_listed = named.is_some();
        for (pattern, schema) in patterned.into_iter().flatten() {
            if self.pair.matches(pattern, name) != Some(true) {
                continue;
            }
            is_listed = true;
            let at = FailureCursor {
                location: inside.keyword("patternProperties").token(pattern).location,
                ..inside.clone()
            };
            if let Some(failure) = self.judged(&at, schema, property) {
                return Some(failure);
            }
        }
        let keyword = "additionalProperties";
        let schema = keywords.get(keyword).filter(|_| !is_listed)?;
        let at = FailureCursor {
            location: here.keyword(keyword).location,
            ..inside
        };
        if *schema == Value::Bool(false) {
            let mut failure = RefusingKeyword {
                keyword,
                operand: schema,
                ..*failing
            }
            .failure(here);
            failure.pointer = at.pointer;
            failure.property = Some(name.to_owned());
            failure.formula = super::formula::NEVER;
            return Some(failure).filter(|failure| !self.is_known(failure));
        }
        self.judged(&at, schema, property)
    }

    fn item(
        &mut self,
        here: &FailureCursor,
        keywords: &'s Map<String, Value>,
        at: usize,
        item: &Value,
    ) -> Option<FailedKeyword> {
        let inside = here.property(&at.to_string());
        let prefix = keywords
            .get("prefixItems")
            .and_then(|prefix| prefix.get(at));
        let (schema, location) = match prefix {
            Some(schema) => (schema, here.keyword("prefixItems").token(&at.to_string())),
            None => (keywords.get("items")?, here.keyword("items")),
        };
        self.judged(
            &FailureCursor {
                location: location.location,
                ..inside
            },
            schema,
            item,
        )
    }

    /// The cause inside a part that violates its schema.
    fn judged(
        &mut self,
        here: &FailureCursor,
        schema: &'s Value,
        value: &Value,
    ) -> Option<FailedKeyword> {
        if *schema == Value::Bool(false) {
            return Some(FailedKeyword {
                pointer: here.pointer.clone(),
                location: here.location.clone(),
                keyword: "false".to_owned(),
                operand: Value::Bool(false),
                formula: super::formula::NEVER,
                property: None,
            });
        }
        self.schema(here, schema, value)
    }
}

struct RefusingKeyword<'s> {
    keywords: &'s Map<String, Value>,
    keyword: &'s str,
    operand: &'s Value,
    formula: FormulaId,
}

impl RefusingKeyword<'_> {
    fn failure(&self, here: &FailureCursor) -> FailedKeyword {
        FailedKeyword {
            pointer: here.pointer.clone(),
            location: here.keyword(self.keyword).location,
            keyword: self.keyword.trim_start_matches("x-exact-").to_owned(),
            operand: self.operand.clone(),
            formula: self.formula,
            property: None,
        }
    }
}

/// The position of the search in the document and in the value.
#[derive(Clone, Debug)]
struct FailureCursor {
    location: String,
    pointer: String,
    depth: u32,
}

impl FailureCursor {
    fn deeper(&self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self.clone()
        }
    }

    fn token(&self, token: &str) -> Self {
        let location = format!("{}/{}", self.location, pointer::escape(token));
        Self {
            location,
            ..self.deeper()
        }
    }

    fn keyword(&self, keyword: &str) -> Self {
        self.token(keyword)
    }

    fn property(&self, name: &str) -> Self {
        let pointer = format!("{}/{}", self.pointer, pointer::escape(name));
        Self {
            pointer,
            ..self.deeper()
        }
    }
}
