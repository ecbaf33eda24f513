//! Which approvals count, and for whom: while a service moves, each of the two squads can approve for
//! the other.

use portcullis_compat::{ChangeApproval, Date};
use portcullis_vocabulary::Catalog;

/// Which approvals count, and for whom.
#[derive(Debug)]
pub(super) struct ApprovalRules<'c> {
    pub(super) catalog: &'c Catalog,
    /// The squad that deploys.
    pub(super) provider: &'c str,
    pub(super) service: &'c str,
    pub(super) approvals: &'c [ChangeApproval],
    pub(super) today: Date,
}

impl ApprovalRules<'_> {
    /// The squad whose approval counts like that of this one, because a service moves between them.
    pub(super) fn substitute(&self, squad: &str) -> Option<&str> {
        let found = if squad == self.provider {
            let transfer = self.catalog.active_transfer(self.service, self.today)?;
            transfer.counterpart(squad)
        } else {
            self.catalog
                .approval_substitute(self.service, squad, self.today)
        };
        found.map(|name| name.as_str())
    }
}
