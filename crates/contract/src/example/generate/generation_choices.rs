//! What one drawing of a value may vary: its mode and its decisions.

/// What a drawing is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct GenerationMode {
    /// Take `example`, `examples` and `default` where they are given.
    pub(super) hints: bool,
    /// Fill in members that are not required, near the top.
    pub(super) optional: bool,
}

/// The decisions of one drawing: which ones to change, and what was asked.
#[derive(Debug, Default)]
pub(super) struct GenerationChoices {
    pub(super) overrides: Vec<(usize, usize)>,
    /// How many options each decision had.
    pub(super) option_counts: Vec<usize>,
}

impl GenerationChoices {
    /// Decides between `options` (at least one) and says which to try first.
    pub(super) fn pick(&mut self, options: usize) -> usize {
        let index = self.option_counts.len();
        self.option_counts.push(options);
        let change = self.overrides.iter().find(|(at, _)| *at == index);
        change.map_or(0, |(_, option)| option % options.max(1))
    }
}
