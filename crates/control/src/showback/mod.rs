//! Showback: what each consumer of a service would pay for it.
//!
//! [`split_amount`] divides an amount, and [`MoneyAmount`] is one. The caller measures what consumers
//! use and prints.

mod amount_split;
mod money_amount;

pub use amount_split::split_amount;
pub use money_amount::{InvalidAmount, MoneyAmount};
