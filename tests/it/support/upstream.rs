//! A real upstream: raw TCP that records the bytes of every request and responds by a script.
//!
//! It has a separate strict parser of requests, written without the proxy's, so a defect passes
//! unnoticed only if both have it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One complete request, as the upstream read it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorded {
    /// The connection it arrived on, counted from 0.
    pub(crate) connection: usize,
    /// The request line and field lines.
    pub(crate) lines: Vec<String>,
    /// The decoded body.
    pub(crate) body: Vec<u8>,
    /// The trailer lines.
    pub(crate) trailers: Vec<String>,
    /// Everything that is wrong with it, in any reading.
    pub(crate) problems: Vec<String>,
}

impl Recorded {
    pub(crate) fn request_line(&self) -> &str {
        &self.lines[0]
    }

    pub(crate) fn fields(&self, name: &str) -> Vec<&str> {
        let fields = self.lines[1..]
            .iter()
            .filter_map(|line| line.split_once(": "));
        fields
            .filter(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect()
    }
}

/// One step of an answer.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Writes bytes.
    Send(Vec<u8>),
    /// Writes this many bytes of `x`.
    Fill(usize),
    /// Waits until the test continues it.
    Wait(Arc<tokio::sync::Notify>),
    /// Closes the connection.
    Close,
}

/// Text as a step.
pub(crate) fn send(text: &str) -> Step {
    Step::Send(text.as_bytes().to_vec())
}

type Script = dyn Fn(&Recorded) -> Vec<Step> + Send + Sync;

/// When the script runs.
#[derive(Clone, Debug)]
pub(crate) enum AnswerAt {
    /// When the head has arrived.
    Head,
    /// When the whole request has arrived.
    End,
    /// The same, but the body is not read before the test continues it.
    EndAfter(Arc<tokio::sync::Notify>),
}

/// The running upstream.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    pub(crate) requests: Receiver<Recorded>,
    pub(crate) heads: Receiver<()>,
    /// Dropping it stops the upstream's thread.
    _running: tokio::sync::oneshot::Sender<()>,
}

impl Upstream {
    /// An upstream that answers each complete request by the script.
    pub(crate) fn start(script: impl Fn(&Recorded) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Self::start_at(AnswerAt::End, script)
    }

    /// An upstream that answers after the head, or after the whole request.
    pub(crate) fn start_at(
        at: AnswerAt,
        script: impl Fn(&Recorded) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::channel();
        let (head_sender, heads) = mpsc::channel();
        let script: Arc<Script> = Arc::new(script);
        let (running, stopped) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    () = accept(listener, at, script, sender, head_sender) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            address,
            requests,
            heads,
            _running: running,
        }
    }

    /// An upstream that answers everything with `200` and a small body.
    pub(crate) fn ok() -> Self {
        Self::start(|_| vec![send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")])
    }

    /// Waits until the head of a request has arrived.
    pub(crate) fn head(&self) {
        self.heads
            .recv_timeout(super::client::PATIENCE)
            .expect("a request reaches the upstream");
    }

    /// The next request.
    pub(crate) fn request(&self) -> Recorded {
        let recorded = self.requests.recv_timeout(super::client::PATIENCE);
        let recorded = recorded.expect("a request reaches the upstream");
        assert_eq!(
            recorded.problems,
            Vec::<String>::new(),
            "{:?}",
            recorded.lines
        );
        recorded
    }
}

async fn accept(
    listener: TcpListener,
    at: AnswerAt,
    script: Arc<Script>,
    sender: Sender<Recorded>,
    heads: Sender<()>,
) {
    let mut connection = 0;
    while let Ok((stream, _)) = listener.accept().await {
        let (script, sender, heads) = (Arc::clone(&script), sender.clone(), heads.clone());
        let at = at.clone();
        tokio::spawn(async move {
            let mut reader = Reader {
                stream,
                buffer: Vec::new(),
            };
            // An incomplete request is not recorded and leaves no other trace.
            let _ = serve(&mut reader, connection, &at, &*script, &sender, &heads).await;
        });
        connection += 1;
    }
}

async fn serve(
    reader: &mut Reader,
    connection: usize,
    at: &AnswerAt,
    script: &Script,
    sender: &Sender<Recorded>,
    heads: &Sender<()>,
) -> Result<(), String> {
    loop {
        let mut recorded = reader.head(connection).await?;
        let _ = heads.send(());
        match at {
            AnswerAt::Head => play(&mut reader.stream, script(&recorded)).await?,
            AnswerAt::EndAfter(gate) => gate.notified().await,
            AnswerAt::End => {}
        }
        reader.body(&mut recorded).await?;
        let steps = script(&recorded);
        let _ = sender.send(recorded);
        if !matches!(at, AnswerAt::Head) {
            play(&mut reader.stream, steps).await?;
        }
    }
}

async fn play(stream: &mut TcpStream, steps: Vec<Step>) -> Result<(), String> {
    for step in steps {
        match step {
            Step::Send(bytes) => {
                stream
                    .write_all(&bytes)
                    .await
                    .map_err(|error| error.to_string())?;
            }
            Step::Fill(mut left) => {
                let block = vec![b'x'; 1 << 16];
                while left > 0 {
                    let n = left.min(block.len());
                    let written = stream.write(&block[..n]).await;
                    left -= written.map_err(|error| error.to_string())?;
                }
            }
            Step::Wait(notify) => notify.notified().await,
            Step::Close => return Err("closed by the script".to_owned()),
        }
    }
    Ok(())
}

/// Reads requests strictly according to RFC 9112.
struct Reader {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Reader {
    async fn head(&mut self, connection: usize) -> Result<Recorded, String> {
        let mut recorded = Recorded {
            connection,
            ..Recorded::default()
        };
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                break;
            }
            if line.bytes().any(|b| b.is_ascii_control() && b != b'\t') {
                recorded
                    .problems
                    .push(format!("control character in {line:?}"));
            }
            recorded.lines.push(line);
        }
        check_head(&mut recorded);
        Ok(recorded)
    }

    async fn body(&mut self, recorded: &mut Recorded) -> Result<(), String> {
        if recorded.fields("transfer-encoding") == ["chunked"] {
            return self.chunks(recorded).await;
        }
        let length = match recorded.fields("content-length").as_slice() {
            [] => 0,
            [length] => length
                .parse()
                .map_err(|_| format!("Content-Length {length}"))?,
            many => return Err(format!("Content-Length {many:?}")),
        };
        self.take(length, &mut recorded.body).await
    }

    async fn chunks(&mut self, recorded: &mut Recorded) -> Result<(), String> {
        loop {
            let line = self.line().await?;
            let size = usize::from_str_radix(&line, 16).map_err(|_| format!("chunk {line:?}"))?;
            if size == 0 {
                break;
            }
            self.take(size, &mut recorded.body).await?;
            if !self.line().await?.is_empty() {
                return Err("a chunk does not end where it should".to_owned());
            }
        }
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return Ok(());
            }
            recorded.trailers.push(line);
        }
    }

    /// A line that ends in CRLF and has no other CR or LF.
    async fn line(&mut self) -> Result<String, String> {
        loop {
            if let Some(lf) = self.buffer.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=lf).collect();
                let text = line
                    .strip_suffix(b"\r\n")
                    .ok_or("a line ends in a bare LF")?;
                if text.contains(&b'\r') {
                    return Err("a line contains a bare CR".to_owned());
                }
                return Ok(text.iter().map(|b| char::from(*b)).collect());
            }
            self.fill().await?;
        }
    }

    async fn take(&mut self, mut length: usize, into: &mut Vec<u8>) -> Result<(), String> {
        while length > 0 {
            if self.buffer.is_empty() {
                self.fill().await?;
            }
            let n = length.min(self.buffer.len());
            // Bodies of many megabytes are counted, not stored.
            let kept = n.min((1_usize << 20).saturating_sub(into.len()));
            into.extend_from_slice(&self.buffer[..kept]);
            self.buffer.drain(..n);
            length -= n;
        }
        Ok(())
    }

    async fn fill(&mut self) -> Result<(), String> {
        let mut block = vec![0; 1 << 16];
        match self.stream.read(&mut block).await {
            Ok(0) => Err("the connection ends in the middle of a request".to_owned()),
            Ok(n) => {
                self.buffer.extend_from_slice(&block[..n]);
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

fn check_head(recorded: &mut Recorded) {
    let mut problems = Vec::new();
    let line = recorded.lines.first().cloned().unwrap_or_default();
    let parts: Vec<&str> = line.split(' ').collect();
    match parts.as_slice() {
        [method, target, "HTTP/1.1"] => {
            if !is_token(method) {
                problems.push(format!("method {method:?}"));
            }
            let is_origin = target.starts_with('/') || (*target == "*" && *method == "OPTIONS");
            if !is_origin || !target.is_ascii() || target.contains(['#', '"', '\\', '<', '>']) {
                problems.push(format!("target {target:?}"));
            }
        }
        _ => problems.push(format!("request line {line:?}")),
    }
    for line in &recorded.lines[1.min(recorded.lines.len())..] {
        if !line
            .split_once(": ")
            .is_some_and(|(name, _)| is_token(name))
        {
            problems.push(format!("field line {line:?}"));
        }
    }
    let count = |name| recorded.fields(name).len();
    if count("host") != 1 {
        problems.push(format!("{} Host fields", count("host")));
    }
    if count("content-length") + count("transfer-encoding") > 1 {
        problems.push("more than one framing field".to_owned());
    }
    if !matches!(
        recorded.fields("transfer-encoding").as_slice(),
        [] | ["chunked"]
    ) {
        problems.push("a transfer coding other than chunked".to_owned());
    }
    for name in ["keep-alive", "proxy-connection", "upgrade", "expect"] {
        if count(name) > 0 {
            problems.push(format!("{name} is for one hop only"));
        }
    }
    if !matches!(recorded.fields("connection").as_slice(), [] | ["te"]) {
        problems.push(format!("connection {:?}", recorded.fields("connection")));
    }
    recorded.problems = problems;
}

fn is_token(text: &str) -> bool {
    let is_tchar = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !text.is_empty() && text.bytes().all(is_tchar)
}
