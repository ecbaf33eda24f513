//! A configured service with its owner.

use crate::config::ServiceConfig;
use crate::telemetry::OwnerView;

/// A configured service with its owner.
pub(super) struct OwnedService<'c> {
    pub(super) service: &'c ServiceConfig,
    pub(super) owner: OwnerView,
}
