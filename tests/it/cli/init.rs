//! `portcullis init`: from a contract to a configuration, a catalog and a pipeline step.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::app::{SHOP, program, run};

const CODEOWNERS: &str = "* @acme/platform\n/services/shop/ @acme/sales\n";

/// A contract that names no squad.
fn contract() -> String {
    let lines = SHOP.lines().filter(|line| !line.contains("x-squad-owner"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// A repository with a contract, and with CODEOWNERS if there is a text.
fn repository(codeowners: Option<&str>) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir_all(folder.path().join("services/shop")).unwrap();
    std::fs::write(folder.path().join("services/shop/openapi.yaml"), contract()).unwrap();
    if let Some(text) = codeowners {
        std::fs::write(folder.path().join("CODEOWNERS"), text).unwrap();
    }
    git(folder.path(), &["init", "-q"]);
    folder
}

fn git(folder: &Path, words: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    let mut command = Command::new("git");
    command.args(identity).args(words).current_dir(folder);
    assert!(command.status().unwrap().success(), "{words:?}");
}

fn commit(folder: &Path) {
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "-m", "change"]);
}

/// Runs a command and returns its exit code and all output.
fn portcullis(folder: &Path, words: &str) -> (Option<i32>, String) {
    let output = run(folder, words, "");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

/// Runs the written pipeline step.
fn pipeline(folder: &Path) -> (Option<i32>, String) {
    pipeline_since(folder, "HEAD")
}

fn pipeline_since(folder: &Path, base: &str) -> (Option<i32>, String) {
    let program = program();
    let programs = Path::new(program.get_program()).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let output = Command::new(folder.join("portcullis-ci.sh"))
        .arg(base)
        .env("PATH", format!("{}:{path}", programs.display()))
        .env_remove("GITHUB_ACTIONS")
        .current_dir(folder)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

const INIT: &str = "init --contract services/shop/openapi.yaml --upstream http://127.0.0.1:3000";

#[test]
fn what_is_written_works() {
    let repository = repository(Some(CODEOWNERS));
    let folder = repository.path();
    let (code, text) = portcullis(folder, INIT);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("squad sales (CODEOWNERS)"), "{text}");
    assert!(
        text.contains("curl -i http://127.0.0.1:8080/items "),
        "{text}"
    );
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let config = read("config.toml");
    for line in [
        "name = \"shop\"",
        "squad = \"sales\"",
        "contract = \"services/shop/openapi.yaml\"",
        "upstream = \"http://127.0.0.1:3000\"",
    ] {
        assert!(
            config.lines().any(|found| found == line),
            "{line}: {config}"
        );
    }
    assert!(read("squads.toml").contains("codeowners = [\"@acme/sales\"]"));
    let (code, text) = portcullis(folder, "config check");
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("shop  sales  services/shop/openapi.yaml"),
        "{text}"
    );
    let (code, text) = portcullis(folder, "owners check --catalog squads.toml");
    assert!(matches!(code, Some(0 | 1)), "{text}");

    // The pipeline step passes a new contract and refuses a change that breaks clients.
    git(folder, &["commit", "-q", "--allow-empty", "-m", "start"]);
    assert_eq!(pipeline(folder).0, Some(0), "{}", pipeline(folder).1);
    commit(folder);
    assert_eq!(pipeline(folder).0, Some(0), "{}", pipeline(folder).1);
    let broken = contract().replacen("  /items", "  /goods", 1);
    std::fs::write(folder.join("services/shop/openapi.yaml"), broken).unwrap();
    let (code, text) = pipeline(folder);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("/items"), "{text}");
    // A base that was not fetched does not make a contract new.
    let (code, text) = pipeline_since(folder, "origin/main");
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("there is no revision origin/main"), "{text}");
}

/// What CODEOWNERS gives to another squad, or is not in the directory, is not claimed.
#[test]
fn paths_of_others_are_not_claimed() {
    let repository = repository(Some(CODEOWNERS));
    let folder = repository.path();
    let (code, text) = portcullis(folder, &format!("{INIT} --squad zed"));
    assert_eq!(code, Some(0), "{text}");
    let outside = TempDir::new().unwrap();
    std::fs::create_dir(outside.path().join("edge")).unwrap();
    std::fs::write(outside.path().join("shop.yaml"), contract()).unwrap();
    let words = "init --contract shop.yaml --directory edge";
    let (code, text) = portcullis(outside.path(), words);
    assert_eq!(code, Some(0), "{text}");
    let catalog = std::fs::read_to_string(outside.path().join("edge/squads.toml")).unwrap();
    assert!(
        catalog.contains("# paths = [\"../shop.yaml\"]"),
        "{catalog}"
    );
}

#[test]
fn nothing_is_overwritten() {
    let repository = repository(None);
    let folder = repository.path();
    std::fs::write(folder.join("squads.toml"), "mine").unwrap();
    let (code, text) = portcullis(folder, INIT);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("there is squads.toml already"), "{text}");
    assert!(!folder.join("config.toml").exists());
    assert_eq!(
        std::fs::read_to_string(folder.join("squads.toml")).unwrap(),
        "mine"
    );
    std::fs::create_dir(folder.join("edge")).unwrap();
    let (code, text) = portcullis(folder, &format!("{INIT} --directory edge"));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("its squad is not known"), "{text}");
    let config = std::fs::read_to_string(folder.join("edge/config.toml")).unwrap();
    assert!(
        config.contains("contract = \"../services/shop/openapi.yaml\""),
        "{config}"
    );
    assert!(config.contains("# GAP: the squad that provides the service"));
}

#[test]
fn wrong_arguments_write_nothing() {
    let repository = repository(None);
    let folder = repository.path();
    std::fs::write(folder.join("bad.yaml"), "openapi: 3.1.0\npaths: []\n").unwrap();
    for (words, expected) in [
        ("init --contract none.yaml", "none.yaml"),
        (
            "init --contract services/shop/openapi.yaml --upstream localhost",
            "--upstream: services.shop.upstream: expected",
        ),
        ("init --contract bad.yaml", "bad.yaml:"),
        (
            &format!("{INIT} --squad A"),
            "cannot be the name of a squad",
        ),
        (&format!("{INIT} --directory none"), "none: No such file"),
    ] {
        let (code, text) = portcullis(folder, words);
        assert_eq!(code, Some(2), "{words}: {text}");
        assert!(text.contains(expected), "{words}: {text}");
        assert!(!folder.join("config.toml").exists());
    }
}
