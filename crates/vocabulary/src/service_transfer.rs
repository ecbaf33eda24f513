//! A service that moves from one squad to another, with a time in which both are responsible.

use super::date::Date;
use super::squad_name::SquadName;

/// A service that moves to another squad. The catalog lists it for the new squad already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceTransfer {
    /// The service.
    pub service: String,
    /// The squad that provided it.
    pub from: SquadName,
    /// The squad that provides it now.
    pub to: SquadName,
    /// The last day on which both squads can approve and deploy.
    pub until: Date,
}

impl ServiceTransfer {
    /// Whether both squads can approve and deploy on this day.
    pub fn is_active(&self, today: Date) -> bool {
        today <= self.until
    }

    /// The squad that may act for this one: the other one of the two.
    pub fn counterpart(&self, squad: &str) -> Option<&SquadName> {
        if self.from.as_str() == squad {
            Some(&self.to)
        } else if self.to.as_str() == squad {
            Some(&self.from)
        } else {
            None
        }
    }
}
