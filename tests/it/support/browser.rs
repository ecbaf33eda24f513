//! A browser that a scenario in `tests/browser` drives, and the traffic that it looks at.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::app::program_in_shell;
use super::client::PATIENCE;
use super::tools::tool;

/// Node with a scenario, and the browser that it drives.
#[derive(Debug)]
pub(crate) struct Browser {
    node: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Browser {
    pub(crate) fn start(scenario: &str, admin: SocketAddr) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
        let chromium = find("chromium").or_else(|| find("google-chrome"));
        let chromium = chromium.expect("chromium is missing; run .ci/run, which installs it");
        let mut node = Command::new(tool("node"))
            .arg(folder.join(scenario))
            .arg(chromium)
            .arg(format!("http://{admin}/"))
            .arg(env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(node.stdout.take().unwrap());
        Self { node, lines }
    }

    /// The next request of the scenario; `None` at its end.
    pub(crate) fn next_command(&mut self) -> Option<String> {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        (!line.is_empty()).then(|| line.trim().to_owned())
    }

    pub(crate) fn reply(&mut self, word: &str) {
        let stdin = self.node.stdin.as_mut().unwrap();
        stdin.write_all(format!("{word}\n").as_bytes()).unwrap();
    }

    #[track_caller]
    pub(crate) fn succeed(mut self) {
        let status = self.node.wait().unwrap();
        assert!(status.success(), "{status}: see the standard error above");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // After a successful test it has already exited and closed its browser.
        let _ = self.node.kill();
        let _ = self.node.wait();
    }
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|path| path.exists())
}

/// Runs a command line that the page shows, in a shell as an operator does, and returns its exit
/// code.
pub(crate) fn run_line(line: &str) -> String {
    let words = line
        .strip_prefix("portcullis ")
        .unwrap_or_else(|| panic!("{line:?} is not a command"));
    let output = program_in_shell(&format!("\"$0\" {words}")).output();
    output.unwrap().status.code().unwrap().to_string()
}

/// Sends one raw request; whether it is answered does not matter to this client.
pub(crate) fn send(address: SocketAddr, request: &str) {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return;
    };
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let _ = stream.write_all(request.as_bytes());
    let _ = stream.read_to_end(&mut Vec::new());
}

/// A request of a squad to a host; `fields` are whole lines.
pub(crate) fn request(line: &str, host: &str, squad: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{line} HTTP/1.1\r\nhost: {host}\r\nx-squad-owner: {squad}\r\nconnection: close\r\n\
         {fields}content-length: {length}\r\n\r\n{body}"
    )
}
