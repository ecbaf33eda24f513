//! An upstream that sends prepared responses.

use std::fs;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use crate::client::STACK_BYTES;
use crate::message::MessageReader;

/// A response, and how the requests start that receive it.
#[derive(Debug)]
struct PreparedResponse {
    prefix: Vec<u8>,
    message: Vec<u8>,
}

/// Serves until the process is stopped. Prints the address once it listens.
#[expect(clippy::print_stdout, reason = "the caller reads the address")]
pub(crate) fn serve(address: SocketAddr, answers: &[&str]) -> io::Result<()> {
    let responses: Vec<_> = answers
        .iter()
        .map(|answer| prepared_response(answer))
        .collect::<io::Result<_>>()?;
    let responses = Arc::new(responses);
    let listener = TcpListener::bind(address)?;
    println!("{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let stream = stream?;
        let responses = Arc::clone(&responses);
        thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn(move || answer(stream, &responses))?;
    }
    Ok(())
}

fn prepared_response(text: &str) -> io::Result<PreparedResponse> {
    let Some((prefix, file)) = text.rsplit_once('=') else {
        return Err(io::Error::other(format!(
            "expected PREFIX=FILE, found {text:?}"
        )));
    };
    let message =
        fs::read(file).map_err(|error| io::Error::other(format!("cannot read {file}: {error}")))?;
    Ok(PreparedResponse {
        prefix: prefix.as_bytes().to_vec(),
        message,
    })
}

/// Answers the requests of one connection. A request that nothing is prepared for ends the
/// connection, which the proxy then reports.
fn answer(mut stream: TcpStream, responses: &[PreparedResponse]) {
    let mut reader = MessageReader::new();
    if stream.set_nodelay(true).is_err() {
        return;
    }
    while let Ok(Some(head)) = reader.read(&mut stream) {
        let prepared = responses
            .iter()
            .find(|response| head.starts_with(&response.prefix));
        let Some(response) = prepared else {
            return;
        };
        if stream.write_all(&response.message).is_err() {
            return;
        }
    }
}
