//! Metrics of the tunnels of the forward proxy.

use metrics::Gauge;

use crate::metric_names::{EGRESS_BYTES, EGRESS_OPEN, EGRESS_TUNNELS};
use crate::metrics::Metrics;
use crate::upgrade_records::UpgradeRecorder;

impl Metrics {
    /// A recorder of a tunnel that was opened now.
    pub fn tunnel_opened(&self) -> UpgradeRecorder {
        let bytes = |direction| self.counter(&EGRESS_BYTES, &[direction]);
        UpgradeRecorder::new(
            self.gauge(&EGRESS_TUNNELS, &[]),
            bytes("from-client"),
            bytes("from-upstream"),
        )
    }

    /// The gauge of calls and tunnels that are open.
    pub fn egress_open(&self) -> Gauge {
        self.gauge(&EGRESS_OPEN, &[])
    }
}
