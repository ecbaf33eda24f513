//! The state of a cell as one word, which every call loads.

use portcullis_vocabulary::protection::BreakerMode;

use super::breaker_state::{BreakerOverride, BreakerState};

/// The state as one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PackedState {
    pub(super) generation: u32,
    pub(super) phase: BreakerState,
    pub(super) over: BreakerOverride,
}

impl PackedState {
    pub(super) fn pack(self) -> u64 {
        u64::from(self.generation) | (self.phase as u64) << 32 | (self.over as u64) << 34
    }

    pub(super) fn unpack(word: u64) -> Self {
        Self {
            generation: word as u32,
            phase: match word >> 32 & 3 {
                0 => BreakerState::Closed,
                1 => BreakerState::Open,
                _ => BreakerState::HalfOpen,
            },
            over: match word >> 34 & 3 {
                0 => BreakerOverride::None,
                1 => BreakerOverride::ForcedOpen,
                2 => BreakerOverride::Disabled,
                _ => BreakerOverride::Observe,
            },
        }
    }
}

/// An operator's word on one cell outranks the configured mode.
pub(crate) fn effective_override(over: BreakerOverride, mode: BreakerMode) -> BreakerOverride {
    match (over, mode) {
        (BreakerOverride::None, BreakerMode::Observe) => BreakerOverride::Observe,
        (BreakerOverride::None, BreakerMode::Off) => BreakerOverride::Disabled,
        (over, _) => over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_keeps_what_it_is_given() {
        for generation in [0, 1, u32::MAX] {
            for phase in BreakerState::ALL {
                for (_, over) in BreakerOverride::NAMES {
                    let word = PackedState {
                        generation,
                        phase,
                        over,
                    };
                    assert_eq!(PackedState::unpack(word.pack()), word);
                }
            }
        }
    }
}
