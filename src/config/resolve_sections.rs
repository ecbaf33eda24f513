//! From the tree to the model: one function per section.
//!
//! Each line reads one key, with its bounds where it has any. A key that is wrong is reported
//! and replaced by its default, so that the rest is judged too; the model is given out only
//! when nothing was reported.

use portcullis_vocabulary::ConfigLocation;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use portcullis_vocabulary::limits::{DATA_CORES_MAX, DURATION_MAX, GIB, KIB, MIB};

use super::config_section::ConfigSection;
use super::config_value::{address, boolean, count, duration, parsed, share, size, word};
use super::protection_sections;
use super::reload_config::{ReloadConfig, reload};
use super::{
    AccessLogConfig, AccessLogPath, AdminToken, Config, LogConfig, LogFormat, LogLevel,
    OwnerConfig, RefusalConfig, RefusalValues, RuntimeConfig,
};
use super::{config_value, identity_config, service_sections, tracing_config};
use portcullis_vocabulary::Catalog;
use portcullis_vocabulary::Limits;
use portcullis_vocabulary::protection::Protection;

/// Reads the whole file. `catalog` is absent where none is configured or it was refused.
pub(super) fn config(
    mut root: ConfigSection<'_>,
    catalog: Option<Arc<Catalog>>,
    directory: &Path,
) -> Option<Config> {
    let default = Config::default();
    let (listen_address, listen_place) = address_of(root.section("listen"), default.listen_address);
    let (admin_address, admin_token) = admin(root.section("admin"), default.admin_address);
    if listen_address == admin_address && listen_address.port() != 0 {
        root.refuse_at(
            listen_place,
            "listen.address",
            "is the admin address too; try another port",
        );
    }
    let identity = identity_config::resolve(root.section("identity"), directory);
    let runtime = runtime(root.section("runtime"));
    let limits = limits(root.section("limits"));
    let log = log(root.section("log"));
    let access_log = access_log(root.section("access_log"));
    let metrics_enabled = metrics_enabled(root.section("metrics"));
    let owner = owner(root.section("owner"));
    let tracing = tracing_config::resolve(root.section("tracing"));
    let refusals = refusals(root.section("refusals"));
    let tiers = protection_sections::tiers(root.section("tiers"));
    let base = protection_sections::protection(&mut root, &Protection::default());
    let reload = reload(root.section("reload"), &ReloadConfig::default(), directory);
    let base = (&base, &reload);
    let services = service_sections::resolve(&mut root, catalog.as_deref(), directory, base);
    root.finish();
    let catalog = catalog.unwrap_or_default();
    let config = Config {
        listen_address,
        admin_address,
        admin_token,
        catalog,
        identity,
        runtime,
        limits,
        tiers,
        log,
        access_log,
        metrics_enabled,
        owner,
        tracing,
        refusals,
        services,
    };
    Some(config)
}

fn address_of(
    mut section: ConfigSection<'_>,
    default: std::net::SocketAddr,
) -> (std::net::SocketAddr, ConfigLocation) {
    let place = section.location_of("address");
    let address = section.value("address", default, address);
    section.finish();
    (address, place)
}

fn admin(
    mut section: ConfigSection<'_>,
    default: std::net::SocketAddr,
) -> (std::net::SocketAddr, Option<AdminToken>) {
    let address = section.value("address", default, address);
    let token = section.secret("token", parsed);
    section.finish();
    (address, token)
}

fn runtime(mut section: ConfigSection<'_>) -> RuntimeConfig {
    let runtime = RuntimeConfig {
        data_cores: section.value("data_cores", 0, count(0..=DATA_CORES_MAX)),
    };
    section.finish();
    runtime
}

fn log(mut section: ConfigSection<'_>) -> LogConfig {
    let default = LogConfig::default();
    let log = LogConfig {
        format: section.value("format", default.format, word(&LogFormat::NAMES)),
        level: section.value("level", default.level, word(&LogLevel::NAMES)),
    };
    section.finish();
    log
}

fn access_log(mut section: ConfigSection<'_>) -> AccessLogConfig {
    let default = AccessLogConfig::default();
    let access_log = AccessLogConfig {
        sample: section.value("sample", default.sample, share),
        path: section.value("path", default.path, word(&AccessLogPath::NAMES)),
    };
    section.finish();
    access_log
}

fn metrics_enabled(mut section: ConfigSection<'_>) -> bool {
    let enabled = section.value("enabled", true, boolean);
    section.finish();
    enabled
}

fn owner(mut section: ConfigSection<'_>) -> OwnerConfig {
    let default = OwnerConfig::default();
    let owner = OwnerConfig {
        enabled: section.value("enabled", default.enabled, boolean),
        path: match section.read("path", config_value::path_prefix) {
            Some(path) => path.to_string(),
            None => default.path,
        },
    };
    section.finish();
    owner
}

fn refusals(mut section: ConfigSection<'_>) -> RefusalConfig {
    let default = RefusalConfig::default();
    let refusals = RefusalConfig {
        values: section.value("values", default.values, word(&RefusalValues::NAMES)),
        report_header: section.value("report_header", default.report_header, boolean),
    };
    section.finish();
    refusals
}

fn limits(mut section: ConfigSection<'_>) -> Limits {
    const MS: Duration = Duration::from_millis(1);
    let some_time = || duration(MS..=DURATION_MAX);
    let any_time = || duration(Duration::ZERO..=DURATION_MAX);
    let s = &mut section;
    let d = Limits::default();
    let limits = Limits {
        body_bytes_max: s.value("body_bytes_max", d.body_bytes_max, size(1..=GIB)),
        decoded_bytes_max: s.value("decoded_bytes_max", d.decoded_bytes_max, size(1..=GIB)),
        decoded_ratio_max: s.value("decoded_ratio_max", d.decoded_ratio_max, count(1..=10_000)),
        response_body_bytes_max: s.value(
            "response_body_bytes_max",
            d.response_body_bytes_max,
            size(1..=GIB),
        ),
        json_depth_max: s.value("json_depth_max", d.json_depth_max, count(1..=512)),
        header_count_max: s.value("header_count_max", d.header_count_max, count(8..=10_000)),
        header_bytes_max: s.value("header_bytes_max", d.header_bytes_max, size(8 * KIB..=MIB)),
        request_target_bytes_max: s.value(
            "request_target_bytes_max",
            d.request_target_bytes_max,
            size(64..=64 * KIB - 2),
        ),
        connections_max: s.value("connections_max", d.connections_max, count(1..=1_000_000)),
        request_head_timeout: s.value("request_head_timeout", d.request_head_timeout, some_time()),
        request_body_timeout: s.value("request_body_timeout", d.request_body_timeout, some_time()),
        idle_timeout: s.value("idle_timeout", d.idle_timeout, some_time()),
        upstream_timeout: s.value("upstream_timeout", d.upstream_timeout, some_time()),
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
        violations_max: s.value("violations_max", d.violations_max, count(1..=1000)),
        contract_bytes_max: s.value("contract_bytes_max", d.contract_bytes_max, size(KIB..=GIB)),
        contract_depth_max: s.value("contract_depth_max", d.contract_depth_max, count(16..=512)),
        contract_files_max: s.value(
            "contract_files_max",
            d.contract_files_max,
            count(1..=100_000),
        ),
    };
    section.finish();
    limits
}
