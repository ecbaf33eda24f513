//! Makes one kind of decision, so that its instructions can be counted:
//! `decision_cost KIND SQUADS NUMBER`. `benches/decision_instructions.sh` runs it.

#[path = "../../../benches/slot_cases.rs"]
mod slot_cases;

use std::io::{self, Write as _};

use slot_cases::{DecisionKind, ManySquads};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().unwrap_or_default();
    let mut number = || arguments.next().and_then(|text| text.parse().ok());
    let kind = DecisionKind::ALL.iter().find(|(name, _)| *name == kind);
    let (Some((_, kind)), Some(squads), Some(times)) = (kind, number(), number()) else {
        let names = DecisionKind::ALL.map(|(name, _)| name).join("|");
        return writeln!(io::stderr(), "usage: decision_cost {names} SQUADS NUMBER");
    };
    let squads = ManySquads::new(squads);
    let mut decision = squads.repeat(*kind);
    for _ in 0..times {
        decision.decide();
    }
    Ok(())
}
