//! The service of the Debian package, what the package has, and the workflows.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::manifests::yaml_round_trip::parsed;
use crate::support::app::{program, run};
use crate::telemetry::deploy::file;

fn text(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The part of `Cargo.toml` that is for the Debian package.
fn package() -> toml::Table {
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    manifest["package"]["metadata"]["deb"]
        .as_table()
        .unwrap()
        .clone()
}

/// systemd reads the unit; a misspelt setting is an error.
#[test]
#[cfg_attr(not(has_systemd), ignore = "SKIPPED: systemd-analyze is missing")]
fn systemd_accepts_the_unit() {
    let folder = TempDir::new().unwrap();
    let unit = text("deploy/debian/portcullis.service");
    let binary = program().get_program().to_str().unwrap().to_owned();
    let verify = |unit: &str| {
        let path = folder.path().join("portcullis.service");
        std::fs::write(&path, unit.replace("/usr/bin/portcullis", &binary)).unwrap();
        let mut command = Command::new("systemd-analyze");
        let output = command
            .args(["verify", "--man=no"])
            .arg(&path)
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        // Other units of the machine are read, too.
        let own = text.lines().filter(|line| line.contains("portcullis"));
        own.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(verify(&unit), "");
    let misspelt = verify(&unit.replace("ProtectHome=", "ProtectHomes="));
    assert!(misspelt.contains("ProtectHomes"), "{misspelt}");
}

/// The commands of the unit are commands of the program, and it checks before it serves.
#[test]
fn the_unit_checks_the_configuration_first() {
    let unit = text("deploy/debian/portcullis.service");
    let command = |key: &str| {
        let mut lines = unit.lines().filter_map(|line| line.strip_prefix(key));
        lines.next().unwrap_or_else(|| panic!("{key}")).to_owned()
    };
    assert_eq!(
        command("ExecStartPre="),
        "/usr/bin/portcullis config check /etc/portcullis/config.toml"
    );
    assert_eq!(
        command("ExecStart="),
        "/usr/bin/portcullis serve --config /etc/portcullis/config.toml"
    );
    assert_eq!(command("User="), "portcullis");
    assert!(text("deploy/debian/scripts/postinst").contains("adduser --system --group"));
}

/// The configuration of the package says what it lacks, and is fine with the service that it shows.
#[test]
fn the_configuration_of_the_package_lacks_only_a_service() {
    let config = text("deploy/debian/config.toml");
    let folder = TempDir::new().unwrap();
    let contract = text("contracts/payments/orders/openapi.yaml");
    std::fs::write(folder.path().join("openapi.yaml"), contract).unwrap();
    let check = |config: &str| {
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        let output = run(folder.path(), "config check", "");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), text)
    };
    let (code, text) = check(&config);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("expected at least one service"), "{text}");
    assert!(text.contains("1 error,"), "{text}");
    let uncommented: Vec<&str> = config
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(shown) if !shown.is_empty() && !shown.starts_with(' ') => shown,
            _ => line,
        })
        .collect();
    let (code, text) = check(&uncommented.join("\n"));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("1 service, 0 errors, "), "{text}");
}

/// Every file of the package exists, or is made by the build or by the script for the rest.
#[test]
fn the_files_of_the_package_exist() {
    let folder = TempDir::new().unwrap();
    let directory = folder.path().join("package");
    let mut script = Command::new(file("deploy/package-files"));
    let binary = program().get_program().to_owned();
    let status = script.arg(&binary).arg(&directory).status().unwrap();
    assert!(status.success());
    let package = package();
    let assets = package["assets"].as_array().unwrap();
    let mut targets = Vec::new();
    for asset in assets {
        let [from, to, mode] = asset.as_array().unwrap().as_slice() else {
            panic!("{asset:?}");
        };
        let (from, to) = (from.as_str().unwrap(), to.as_str().unwrap());
        assert!(
            ["755", "644", "640"].contains(&mode.as_str().unwrap()),
            "{asset:?}"
        );
        let found: Vec<PathBuf> = match from.strip_prefix("target/package/") {
            Some(made) => expand(&directory, made),
            None if from == "target/release/portcullis" => vec![PathBuf::from(&binary)],
            None => expand(&file(""), from),
        };
        assert!(!found.is_empty(), "{from}");
        assert!(found.iter().all(|path| path.is_file()), "{found:?}");
        targets.push(to.to_owned());
    }
    assert!(targets.contains(&"usr/bin/".to_owned()));
    for kept in package["conf-files"].as_array().unwrap() {
        let path = kept.as_str().unwrap().trim_start_matches('/');
        assert!(targets.iter().any(|target| target == path), "{path}");
    }
    let page = directory.join("man/portcullis-serve.1.gz");
    assert!(page.is_file(), "{}", page.display());
}

/// The files that a pattern names: `*` is all files of a directory.
fn expand(root: &Path, pattern: &str) -> Vec<PathBuf> {
    match pattern.strip_suffix("/*") {
        Some(folder) => {
            let entries = root.join(folder).read_dir().unwrap();
            entries.map(|entry| entry.unwrap().path()).collect()
        }
        None => vec![root.join(pattern)],
    }
}

/// Workflows are YAML with jobs, and every step does one thing. What they run in this repository exists.
#[test]
fn workflows_run_what_exists() {
    let mut scripts = 0;
    for name in [".github/workflows/ci.yml", ".github/workflows/release.yml"] {
        let workflow = parsed(&text(name)).unwrap();
        let jobs = workflow["jobs"].as_object().unwrap();
        for (job, content) in jobs {
            assert!(content["runs-on"].is_string(), "{name}: {job}");
            assert!(content["timeout-minutes"].is_number(), "{name}: {job}");
            for need in content["needs"].as_array().into_iter().flatten() {
                assert!(jobs.contains_key(need.as_str().unwrap()), "{name}: {job}");
            }
            for step in content["steps"].as_array().unwrap() {
                let is_action = step["uses"].is_string();
                assert!(
                    is_action != step["run"].is_string(),
                    "{name}: {job}: {step}"
                );
                scripts += step["run"].as_str().map_or(0, check_script);
            }
        }
    }
    assert!(scripts >= 3, "{scripts} scripts are run");
    assert_publishes_only_tags();
}

/// The shell accepts a script, and the files that it runs are executable. Returns their number.
fn check_script(script: &str) -> usize {
    let mut shell = Command::new("bash");
    let output = shell.args(["-n", "-c", script]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {error}");
    let words = script.split_whitespace();
    let files = words.filter(|word| word.starts_with("deploy/") || word.starts_with(".ci/"));
    files
        .inspect(|name| assert!(file(name).is_file(), "{name}"))
        .count()
}

fn assert_publishes_only_tags() {
    let release = parsed(&text(".github/workflows/release.yml")).unwrap();
    assert_eq!(
        release["permissions"],
        serde_json::json!({"contents": "read"})
    );
    let writing: Vec<(&String, &Value)> = release["jobs"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, job)| job["permissions"]["contents"] == "write")
        .collect();
    let [(name, job)] = writing.as_slice() else {
        panic!("{writing:?}");
    };
    assert_eq!(*name, "publish");
    assert_eq!(job["if"], "github.ref_type == 'tag'");
}
