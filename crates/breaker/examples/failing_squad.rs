//! A squad whose calls fail is cut off, and served again once its probes succeed. Time is an
//! argument, so the example takes no time.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use portcullis_breaker::{
    CallOutcome, CallResult, CoreAdmission, CoreIndex, ServicePolicy, ServiceProtection,
};
use portcullis_vocabulary::{Caller, Catalog, Consumer, InvalidSquadName, Squad, Tier};

/// Makes one call; false if it was refused.
fn call(core: &CoreAdmission, caller: Caller, now: Duration, result: CallResult) -> bool {
    let mut events = Vec::new();
    let Ok(permit) = core.admit(caller, now, &mut events) else {
        return false;
    };
    let outcome = CallOutcome {
        result,
        took: Some(Duration::from_millis(5)),
        retry_after: None,
    };
    core.record(caller, permit, now, outcome, &mut events);
    for event in events {
        let _ = writeln!(io::stdout(), "{now:?}: {}", event.transition.reason);
    }
    true
}

fn main() -> Result<(), InvalidSquadName> {
    let catalog = Catalog::new(vec![Squad::named("checkout".parse()?)], vec![], vec![]);
    let policy = ServicePolicy::default();
    let service = ServiceProtection::new("orders", policy, &catalog, 1, Instant::now());
    let core = service.core_admission(CoreIndex::new(0));
    let caller = Caller {
        consumer: catalog.consumer(b"checkout"),
        tier: Tier::Bronze,
    };
    let at = Duration::from_secs;

    let failed = (0..100).filter(|_| call(&core, caller, at(1), CallResult::Failed));
    assert_eq!(failed.count(), 20, "the breaker opens after 20 failures");
    let other = Caller {
        consumer: Consumer::Unknown,
        ..caller
    };
    assert!(call(&core, other, at(1), CallResult::Answered));
    let recovered = (0..100).filter(|_| call(&core, caller, at(9), CallResult::Answered));
    assert_eq!(recovered.count(), 100, "the probes succeed");
    Ok(())
}
