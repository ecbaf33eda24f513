//! What a program consists of: the rules of each place in a message, by the kind of the value.

use super::number_rules::NumberRules;
use super::property_names::PropertyNames;
use super::rules_id::RulesId;
use super::text_rules::TextRules;

/// The most properties that an object may declare or require.
pub(super) const PROPERTIES_MAX: usize = 256;

/// The schemas of one contract and direction as rules.
#[derive(Debug, Default)]
pub(in crate::schema) struct OnePassProgram {
    pub(super) values: Vec<ValueRules>,
    /// The rules of each schema that values are judged by, by the number of its definition.
    pub(super) roots: Vec<Option<RulesId>>,
}

/// The rules of one place.
#[derive(Debug, Default)]
pub(super) struct ValueRules {
    pub(super) null: KindRule<()>,
    pub(super) boolean: KindRule<BooleanRules>,
    pub(super) number: KindRule<NumberRules>,
    pub(super) string: KindRule<TextRules>,
    pub(super) array: KindRule<ArrayRules>,
    pub(super) object: KindRule<ObjectRules>,
}

/// What is known about the values of one kind.
#[derive(Debug, Default)]
pub(super) enum KindRule<T> {
    /// They are refused, or the program does not cover them: the validators decide.
    #[default]
    Undecided,
    /// They are accepted if they follow these rules.
    Rules(Box<T>),
    /// They are accepted if one of these accepts them.
    AnyOf(Box<[RulesId]>),
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
    /// Bit sets over the declared names.
    pub(super) required: NameSet,
    pub(super) properties_min: usize,
    pub(super) properties_max: usize,
    /// The properties without a declaration; nothing if they are refused.
    pub(super) other: Option<RulesId>,
}

/// A set of declared names, by their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NameSet {
    /// Most objects declare no more than these.
    first: u64,
    others: [u64; PROPERTIES_MAX / 64 - 1],
}

impl NameSet {
    /// Adds a name. Returns whether it is new.
    #[inline]
    pub(super) fn insert(&mut self, number: usize) -> bool {
        let word = match number / 64 {
            0 => &mut self.first,
            index => &mut self.others[(index - 1) % (PROPERTIES_MAX / 64 - 1)],
        };
        let bit = 1 << (number % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// Whether all names of `other` are in this set.
    #[inline]
    pub(super) fn contains(&self, other: &Self) -> bool {
        let has_all = |(own, other): (&u64, &u64)| own & other == *other;
        has_all((&self.first, &other.first)) && self.others.iter().zip(&other.others).all(has_all)
    }
}
