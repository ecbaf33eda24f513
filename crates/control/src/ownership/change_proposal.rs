//! A proposed change: who changes, and who has approved.

use std::collections::BTreeSet;

use super::ownership_standing::OwnershipStanding;
use portcullis_vocabulary::{Squad, SquadName, UnownedPolicy};

/// Who proposes a change, and who has approved it.
#[derive(Clone, Debug)]
pub struct ChangeProposal<'b> {
    /// The squad that proposes the change, one of the catalog's.
    pub squad: &'b Squad,
    /// The squads that have approved.
    pub approved_by: BTreeSet<SquadName>,
    /// How changes to paths without an owner are treated.
    pub unowned: UnownedPolicy,
}

impl ChangeProposal<'_> {
    /// The standing of the change towards something that `owner` owns, or that has no owner.
    pub(super) fn standing(&self, owner: Option<&Squad>) -> OwnershipStanding {
        match owner {
            None => OwnershipStanding::Unowned,
            Some(owner) if owner.name == self.squad.name => OwnershipStanding::Own,
            Some(owner) if self.approved_by.contains(&owner.name) => OwnershipStanding::Approved,
            Some(_) => OwnershipStanding::Foreign,
        }
    }
}
