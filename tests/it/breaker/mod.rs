//! Circuit breakers, shares and budgets with real clients.

pub(crate) mod protection;
mod guarantees;
mod slow_readers;
