//! The table of imports: who may import whom, and which areas may name which third-party crate.

/// What each area may import: other crates of the workspace and other domains under `src/`.
const MAY_IMPORT: [(&str, &str); 25] = [
    ("crates/vocabulary", ""),
    ("crates/egress", ""),
    ("crates/json", ""),
    ("crates/pattern", ""),
    ("crates/avro", "json"),
    ("crates/protobuf", "json"),
    ("crates/validator", "json"),
    (
        "crates/contract",
        "vocabulary json pattern validator avro protobuf",
    ),
    (
        "crates/compat",
        "vocabulary json pattern contract avro protobuf",
    ),
    ("crates/breaker", "vocabulary"),
    ("crates/control", "vocabulary json contract compat schema"),
    ("crates/manifests", "vocabulary"),
    ("crates/schema", "vocabulary"),
    ("crates/tidy", ""),
    ("crates/allocator", ""),
    ("crates/tls", "vocabulary"),
    ("crates/config", "vocabulary egress"),
    ("crates/identity", "vocabulary config"),
    ("crates/telemetry", "vocabulary breaker config tls"),
    (
        "crates/proxy",
        "vocabulary egress json contract breaker config identity telemetry tls",
    ),
    ("src/source", "vocabulary contract tls"),
    ("src/database", "vocabulary schema tls"),
    (
        "src/admin",
        "vocabulary contract breaker config identity telemetry tls",
    ),
    (
        "src/app",
        "vocabulary json contract compat breaker config source identity telemetry proxy admin tls",
    ),
    (
        "src/cli",
        "vocabulary egress json contract compat breaker control manifests schema config source database identity telemetry app",
    ),
];

/// Third-party crates, by the beginning of their names, with the areas that may name them.
const HOMES: [(&str, &str); 14] = [
    // The validators run on the tape; containment is compared with them in tests.
    (
        "jsonschema",
        "crates/json crates/validator crates/contract crates/compat",
    ),
    ("saphyr_parser", "crates/contract"),
    ("serde_json_path", "crates/contract"),
    // `src` is `main.rs`, which parses the arguments.
    ("clap", "src/cli src"),
    ("metrics", "crates/telemetry"),
    ("notify", "src/source"),
    ("object_store", "src/source"),
    ("opentelemetry", "crates/telemetry"),
    // The exporter of spans needs its own client, because its trait is for that type.
    ("reqwest", "src/source crates/telemetry"),
    ("ml_kem", "crates/tls"),
    ("rustls", "crates/tls"),
    ("tokio_rustls", "crates/tls"),
    ("tokio_postgres", "src/database"),
    ("tower", "crates/contract"),
];

/// What crates below `crates/` may not name, unless a reason is below. They take bytes and instants as arguments.
const IMPURE: [&str; 7] = [
    "tokio",
    "hyper",
    "std::fs",
    "std::env",
    "std::process",
    "Instant::now",
    "SystemTime::now",
];

/// Crates that read the system, each with its reason.
const MAY_BE_IMPURE: [(&str, &str); 6] = [
    (
        "crates/config",
        "it reads the configuration files and the environment",
    ),
    ("crates/identity", "it wakes tasks that wait for keys"),
    ("crates/telemetry", "it writes the log and exports spans"),
    ("crates/tls", "it wraps sockets"),
    ("crates/proxy", "it serves connections"),
    ("crates/tidy", "it reads the source tree"),
];

/// What is wrong with an area that imports a crate of the workspace or a domain.
pub fn target_complaint(area: &str, target: &str) -> Option<String> {
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == area) else {
        return Some(format!(
            "`{area}` is not in the import table; give it a row in crates/tidy/src/import_table.rs"
        ));
    };
    let list = if allowed.is_empty() {
        "nothing".to_owned()
    } else {
        allowed.replace(' ', ", ")
    };
    (!allowed.split(' ').any(|name| name == target)).then(|| {
        format!(
            "`{area}` may not import `{target}`, only {list}; \
             take the value as an argument, or move the code to the layer above"
        )
    })
}

/// What is wrong with an area that names a third-party crate.
pub fn home_complaint(area: &str, name: &str) -> Option<String> {
    let (_, homes) = HOMES.iter().find(|(home, _)| is_of_family(name, home))?;
    (!homes.split(' ').any(|home| home == area)).then(|| {
        format!(
            "`{name}` belongs in {}; add what you need there",
            homes.replace(' ', ", ")
        )
    })
}

/// What is wrong with an area that names files, sockets, clocks or a runtime.
pub fn purity_complaint(area: &str, path: &[&str]) -> Option<String> {
    let is_checked =
        area.starts_with("crates/") && !MAY_BE_IMPURE.iter().any(|(name, _)| *name == area);
    let names = |impure: &str| {
        let parts: Vec<_> = impure.split("::").collect();
        match parts.as_slice() {
            [family] => is_of_family(path[0], family),
            parts => path.windows(parts.len()).any(|window| window == parts),
        }
    };
    let is_socket =
        path.starts_with(&["std", "net"]) && !path.iter().any(|name| name.contains("Addr"));
    let is_impure = is_checked && (is_socket || IMPURE.iter().any(|impure| names(impure)));
    is_impure.then(|| {
        format!(
            "`{area}` may not name `{}`: no files, sockets, clocks or runtimes below crates/; \
             take bytes and instants as arguments",
            path.join("::")
        )
    })
}

/// Whether a crate has this name or begins with it, as `clap_complete` begins with `clap`.
fn is_of_family(name: &str, family: &str) -> bool {
    let rest = name.strip_prefix(family);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_plane_never_imports_the_control_plane() {
        for area in [
            "crates/json",
            "crates/contract",
            "crates/breaker",
            "crates/proxy",
        ] {
            let (_, allowed) = MAY_IMPORT.iter().find(|(name, _)| *name == area).unwrap();
            for control in ["compat", "control", "cli"] {
                assert!(
                    !allowed.contains(control),
                    "{area} is of the data plane, {control} is not"
                );
            }
        }
    }
}
