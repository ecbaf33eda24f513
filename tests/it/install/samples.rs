//! `portcullis serve --demo`: the samples without any file.

use std::path::Path;

use tempfile::TempDir;

use crate::support::app::{Process, admin, ask, program, run};

/// Local addresses with any port.
pub(super) const ADDRESSES: [&str; 4] = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];

fn entries(folder: &Path) -> usize {
    folder.read_dir().unwrap().count()
}

#[test]
fn the_samples_are_served_from_a_folder_that_is_removed() {
    let folder = TempDir::new().unwrap();
    let mut command = program();
    command.args(["serve", "--demo"]).args(ADDRESSES);
    command.env("TMPDIR", folder.path());
    let mut process = Process::start_command(command);
    let answer = ask(process.data, "GET /orders HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(answer.status, 200);
    assert_eq!(admin(process.admin, "/readyz").0, 200);
    let (_, contracts) = admin(process.admin, "/contracts");
    for service in ["orders", "ledger", "search-api"] {
        assert!(contracts.contains(service), "{contracts}");
    }
    assert_eq!(entries(folder.path()), 1);
    // A contract that is edited there is reloaded.
    let samples = folder.path().read_dir().unwrap().next().unwrap().unwrap();
    let contract = samples
        .path()
        .join("contracts/payments/orders/openapi.yaml");
    let text = std::fs::read_to_string(&contract).unwrap();
    std::fs::write(&contract, text.replace("version: 1.4.0", "version: 1.4.1")).unwrap();
    process.await_line("1.4.1");
    process.signal("TERM");
    let (status, log) = process.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert_eq!(entries(folder.path()), 0, "{log}");
}

/// Nothing is dropped when a second signal ends the process.
#[test]
fn a_second_signal_removes_the_samples_too() {
    let folder = TempDir::new().unwrap();
    let mut command = program();
    command.args(["serve", "--demo"]).args(ADDRESSES);
    command.env("TMPDIR", folder.path());
    command.env("PORTCULLIS_LIMITS__DRAIN_DELAY", "60s");
    let mut process = Process::start_command(command);
    assert_eq!(entries(folder.path()), 1);
    process.signal("INT");
    process.await_line("a second signal ends the process");
    process.signal("INT");
    let (status, log) = process.wait();
    assert_eq!(status.code(), Some(130), "{log}");
    assert_eq!(entries(folder.path()), 0, "{log}");
}

#[test]
fn other_sources_of_services_are_refused_with_the_samples() {
    let folder = TempDir::new().unwrap();
    for words in ["--config a.toml", "--contract a.yaml", "--upstream mock"] {
        let output = run(folder.path(), &format!("serve --demo {words}"), "");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains("cannot be used with"), "{error}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let mut command = program();
    command.args(["serve", "--demo"]).args(ADDRESSES);
    let output = command.env("TMPDIR", "/nowhere").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("/nowhere/portcullis-demo-"), "{error}");
    assert!(error.contains("set TMPDIR"), "{error}");
}
