//! Settings and reusable storage of a check.

use portcullis_json::Tape;
use portcullis_vocabulary::enforcement::{Enforcement, EnforcementPolicy};
use portcullis_vocabulary::limits::Limits;

use super::parameter::PairScratch;
use super::violation::ViolationClass;

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
}
