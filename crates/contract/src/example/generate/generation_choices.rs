//! What varies between the attempts of the search: the mode and the choices.

/// The mode of an attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct GenerationMode {
    /// Whether to use `example`, `examples` and `default` of the schema.
    pub(super) hints: bool,
    /// Whether to include optional properties near the root.
    pub(super) optional: bool,
}

/// The choices of one attempt.
#[derive(Debug, Default)]
pub(super) struct GenerationChoices {
    /// Choices to change: the index of the choice and the option to take instead of the first.
    pub(super) overrides: Vec<(usize, usize)>,
    /// The number of options of each choice made so far.
    pub(super) option_counts: Vec<usize>,
}

impl GenerationChoices {
    /// Chooses between `options` (at least one). Returns the option to try first.
    pub(super) fn pick(&mut self, options: usize) -> usize {
        let index = self.option_counts.len();
        self.option_counts.push(options);
        let change = self.overrides.iter().find(|(at, _)| *at == index);
        change.map_or(0, |(_, option)| option % options.max(1))
    }
}
