//! The approvals of a run: which of them cover changes, and which do not any more.

use std::collections::HashMap;

use super::change_approval::{ChangeApproval, ContractNames};
use super::compat_finding::CompatFinding;
use portcullis_vocabulary::Date;

/// All approvals of a file, and which of them were used.
#[derive(Debug, Default)]
pub struct ApprovalSet {
    by_fingerprint: HashMap<String, Vec<ApprovalUse>>,
    today: Option<Date>,
}

/// An approval, and what it was used for.
#[derive(Debug)]
struct ApprovalUse {
    approval: ChangeApproval,
    is_used: bool,
    /// The number of contracts with a change that the approval fits.
    contracts: usize,
}

impl ApprovalUse {
    const fn is_ambiguous(&self) -> bool {
        self.contracts > 1
    }
}

impl ApprovalSet {
    /// Collects approvals, evaluated on a given day.
    pub fn new(approvals: impl IntoIterator<Item = ChangeApproval>, today: Date) -> Self {
        let mut set = Self {
            today: Some(today),
            ..Self::default()
        };
        for approval in approvals {
            let key = approval.fingerprint.clone();
            set.by_fingerprint
                .entry(key)
                .or_default()
                .push(ApprovalUse {
                    approval,
                    is_used: false,
                    contracts: 0,
                });
        }
        set
    }

    /// Notes which approvals fit a contract. If a run compares several contracts, it does so for
    /// each of them before it applies the approvals to any.
    pub fn fit<'f>(
        &mut self,
        findings: impl IntoIterator<Item = &'f CompatFinding>,
        names: &ContractNames,
    ) {
        let mut fingerprints: Vec<&str> = findings
            .into_iter()
            .map(CompatFinding::fingerprint)
            .collect();
        fingerprints.sort_unstable();
        fingerprints.dedup();
        for fingerprint in fingerprints {
            let found = self.by_fingerprint.get_mut(fingerprint);
            for entry in found.into_iter().flatten() {
                entry.contracts += usize::from(names.admit(&entry.approval));
            }
        }
    }

    /// The approval of a change, unless it has expired or fits other contracts, too.
    pub(super) fn of(
        &mut self,
        fingerprint: &str,
        names: &ContractNames,
    ) -> Option<&ChangeApproval> {
        let today = self.today;
        let entries = self.by_fingerprint.get_mut(fingerprint)?;
        let mut applicable = None;
        for entry in entries {
            if !names.admit(&entry.approval) {
                continue;
            }
            entry.is_used = true;
            let has_expired = entry
                .approval
                .expires
                .is_some_and(|last| Some(last) < today);
            if !has_expired && !entry.is_ambiguous() {
                applicable = applicable.or(Some(&entry.approval));
            }
        }
        applicable
    }

    /// Expired approvals of changes that still exist.
    pub fn expired(&self) -> Vec<&ChangeApproval> {
        self.sorted(|entry| {
            let expires = entry.approval.expires;
            entry.is_used && expires.is_some_and(|last| Some(last) < self.today)
        })
    }

    /// Approvals of changes that no longer exist; they can be deleted.
    pub fn stale(&self) -> Vec<&ChangeApproval> {
        self.sorted(|entry| !entry.is_used)
    }

    /// Approvals that fit changes of several contracts. They cover none of them.
    pub fn ambiguous(&self) -> Vec<&ChangeApproval> {
        self.sorted(ApprovalUse::is_ambiguous)
    }

    fn sorted(&self, is_wanted: impl Fn(&ApprovalUse) -> bool) -> Vec<&ChangeApproval> {
        let all = self.by_fingerprint.values().flatten();
        let wanted = all.filter(|entry| is_wanted(entry));
        let mut wanted: Vec<&ChangeApproval> = wanted.map(|entry| &entry.approval).collect();
        wanted.sort_by_key(|approval| approval.line);
        wanted
    }
}
