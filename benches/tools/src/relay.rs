//! A bare relay on the crates that the proxy uses: `bench-relay LISTEN UPSTREAM`.
//!
//! It is the lower bound of a proxy on hyper: it forwards every message as it is, on one upstream
//! connection for each client connection, and does no other work. It is built with the profile of the
//! proxy that it is compared with.

#![expect(clippy::print_stderr, reason = "a command prints its errors")]

use std::cell::Cell;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::rc::Rc;

use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, LocalOptions};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type RelayError = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-relay: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<(), RelayError> {
    let [listen, upstream] = words else {
        return Err("expected LISTEN UPSTREAM".into());
    };
    let (listen, upstream): (SocketAddr, SocketAddr) = (listen.parse()?, upstream.parse()?);
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await?;
        loop {
            let (client, _) = listener.accept().await?;
            tokio::task::spawn_local(async move {
                if let Err(error) = relay(client, upstream).await {
                    eprintln!("bench-relay: {error}");
                }
            });
        }
    })
}

async fn relay(client: TcpStream, upstream: SocketAddr) -> Result<(), RelayError> {
    client.set_nodelay(true)?;
    let server = TcpStream::connect(upstream).await?;
    server.set_nodelay(true)?;
    let (sender, connection) = handshake::<_, Incoming>(TokioIo::new(server)).await?;
    tokio::task::spawn_local(connection);
    let sender = Rc::new(Cell::new(Some(sender)));
    let service = service_fn(move |request| forward(Rc::clone(&sender), request));
    http1::Builder::new()
        .serve_connection(TokioIo::new(client), service)
        .await?;
    Ok(())
}

/// The server half has one request at a time, so the sender is in its place whenever one begins.
async fn forward(
    place: Rc<Cell<Option<SendRequest<Incoming>>>>,
    request: Request<Incoming>,
) -> Result<Response<Incoming>, RelayError> {
    let mut sender = place.take().ok_or("two requests at the same time")?;
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    place.set(Some(sender));
    Ok(response)
}
