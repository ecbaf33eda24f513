//! The part of a breaker's state that every call reads, as one word.

use portcullis_vocabulary::protection::BreakerMode;

use super::breaker_state::{BreakerOverride, BreakerState};

/// A breaker's generation, state and override, which fit one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PackedState {
    pub(super) generation: u32,
    pub(super) state: BreakerState,
    pub(super) operator_override: BreakerOverride,
}

impl PackedState {
    pub(super) fn pack(self) -> u64 {
        u64::from(self.generation)
            | (self.state as u64) << 32
            | (self.operator_override as u64) << 34
    }

    pub(super) fn unpack(word: u64) -> Self {
        Self {
            generation: word as u32,
            state: match word >> 32 & 3 {
                0 => BreakerState::Closed,
                1 => BreakerState::Open,
                _ => BreakerState::HalfOpen,
            },
            operator_override: match word >> 34 & 3 {
                0 => BreakerOverride::None,
                1 => BreakerOverride::ForcedOpen,
                2 => BreakerOverride::Disabled,
                _ => BreakerOverride::Observe,
            },
        }
    }
}

/// The override that applies: an operator's override of one breaker outranks the configured mode.
pub(crate) fn effective_override(
    operator_override: BreakerOverride,
    mode: BreakerMode,
) -> BreakerOverride {
    match (operator_override, mode) {
        (BreakerOverride::None, BreakerMode::Observe) => BreakerOverride::Observe,
        (BreakerOverride::None, BreakerMode::Off) => BreakerOverride::Disabled,
        (operator_override, _) => operator_override,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_loses_nothing() {
        for generation in [0, 1, u32::MAX] {
            for state in BreakerState::ALL {
                for (_, operator_override) in BreakerOverride::NAMES {
                    let packed = PackedState {
                        generation,
                        state,
                        operator_override,
                    };
                    assert_eq!(PackedState::unpack(packed.pack()), packed);
                }
            }
        }
    }
}
