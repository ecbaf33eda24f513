//! The standing of a change towards what it touches.

/// The standing of a change towards a path or a name, seen from the squad that proposes the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OwnershipStanding {
    /// Another squad owns it and has not approved.
    Foreign,
    /// It has no owner.
    Unowned,
    /// Another squad owns it and has approved.
    Approved,
    /// The squad owns it.
    Own,
}

impl OwnershipStanding {
    /// Each standing, in the order of reports.
    pub const ALL: [Self; 4] = [Self::Foreign, Self::Unowned, Self::Approved, Self::Own];

    /// The name in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Foreign => "foreign",
            Self::Unowned => "unowned",
            Self::Approved => "approved",
            Self::Own => "own",
        }
    }
}
