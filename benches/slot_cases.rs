//! Decisions about slots and the budget among many squads, for `decision` and for counting
//! instructions. All squads of a case have called recently.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use portcullis_breaker::{
    CallOutcome, CallResult, CoreAdmission, CoreIndex, HeldSlot, ServicePolicy, ServiceProtection,
    SlotOutcome, SlotWait,
};
use portcullis_vocabulary::{Caller, Catalog, Consumer, Squad, Tier};

/// Slots for each squad.
const SLOTS: u32 = 10;

/// The time between two decisions.
const STEP: Duration = Duration::from_micros(20);

/// What is decided.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DecisionKind {
    /// A whole call of a squad below its share: breakers, slot, result.
    Call,
    /// A slot for a squad below its share, and its release.
    Below,
    /// A slot for a squad above its share, and its release.
    Above,
    /// A slot comes back, the strongest of the waiting requests, one of each squad, gets it, and
    /// another request of its squad begins to wait.
    Woken,
    /// A request is shed, because the queue is full of others with stronger claims.
    Shed,
    /// A request of another squad within the budget, and one of the provider that earns it.
    Budget,
    /// A request of another squad beyond the budget.
    BudgetRefused,
}

impl DecisionKind {
    /// All kinds, with their names.
    pub(crate) const ALL: [(&str, Self); 7] = [
        ("call", Self::Call),
        ("below", Self::Below),
        ("above", Self::Above),
        ("woken", Self::Woken),
        ("shed", Self::Shed),
        ("budget", Self::Budget),
        ("budget-refused", Self::BudgetRefused),
    ];
}

/// A service with many squads.
#[derive(Debug)]
pub(crate) struct ManySquads {
    admission: CoreAdmission,
    callers: Vec<Caller>,
}

/// One kind of decision, made again and again.
#[derive(Debug)]
pub(crate) struct RepeatedDecision<'s> {
    admission: &'s CoreAdmission,
    callers: &'s [Caller],
    kind: DecisionKind,
    now: Duration,
    held: VecDeque<HeldSlot>,
    /// By squad, as soon as requests wait.
    waiting: Vec<SlotWait<'s>>,
    /// The squad whose request was woken last.
    woken: Arc<AtomicUsize>,
}

/// Notes which squad's request is woken.
struct SquadWaker {
    squad: usize,
    woken: Arc<AtomicUsize>,
}

impl Wake for SquadWaker {
    fn wake(self: Arc<Self>) {
        self.woken.store(self.squad, Ordering::Relaxed);
    }
}

impl ManySquads {
    pub(crate) fn new(squads: usize) -> Self {
        let named = |number| Squad::named(format!("squad{number}").parse().expect("a name"));
        let catalog = Catalog::new((0..squads).map(named).collect(), vec![], vec![]);
        let caller = |number: usize| Caller {
            consumer: catalog.consumer(format!("squad{number}").as_bytes()),
            tier: Tier::Silver,
        };
        let mut policy = ServicePolicy::default();
        let shares = &mut policy.protection.shares;
        shares.in_flight_max = SLOTS * u32::try_from(squads).expect("a small number");
        shares.waiting_max = u32::try_from(squads).expect("a small number");
        shares.wait_max = Duration::from_secs(3600);
        policy.protection.budget.cross_squad_max = Some(0.2);
        policy.provider = match caller(0).consumer {
            Consumer::Squad(squad) => Some(squad),
            Consumer::Unknown => None,
        };
        let protection = ServiceProtection::new("orders", policy, &catalog, 1, Instant::now());
        Self {
            admission: protection.core_admission(CoreIndex::new(0)),
            callers: (0..squads).map(caller).collect(),
        }
    }

    /// Prepares a decision and makes it often enough that it is representative.
    pub(crate) fn repeat(&self, kind: DecisionKind) -> RepeatedDecision<'_> {
        let mut decision = RepeatedDecision {
            admission: &self.admission,
            callers: &self.callers,
            kind,
            now: Duration::ZERO,
            held: VecDeque::new(),
            waiting: Vec::new(),
            woken: Arc::default(),
        };
        // The first squad makes short calls, the others have some in flight.
        let per_squad = match kind {
            DecisionKind::Woken | DecisionKind::Shed => SLOTS,
            _ => SLOTS / 2,
        };
        for caller in &self.callers {
            for _ in 0..per_squad {
                let slot = decision.acquire(*caller);
                decision.held.extend(slot);
            }
        }
        match kind {
            DecisionKind::Above => {
                for _ in 0..1000 {
                    decision.acquire_and_release(self.callers[0]);
                }
                while decision.held.len() < self.callers.len() * 5 + 6 {
                    let slot = decision.acquire(self.callers[0]);
                    decision.held.extend(slot);
                }
            }
            DecisionKind::Woken | DecisionKind::Shed => {
                for squad in 0..self.callers.len() {
                    let wait = decision.wait(squad);
                    decision.waiting.push(wait);
                }
            }
            DecisionKind::Budget | DecisionKind::BudgetRefused => {
                for caller in self.callers.iter().cycle().take(20 * self.callers.len()) {
                    let _ = decision.admission.charge_budget(*caller, || decision.now);
                }
            }
            DecisionKind::Call | DecisionKind::Below => {}
        }
        for _ in 0..1000 {
            decision.decide();
        }
        decision
    }
}

impl<'s> RepeatedDecision<'s> {
    /// Makes one decision.
    pub(crate) fn decide(&mut self) {
        self.now += STEP;
        match self.kind {
            DecisionKind::Call => self.call(self.callers[0]),
            DecisionKind::Below | DecisionKind::Above => {
                self.acquire_and_release(self.callers[0]);
            }
            DecisionKind::Woken => self.wake_one(),
            DecisionKind::Shed => {
                let outcome = self.admission.acquire_slot(self.callers[0], self.now);
                assert!(matches!(outcome, SlotOutcome::Shed(_)), "{outcome:?}");
            }
            DecisionKind::Budget => {
                for _ in 0..4 {
                    self.charge(self.callers[0]);
                }
                self.charge(self.callers[1]);
            }
            DecisionKind::BudgetRefused => self.charge(self.callers[1]),
        }
    }

    fn call(&self, caller: Caller) {
        assert!(self.admission.peek(caller, self.now).is_none());
        let mut events = Vec::new();
        let permit = self
            .admission
            .admit(caller, self.now, &mut events)
            .expect("closed circuits");
        let slot = self.acquire(caller).expect("a free slot");
        let outcome = CallOutcome {
            result: CallResult::Answered,
            took: Some(Duration::from_millis(1)),
            retry_after: None,
        };
        self.admission
            .record(caller, permit, self.now, outcome, &mut events);
        self.admission.release_slot(slot, || self.now);
    }

    fn charge(&self, caller: Caller) {
        let _ = std::hint::black_box(self.admission.charge_budget(caller, || self.now));
    }

    fn acquire(&self, caller: Caller) -> Option<HeldSlot> {
        match self.admission.acquire_slot(caller, self.now) {
            SlotOutcome::Granted(slot) => Some(slot),
            SlotOutcome::Queued(_) | SlotOutcome::Shed(_) => None,
        }
    }

    fn acquire_and_release(&self, caller: Caller) {
        let slot = self.acquire(caller).expect("a free slot");
        self.admission.release_slot(slot, || self.now);
    }

    fn wait(&self, squad: usize) -> SlotWait<'s> {
        let outcome = self.admission.acquire_slot(self.callers[squad], self.now);
        let SlotOutcome::Queued(mut wait) = outcome else {
            unreachable!("no slot is free: {outcome:?}");
        };
        let woken = Arc::clone(&self.woken);
        let waker = Waker::from(Arc::new(SquadWaker { squad, woken }));
        let polled = Pin::new(&mut wait).poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending(), "no slot is free");
        wait
    }

    fn wake_one(&mut self) {
        let slot = self.held.pop_front().expect("all slots are held");
        self.admission.release_slot(slot, || self.now);
        let squad = self.woken.load(Ordering::Relaxed);
        let wait = &mut self.waiting[squad];
        let polled = Pin::new(wait).poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(Ok(slot)) = polled else {
            unreachable!("the slot was granted: {polled:?}");
        };
        self.held.push_back(slot);
        self.waiting[squad] = self.wait(squad);
    }
}
