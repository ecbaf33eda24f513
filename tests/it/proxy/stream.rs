//! Bodies of a hundred megabytes are streamed without buffering: memory does not grow.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::support::app::{Process, Site};
use crate::support::client::{Client, PATIENCE};
use crate::support::load::{Echo, is_pattern, pattern};

const LENGTH: usize = 100 << 20;

/// A transfer that runs all code once, because its pages count as resident too.
const WARM_UP: usize = 1 << 20;

/// The additional resident memory allowed for a transfer of any length.
const COST_KIB_MAX: u64 = 6 << 10;

/// The framing of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Sized,
    Chunked,
}

fn upload(address: SocketAddr, framing: Framing, length: usize) {
    let mut client = Client::connect(address);
    let field = match framing {
        Framing::Sized => format!("content-length: {length}"),
        Framing::Chunked => "transfer-encoding: chunked".to_owned(),
    };
    client.send(format!(
        "PUT /files/x?upload=1 HTTP/1.1\r\nhost: a\r\ncontent-type: application/octet-stream\r\n\
         {field}\r\n\r\n"
    ));
    let pattern = pattern();
    let period = pattern.len() / 2;
    let mut at = 0;
    while at < length {
        let size = (length - at).min(period);
        let start = at % period;
        let part = &pattern[start..start + size];
        if framing == Framing::Chunked {
            client
                .stream()
                .write_all(format!("{size:x}\r\n").as_bytes())
                .unwrap();
        }
        client.stream().write_all(part).unwrap();
        if framing == Framing::Chunked {
            client.stream().write_all(b"\r\n").unwrap();
        }
        at += size;
    }
    if framing == Framing::Chunked {
        client.send("0\r\n\r\n");
    }
    let answer = client.answer();
    assert_eq!(
        String::from_utf8_lossy(&answer.body),
        format!("received {length}")
    );
}

/// Reads and discards.
fn download(address: SocketAddr, framing: Framing, length: usize) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let word = if framing == Framing::Sized {
        "sized"
    } else {
        "chunked"
    };
    let request =
        format!("GET /files/x?{word}={length} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut reader = std::io::BufReader::with_capacity(1 << 16, stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        head.push_str(&line(&mut reader));
    }
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert_eq!(
        head.contains(&format!("content-length: {length}\r\n")),
        framing == Framing::Sized
    );
    assert_eq!(
        head.contains("transfer-encoding: chunked\r\n"),
        framing == Framing::Chunked
    );
    let pattern = pattern();
    let mut at = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let size = match framing {
            Framing::Sized => length - at,
            Framing::Chunked => usize::from_str_radix(line(&mut reader).trim_end(), 16).unwrap(),
        };
        if size == 0 {
            break;
        }
        let end = at + size;
        while at < end {
            let wanted = (end - at).min(buffer.len());
            reader.read_exact(&mut buffer[..wanted]).unwrap();
            assert!(
                is_pattern(&pattern, at, &buffer[..wanted]),
                "differs after {at}"
            );
            at += wanted;
        }
        if framing == Framing::Chunked {
            assert_eq!(line(&mut reader), "\r\n");
        }
    }
    assert_eq!(at, length);
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    assert_eq!(
        rest,
        if framing == Framing::Chunked {
            "\r\n"
        } else {
            ""
        }
    );
}

fn line(reader: &mut impl std::io::BufRead) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    line
}

#[test]
fn large_bodies_stream_through_in_constant_memory() {
    let upstream = Echo::start();
    let process = Process::start(Site::shop(upstream.address(), "", ""));
    let address = process.data;
    for framing in [Framing::Sized, Framing::Chunked] {
        upload(address, framing, WARM_UP);
        download(address, framing, WARM_UP);
    }
    let check = |name: &str, transfer: &dyn Fn()| {
        let (before, _) = process.memory_kib();
        transfer();
        let (after, peak) = process.memory_kib();
        eprintln!("{name}: resident KiB {before} before, {after} after, {peak} at most");
        assert!(
            peak <= before + COST_KIB_MAX,
            "{name}: {before} to {peak} KiB"
        );
    };
    for framing in [Framing::Sized, Framing::Chunked] {
        check(&format!("upload {framing:?}"), &|| {
            upload(address, framing, LENGTH)
        });
        check(&format!("download {framing:?}"), &|| {
            download(address, framing, LENGTH)
        });
    }
}

/// A client that does not read slows its upstream down instead of filling the proxy's memory.
#[test]
fn a_client_that_does_not_read_uses_little_memory() {
    let upstream = Echo::start();
    let process = Process::start(Site::shop(upstream.address(), "", ""));
    let (before, _) = process.memory_kib();
    let ask = |_| {
        let mut client = Client::connect(process.data);
        client.send(format!(
            "GET /files/x?sized={LENGTH} HTTP/1.1\r\nhost: a\r\n\r\n"
        ));
        client
    };
    let mut clients: Vec<Client> = (0..20).map(ask).collect();
    // Other clients are still served, with complete bodies.
    download(process.data, Framing::Chunked, LENGTH);
    let (_, peak) = process.memory_kib();
    eprintln!("20 clients that do not read: resident KiB {before} before, {peak} at most");
    assert!(peak <= before + 4 * COST_KIB_MAX, "{before} to {peak} KiB");
    for client in &mut clients {
        assert_eq!(client.read_answer(false).unwrap().status, 200);
    }
}
