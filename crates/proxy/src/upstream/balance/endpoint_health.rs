//! Whether the checks of a server say that it is healthy.
//!
//! The first result decides alone, so a server that is down at the start gets few requests. Then the
//! state changes after several equal results in a row. Until the first result, a server is healthy.

/// How many results in a row change the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HealthRule {
    pub(super) unhealthy_after: u32,
    pub(super) healthy_after: u32,
}

/// The state of a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndpointHealth {
    is_healthy: bool,
    is_checked: bool,
    /// How many results in a row contradict the state.
    contradictions: u32,
}

impl EndpointHealth {
    pub(super) const fn new() -> Self {
        Self {
            is_healthy: true,
            is_checked: false,
            contradictions: 0,
        }
    }

    /// Notes the result of a check. Returns the new state, if it changed.
    pub(super) fn note(&mut self, has_passed: bool, rule: HealthRule) -> Option<bool> {
        let is_first = !std::mem::replace(&mut self.is_checked, true);
        if has_passed == self.is_healthy {
            self.contradictions = 0;
            return None;
        }
        self.contradictions += 1;
        let needed = if has_passed {
            rule.healthy_after
        } else {
            rule.unhealthy_after
        };
        if !is_first && self.contradictions < needed {
            return None;
        }
        self.is_healthy = has_passed;
        self.contradictions = 0;
        Some(has_passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the state after each result: `+` for a passed check, `-` for a failed one.
    #[track_caller]
    fn check(results: &str, states: &str) {
        let rule = HealthRule {
            unhealthy_after: 3,
            healthy_after: 2,
        };
        let mut health = EndpointHealth::new();
        let mut shown = String::new();
        for result in results.chars() {
            let before = health.is_healthy;
            let change = health.note(result == '+', rule);
            assert_eq!(
                change,
                (before != health.is_healthy).then_some(health.is_healthy)
            );
            shown.push(if health.is_healthy { '+' } else { '-' });
        }
        assert_eq!(shown, states, "{results}");
    }

    #[test]
    fn several_results_in_a_row_change_the_state() {
        check("+---", "+++-");
        check("+--+--+---", "+++++++++-");
        check("+---++", "+++--+");
        check("+---+-++", "+++----+");
    }

    #[test]
    fn the_first_result_decides_alone() {
        check("-", "-");
        check("-+", "--");
        check("-++--", "--+++");
    }
}
