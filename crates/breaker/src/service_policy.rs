//! The configuration that applies to one service.

use portcullis_vocabulary::SquadId;
use portcullis_vocabulary::protection::{Protection, TierPolicies};

/// The configuration that applies to one service.
#[derive(Clone, Debug, Default)]
pub struct ServicePolicy {
    /// The settings of the service.
    pub protection: Protection,
    /// The settings of the tiers.
    pub tiers: TierPolicies,
    /// The squad that provides the service.
    pub provider: Option<SquadId>,
}
