//! `leases.json`: who may migrate a shared table, one at a time.
//!
//! Two migrations of one table wait for each other's locks, and everything else waits behind them.
//! So a deployment that migrates a shared table holds a lease on it until its roll-out is complete or
//! the lease expires. Leases are completed and never removed, up to a number.
//!
//! Invariant: only the last lease can be held.

use serde::{Deserialize, Serialize};

use super::utc_timestamp::UtcTimestamp;

/// The format version of the file.
const FORMAT: u64 = 1;
/// The leases that are kept.
const LEASES_MAX: usize = 100;

/// The leases of one table, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TableLeases {
    format: u64,
    /// The table.
    pub table: String,
    /// Its leases.
    pub leases: Vec<TableLease>,
}

/// A lease on a table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TableLease {
    /// The service whose deployment migrates the table.
    pub service: String,
    /// The squad that deploys.
    pub squad: String,
    /// The revision of the contract that is deployed.
    pub revision: String,
    /// Who deploys.
    pub by: String,
    /// When it was taken.
    pub taken_at: UtcTimestamp,
    /// When it expires.
    pub expires_at: UtcTimestamp,
    /// When it was given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<UtcTimestamp>,
    /// Who took it from its holder, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_over: Option<String>,
}

/// Why a file of leases is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaseDamage {
    /// It is not JSON, or not of the form.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What was expected.
        message: String,
    },
    /// It has another format version, or is about another table.
    #[error("{pointer}: expected {expected}, found {found}")]
    Unlike {
        /// A JSON pointer to the difference.
        pointer: &'static str,
        /// What was expected.
        expected: String,
        /// What is there.
        found: String,
    },
}

impl TableLeases {
    /// A table without leases.
    pub fn new(table: &str) -> Self {
        Self {
            format: FORMAT,
            table: table.to_owned(),
            leases: Vec::new(),
        }
    }

    /// Reads the leases of a table.
    ///
    /// # Errors
    /// [`LeaseDamage`] says where the file is damaged.
    pub fn parse(bytes: &[u8], table: &str) -> Result<Self, LeaseDamage> {
        let leases: Self = serde_json::from_slice(bytes).map_err(|error| LeaseDamage::Syntax {
            line: error.line(),
            column: error.column(),
            message: error.to_string(),
        })?;
        let unlike = |pointer, expected: String, found: String| {
            Err(LeaseDamage::Unlike {
                pointer,
                expected,
                found,
            })
        };
        if leases.format != FORMAT {
            return unlike("/format", FORMAT.to_string(), leases.format.to_string());
        }
        if leases.table != table {
            return unlike("/table", table.to_owned(), leases.table);
        }
        Ok(leases)
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("leases have a JSON form");
        text.push('\n');
        text
    }

    /// The lease that is held at this time.
    pub fn held(&self, now: UtcTimestamp) -> Option<&TableLease> {
        self.leases.last().filter(|lease| lease.is_held(now))
    }

    /// Adds a lease. One that is held ends.
    pub fn take(&mut self, lease: TableLease) {
        if let Some(last) = self.leases.last_mut()
            && last.is_held(lease.taken_at)
        {
            last.ended_at = Some(lease.taken_at);
        }
        self.leases.push(lease);
        let excess = self.leases.len().saturating_sub(LEASES_MAX);
        self.leases.drain(..excess);
    }

    /// Ends the lease of a service's revision. Returns whether it was held.
    pub fn give_back(&mut self, service: &str, revision: &str, now: UtcTimestamp) -> bool {
        let own = self.leases.last_mut().filter(|lease| {
            lease.is_held(now) && lease.service == service && lease.revision == revision
        });
        own.map(|lease| lease.ended_at = Some(now)).is_some()
    }
}

impl TableLease {
    /// Whether it is neither ended nor expired.
    pub fn is_held(&self, now: UtcTimestamp) -> bool {
        self.ended_at.is_none() && self.expires_at > now
    }

    /// Whether it is of the same deployment.
    pub fn is_of(&self, service: &str, revision: &str) -> bool {
        self.service == service && self.revision == revision
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn lease(service: &str, at: UtcTimestamp) -> TableLease {
        TableLease {
            service: service.to_owned(),
            squad: "payments".to_owned(),
            revision: "sha256:1".to_owned(),
            by: "ann".to_owned(),
            taken_at: at,
            expires_at: at.after(Duration::from_secs(60)),
            ended_at: None,
            taken_over: None,
        }
    }

    #[test]
    fn one_lease_is_held_at_a_time() {
        let now: UtcTimestamp = "2026-05-01T10:00:00.000Z".parse().unwrap();
        let later = now.after(Duration::from_secs(59));
        let mut leases = TableLeases::new("shop.orders");
        assert_eq!(leases.held(now), None);
        leases.take(lease("orders", now));
        assert_eq!(leases.held(later).unwrap().service, "orders");
        assert_eq!(leases.held(now.after(Duration::from_secs(60))), None);
        assert!(!leases.give_back("find", "sha256:1", later));
        assert!(!leases.give_back("orders", "sha256:2", later));
        leases.take(lease("find", later));
        assert_eq!(leases.leases[0].ended_at, Some(later));
        assert!(leases.give_back("find", "sha256:1", later));
        assert_eq!(leases.held(later), None);
        for _ in 0..200 {
            leases.take(lease("orders", later));
        }
        assert_eq!(leases.leases.len(), LEASES_MAX);
    }

    #[test]
    fn files_are_read_strictly() {
        let mut leases = TableLeases::new("shop.orders");
        leases.take(lease("orders", UtcTimestamp::default()));
        let text = leases.text();
        assert_eq!(
            TableLeases::parse(text.as_bytes(), "shop.orders"),
            Ok(leases)
        );
        let check = |text: &str, expected: &str| {
            let error = TableLeases::parse(text.as_bytes(), "shop.orders").unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        };
        check(
            &text.replace("shop.orders", "shop.carts"),
            "/table: expected shop.orders, found shop.carts",
        );
        check(
            &text.replace("\"format\": 1", "\"format\": 2"),
            "/format: expected 1, found 2",
        );
        check("{", "line 1, column 1: ");
        check(&text.replace("\"by\"", "\"bye\""), "unknown field `bye`");
    }
}
