//! Who may pass now: breakers, shares and budgets by owner.
//!
//! Beside a service there is one upstream, and cutting it is an outage for everyone. So traffic
//! is cut by the squad that causes the trouble and its tier: each has a [`Cell`] of its own, and
//! one more is for failures that nobody's requests can cause. What is in flight is shared by
//! weight, and traffic between squads can have a budget.
//!
//! Nothing here waits, reads a clock or knows a socket: time comes in as what has passed since
//! the [`Bank`] was made, and changes come out as [`Change`]s. The bank of a service is shared by
//! all data cores. What every request does touches only memory of its own core; locks are taken
//! where something is scarce or changes, and never held across an await.
//!
//! Invariants: what Portcullis refuses itself is never counted; a result counts only for the
//! generation of the cell that admitted it; slots are neither lost nor made; unknown consumers
//! never take a slot that a squad needed lately.

mod window;
mod backoff;
mod state;
mod word;
mod probes;
mod call;
mod cell;
mod seats;
mod line;
mod slots;
mod arbiter;
mod waiting;
mod vegas;
mod ratio;
mod refusal;
mod bank;
mod turnstile;
mod view;
#[cfg(test)]
mod sim;

pub use bank::{Bank, CellName, DeployWindow, Event, Guarded, Policy};
pub use call::{Limits, Pass, Shut, Verdict};
pub use cell::Cell;
pub use refusal::{Refusal, Rule};
pub use slots::{Entered, Slot, Slots};
pub use state::{Change, Override, Phase, Reason};
pub use turnstile::{Ended, Passes, Turnstile};
pub use view::{
    BankView, BudgetView, CellView, ChangeView, DeployWindowView, ShareView, SharesView,
};
pub use waiting::{Shed, ShedReason, Waiting};
pub use window::Tally;
