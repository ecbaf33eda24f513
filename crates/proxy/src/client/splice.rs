//! Passes the bytes of an upgraded connection in both directions, without reading them.
//!
//! Each direction has one buffer, which exists only while bytes wait in it, so a silent connection has
//! none. A side that ends its stream ends it for the other side too, after all bytes before it; the
//! opposite direction continues (half close). A side that accepts nothing stops only the bytes to it.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::time::Instant;

use crate::deadline_timer::DeadlineTimer;
use crate::exchange::UpgradeEnd;

/// How much is read at once, and so the most that waits in one direction.
const BUFFER_BYTES: usize = 16 * 1024;

/// How often one direction reads or writes before it is the turn of the other one, and of the other
/// tasks of the core.
const ROUNDS_MAX: usize = 16;

/// The bytes of one direction.
#[derive(Debug, Default)]
pub(super) struct SpliceDirection {
    waiting: BytesMut,
    /// How many of the next bytes belong to the handshake and are not counted.
    uncounted: usize,
    needs_flush: bool,
    /// Whether the sender has ended its stream.
    has_ended: bool,
    /// Whether nothing more is passed.
    is_over: bool,
    /// How many bytes were accepted after the handshake.
    passed: u64,
}

/// A side that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FailedSide {
    Sender,
    Receiver,
}

/// Both directions of a connection.
#[derive(Debug)]
pub(super) struct SpliceState {
    pub(super) from_client: SpliceDirection,
    pub(super) from_upstream: SpliceDirection,
    timer: DeadlineTimer,
    /// What ended one direction early.
    failed: Option<UpgradeEnd>,
}

impl SpliceDirection {
    /// A direction that begins with the end of the handshake and with bytes that arrived before.
    pub(super) fn beginning_with(handshake: &[u8], arrived: &[u8]) -> Self {
        Self {
            waiting: BytesMut::from_iter([handshake, arrived].concat()),
            uncounted: handshake.len(),
            ..Self::default()
        }
    }

    /// How many bytes were accepted after the handshake.
    pub(super) const fn passed(&self) -> u64 {
        self.passed
    }

    /// Passes bytes until one side has to be waited for. Ready when the direction is over.
    fn poll_pass<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        sender: &mut R,
        receiver: &mut W,
    ) -> Poll<Result<(), FailedSide>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let refused = |_: io::Error| FailedSide::Receiver;
        for _ in 0..ROUNDS_MAX {
            if self.is_over {
                return Poll::Ready(Ok(()));
            }
            if !self.waiting.is_empty() {
                let written = Pin::new(&mut *receiver).poll_write(cx, &self.waiting);
                match ready!(written).map_err(refused)? {
                    0 => return Poll::Ready(Err(FailedSide::Receiver)),
                    length => {
                        self.waiting.advance(length);
                        let uncounted = self.uncounted.min(length);
                        self.uncounted -= uncounted;
                        self.passed += (length - uncounted) as u64;
                        self.needs_flush = true;
                    }
                }
                continue;
            }
            if self.needs_flush {
                ready!(Pin::new(&mut *receiver).poll_flush(cx)).map_err(refused)?;
                self.needs_flush = false;
            }
            if self.has_ended {
                ready!(Pin::new(&mut *receiver).poll_shutdown(cx)).map_err(refused)?;
                self.is_over = true;
                continue;
            }
            self.waiting.reserve(BUFFER_BYTES);
            let Poll::Ready(read) = pin!(sender.read_buf(&mut self.waiting)).poll(cx) else {
                self.waiting = BytesMut::new();
                return Poll::Pending;
            };
            self.has_ended = read.map_err(|_| FailedSide::Sender)? == 0;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl SpliceState {
    /// The state of a connection that was just upgraded.
    pub(super) fn new(from_client: SpliceDirection, from_upstream: SpliceDirection) -> Self {
        Self {
            from_client,
            from_upstream,
            timer: DeadlineTimer::default(),
            failed: None,
        }
    }

    /// Passes bytes in both directions until the connection ends. `note` gets the bytes that passed,
    /// those of the client first; `is_aborted` says whether everything must end now.
    pub(super) async fn run<C, U>(
        &mut self,
        client: &mut C,
        upstream: &mut U,
        idle_timeout: Duration,
        is_aborted: impl Fn() -> bool,
        note: impl Fn(u64, u64),
    ) -> UpgradeEnd
    where
        C: AsyncRead + AsyncWrite + Unpin,
        U: AsyncRead + AsyncWrite + Unpin,
    {
        let mut deadline = Instant::now() + idle_timeout;
        poll_fn(|cx| {
            if is_aborted() {
                return Poll::Ready(UpgradeEnd::Closed);
            }
            let before = (self.from_client.passed, self.from_upstream.passed);
            let polled = self.poll_pass(cx, client, upstream);
            let passed = (
                self.from_client.passed - before.0,
                self.from_upstream.passed - before.1,
            );
            if passed != (0, 0) {
                note(passed.0, passed.1);
                deadline = Instant::now() + idle_timeout;
            }
            if polled.is_ready() {
                return polled;
            }
            self.timer.poll(cx, deadline).map(|()| UpgradeEnd::Idle)
        })
        .await
    }

    fn poll_pass<C, U>(
        &mut self,
        cx: &mut Context<'_>,
        client: &mut C,
        upstream: &mut U,
    ) -> Poll<UpgradeEnd>
    where
        C: AsyncRead + AsyncWrite + Unpin,
        U: AsyncRead + AsyncWrite + Unpin,
    {
        let (to_upstream, to_client) = (&mut self.from_client, &mut self.from_upstream);
        let mut polled = [
            to_client
                .poll_pass(cx, upstream, client)
                .map_err(|side| match side {
                    FailedSide::Sender => (side, UpgradeEnd::UpstreamGone),
                    FailedSide::Receiver => (side, UpgradeEnd::ClientGone),
                }),
            to_upstream
                .poll_pass(cx, client, upstream)
                .map_err(|side| match side {
                    FailedSide::Sender => (side, UpgradeEnd::ClientGone),
                    FailedSide::Receiver => (side, UpgradeEnd::UpstreamGone),
                }),
        ];
        let directions = [to_client, to_upstream];
        for (polled, direction) in polled.iter_mut().zip(directions) {
            let Poll::Ready(Err((side, end))) = *polled else {
                continue;
            };
            // What a side that does not read any more has sent still passes.
            let failed = *self.failed.get_or_insert(end);
            if side == FailedSide::Sender {
                return Poll::Ready(failed);
            }
            direction.waiting = BytesMut::new();
            direction.is_over = true;
            *polled = Poll::Ready(Ok(()));
        }
        if polled.iter().all(Poll::is_ready) {
            return Poll::Ready(self.failed.unwrap_or(UpgradeEnd::Closed));
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const IDLE: Duration = Duration::from_millis(200);

    /// Splices two streams of which each holds `held` bytes. Returns the other ends, and what to run.
    fn spliced(
        held: usize,
        directions: (SpliceDirection, SpliceDirection),
    ) -> (
        DuplexStream,
        DuplexStream,
        impl Future<Output = (UpgradeEnd, u64, u64)>,
    ) {
        let (client, mut near) = duplex(held);
        let (upstream, mut far) = duplex(held);
        let run = async move {
            let mut splice = SpliceState::new(directions.0, directions.1);
            let noted = Cell::new((0, 0));
            let note = |from_client, from_upstream| {
                let (first, second) = noted.get();
                noted.set((first + from_client, second + from_upstream));
            };
            let end = splice.run(&mut near, &mut far, IDLE, || false, note).await;
            let passed = (splice.from_client.passed(), splice.from_upstream.passed());
            assert_eq!(noted.get(), passed);
            (end, passed.0, passed.1)
        };
        (client, upstream, run)
    }

    fn empty() -> (SpliceDirection, SpliceDirection) {
        Default::default()
    }

    async fn rest(stream: &mut DuplexStream) -> Vec<u8> {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        bytes
    }

    #[tokio::test]
    async fn bytes_pass_unchanged_at_every_size_of_pieces() {
        let data: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
        for held in [1, 7, BUFFER_BYTES, 1 << 20] {
            let data = &data[..data.len().min(held * 500)];
            let (client, upstream, run) = spliced(held, empty());
            let echo = async {
                let (mut reads, mut writes) = tokio::io::split(upstream);
                tokio::io::copy(&mut reads, &mut writes).await.unwrap();
                writes.shutdown().await.unwrap();
            };
            let (mut reads, mut writes) = tokio::io::split(client);
            let send = async {
                writes.write_all(data).await.unwrap();
                writes.shutdown().await.unwrap();
            };
            let receive = async {
                let mut bytes = Vec::new();
                reads.read_to_end(&mut bytes).await.unwrap();
                bytes
            };
            let (end, (), (), received) = tokio::join!(run, echo, send, receive);
            assert!(received == data, "{held}");
            let length = data.len() as u64;
            assert_eq!(end, (UpgradeEnd::Closed, length, length));
        }
    }

    #[tokio::test]
    async fn the_end_of_one_side_does_not_end_the_other() {
        let (mut client, mut upstream, run) = spliced(64, empty());
        let talk = async {
            client.write_all(b"last words").await.unwrap();
            client.shutdown().await.unwrap();
            assert_eq!(rest(&mut upstream).await, b"last words");
            upstream.write_all(b"answer").await.unwrap();
            upstream.shutdown().await.unwrap();
            assert_eq!(rest(&mut client).await, b"answer");
        };
        let (end, ()) = tokio::join!(run, talk);
        assert_eq!(end, (UpgradeEnd::Closed, 10, 6));
    }

    #[tokio::test]
    async fn what_arrived_before_comes_first_and_the_handshake_is_not_counted() {
        let directions = (
            SpliceDirection::beginning_with(b"", b"early"),
            SpliceDirection::beginning_with(b"head", b"hello"),
        );
        let (mut client, mut upstream, run) = spliced(3, directions);
        let talk = async {
            client.shutdown().await.unwrap();
            upstream.shutdown().await.unwrap();
            tokio::join!(rest(&mut client), rest(&mut upstream))
        };
        let (end, (client, upstream)) = tokio::join!(run, talk);
        assert_eq!(
            (&client[..], &upstream[..]),
            (&b"headhello"[..], &b"early"[..])
        );
        assert_eq!(end, (UpgradeEnd::Closed, 5, 5));
    }

    #[tokio::test]
    async fn silence_ends_the_connection_and_any_byte_delays_that() {
        let began = Instant::now();
        let (_client, mut upstream, run) = spliced(64, empty());
        let talk = async {
            for _ in 0..3 {
                tokio::time::sleep(IDLE / 2).await;
                upstream.write_all(b".").await.unwrap();
            }
        };
        let (end, ()) = tokio::join!(run, talk);
        assert_eq!(end, (UpgradeEnd::Idle, 0, 3));
        assert!(began.elapsed() >= IDLE / 2 * 3 + IDLE);
    }

    #[tokio::test]
    async fn a_side_that_reads_nothing_bounds_what_waits_for_it() {
        let (_client, mut upstream, run) = spliced(64, empty());
        let flood = async {
            let mut sent = 0;
            let flood = async {
                loop {
                    sent += upstream.write(&[0; 1024]).await.unwrap();
                }
            };
            let _ = tokio::time::timeout(IDLE / 2, flood).await;
            sent
        };
        let ((end, _, accepted), sent) = tokio::join!(run, flood);
        assert_eq!((end, accepted), (UpgradeEnd::Idle, 64));
        assert!(sent <= 64 + BUFFER_BYTES + 64, "{sent}");
    }

    #[tokio::test]
    async fn a_flood_in_one_direction_does_not_stop_the_other() {
        let (client, mut upstream, run) = spliced(1 << 20, empty());
        let (mut reads, mut writes) = tokio::io::split(client);
        let flood = async {
            let (mut from, mut to) = tokio::io::split(&mut upstream);
            let flood = async { while to.write_all(&[0; 1 << 16]).await.is_ok() {} };
            let heard = async {
                let mut word = [0; 5];
                from.read_exact(&mut word).await.unwrap();
                word
            };
            tokio::select! {
                word = heard => word,
                () = flood => panic!("the flood ended"),
            }
        };
        let drain = async {
            let mut sink = tokio::io::sink();
            tokio::io::copy(&mut reads, &mut sink).await.unwrap()
        };
        let say = async {
            writes.write_all(b"enough").await.unwrap();
        };
        let word = tokio::select! {
            (word, ()) = async { tokio::join!(flood, say) } => word,
            _ = run => panic!("the splice ended"),
            _ = drain => panic!("the stream ended"),
        };
        assert_eq!(&word, b"enoug");
    }

    #[tokio::test]
    async fn the_side_that_failed_is_named() {
        for (of_client, expected) in [
            (true, UpgradeEnd::ClientGone),
            (false, UpgradeEnd::UpstreamGone),
        ] {
            let (client, upstream, run) = spliced(8, empty());
            let (gone, mut left) = if of_client {
                (client, upstream)
            } else {
                (upstream, client)
            };
            drop(gone);
            let talk = async {
                // The first write finds that the peer has closed; the end of the stream follows.
                let _ = left.write_all(&[1; 64]).await;
                rest(&mut left).await
            };
            let (end, received) = tokio::join!(run, talk);
            assert_eq!((end.0, received.len()), (expected, 0));
        }
    }
}
