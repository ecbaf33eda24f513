//! The state of a cell as one word, which every call loads.

use portcullis_vocabulary::protection::BreakerMode;

use super::state::{Override, Phase};

/// The state as one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) generation: u32,
    pub(super) phase: Phase,
    pub(super) over: Override,
}

impl Word {
    pub(super) fn pack(self) -> u64 {
        u64::from(self.generation) | (self.phase as u64) << 32 | (self.over as u64) << 34
    }

    pub(super) fn unpack(word: u64) -> Self {
        Self {
            generation: word as u32,
            phase: match word >> 32 & 3 {
                0 => Phase::Closed,
                1 => Phase::Open,
                _ => Phase::HalfOpen,
            },
            over: match word >> 34 & 3 {
                0 => Override::None,
                1 => Override::ForcedOpen,
                2 => Override::Disabled,
                _ => Override::Observe,
            },
        }
    }
}

/// An operator's word on one cell outranks the configured mode.
pub(super) fn effective(over: Override, mode: BreakerMode) -> Override {
    match (over, mode) {
        (Override::None, BreakerMode::Observe) => Override::Observe,
        (Override::None, BreakerMode::Off) => Override::Disabled,
        (over, _) => over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_keeps_what_it_is_given() {
        for generation in [0, 1, u32::MAX] {
            for phase in Phase::ALL {
                for (_, over) in Override::NAMES {
                    let word = Word {
                        generation,
                        phase,
                        over,
                    };
                    assert_eq!(Word::unpack(word.pack()), word);
                }
            }
        }
    }
}
