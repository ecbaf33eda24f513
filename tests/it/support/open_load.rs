//! Clients that send requests at a fixed rate, or one after the other, whatever the answers are.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{interval, sleep};

/// The requests of one squad.
#[derive(Clone, Debug)]
pub(crate) struct SquadLoad {
    pub(crate) squad: &'static str,
    pub(crate) pace: Pace,
    /// Header fields as whole lines.
    pub(crate) fields: String,
    pub(crate) reads: ReadPace,
}

/// When requests are sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// This many each second, each on a connection that is free.
    Rate(f64),
    /// This many clients, each with a pause after an answer. They wait as long as `Retry-After` says
    /// if `obeys`.
    Clients {
        number: usize,
        pause: Duration,
        obeys: bool,
    },
}

/// How answers are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadPace {
    AtOnce,
    /// Not at all.
    Never,
}

/// What the requests of one squad led to.
#[derive(Clone, Debug, Default)]
pub(crate) struct LoadReport {
    pub(crate) sent: u64,
    pub(crate) served: u64,
    pub(crate) refused: u64,
    /// Without an answer when the run ended, or with another one.
    pub(crate) other: u64,
    latencies: Vec<Duration>,
    /// When requests were served, since the start.
    pub(crate) served_at: Vec<Duration>,
    /// The largest `Retry-After` in seconds.
    pub(crate) retry_after_max: u64,
}

impl LoadReport {
    pub(crate) fn quantile_ms(&self, quantile: f64) -> f64 {
        let mut latencies = self.latencies.clone();
        latencies.sort_unstable();
        let index = (quantile * latencies.len() as f64) as usize;
        let found = latencies.get(index.min(latencies.len().saturating_sub(1)));
        found.map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
    }

    /// A line for people.
    pub(crate) fn line(&self) -> String {
        format!(
            "{} sent, {} served, {} refused, {} unanswered, p50 {:.1} ms, p99 {:.1} ms",
            self.sent,
            self.served,
            self.refused,
            self.sent - self.served - self.refused - self.other,
            self.quantile_ms(0.5),
            self.quantile_ms(0.99)
        )
    }
}

/// What the clients of one squad share.
struct SharedLoad {
    address: SocketAddr,
    load: SquadLoad,
    start: Instant,
    idle: Mutex<Vec<TcpStream>>,
    report: Mutex<LoadReport>,
}

/// The head of an answer.
struct AnswerHead {
    status: u16,
    retry_after: Option<u64>,
}

/// Runs all loads at the same time.
pub(crate) fn run_loads(
    address: SocketAddr,
    loads: &[SquadLoad],
    length: Duration,
) -> Vec<LoadReport> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let shared: Vec<Arc<SharedLoad>> = loads
        .iter()
        .map(|load| {
            Arc::new(SharedLoad {
                address,
                load: load.clone(),
                start: Instant::now(),
                idle: Mutex::default(),
                report: Mutex::default(),
            })
        })
        .collect();
    runtime.block_on(async {
        for shared in &shared {
            match shared.load.pace {
                Pace::Rate(rate) => {
                    tokio::spawn(send_at_rate(Arc::clone(shared), rate));
                }
                Pace::Clients {
                    number,
                    pause,
                    obeys,
                } => {
                    for _ in 0..number {
                        tokio::spawn(send_in_turn(Arc::clone(shared), pause, obeys));
                    }
                }
            }
        }
        sleep(length).await;
    });
    // Ends the requests that are still open.
    runtime.shutdown_background();
    shared
        .iter()
        .map(|shared| shared.report.lock().unwrap().clone())
        .collect()
}

async fn send_at_rate(shared: Arc<SharedLoad>, rate: f64) {
    // The requests of a rate above a thousand come in twos and threes.
    let tick = Duration::from_secs_f64((1.0 / rate).max(0.001));
    let mut ticks = interval(tick);
    let mut due = 0.0;
    loop {
        ticks.tick().await;
        due += rate * tick.as_secs_f64();
        while due >= 1.0 {
            due -= 1.0;
            let shared = Arc::clone(&shared);
            tokio::spawn(async move { shared.exchange().await });
        }
    }
}

async fn send_in_turn(shared: Arc<SharedLoad>, pause: Duration, obeys: bool) {
    loop {
        let retry_after = shared.exchange().await.and_then(|head| head.retry_after);
        match retry_after {
            Some(seconds) if obeys => sleep(Duration::from_secs(seconds)).await,
            _ => sleep(pause).await,
        }
    }
}

impl SharedLoad {
    async fn exchange(&self) -> Option<AnswerHead> {
        self.report.lock().unwrap().sent += 1;
        let began = Instant::now();
        let idle = self.idle.lock().unwrap().pop();
        let mut stream = match idle {
            Some(stream) => stream,
            None => TcpStream::connect(self.address).await.ok()?,
        };
        let SquadLoad { squad, fields, .. } = &self.load;
        let request = format!(
            "GET /jobs HTTP/1.1\r\nhost: jobs\r\nx-squad-owner: {squad}\r\nx-sla-tier: gold\r\n{fields}\r\n"
        );
        stream.write_all(request.as_bytes()).await.ok()?;
        if self.load.reads == ReadPace::Never {
            // The run ends before.
            sleep(Duration::from_secs(3600)).await;
        }
        let head = read_answer(&mut stream).await;
        let mut report = self.report.lock().unwrap();
        match &head {
            Some(AnswerHead { status: 200, .. }) => {
                report.served += 1;
                report.latencies.push(began.elapsed());
                report.served_at.push(self.start.elapsed());
            }
            Some(AnswerHead {
                status: 429 | 503,
                retry_after,
            }) => {
                report.refused += 1;
                let seconds = retry_after.unwrap_or(0);
                report.retry_after_max = report.retry_after_max.max(seconds);
            }
            Some(_) | None => report.other += 1,
        }
        drop(report);
        if head.is_some() {
            self.idle.lock().unwrap().push(stream);
        }
        head
    }
}

/// Reads an answer with a known length.
async fn read_answer(stream: &mut TcpStream) -> Option<AnswerHead> {
    let mut received = Vec::new();
    let end = loop {
        if let Some(at) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut received).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&received[..end]).into_owned();
    let field = |name: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(": "));
        let field = fields.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        field.1.parse::<u64>().ok()
    };
    let length = usize::try_from(field("content-length")?).ok()?;
    while received.len() < end + length {
        if stream.read_buf(&mut received).await.ok()? == 0 {
            return None;
        }
    }
    Some(AnswerHead {
        status: head.get(9..12)?.parse().ok()?,
        retry_after: field("retry-after"),
    })
}
