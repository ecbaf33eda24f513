//! What judging needs besides the contract and the message.

use portcullis_json::Tape;
use portcullis_vocabulary::enforcement::{Enforcement, EnforcementPolicy};
use portcullis_vocabulary::limits::Limits;

use super::parameter::PairScratch;
use super::violation::ViolationClass;

/// Reusable storage of one data core; nothing of a request outlives its judgement.
#[derive(Debug, Default)]
pub struct CheckScratch {
    pub(crate) tape: Tape,
    /// For JSON texts and headers inside of a body that has the tape.
    pub(crate) inner: Tape,
    pub(crate) query: PairScratch,
    pub(super) cookies: PairScratch,
    pub(super) cookie_text: String,
}

/// How to judge.
#[derive(Clone, Copy, Debug)]
pub struct CheckSettings<'a> {
    /// What is done about each class; classes that are off are not looked for.
    pub policy: &'a EnforcementPolicy,
    /// The most violations to list.
    pub violations_max: usize,
    /// The bounds of JSON bodies.
    pub json_depth_max: u32,
    /// The largest decoded body, in bytes.
    pub decoded_bytes_max: usize,
    /// How many times as large as its compressed form a body may become.
    pub decoded_ratio_max: usize,
}

impl<'a> CheckSettings<'a> {
    /// A policy within the bounds of a configuration.
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
