//! A call of a vendor: a request whose service and caller the forward proxy knows.

use portcullis_vocabulary::Consumer;

/// An extension of the request, which no client can set.
#[derive(Clone, Debug)]
pub(crate) struct VendorCall {
    /// The vendor, as a service of the configuration.
    pub(crate) service: String,
    /// The calling squad.
    pub(crate) consumer: Consumer,
}
