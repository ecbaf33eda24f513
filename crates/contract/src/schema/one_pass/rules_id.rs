//! The number of a place, by which rules refer to the rules of what is inside.

/// The number of [`ValueRules`](super::value_rules::ValueRules) in a program.
pub(super) type RulesId = u32;
