//! The module for Terraform and OpenTofu: what it takes from the printed manifests, by its own tests.
//!
//! Its resources need the schema of their provider, which is not available offline, so the tests are
//! about the part without a provider. `PORTCULLIS_TEST_TOFU` names `tofu`, which `tests/tofu/build` builds,
//! or `terraform`.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::telemetry::deploy::file;

const OBJECTS: &str = "deploy/terraform/squad/objects";

/// Runs the program in a folder of the copy. Returns whether it succeeds, and what it prints.
fn run_in(folder: &Path, words: &[&str]) -> (bool, String) {
    let program = std::env::var_os("PORTCULLIS_TEST_TOFU").unwrap();
    let output = Command::new(program)
        .args(words)
        .current_dir(folder)
        .env("CHECKPOINT_DISABLE", "1")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

/// The module and the manifests that it reads, in a folder where the program may write.
fn copy() -> TempDir {
    let copy = TempDir::new().unwrap();
    for name in [
        "deploy/terraform/squad/main.tf",
        "deploy/terraform/squad/objects/main.tf",
        "deploy/terraform/squad/objects/tests/objects.tftest.hcl",
        "deploy/terraform/squad/objects/tests/texts/main.tf",
        "deploy/kustomize/squads/squads.yaml",
    ] {
        let target = copy.path().join(name);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(file(name), target).unwrap();
    }
    copy
}

#[test]
#[cfg_attr(
    not(has_tofu),
    ignore = "SKIPPED: PORTCULLIS_TEST_TOFU names no program"
)]
fn the_tests_of_the_module_pass_and_can_fail() {
    let copy = copy();
    let root = copy.path().join("deploy/terraform");
    let (is_formatted, text) = run_in(&root, &["fmt", "-check", "-recursive", "-diff"]);
    assert!(is_formatted, "{text}");

    let objects = copy.path().join(OBJECTS);
    let (is_ready, text) = run_in(&objects, &["init", "-input=false", "-no-color"]);
    assert!(is_ready, "{text}");
    let (passes, text) = run_in(&objects, &["test", "-no-color"]);
    assert!(passes, "{text}");
    assert!(text.contains("8 passed, 0 failed"), "{text}");

    // Without a check, the test of what it refuses fails.
    let main = objects.join("main.tf");
    let module = std::fs::read_to_string(&main).unwrap();
    for check in ["not_isolated", "misplaced", "absent", "without_squad"] {
        let condition = format!("length(local.{check}) == 0");
        assert!(module.contains(&condition), "{check}");
        let always = format!("length(local.{check}) >= 0");
        std::fs::write(&main, module.replace(&condition, &always)).unwrap();
        let (passes, text) = run_in(&objects, &["test", "-no-color"]);
        assert!(!passes, "{check}: {text}");
        assert!(text.contains("1 failed"), "{check}: {text}");
    }
}
