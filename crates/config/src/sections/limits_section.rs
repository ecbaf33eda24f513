//! `[limits]`: the bounds of the data plane and of contracts.

use std::time::Duration;

use portcullis_vocabulary::limits::{DURATION_MAX, GIB, HEADER_COUNT_MAX, KIB, MIB};
use portcullis_vocabulary::{HeaderPolicy, Limits};

use crate::tree::ConfigSection;
use crate::tree::config_value::{count, duration, size, word};

const MS: Duration = Duration::from_millis(1);

/// Reads `[limits]`.
pub(crate) fn read_limits(mut section: ConfigSection<'_>) -> Limits {
    let limits = message_limits(&mut section, &Limits::default());
    let limits = connection_limits(&mut section, &limits);
    let limits = contract_limits(&mut section, &limits);
    section.finish();
    limits
}

/// The limits of requests and responses. The others are those of `d`.
fn message_limits(s: &mut ConfigSection<'_>, d: &Limits) -> Limits {
    Limits {
        body_bytes_max: s.value("body_bytes_max", d.body_bytes_max, size(1..=GIB)),
        decoded_bytes_max: s.value("decoded_bytes_max", d.decoded_bytes_max, size(1..=GIB)),
        decoded_ratio_max: s.value("decoded_ratio_max", d.decoded_ratio_max, count(1..=10_000)),
        response_body_bytes_max: s.value(
            "response_body_bytes_max",
            d.response_body_bytes_max,
            size(1..=GIB),
        ),
        record_bytes_max: s.value("record_bytes_max", d.record_bytes_max, size(1..=GIB)),
        body_memory_max: s.value("body_memory_max", d.body_memory_max, size(MIB..=1024 * GIB)),
        json_depth_max: s.value("json_depth_max", d.json_depth_max, count(1..=512)),
        header_count_max: s.value(
            "header_count_max",
            d.header_count_max,
            count(8..=HEADER_COUNT_MAX),
        ),
        header_bytes_max: s.value("header_bytes_max", d.header_bytes_max, size(8 * KIB..=MIB)),
        header_underscores: s.value(
            "header_underscores",
            d.header_underscores,
            word(&HeaderPolicy::NAMES),
        ),
        override_headers: s.value(
            "override_headers",
            d.override_headers,
            word(&HeaderPolicy::NAMES),
        ),
        request_target_bytes_max: s.value(
            "request_target_bytes_max",
            d.request_target_bytes_max,
            size(64..=64 * KIB - 2),
        ),
        response_header_count_max: s.value(
            "response_header_count_max",
            d.response_header_count_max,
            count(8..=HEADER_COUNT_MAX),
        ),
        response_header_bytes_max: s.value(
            "response_header_bytes_max",
            d.response_header_bytes_max,
            size(8 * KIB..=MIB),
        ),
        ..d.clone()
    }
}

/// The limits of connections and times.
fn connection_limits(s: &mut ConfigSection<'_>, d: &Limits) -> Limits {
    let some_time = || duration(MS..=DURATION_MAX);
    let any_time = || duration(Duration::ZERO..=DURATION_MAX);
    Limits {
        connections_max: s.value("connections_max", d.connections_max, count(1..=1_000_000)),
        request_head_timeout: s.value("request_head_timeout", d.request_head_timeout, some_time()),
        request_body_timeout: s.value("request_body_timeout", d.request_body_timeout, some_time()),
        request_body_rate_min: s.value(
            "request_body_rate_min",
            d.request_body_rate_min,
            size(1..=GIB),
        ),
        response_rate_min: s.value("response_rate_min", d.response_rate_min, size(0..=GIB)),
        response_buffer_max: s.value("response_buffer_max", d.response_buffer_max, size(0..=GIB)),
        idle_timeout: s.value("idle_timeout", d.idle_timeout, some_time()),
        upstream_timeout: s.value("upstream_timeout", d.upstream_timeout, some_time()),
        body_idle_timeout: s.value("body_idle_timeout", d.body_idle_timeout, some_time()),
        upgrade_idle_timeout: s.value("upgrade_idle_timeout", d.upgrade_idle_timeout, some_time()),
        upstream_connect_timeout: s.value(
            "upstream_connect_timeout",
            d.upstream_connect_timeout,
            some_time(),
        ),
        upstream_idle_timeout: s.value(
            "upstream_idle_timeout",
            d.upstream_idle_timeout,
            some_time(),
        ),
        upstream_connections_idle_max: s.value(
            "upstream_connections_idle_max",
            d.upstream_connections_idle_max,
            count(0..=100_000),
        ),
        drain_delay: s.value("drain_delay", d.drain_delay, any_time()),
        drain_timeout: s.value("drain_timeout", d.drain_timeout, any_time()),
        ..d.clone()
    }
}

/// The limits of refusals and contracts.
fn contract_limits(s: &mut ConfigSection<'_>, d: &Limits) -> Limits {
    Limits {
        violations_max: s.value("violations_max", d.violations_max, count(1..=1000)),
        contract_bytes_max: s.value("contract_bytes_max", d.contract_bytes_max, size(KIB..=GIB)),
        contract_depth_max: s.value("contract_depth_max", d.contract_depth_max, count(16..=512)),
        contract_files_max: s.value(
            "contract_files_max",
            d.contract_files_max,
            count(1..=100_000),
        ),
        ..d.clone()
    }
}
