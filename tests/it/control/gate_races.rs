//! Concurrent pipelines at one registry, and pipelines that are killed while they write.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Output;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::gate::{GateFixture, contract, recording};
use crate::source::sources::Storage;
use crate::support::app::{is_full, program};

/// How many gates run at once, and how many revisions they deploy.
const GATES: usize = 20;
const REVISIONS: usize = 5;

fn fixture() -> GateFixture {
    let fixture = GateFixture::new();
    for number in 0..REVISIONS {
        fixture.write(
            &format!("{number}.yaml"),
            &contract("1.0.0", 100, &format!("revision {number}")),
        );
    }
    fixture
}

/// Runs a gate, and repeats it after each conflict. Returns the number of conflicts.
fn run_until_decided(
    fixture: &GateFixture,
    number: usize,
    registry: &str,
    variables: &[(&str, String)],
) -> (usize, Value) {
    for conflicts in 0..200 {
        let file = format!("{}.yaml", number % REVISIONS);
        let output = recording(fixture.folder.path(), &file, registry)
            .envs(variables.iter().map(|(name, value)| (*name, value)))
            .output()
            .unwrap();
        let verdict = verdict(&output);
        let rule = verdict["reasons"][0]["rule"].as_str().unwrap_or_default();
        match (output.status.code(), rule) {
            (Some(1), "conflict") => {
                assert_eq!(verdict["deployment_conflicts_total"], 1);
                let message = verdict["reasons"][0]["message"].as_str().unwrap();
                assert!(message.contains(".yaml recorded "), "{message}");
            }
            // Another gate recorded the same revision first, and then it was replaced.
            (Some(1), "replaced-revision") | (Some(0), _) => return (conflicts, verdict),
            _ => panic!("{verdict:#}"),
        }
    }
    panic!("gate {number} always has conflicts");
}

fn verdict(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn history(fixture: &GateFixture, registry: &str, variables: &[(&str, String)]) -> Value {
    let output = program()
        .args([
            "gate",
            "history",
            "--verify",
            "--format",
            "json",
            "--squad",
            "payments",
            "--service",
            "orders",
        ])
        .args(["--registry", registry])
        .current_dir(fixture.folder.path())
        .envs(variables.iter().map(|(name, value)| (*name, value)))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn race(registry: &str, variables: &[(&str, String)]) {
    let fixture = fixture();
    let outcomes: Vec<(usize, Value)> = thread::scope(|scope| {
        let gates: Vec<_> = (0..GATES)
            .map(|number| {
                scope.spawn({
                    let fixture = &fixture;
                    move || run_until_decided(fixture, number, registry, variables)
                })
            })
            .collect();
        gates.into_iter().map(|gate| gate.join().unwrap()).collect()
    });
    let record = history(&fixture, registry, variables);
    let deployments = record["deployments"].as_array().unwrap();
    let mut revisions: Vec<&str> = deployments
        .iter()
        .map(|of| of["revision"].as_str().unwrap())
        .collect();
    revisions.sort_unstable();
    let all = revisions.len();
    revisions.dedup();
    assert_eq!(
        (all, revisions.len()),
        (REVISIONS, REVISIONS),
        "each revision is recorded once: {record:#}"
    );
    // The registry has exactly the deployments that gates reported as recorded.
    let mut reported: Vec<u64> = outcomes
        .iter()
        .filter_map(|(_, verdict)| verdict["recorded"].as_u64())
        .collect();
    reported.sort_unstable();
    let recorded: Vec<u64> = deployments
        .iter()
        .map(|of| of["number"].as_u64().unwrap())
        .collect();
    assert_eq!(reported, recorded);
    let conflicts: usize = outcomes.iter().map(|(conflicts, _)| conflicts).sum();
    println!("{GATES} gates, {REVISIONS} revisions, {conflicts} conflicts at {registry}");
}

#[test]
fn one_of_twenty_gates_wins_at_a_time_in_a_directory() {
    let folder = tempfile::tempdir().unwrap();
    race(folder.path().to_str().unwrap(), &[]);
}

/// A proxy that forwards requests to a storage one at a time.
///
/// The storage of the tests compares and writes in two steps and serves requests concurrently. Real
/// storages do both atomically.
fn one_at_a_time(storage: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let turn = Arc::new(Mutex::new(()));
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (turn, storage) = (Arc::clone(&turn), storage.clone());
            // A killed gate has closed its connection.
            thread::spawn(move || drop(pass_on(stream, &storage, &turn)));
        }
    });
    address
}

fn pass_on(mut client: TcpStream, storage: &str, turn: &Mutex<()>) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte)? == 0 {
            return Ok(());
        }
        request.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    client.read_exact(&mut body)?;
    request.truncate(request.len() - 2);
    request.extend_from_slice(b"connection: close\r\n\r\n");
    request.extend_from_slice(&body);
    let mut answer = Vec::new();
    {
        let _turn = turn.lock().unwrap();
        let mut upstream = TcpStream::connect(storage)?;
        upstream.write_all(&request)?;
        upstream.read_to_end(&mut answer)?;
    }
    client.write_all(&answer)
}

/// The environment variables for a storage behind [`one_at_a_time`].
fn variables(storage: &Storage) -> Vec<(&'static str, String)> {
    let mut variables = storage.variables().to_vec();
    let endpoint = variables
        .iter_mut()
        .find(|(name, _)| *name == "AWS_ENDPOINT_URL")
        .unwrap();
    let address = endpoint.1.trim_start_matches("http://").to_owned();
    endpoint.1 = format!("http://{}", one_at_a_time(address));
    variables
}

#[test]
#[cfg_attr(not(has_s3_server), ignore = "needs moto_server: .ci/run installs it")]
fn one_of_twenty_gates_wins_at_a_time_in_a_bucket() {
    let storage = Storage::start();
    storage.send("PUT", "/deployments", "");
    race("s3://deployments/prod", &variables(&storage));
}

#[test]
#[cfg_attr(not(has_s3_server), ignore = "needs moto_server: .ci/run installs it")]
fn explains_a_bucket_that_denies_access() {
    let storage = Storage::start();
    let variables = variables(&storage);
    let fixture = fixture();
    let check = |registry: &str, expected: &str| {
        let output = recording(fixture.folder.path(), "0.yaml", registry)
            .envs(variables.iter().map(|(name, value)| (*name, value)))
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(
            error.contains(expected) && !error.contains("very-secret"),
            "{error}"
        );
    };
    check(
        "s3://nowhere/prod",
        "s3://nowhere/prod/payments/orders/registry.json: there is no such bucket",
    );
    storage.send("PUT", "/deployments", "");
    storage.send("POST", "/moto-api/reset-auth", "0");
    check(
        "s3://deployments/prod",
        "reading is refused: InvalidAccessKeyId (403 Forbidden)",
    );
}

/// Kills gates at random moments. The registry stays valid and loses no deployment.
fn kill(registry: &str, variables: &[(&str, String)], times: usize, seed: u64) {
    let fixture = GateFixture::new();
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut known, mut killed) = (Vec::new(), 0);
    for round in 0..times {
        let file = format!("{round}.yaml");
        fixture.write(&file, &contract("1.0.0", 100, &format!("revision {round}")));
        let mut gate = recording(fixture.folder.path(), &file, registry)
            .envs(variables.iter().map(|(name, value)| (*name, value)))
            .spawn()
            .unwrap();
        // A run takes some tens of milliseconds.
        thread::sleep(Duration::from_micros(random.u64(0..120_000)));
        gate.kill().unwrap();
        let output = gate.wait_with_output().unwrap();
        killed += usize::from(output.status.code().is_none());
        if known.is_empty() && output.status.code().is_none() {
            // Nothing may have been recorded yet.
            let output = recording(fixture.folder.path(), &file, registry)
                .envs(variables.iter().map(|(name, value)| (*name, value)))
                .output()
                .unwrap();
            assert_eq!(
                output.status.code(),
                Some(0),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let record = history(&fixture, registry, variables);
        let deployments = record["deployments"].as_array().unwrap();
        let revisions: Vec<String> = deployments
            .iter()
            .map(|of| of["revision"].to_string())
            .collect();
        assert!(
            revisions.starts_with(&known),
            "seed {seed}, round {round}: {record:#}"
        );
        if output.status.success() {
            assert_eq!(
                deployments.last().unwrap()["by"],
                file.as_str(),
                "seed {seed}, round {round}"
            );
        }
        known = revisions;
    }
    println!(
        "{times} gates at {registry}, {killed} of them killed, {} recorded",
        known.len()
    );
    assert!(killed > times / 10, "only {killed} of {times} were killed");
}

#[test]
fn killed_gates_leave_a_valid_directory() {
    let folder = tempfile::tempdir().unwrap();
    kill(
        folder.path().to_str().unwrap(),
        &[],
        if is_full() { 100 } else { 15 },
        7,
    );
}

#[test]
#[cfg_attr(not(has_s3_server), ignore = "needs moto_server: .ci/run installs it")]
fn killed_gates_leave_a_valid_bucket() {
    let storage = Storage::start();
    storage.send("PUT", "/deployments", "");
    kill(
        "s3://deployments",
        &variables(&storage),
        if is_full() { 100 } else { 10 },
        8,
    );
}

/// The operating system stops a program in the middle of a write, at each block of its files: first
/// the contract, then the registry, which a long name makes the larger file.
#[cfg(unix)]
#[test]
fn an_interrupted_write_leaves_the_older_registry() {
    let fixture = fixture();
    let record_with_limit = |file: &str, by: &str, blocks: &str| {
        let script = format!("ulimit -c 0; ulimit -f {blocks}; exec \"$@\"");
        let mut gate = std::process::Command::new("sh");
        gate.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_portcullis")]);
        gate.args("gate --record --squad payments --service orders --registry registry".split(' '));
        gate.args(["--catalog", "squads.toml", "--contract", file, "--by", by]);
        gate.current_dir(fixture.folder.path())
            .output()
            .unwrap()
            .status
    };
    assert!(record_with_limit("0.yaml", "ci", "unlimited").success());
    let before = history(&fixture, "registry", &[]);
    let by = "a".repeat(20_000);
    let mut blocks_max = 0;
    while !record_with_limit("1.yaml", &by, &blocks_max.to_string()).success() {
        assert_eq!(
            history(&fixture, "registry", &[]),
            before,
            "after {blocks_max} blocks"
        );
        blocks_max += 1;
        assert!(blocks_max < 100, "the gate never succeeds");
    }
    // The shell counts blocks of 512 or 1024 bytes.
    assert!(
        blocks_max >= 20,
        "the write was interrupted only {blocks_max} times"
    );
    let after = history(&fixture, "registry", &[]);
    assert_eq!(after["deployments"][1]["by"], by);
    let left = std::fs::read_dir(fixture.path("registry/payments/orders")).unwrap();
    assert_eq!(left.count(), 3, "the registry, its contracts and its lock");
}
