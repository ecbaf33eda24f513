//! The content of the image as the root directory of processes, by the script that also checks a static
//! program. The program of a test is not static, so the script adds its libraries.

use std::path::Path;
use std::process::Command;

use crate::support::app::program;
use crate::telemetry::deploy::file;

/// Whether the script accepts a program, and what it prints.
fn check_image(program: &Path, variables: &[(&str, &str)]) -> (bool, String) {
    let mut script = Command::new(file("deploy/check-image"));
    let output = script
        .arg(program)
        .env_remove("PORTCULLIS_BUILD_COMMIT")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[test]
#[cfg_attr(
    not(has_chroot),
    ignore = "SKIPPED: only root can run a process in another root, or curl or openssl is missing"
)]
fn the_image_refuses_serves_and_calls_upstreams() {
    let binary = program().get_program().to_owned();
    let (is_accepted, text) = check_image(Path::new(&binary), &[("LIBRARIES", "on")]);
    assert!(is_accepted, "{text}");
    assert_eq!(text.matches("ok  ").count(), 6, "{text}");
}

/// The check can fail: with a program that the image cannot run, and with another one.
#[test]
#[cfg_attr(
    not(has_chroot),
    ignore = "SKIPPED: only root can run a process in another root, or curl or openssl is missing"
)]
fn an_image_that_does_not_work_is_refused() {
    let binary = program().get_program().to_owned();
    let binary = Path::new(&binary);
    let commit = [
        ("LIBRARIES", "on"),
        ("PORTCULLIS_BUILD_COMMIT", "0123456789abcdef"),
    ];
    for (program, variables, expected) in [
        (binary, &[][..], "the program needs shared libraries"),
        (
            binary,
            &commit,
            "without the name or the commit 0123456789ab",
        ),
        (Path::new("/bin/true"), &commit[..1], "without the name"),
    ] {
        let (is_accepted, text) = check_image(program, variables);
        assert!(!is_accepted, "{text}");
        assert!(text.contains(expected), "{text}");
    }
}
