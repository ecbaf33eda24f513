//! A call of a vendor: a request whose service and caller the forward proxy knows.

use std::rc::Rc;

use portcullis_vocabulary::Consumer;

use super::data_core::CoreSnapshot;

/// What the forward proxy knows of a request.
#[derive(Debug)]
pub(crate) struct VendorCall {
    /// The configuration by which the call was prepared. The request has the credentials that it names, so
    /// it goes to the upstream of the same configuration, although another one may be active by now.
    pub(crate) snapshot: Rc<CoreSnapshot>,
    /// The vendor, as a service of the configuration.
    pub(crate) service: String,
    /// The calling squad.
    pub(crate) consumer: Consumer,
}
