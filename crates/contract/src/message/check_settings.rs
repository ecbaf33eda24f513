//! Settings and reusable storage of a check.

use portcullis_json::Tape;
use portcullis_vocabulary::enforcement::{Enforcement, EnforcementPolicy};
use portcullis_vocabulary::limits::Limits;

use super::parameter::PairScratch;
use super::violation::{Violation, ViolationClass};

/// Reusable storage for checks. One value serves any number of messages, one after another.
#[derive(Debug, Default)]
pub struct CheckScratch {
    pub(crate) tape: Tape,
    /// Holds JSON texts and headers inside a body while `tape` holds the body.
    pub(crate) inner: Tape,
    pub(crate) query: PairScratch,
    pub(super) cookies: PairScratch,
    pub(super) cookie_text: String,
}

/// The settings of a check.
#[derive(Clone, Copy, Debug)]
pub struct CheckSettings<'a> {
    /// The enforcement of each class. Classes that are off are not checked.
    pub policy: &'a EnforcementPolicy,
    /// The most violations to report.
    pub violations_max: usize,
    /// The deepest nesting of a JSON body.
    pub json_depth_max: u32,
    /// The largest decoded body, in bytes.
    pub decoded_bytes_max: usize,
    /// The largest ratio of a decoded body to its compressed form.
    pub decoded_ratio_max: usize,
}

impl<'a> CheckSettings<'a> {
    /// Settings of a policy and the configured limits.
    pub fn new(policy: &'a EnforcementPolicy, limits: &Limits) -> Self {
        Self {
            policy,
            violations_max: limits.violations_max,
            json_depth_max: u32::try_from(limits.json_depth_max).unwrap_or(u32::MAX),
            decoded_bytes_max: limits.decoded_bytes_max,
            decoded_ratio_max: limits.decoded_ratio_max,
        }
    }
}

impl CheckSettings<'_> {
    pub(crate) fn is_on(&self, class: ViolationClass) -> bool {
        self.policy.of(class) != Enforcement::Off
    }

    fn rejects(&self, class: ViolationClass) -> bool {
        self.policy.of(class) == Enforcement::Reject
    }

    fn has_rejected(&self, found: &[Violation]) -> bool {
        found.iter().any(|violation| self.rejects(violation.class))
    }

    /// How many violations of a class may be added to those that were found. There is room for one
    /// that is rejected if all others are only reported: reports never hide a refusal.
    pub(crate) fn room(&self, class: ViolationClass, found: &[Violation]) -> usize {
        if !self.is_on(class) {
            return 0;
        }
        let left = self.violations_max.saturating_sub(found.len());
        if left == 0 && self.rejects(class) && !self.has_rejected(found) {
            return 1;
        }
        left
    }

    /// Whether nothing that is found later can change the verdict or be reported.
    pub(crate) fn is_full(&self, found: &[Violation]) -> bool {
        found.len() >= self.violations_max && self.has_rejected(found)
    }

    /// Adds a violation if there is room. One that is rejected may take the place of the last one.
    pub(crate) fn add(&self, found: &mut Vec<Violation>, violation: Violation) {
        if self.room(violation.class, found) == 0 {
            return;
        }
        if found.len() >= self.violations_max {
            found.pop();
        }
        found.push(violation);
    }
}

#[cfg(test)]
mod tests {
    use portcullis_vocabulary::EnforcementCeilings;

    use super::super::violation::MessagePart;
    use super::*;

    #[test]
    fn reports_never_hide_a_refusal() {
        let classes = [
            (ViolationClass::UnknownQuery, Enforcement::Report),
            (ViolationClass::InvalidBody, Enforcement::Reject),
        ];
        let policy = EnforcementPolicy::new(EnforcementCeilings::default(), classes, 1.0);
        let limits = Limits {
            violations_max: 2,
            ..Limits::default()
        };
        let settings = CheckSettings::new(&policy, &limits);
        let violation = |class| Violation::new(class, MessagePart::Body, String::new());
        let mut found = Vec::new();
        for _ in 0..3 {
            settings.add(&mut found, violation(ViolationClass::UnknownQuery));
        }
        assert_eq!(found.len(), 2);
        assert!(!settings.is_full(&found));
        assert_eq!(settings.room(ViolationClass::InvalidBody, &found), 1);
        for _ in 0..2 {
            settings.add(&mut found, violation(ViolationClass::InvalidBody));
        }
        let classes: Vec<_> = found.iter().map(|violation| violation.class).collect();
        let expected = [ViolationClass::UnknownQuery, ViolationClass::InvalidBody];
        assert_eq!(classes, expected);
        assert!(settings.is_full(&found));
    }
}
