//! Sends one request over and over, and requires a status of success each time.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::message::MessageReader;
use crate::run_report::RunReport;

const IO_TIMEOUT: Duration = Duration::from_secs(30);
/// A thread needs little more than its read buffer, which is on the heap.
pub(crate) const STACK_BYTES: usize = 128 * 1024;

/// Where requests go, and the request.
#[derive(Debug)]
pub(crate) struct LoadClient {
    address: SocketAddr,
    message: Vec<u8>,
}

impl LoadClient {
    pub(crate) fn new(address: SocketAddr, message: Vec<u8>) -> Self {
        Self { address, message }
    }

    pub(crate) fn connect(&self) -> io::Result<LoadConnection<'_>> {
        let stream = TcpStream::connect_timeout(&self.address, IO_TIMEOUT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(IO_TIMEOUT))?;
        Ok(LoadConnection {
            stream,
            reader: MessageReader::new(),
            message: &self.message,
        })
    }
}

/// A connection that is used again for each request.
pub(crate) struct LoadConnection<'a> {
    stream: TcpStream,
    reader: MessageReader,
    message: &'a [u8],
}

impl LoadConnection<'_> {
    pub(crate) fn exchange(&mut self) -> io::Result<()> {
        self.stream.write_all(self.message)?;
        let Some(head) = self.reader.read(&mut self.stream)? else {
            return Err(io::Error::other("the proxy closed a connection in use"));
        };
        if head.starts_with(b"HTTP/1.1 2") {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "expected a status of 2xx, found {}",
            head.escape_ascii()
        )))
    }
}

/// Sends `count` requests on one connection.
pub(crate) fn send_once(client: &LoadClient, count: usize) -> io::Result<RunReport> {
    let mut connection = client.connect()?;
    let started = Instant::now();
    for _ in 0..count {
        connection.exchange()?;
    }
    Ok(RunReport::closed(count, started.elapsed()))
}

/// Sends the next request of a connection when its response has arrived, for `duration`.
pub(crate) fn closed_loop(
    client: &LoadClient,
    connections: usize,
    duration: Duration,
) -> io::Result<RunReport> {
    let opened: Vec<_> = (0..connections)
        .map(|_| client.connect())
        .collect::<io::Result<_>>()?;
    let started = Instant::now();
    let counts = on_threads(opened, |_, mut connection| {
        let mut count = 0;
        while started.elapsed() < duration {
            connection.exchange()?;
            count += 1;
        }
        Ok(count)
    })?;
    let total: usize = counts.into_iter().sum();
    Ok(RunReport::closed(total, started.elapsed()))
}

/// Runs `act` on a thread for each connection, and collects the results.
pub(crate) fn on_threads<'a, T: Send>(
    connections: Vec<LoadConnection<'a>>,
    act: impl Fn(usize, LoadConnection<'a>) -> io::Result<T> + Sync,
) -> io::Result<Vec<T>> {
    let act = &act;
    thread::scope(|scope| {
        let started = connections.into_iter().enumerate().map(|(at, connection)| {
            thread::Builder::new()
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, move || act(at, connection))
        });
        let running = started.collect::<io::Result<Vec<_>>>()?;
        let ended = running.into_iter().map(|thread| thread.join());
        ended
            .map(|result| result.unwrap_or_else(|_| Err(io::Error::other("a thread panicked"))))
            .collect()
    })
}
