//! What engines that take steps share: the steps of one match, and conditions on positions.

use crate::pattern_tree::PatternPosition;

/// The steps of one match by an engine that takes steps.
const STEPS_MAX: u64 = 800_000;

/// The steps that one match may take.
pub(super) struct MatchBudget<'b> {
    left: u64,
    take: &'b dyn Fn(u64),
}

impl<'b> MatchBudget<'b> {
    pub(super) fn new(take: &'b dyn Fn(u64)) -> Self {
        Self {
            left: STEPS_MAX,
            take,
        }
    }

    /// `None` if there are not so many steps left.
    pub(super) fn take(&mut self, steps: u64) -> Option<()> {
        (self.take)(steps);
        self.left = self.left.checked_sub(steps)?;
        Some(())
    }
}

/// Whether a condition on a position holds, by the characters around it.
pub(super) fn position_holds(
    position: PatternPosition,
    before: Option<char>,
    after: Option<char>,
) -> bool {
    let is_word =
        |character: Option<char>| character.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    match position {
        PatternPosition::Start => before.is_none(),
        PatternPosition::End => after.is_none(),
        PatternPosition::WordBoundary => is_word(before) != is_word(after),
        PatternPosition::NotWordBoundary => is_word(before) == is_word(after),
    }
}
