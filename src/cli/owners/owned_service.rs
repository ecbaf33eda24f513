//! A configured service with its owner.

use portcullis_config::ServiceConfig;
use portcullis_telemetry::OwnerView;

/// A configured service with its owner.
pub(super) struct OwnedService<'c> {
    pub(super) service: &'c ServiceConfig,
    pub(super) owner: OwnerView,
}
