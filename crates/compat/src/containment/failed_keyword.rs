//! Which keyword refuses a value: the deepest one that alone explains it.

use serde_json::{Map, Value};

use portcullis_json::pointer;

use super::formula::FormulaId;
use super::formula_pair::{ContainmentSide, FormulaPair};
use super::read::resolve;

/// A keyword that a part of a value does not meet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FailedKeyword {
    /// JSON Pointer of the part.
    pub(super) pointer: String,
    /// Where the keyword stands in the lowered document.
    pub(super) location: String,
    /// Its name, without what lowering adds.
    pub(super) keyword: String,
    /// What it says.
    pub(super) operand: Value,
    /// The formula of what it says of the part, to go on without it.
    pub(super) formula: FormulaId,
    /// The member that is missing, or that is not wanted.
    pub(super) member: Option<String>,
}

const DEPTH_MAX: u32 = 200;

/// Keywords that only pass on what schemas inside say: where all of that is known, they have
/// nothing to say themselves.
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

/// Looks through one document.
pub(super) struct FailureSearch<'s> {
    pub(super) pair: &'s mut FormulaPair,
    pub(super) side: ContainmentSide,
    pub(super) document: &'s Value,
    /// Reasons that are known, and passed over.
    pub(super) known: &'s [FailedKeyword],
    /// Schemas that may still be looked at: alternatives within alternatives are many.
    pub(super) schemas_left: u32,
}

/// How many schemas are looked at to explain one value.
pub(super) const SCHEMAS_MAX: u32 = 400;

impl<'s> FailureSearch<'s> {
    /// Why a value does not satisfy the schema at a location.
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
            if self.pair.judge().holds(formula, value) == Some(false) {
                let failing = RefusingKeyword {
                    keywords,
                    keyword,
                    operand,
                    formula,
                };
                let itself = || {
                    let passes =
                        !self.known.is_empty() && DELEGATING_KEYWORDS.contains(&keyword.as_str());
                    (!passes).then(|| failing.blame(here))
                };
                let blame = self.inside(here, &failing, value).or_else(itself);
                if let Some(blame) = blame.filter(|blame| !self.is_known(blame)) {
                    return Some(blame);
                }
            }
        }
        None
    }

    /// A deeper reason than the keyword itself.
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
                let branch = match self.pair.judge().holds(condition, value)? {
                    true => "then",
                    false => "else",
                };
                self.schema(&here.keyword(branch), keywords.get(branch)?, value)
            }
            "properties" | "patternProperties" | "additionalProperties" => value
                .as_object()?
                .iter()
                .find_map(|(name, member)| self.member(here, failing, name, member)),
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
                    let member = Some(name.to_owned());
                    reasons.push(FailedKeyword {
                        formula,
                        member,
                        ..failing.blame(here)
                    });
                }
                self.first_new(reasons)
            }
            _ => None,
        }
    }

    fn is_known(&self, blame: &FailedKeyword) -> bool {
        self.known.iter().any(|known| {
            let at = |blame: &FailedKeyword| (blame.location.clone(), blame.member.clone());
            at(known) == at(blame)
        })
    }

    /// The first reason that is not known, else the first.
    fn first_new(&self, mut reasons: Vec<FailedKeyword>) -> Option<FailedKeyword> {
        let at = reasons.iter().position(|blame| !self.is_known(blame));
        (!reasons.is_empty()).then(|| reasons.swap_remove(at.unwrap_or(0)))
    }

    /// Of several alternatives, the one whose reason lies deepest; none where they are refused
    /// for what the value is itself.
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
            if self.pair.judge().holds(formula, value) != Some(false) {
                return None;
            }
            reasons.extend(self.schema(&below.token(&at.to_string()), branch, value));
        }
        let is_of_type =
            |blame: &FailedKeyword| blame.keyword != "type" || blame.pointer != here.pointer;
        let mut likely: Vec<FailedKeyword> = reasons.into_iter().filter(is_of_type).collect();
        match likely.len() {
            1 => likely.pop(),
            _ => likely
                .into_iter()
                .filter(|blame| {
                    blame.pointer.len() > here.pointer.len()
                        && blame.keyword != "const"
                        && blame.keyword != "enum"
                })
                .max_by_key(|blame| blame.pointer.len()),
        }
    }

    fn member(
        &mut self,
        here: &FailureCursor,
        failing: &RefusingKeyword<'s>,
        name: &str,
        member: &Value,
    ) -> Option<FailedKeyword> {
        let inside = here.member(name);
        let keywords = failing.keywords;
        let named = keywords.get("properties").and_then(|named| named.get(name));
        if let Some(schema) = named {
            let at = FailureCursor {
                location: inside.keyword("properties").token(name).location,
                ..inside.clone()
            };
            if let Some(blame) = self.judged(&at, schema, member) {
                return Some(blame);
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
            if let Some(blame) = self.judged(&at, schema, member) {
                return Some(blame);
            }
        }
        let keyword = "additionalProperties";
        let schema = keywords.get(keyword).filter(|_| !is_listed)?;
        let at = FailureCursor {
            location: here.keyword(keyword).location,
            ..inside
        };
        if *schema == Value::Bool(false) {
            let mut blame = RefusingKeyword {
                keyword,
                operand: schema,
                ..*failing
            }
            .blame(here);
            blame.pointer = at.pointer;
            blame.member = Some(name.to_owned());
            blame.formula = super::formula::NEVER;
            return Some(blame).filter(|blame| !self.is_known(blame));
        }
        self.judged(&at, schema, member)
    }

    fn item(
        &mut self,
        here: &FailureCursor,
        keywords: &'s Map<String, Value>,
        at: usize,
        item: &Value,
    ) -> Option<FailedKeyword> {
        let inside = here.member(&at.to_string());
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

    /// The reason inside a part that does not satisfy its schema.
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
                member: None,
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
    fn blame(&self, here: &FailureCursor) -> FailedKeyword {
        FailedKeyword {
            pointer: here.pointer.clone(),
            location: here.keyword(self.keyword).location,
            keyword: self.keyword.trim_start_matches("x-exact-").to_owned(),
            operand: self.operand.clone(),
            formula: self.formula,
            member: None,
        }
    }
}

/// Where the search is: in the document and in the value.
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

    fn member(&self, name: &str) -> Self {
        let pointer = format!("{}/{}", self.pointer, pointer::escape(name));
        Self {
            pointer,
            ..self.deeper()
        }
    }
}
