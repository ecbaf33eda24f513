//! What a program consists of: the rules of each place in a message, by the kind of the value.

use super::name_sets::RequiredNames;
use super::number_rules::NumberRules;
use super::property_names::PropertyNames;
use super::rules_id::RulesId;
use super::schema_kinds::KindSet;
use super::text_rules::TextRules;

/// The schemas of one contract and direction as rules.
#[derive(Debug, Default)]
pub(in crate::schema) struct OnePassProgram {
    pub(super) values: Box<[ValueRules]>,
    /// The rules of each schema that values are judged by, by the number of its definition.
    pub(super) roots: Box<[Option<RulesId>]>,
}

/// The rules of one place. Values of a kind without a rule are refused, or the program does not cover
/// them: the validators decide.
#[derive(Debug, Default)]
pub(super) struct ValueRules {
    /// The rule of the kind that is looked at first. Most places have no other one.
    pub(super) main: Option<KindRule>,
    others: Box<[KindRule]>,
}

/// What is known about the values of one kind.
#[derive(Debug)]
pub(super) enum KindRule {
    Null,
    Boolean(BooleanRules),
    Number(Box<NumberRules>),
    AnyText,
    Text(Box<TextRules>),
    Array(Box<ArrayRules>),
    Object(Box<ObjectRules>),
    AnyOf(Box<Alternatives>),
}

/// Values of this kind are accepted if one of the places accepts them.
#[derive(Debug)]
pub(super) struct Alternatives {
    pub(super) kind: KindSet,
    pub(super) places: Box<[RulesId]>,
}

impl ValueRules {
    /// The first of the rules becomes the main one.
    pub(super) fn new(rules: impl IntoIterator<Item = KindRule>) -> Self {
        let mut rules = rules.into_iter();
        Self {
            main: rules.next(),
            others: rules.collect(),
        }
    }

    /// The rule for values of a kind.
    pub(super) fn of_kind(&self, kind: KindSet) -> Option<&KindRule> {
        let mut rules = self.main.iter().chain(&self.others);
        rules.find(|rule| rule.kind() == kind)
    }
}

impl KindRule {
    fn kind(&self) -> KindSet {
        match self {
            Self::Null => KindSet::NULL,
            Self::Boolean(_) => KindSet::BOOLEAN,
            Self::Number(_) => KindSet::NUMBER,
            Self::AnyText | Self::Text(_) => KindSet::STRING,
            Self::Array(_) => KindSet::ARRAY,
            Self::Object(_) => KindSet::OBJECT,
            Self::AnyOf(alternatives) => alternatives.kind,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct BooleanRules {
    pub(super) admits_true: bool,
    pub(super) admits_false: bool,
}

#[derive(Debug)]
pub(super) struct ArrayRules {
    pub(super) items_min: usize,
    pub(super) items_max: usize,
    pub(super) prefix: Box<[RulesId]>,
    /// The elements after the prefix.
    pub(super) items: RulesId,
    pub(super) unique: bool,
}

#[derive(Debug)]
pub(super) struct ObjectRules {
    pub(super) names: PropertyNames,
    pub(super) required: RequiredNames,
    pub(super) properties_min: usize,
    pub(super) properties_max: usize,
    /// The properties without a declaration; nothing if they are refused.
    pub(super) other: Option<RulesId>,
}
