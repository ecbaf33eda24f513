//! How a contract with flaws is read.

/// How a contract with flaws is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ContractReading {
    /// A contract with a flaw is refused.
    #[default]
    Strict,
    /// Flaws with a documented repair are repaired, each with a warning.
    Tolerant,
}

impl ContractReading {
    /// Each reading with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 2] =
        [("strict", Self::Strict), ("tolerant", Self::Tolerant)];

    /// Whether flaws are repaired.
    pub fn is_tolerant(self) -> bool {
        self == Self::Tolerant
    }
}
