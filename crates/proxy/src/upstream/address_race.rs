//! Connects to one of the addresses of a name (RFC 8305, Happy Eyeballs version 2).
//!
//! An address is tried; if it has not answered after a delay, the next one is tried too, and the
//! first one that accepts a connection wins. So an address that drops packets costs one delay, not
//! the whole time to connect. If an address fails, the next one is tried at once. The resolver of
//! the system gives all addresses at the same time, so the races between its queries (section 3)
//! are its own.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::local_resource::LocalResource;

/// The delay before the next address is tried (RFC 8305 section 8).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// The shortest delay (RFC 8305 section 5), where the addresses are many and the time is short.
const ATTEMPT_DELAY_MIN: Duration = Duration::from_millis(10);

/// The error of an address, and what this machine lacks if that is the cause.
pub(super) type ConnectFailure = (Option<LocalResource>, io::Error);

/// The connection and its address. `Err(None)` if the time is over.
type RaceWinner<S> = Result<(S, SocketAddr), Option<ConnectFailure>>;

/// How a race ended.
#[derive(Debug)]
pub(super) struct RaceOutcome<S> {
    pub(super) winner: RaceWinner<S>,
    /// The addresses that failed, or that had the delay for themselves and did not answer.
    pub(super) losers: Vec<SocketAddr>,
}

/// An attempt that is running.
struct RunningAttempt<F> {
    address: SocketAddr,
    started: Instant,
    connecting: Pin<Box<F>>,
}

struct AddressRace<F, C> {
    addresses: std::vec::IntoIter<SocketAddr>,
    connect: C,
    delay: Duration,
    /// When the next address is tried.
    next_at: Instant,
    running: Vec<RunningAttempt<F>>,
    losers: Vec<SocketAddr>,
    failure: Option<ConnectFailure>,
}

/// Connects to the first of the addresses that accepts a connection before the deadline. The
/// attempts that lose are dropped.
pub(super) async fn race<S, F>(
    addresses: Vec<SocketAddr>,
    deadline: Instant,
    connect: impl Fn(SocketAddr) -> F,
) -> RaceOutcome<S>
where
    F: Future<Output = io::Result<S>>,
{
    let now = Instant::now();
    let delay = delay_between(addresses.len(), deadline.saturating_duration_since(now));
    let mut race = AddressRace {
        addresses: addresses.into_iter(),
        connect,
        delay,
        next_at: now,
        running: Vec::new(),
        losers: Vec::new(),
        failure: None,
    };
    let mut timer = Box::pin(sleep_until(deadline));
    let winner = poll_fn(|cx| race.poll(cx, timer.as_mut(), deadline)).await;
    let now = Instant::now();
    let silent = race.running.iter();
    let silent = silent.filter(|attempt| attempt.started + delay <= now);
    race.losers.extend(silent.map(|attempt| attempt.address));
    RaceOutcome {
        winner,
        losers: race.losers,
    }
}

/// The delay with which all addresses are tried within a time.
fn delay_between(addresses: usize, time: Duration) -> Duration {
    // The last address has time to answer, too.
    let shares = u32::try_from(addresses).unwrap_or(u32::MAX);
    let share = time / shares.saturating_add(1);
    share.clamp(ATTEMPT_DELAY_MIN, ATTEMPT_DELAY)
}

impl<S, F, C> AddressRace<F, C>
where
    F: Future<Output = io::Result<S>>,
    C: Fn(SocketAddr) -> F,
{
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut timer: Pin<&mut Sleep>,
        deadline: Instant,
    ) -> Poll<RaceWinner<S>> {
        loop {
            if let Some(winner) = self.poll_attempts(cx) {
                return Poll::Ready(Ok(winner));
            }
            let now = Instant::now();
            if now >= deadline {
                return Poll::Ready(Err(None));
            }
            let is_last = self.addresses.as_slice().is_empty();
            if is_last && self.running.is_empty() {
                return Poll::Ready(Err(self.failure.take()));
            }
            if self.next_at <= now && self.start_next(now) {
                continue;
            }
            let until = if is_last { deadline } else { self.next_at };
            timer.as_mut().reset(until.min(deadline));
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Tries the next address. Returns whether there is one.
    fn start_next(&mut self, now: Instant) -> bool {
        let Some(address) = self.addresses.next() else {
            return false;
        };
        self.next_at = now + self.delay;
        self.running.push(RunningAttempt {
            address,
            started: now,
            connecting: Box::pin((self.connect)(address)),
        });
        true
    }

    /// The connection of an attempt that succeeded. An attempt that fails makes the next address due.
    fn poll_attempts(&mut self, cx: &mut Context<'_>) -> Option<(S, SocketAddr)> {
        let mut at = 0;
        while let Some(attempt) = self.running.get_mut(at) {
            match attempt.connecting.as_mut().poll(cx) {
                Poll::Pending => at += 1,
                Poll::Ready(Ok(connected)) => {
                    let winner = self.running.remove(at);
                    return Some((connected, winner.address));
                }
                Poll::Ready(Err(error)) => {
                    let failed = self.running.remove(at);
                    self.next_at = failed.started;
                    self.note_failure(failed.address, error);
                }
            }
        }
        None
    }

    fn note_failure(&mut self, address: SocketAddr, error: io::Error) {
        let resource = LocalResource::of(&error);
        if resource.is_none() {
            self.losers.push(address);
        }
        // An address that was tried says more about the upstream than one that this machine cannot
        // use, such as one of another family.
        let is_better = match &self.failure {
            Some((known, _)) => resource.is_none() || known.is_some(),
            None => true,
        };
        if is_better {
            self.failure = Some((resource, error));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an address does, by its port.
    const SILENT: u16 = 1;
    const REFUSES: u16 = 2;
    const WITHOUT_DESCRIPTORS: u16 = 3;
    const ACCEPTS: u16 = 4;

    fn addresses(ports: &[u16]) -> Vec<SocketAddr> {
        let address = |port: &u16| SocketAddr::from(([127, 0, 0, 1], *port));
        ports.iter().map(address).collect()
    }

    async fn connect(address: SocketAddr) -> io::Result<()> {
        match address.port() {
            SILENT => std::future::pending().await,
            REFUSES => Err(io::ErrorKind::ConnectionRefused.into()),
            WITHOUT_DESCRIPTORS => Err(rustix::io::Errno::MFILE.into()),
            _ => Ok(()),
        }
    }

    async fn outcome(ports: &[u16]) -> RaceOutcome<()> {
        let deadline = Instant::now() + Duration::from_millis(100);
        race(addresses(ports), deadline, connect).await
    }

    /// Checks which address wins, and which ones lose.
    async fn check(ports: &[u16], winner: u16, losers: &[u16]) {
        let outcome = outcome(ports).await;
        let (_, address) = outcome.winner.unwrap();
        assert_eq!(address.port(), winner, "{ports:?}");
        assert_eq!(outcome.losers, addresses(losers), "{ports:?}");
    }

    #[tokio::test]
    async fn the_first_address_that_answers_wins() {
        check(&[ACCEPTS], ACCEPTS, &[]).await;
        check(&[ACCEPTS, 5], ACCEPTS, &[]).await;
        check(&[SILENT, ACCEPTS], ACCEPTS, &[SILENT]).await;
        check(&[SILENT, SILENT, ACCEPTS], ACCEPTS, &[SILENT, SILENT]).await;
        check(&[REFUSES, ACCEPTS], ACCEPTS, &[REFUSES]).await;
        // An address that fails does not use up the delay of the next one.
        check(&[REFUSES, SILENT, ACCEPTS], ACCEPTS, &[REFUSES, SILENT]).await;
        check(&[WITHOUT_DESCRIPTORS, ACCEPTS], ACCEPTS, &[]).await;
    }

    #[tokio::test]
    async fn without_an_answer_the_failure_is_that_of_the_upstream() {
        let silent = outcome(&[SILENT]).await;
        assert!(matches!(silent.winner, Err(None)));
        assert_eq!(silent.losers, addresses(&[SILENT]));
        assert!(matches!(outcome(&[]).await.winner, Err(None)));
        for (ports, expected) in [
            (&[REFUSES][..], None),
            (&[WITHOUT_DESCRIPTORS], Some(LocalResource::Descriptors)),
            (&[WITHOUT_DESCRIPTORS, REFUSES], None),
            (&[REFUSES, WITHOUT_DESCRIPTORS], None),
        ] {
            let Err(Some((resource, _))) = outcome(ports).await.winner else {
                panic!("{ports:?} is refused");
            };
            assert_eq!(resource, expected, "{ports:?}");
        }
    }

    #[test]
    fn all_addresses_are_tried_in_time() {
        let seconds = Duration::from_secs;
        assert_eq!(delay_between(1, seconds(3)), ATTEMPT_DELAY);
        assert_eq!(delay_between(29, seconds(3)), seconds(3) / 30);
        assert_eq!(delay_between(10_000, seconds(3)), ATTEMPT_DELAY_MIN);
    }
}
