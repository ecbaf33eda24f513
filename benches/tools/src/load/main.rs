//! The load generator and the upstream of the comparisons in `benches/peers` and
//! `benches/instructions`. It knows nothing about contracts: requests and responses are files that
//! hold whole messages.
//!
//! - `bench-load upstream ADDRESS PREFIX=FILE...` sends FILE for requests that start with PREFIX.
//! - `bench-load once ADDRESS REQUEST COUNT` sends COUNT requests on one connection.
//! - `bench-load closed ADDRESS REQUEST CONNECTIONS SECONDS` sends as fast as responses arrive.
//! - `bench-load open ADDRESS REQUEST CONNECTIONS SECONDS RATE` sends RATE requests a second.
//!
//! All but the first print one JSON object. Every connection has a blocking thread, which takes
//! less CPU time than an event loop.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command prints its results and its errors"
)]

mod message;
mod client;
mod open_loop;
mod run_report;
mod upstream;

use std::fs;
use std::io;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use client::LoadClient;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> io::Result<()> {
    let report = match words {
        ["upstream", address, answers @ ..] => {
            return upstream::serve(parse(address, "an address")?, answers);
        }
        ["once", address, request, count] => {
            client::send_once(&client(address, request)?, parse(count, "a count")?)?
        }
        ["closed", address, request, connections, seconds] => client::closed_loop(
            &client(address, request)?,
            parse(connections, "a number of connections")?,
            duration(seconds)?,
        )?,
        ["open", address, request, connections, seconds, rate] => open_loop::open_loop(
            &client(address, request)?,
            parse(connections, "a number of connections")?,
            duration(seconds)?,
            parse(rate, "a rate")?,
        )?,
        _ => return Err(io::Error::other("expected upstream, once, closed or open")),
    };
    println!("{}", report.to_json());
    Ok(())
}

fn client(address: &str, request: &str) -> io::Result<LoadClient> {
    let message = fs::read(request)
        .map_err(|error| io::Error::other(format!("cannot read {request}: {error}")))?;
    Ok(LoadClient::new(parse(address, "an address")?, message))
}

fn duration(text: &str) -> io::Result<Duration> {
    let seconds: f64 = parse(text, "a number of seconds")?;
    Duration::try_from_secs_f64(seconds)
        .map_err(|error| io::Error::other(format!("{text} is not a duration: {error}")))
}

fn parse<T: FromStr>(text: &str, what: &str) -> io::Result<T> {
    let parsed = text.parse();
    parsed.map_err(|_| io::Error::other(format!("expected {what}, found {text:?}")))
}
