//! The commands in a real Redis: they can run again, and one squad cannot see another's keys.

use std::fs::File;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::printed_manifests::printed;
use crate::support::app::until;
use crate::support::tools::tool;
use crate::telemetry::deploy::file;

/// A server on a socket in a folder of its own, without TCP.
struct RedisServer {
    folder: TempDir,
    child: Child,
}

impl RedisServer {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let child = Command::new(tool("redis-server"))
            .args(["--port", "0", "--save", "", "--unixsocket"])
            .arg(folder.path().join("socket"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { folder, child };
        until(|| server.ask("", &["PING"]) == "PONG");
        server
    }

    fn client(&self) -> Command {
        let mut client = Command::new(tool("redis-cli"));
        client.arg("-s").arg(self.folder.path().join("socket"));
        client
    }

    /// The answer to a command of a user, whose password is its name; empty for the default user.
    fn ask(&self, user: &str, words: &[&str]) -> String {
        let mut client = self.client();
        if !user.is_empty() {
            client.args(["--no-auth-warning", "--user", user, "--pass", user]);
        }
        let output = client.args(words).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Runs the commands of a file.
    fn run(&self, name: &str) -> String {
        let commands = File::open(self.folder.path().join(name)).unwrap();
        let output = self.client().stdin(commands).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[cfg_attr(not(has_redis), ignore = "SKIPPED: Redis is missing")]
fn squads_see_their_own_keys_only() {
    let server = RedisServer::start();
    let commands = printed(&file(""), "redis");
    std::fs::write(server.folder.path().join("squads.redis"), commands).unwrap();
    assert_eq!(server.run("squads.redis"), "OK\nOK\nOK\n");
    let (payments, checkout) = ("squad_payments", "squad_checkout");
    for user in [payments, checkout] {
        let password = format!(">{user}");
        assert_eq!(server.ask("", &["ACL", "SETUSER", user, &password]), "OK");
    }
    // A second run keeps the passwords.
    assert_eq!(server.run("squads.redis"), "OK\nOK\nOK\n");
    assert_eq!(server.ask(payments, &["SET", "payments:a", "7"]), "OK");
    assert_eq!(server.ask(payments, &["GET", "payments:a"]), "7");
    for words in [
        "GET payments:a",
        "SET payments:a 8",
        "COPY payments:a checkout:a",
        "EVAL return(redis.call('get',KEYS[1])) 1 payments:a",
        "PUBLISH payments:a x",
        "SCAN 0",
        "KEYS *",
        "RANDOMKEY",
        "FLUSHDB",
        "CONFIG GET *",
        "CLIENT LIST",
        "ACL LIST",
        "SCRIPT FLUSH",
        "PUBSUB CHANNELS",
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let answer = server.ask(checkout, &words);
        assert!(answer.starts_with("NOPERM"), "{words:?}: {answer}");
    }
    assert_eq!(server.ask(payments, &["GET", "payments:a"]), "7");
}
