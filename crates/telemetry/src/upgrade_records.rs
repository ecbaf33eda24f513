//! What is recorded of upgraded connections: metrics while they are open, and fields of their access
//! line.

use std::time::Duration;

use metrics::{Counter, Gauge};
use serde::Serialize;
use serde::ser::Serializer;

use super::metric_names::{UPGRADED_BYTES, UPGRADED_CONNECTIONS};
use super::recorders::ServiceRecorder;

/// What passed over an upgraded connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UpgradeFields {
    /// From the answer that accepted the upgrade to the end.
    #[serde(rename = "open_ms", serialize_with = "milliseconds")]
    pub open: Duration,
    /// Bytes of the client that the upstream got.
    #[serde(rename = "client_bytes")]
    pub from_client: u64,
    /// Bytes of the upstream that the client got.
    #[serde(rename = "upstream_bytes")]
    pub from_upstream: u64,
}

impl UpgradeFields {
    /// The fields as text.
    pub(super) fn words(&self) -> String {
        format!(
            " open_ms={} client_bytes={} upstream_bytes={}",
            self.open.as_millis(),
            self.from_client,
            self.from_upstream
        )
    }
}

/// Records one upgraded connection. It counts as open until this is dropped.
#[derive(Debug)]
pub struct UpgradeRecorder {
    open: Gauge,
    from_client: Counter,
    from_upstream: Counter,
}

impl UpgradeRecorder {
    /// Counts a connection as open.
    pub(super) fn new(open: Gauge, from_client: Counter, from_upstream: Counter) -> Self {
        open.increment(1.0);
        Self {
            open,
            from_client,
            from_upstream,
        }
    }

    /// Counts bytes that passed.
    pub fn passed(&self, from_client: u64, from_upstream: u64) {
        self.from_client.increment(from_client);
        self.from_upstream.increment(from_upstream);
    }
}

impl Drop for UpgradeRecorder {
    fn drop(&mut self) {
        self.open.decrement(1.0);
    }
}

impl ServiceRecorder {
    /// A recorder of a connection that was upgraded now.
    pub fn upgraded(&self) -> UpgradeRecorder {
        let service = self.service();
        let bytes = |direction| {
            self.metrics()
                .counter(&UPGRADED_BYTES, &[service, direction])
        };
        UpgradeRecorder::new(
            self.metrics().gauge(&UPGRADED_CONNECTIONS, &[service]),
            bytes("from-client"),
            bytes("from-upstream"),
        )
    }
}

fn milliseconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
