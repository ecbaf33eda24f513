//! This binary as an upstream in a separate process, which stops when the value is dropped.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use tokio::net::TcpListener;

/// The text before the address on the line that announces it.
const LISTENING: &str = "listening at ";

/// The running process.
#[derive(Debug)]
pub(crate) struct Spawned {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Spawned {
    /// Runs only the test that is the upstream, with this variable set.
    pub(crate) fn start(test: &str, variable: &str, setup: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(variable, setup)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = lines.map_while(Result::ok);
        let line = lines.find(|line| line.contains(LISTENING)).unwrap();
        let address = line.split_once(LISTENING).unwrap().1.parse().unwrap();
        // The test harness of the process writes a line after a minute, and ends if it cannot.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    /// Kills it without completing requests in flight.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Listens, and prints the address for the process that started this one.
pub(crate) async fn listen(address: &str) -> TcpListener {
    let listener = TcpListener::bind(address).await.unwrap();
    let line = format!("\n{LISTENING}{}\n", listener.local_addr().unwrap());
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    listener
}
