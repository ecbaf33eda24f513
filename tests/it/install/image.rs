//! The content of the image as the root directory of processes, because no engine is needed for that.
//!
//! What the Dockerfile copies to the image is written by the script that it runs, and the program runs
//! with the words and the user of the Dockerfile. The program of a test is not static, so its libraries
//! are added.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use super::samples::ADDRESSES;
use crate::support::app::{Process, ask, program};
use crate::telemetry::deploy::file;

/// The words of an instruction of the Dockerfile, such as `CMD`, in its form without a shell.
fn words(instruction: &str) -> Vec<String> {
    let text = std::fs::read_to_string(file("Dockerfile")).unwrap();
    let mut lines = text.lines().filter_map(|line| {
        let (_, list) = line.split_once(instruction)?;
        serde_json::from_str(list.trim()).ok()
    });
    lines
        .next_back()
        .unwrap_or_else(|| panic!("no {instruction} in the Dockerfile"))
}

/// The directory that becomes the root.
struct ImageRoot(TempDir);

impl ImageRoot {
    fn write() -> Self {
        let root = Self(TempDir::new().unwrap());
        let mut script = Command::new(file("deploy/image-files"));
        assert!(script.arg(root.path("")).status().unwrap().success());
        let binary = program().get_program().to_owned();
        root.add(Path::new(&binary), Path::new("usr/local/bin/portcullis"));
        // Everyone may enter, as in an image.
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(root.path(""), mode).unwrap();
        let linked = Command::new("ldd").arg(&binary).output().unwrap();
        let linked = String::from_utf8(linked.stdout).unwrap();
        let libraries = linked
            .split_whitespace()
            .filter(|word| word.starts_with('/'));
        for library in libraries {
            root.add(Path::new(library), Path::new(&library[1..]));
        }
        root
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn add(&self, from: &Path, to: &Path) {
        let to = self.0.path().join(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
    }

    /// A command inside, with the entry point, the user and the variables of the Dockerfile.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("chroot");
        command.arg("--userspec=65532:65532").arg(self.path(""));
        command.args(self::words("ENTRYPOINT ")).args(words);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap());
        command.env("PORTCULLIS_ADMIN__ADDRESS", "0.0.0.0:9901");
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }
}

#[test]
#[cfg_attr(
    not(has_chroot),
    ignore = "SKIPPED: only root can run a process in another root"
)]
fn without_a_configuration_the_image_says_what_to_do() {
    let root = ImageRoot::write();
    let serve = words("CMD ");
    let serve: Vec<&str> = serve.iter().map(String::as_str).collect();
    let output = root.run(&serve);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    for expected in [
        "there is no file /etc/portcullis/config.toml",
        "mount it",
        "--config",
        "serve --demo",
        "docs/install.md",
    ] {
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
#[cfg_attr(
    not(has_chroot),
    ignore = "SKIPPED: only root can run a process in another root"
)]
fn the_image_serves_the_samples_and_a_mounted_configuration() {
    let root = ImageRoot::write();
    let mut samples = vec!["serve", "--demo"];
    samples.extend(ADDRESSES);
    let contract = "openapi: 3.1.0\ninfo: {title: A, version: '1'}\n\
        paths: {/orders: {get: {responses: {'200': {description: Fine., content: {text/plain: {example: a}}}}}}}\n";
    let config = "[[services]]\nname = \"a\"\ncontract = \"a.yaml\"\nupstream = \"mock\"\n";
    std::fs::write(root.path("etc/portcullis/a.yaml"), contract).unwrap();
    std::fs::write(root.path("etc/portcullis/config.toml"), config).unwrap();
    let mut mounted = vec!["serve", "--config", "/etc/portcullis/config.toml"];
    mounted.extend(ADDRESSES);
    for words in [samples, mounted] {
        let process = Process::start_command(root.command(&words));
        let answer = ask(process.data, "GET /orders HTTP/1.1\r\nhost: a\r\n\r\n");
        assert_eq!(answer.status, 200, "{words:?}");
        let health = self::words("HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ");
        assert_eq!(health[1..], ["status", "--ready"]);
        let mut check = root.command(&["status", "--ready"]);
        check.env("PORTCULLIS_ADMIN_URL", format!("http://{}", process.admin));
        let output = check.output().unwrap();
        assert_eq!(output.stdout, b"ready\n", "{words:?}");
        assert_eq!(output.status.code(), Some(0));
        process.signal("TERM");
        let (status, log) = process.wait();
        assert_eq!(status.code(), Some(0), "{words:?}: {log}");
    }
    assert_eq!(root.path("tmp").read_dir().unwrap().count(), 0);
}
