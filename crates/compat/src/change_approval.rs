//! Approvals: changes that somebody has looked at and answers for.
//!
//! They are keyed by fingerprint, so they outlive another wording and other lines, and die with
//! the change: before or after being another value, it is another change.

use std::collections::HashMap;

use super::date::Date;

/// One change that somebody answers for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeApproval {
    /// The fingerprint of the finding.
    pub fingerprint: String,
    /// Who answers for it.
    pub owner: String,
    /// Why it is fine.
    pub reason: String,
    /// The last day on which it holds; for good where there is none.
    pub expires: Option<Date>,
    /// What it was, for whoever reads the file.
    pub change: String,
    /// Its line in the file.
    pub line: u32,
}

/// All approvals of a file, and which were used.
#[derive(Debug, Default)]
pub struct ApprovalSet {
    by_fingerprint: HashMap<String, (ChangeApproval, bool)>,
    today: Option<Date>,
}

impl ApprovalSet {
    /// Approvals as of a day.
    pub fn new(approvals: impl IntoIterator<Item = ChangeApproval>, today: Date) -> Self {
        let keyed = approvals
            .into_iter()
            .map(|approval| (approval.fingerprint.clone(), (approval, false)));
        Self {
            by_fingerprint: keyed.collect(),
            today: Some(today),
        }
    }

    /// The approval of a change, if it still holds.
    pub(super) fn of(&mut self, fingerprint: &str) -> Option<&ChangeApproval> {
        let (approval, is_used) = self.by_fingerprint.get_mut(fingerprint)?;
        *is_used = true;
        let has_expired = approval.expires.is_some_and(|last| Some(last) < self.today);
        (!has_expired).then_some(approval)
    }

    /// Approvals of changes that there are, and that hold no more.
    pub fn expired(&self) -> Vec<&ChangeApproval> {
        self.sorted(|approval, is_used| {
            is_used && approval.expires.is_some_and(|last| Some(last) < self.today)
        })
    }

    /// Approvals of changes that there are not: they can go.
    pub fn stale(&self) -> Vec<&ChangeApproval> {
        self.sorted(|_, is_used| !is_used)
    }

    fn sorted(&self, is_wanted: impl Fn(&ChangeApproval, bool) -> bool) -> Vec<&ChangeApproval> {
        let all = self.by_fingerprint.values();
        let wanted = all.filter(|(approval, is_used)| is_wanted(approval, *is_used));
        let mut wanted: Vec<&ChangeApproval> = wanted.map(|(approval, _)| approval).collect();
        wanted.sort_by_key(|approval| approval.line);
        wanted
    }
}
