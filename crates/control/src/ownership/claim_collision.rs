//! Claims in the manifests of a change that collide with the claims of other squads.
//!
//! A manifest speaks for the squad that owns its file, or if the file has no owner, for the squad
//! that changes it. A namespace belongs to the squad that lists it. A release named like a service
//! belongs to the service's provider. Two squads must not claim the same name if it has no owner.

use std::collections::{BTreeMap, BTreeSet};

use super::change_proposal::ChangeProposal;
use super::manifest_claims::{ClaimKind, ManifestClaim};
use super::ownership_standing::OwnershipStanding;
use super::squad_boundaries::SquadBoundaries;
use portcullis_vocabulary::Squad;

/// A claim that collides with another squad's, or that has no owner.
#[derive(Clone, Debug)]
pub struct ClaimCollision<'b> {
    /// The kind of collision.
    pub kind: CollisionKind,
    /// The claim.
    pub claim: ManifestClaim,
    /// The squad that the manifest speaks for.
    pub squad: &'b Squad,
    /// The owner of the name, or the other squad that claims it; none if there is no such squad.
    pub owner: Option<&'b Squad>,
    /// The other squad's claim that it collides with.
    pub other: Option<ManifestClaim>,
    /// Whether the collision blocks the change.
    pub standing: OwnershipStanding,
}

/// The kinds of collisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CollisionKind {
    /// The namespace belongs to another squad.
    ForeignNamespace,
    /// No squad lists the namespace.
    UnownedNamespace,
    /// Two squads claim a namespace that neither of them lists.
    SharedNamespace,
    /// The release is named like another squad's service.
    ForeignRelease,
    /// Two squads claim the same release of a namespace.
    SharedRelease,
}

impl CollisionKind {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ForeignNamespace => "foreign-namespace",
            Self::UnownedNamespace => "unowned-namespace",
            Self::SharedNamespace => "shared-namespace",
            Self::ForeignRelease => "foreign-release",
            Self::SharedRelease => "shared-release",
        }
    }
}

/// Path, kind and name of each reported collision, so that a file reports each name once.
type ReportedCollisions = BTreeSet<(String, CollisionKind, String)>;

/// A collision without its claim.
struct Collision<'b> {
    kind: CollisionKind,
    owner: Option<&'b Squad>,
    other: Option<ManifestClaim>,
    standing: OwnershipStanding,
}

pub(super) fn collisions<'b>(
    boundaries: &'b SquadBoundaries,
    proposal: &ChangeProposal<'b>,
    claims: Vec<ManifestClaim>,
) -> Vec<ClaimCollision<'b>> {
    let mut reported = ReportedCollisions::new();
    let mut first_claims = FirstClaims::new();
    let mut collisions = Vec::new();
    for claim in claims {
        let owner = boundaries.owner_of(&claim.path);
        let squad = owner.map_or(proposal.squad, |owner| owner.squad);
        let with_owner = match claim.kind {
            ClaimKind::Namespace => namespace_collision(boundaries, proposal, squad, &claim),
            ClaimKind::Release => release_collision(boundaries, proposal, squad, &claim),
        };
        let with_claim = shared_collision(&mut first_claims, proposal, squad, &claim);
        for collision in with_claim.into_iter().chain(with_owner) {
            let Collision {
                kind,
                owner,
                other,
                standing,
            } = collision;
            if reported.insert((claim.path.clone(), kind, claim.name.clone())) {
                collisions.push(ClaimCollision {
                    kind,
                    claim: claim.clone(),
                    squad,
                    owner,
                    other,
                    standing,
                });
            }
        }
    }
    // If the name has an owner, the collision with the owner is reported and suffices.
    collisions.retain(|ClaimCollision { kind, claim, .. }| match kind {
        CollisionKind::SharedNamespace => owners_of(boundaries, &claim.name).is_empty(),
        CollisionKind::SharedRelease => boundaries.catalog().provider_of(&claim.name).is_none(),
        CollisionKind::ForeignNamespace
        | CollisionKind::UnownedNamespace
        | CollisionKind::ForeignRelease => true,
    });
    collisions
}

fn owners_of<'b>(boundaries: &'b SquadBoundaries, namespace: &str) -> Vec<&'b Squad> {
    let squads = boundaries.catalog().squads().iter();
    squads
        .filter(|squad| squad.namespaces.iter().any(|own| own == namespace))
        .collect()
}

fn namespace_collision<'b>(
    boundaries: &'b SquadBoundaries,
    proposal: &ChangeProposal<'b>,
    squad: &Squad,
    claim: &ManifestClaim,
) -> Option<Collision<'b>> {
    let owners = owners_of(boundaries, &claim.name);
    if owners.iter().any(|owner| owner.name == squad.name) {
        return None;
    }
    let Some(&owner) = owners.first() else {
        return Some(Collision {
            kind: CollisionKind::UnownedNamespace,
            owner: None,
            other: None,
            standing: OwnershipStanding::Unowned,
        });
    };
    Some(Collision {
        kind: CollisionKind::ForeignNamespace,
        owner: Some(owner),
        other: None,
        standing: consent(proposal, owner),
    })
}

fn release_collision<'b>(
    boundaries: &'b SquadBoundaries,
    proposal: &ChangeProposal<'b>,
    squad: &Squad,
    claim: &ManifestClaim,
) -> Option<Collision<'b>> {
    let owner = boundaries.catalog().provider_of(&claim.name)?;
    (owner.name != squad.name).then(|| Collision {
        kind: CollisionKind::ForeignRelease,
        owner: Some(owner),
        other: None,
        standing: consent(proposal, owner),
    })
}

/// Whether the owner of a name consents to its use by another squad; the proposing squad does.
fn consent(proposal: &ChangeProposal<'_>, owner: &Squad) -> OwnershipStanding {
    match proposal.standing(Some(owner)) {
        OwnershipStanding::Own => OwnershipStanding::Approved,
        standing => standing,
    }
}

/// The first claim of each name, by kind, namespace of a release, and name.
type FirstClaims<'b> = BTreeMap<(ClaimKind, String, String), (&'b Squad, ManifestClaim)>;

fn shared_collision<'b>(
    firsts: &mut FirstClaims<'b>,
    proposal: &ChangeProposal<'_>,
    squad: &'b Squad,
    claim: &ManifestClaim,
) -> Option<Collision<'b>> {
    let (kind, namespace) = match claim.kind {
        ClaimKind::Namespace => (CollisionKind::SharedNamespace, String::new()),
        // Releases of different namespaces may have the same name.
        ClaimKind::Release => (CollisionKind::SharedRelease, claim.namespace.clone()?),
    };
    let key = (claim.kind, namespace, claim.name.clone());
    let (first, earlier) = firsts.entry(key).or_insert((squad, claim.clone()));
    let is_other = first.name != squad.name;
    let standing = consent(proposal, first).min(consent(proposal, squad));
    is_other.then(|| Collision {
        kind,
        owner: Some(*first),
        other: Some(earlier.clone()),
        standing,
    })
}
