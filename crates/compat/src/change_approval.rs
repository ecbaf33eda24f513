//! Approvals: changes that an owner has reviewed and accepted.
//!
//! An approval refers to a finding by its fingerprint, so it survives new wording and moved lines.
//! It does not cover a change with other values before or after, of another contract or in another
//! alternative of a schema; that is a different change.

use std::collections::HashMap;

use super::date::Date;

/// One approved change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeApproval {
    /// The fingerprint of the finding.
    pub fingerprint: String,
    /// Who approved the change.
    pub owner: String,
    /// Why the change is acceptable.
    pub reason: String,
    /// The last valid day; `None` if the approval never expires.
    pub expires: Option<Date>,
    /// The change, described for readers of the file.
    pub change: String,
    /// The line in the file.
    pub line: u32,
}

/// All approvals of a file, and which of them were used.
#[derive(Debug, Default)]
pub struct ApprovalSet {
    by_fingerprint: HashMap<String, (ChangeApproval, bool)>,
    today: Option<Date>,
}

impl ApprovalSet {
    /// Collects approvals, evaluated on a given day.
    pub fn new(approvals: impl IntoIterator<Item = ChangeApproval>, today: Date) -> Self {
        let keyed = approvals
            .into_iter()
            .map(|approval| (approval.fingerprint.clone(), (approval, false)));
        Self {
            by_fingerprint: keyed.collect(),
            today: Some(today),
        }
    }

    /// The approval of a change, unless it has expired.
    pub(super) fn of(&mut self, fingerprint: &str) -> Option<&ChangeApproval> {
        let (approval, is_used) = self.by_fingerprint.get_mut(fingerprint)?;
        *is_used = true;
        let has_expired = approval.expires.is_some_and(|last| Some(last) < self.today);
        (!has_expired).then_some(approval)
    }

    /// Expired approvals of changes that still exist.
    pub fn expired(&self) -> Vec<&ChangeApproval> {
        self.sorted(|approval, is_used| {
            is_used && approval.expires.is_some_and(|last| Some(last) < self.today)
        })
    }

    /// Approvals of changes that no longer exist; they can be deleted.
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
