//! What manifests of a change claim that is not theirs.
//!
//! A manifest speaks for the squad that owns its file, or where nobody does, for the squad that
//! changes it. A namespace belongs to the squad that lists it, a release that is called like a
//! service to the service's provider. Where nobody owns a name, two squads must not claim it both.

use std::collections::{BTreeMap, BTreeSet};

use super::change_proposal::ChangeProposal;
use super::manifest_claims::{ClaimKind, ManifestClaim};
use super::ownership_verdict::OwnershipStanding;
use super::squad_boundaries::SquadBoundaries;
use portcullis_vocabulary::Squad;

/// A claim that collides with somebody.
#[derive(Clone, Debug)]
pub struct ClaimCollision<'b> {
    /// In which way.
    pub kind: CollisionKind,
    /// The claim.
    pub claim: ManifestClaim,
    /// The squad that the manifest speaks for.
    pub squad: &'b Squad,
    /// Whose the name is, or who claims it too; nobody where nobody does.
    pub owner: Option<&'b Squad>,
    /// The claim of another squad that it collides with.
    pub other: Option<ManifestClaim>,
    /// Whether it stops the change.
    pub standing: OwnershipStanding,
}

/// In which way a claim collides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CollisionKind {
    /// The namespace is another squad's.
    ForeignNamespace,
    /// No squad lists the namespace.
    UnownedNamespace,
    /// Two squads claim a namespace that neither lists.
    SharedNamespace,
    /// The release is called like another squad's service.
    ForeignRelease,
    /// Two squads claim one release of a namespace.
    SharedRelease,
}

impl CollisionKind {
    /// Its stable name.
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

/// What a claim is known by, so that one file tells each name once.
type ReportedClaims = BTreeSet<(String, CollisionKind, String)>;

pub(super) fn collisions<'b>(
    boundaries: &'b SquadBoundaries,
    proposal: &ChangeProposal<'b>,
    claims: Vec<ManifestClaim>,
) -> Vec<ClaimCollision<'b>> {
    let mut told = ReportedClaims::new();
    let mut firsts = BTreeMap::new();
    let mut found = Vec::new();
    for claim in claims {
        let owner = boundaries.owner_of(&claim.path);
        let squad = owner.map_or(proposal.squad, |owner| owner.squad);
        let judged = match claim.kind {
            ClaimKind::Namespace => namespace(boundaries, proposal, squad, &claim),
            ClaimKind::Release => release(boundaries, proposal, squad, &claim),
        };
        let shared = shared(&mut firsts, proposal, squad, &claim);
        for (kind, owner, other, standing) in shared.into_iter().chain(judged) {
            if told.insert((claim.path.clone(), kind, claim.name.clone())) {
                found.push(ClaimCollision {
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
    // Who is a stranger where somebody owns the name is told so already.
    found.retain(|ClaimCollision { kind, claim, .. }| match kind {
        CollisionKind::SharedNamespace => lists(boundaries, &claim.name).is_empty(),
        CollisionKind::SharedRelease => boundaries.catalog().provider_of(&claim.name).is_none(),
        CollisionKind::ForeignNamespace
        | CollisionKind::UnownedNamespace
        | CollisionKind::ForeignRelease => true,
    });
    found
}

type JudgedClaim<'b> = (
    CollisionKind,
    Option<&'b Squad>,
    Option<ManifestClaim>,
    OwnershipStanding,
);

fn lists<'b>(boundaries: &'b SquadBoundaries, namespace: &str) -> Vec<&'b Squad> {
    let squads = boundaries.catalog().squads().iter();
    squads
        .filter(|squad| squad.namespaces.iter().any(|own| own == namespace))
        .collect()
}

fn namespace<'b>(
    boundaries: &'b SquadBoundaries,
    proposal: &ChangeProposal<'b>,
    squad: &Squad,
    claim: &ManifestClaim,
) -> Option<JudgedClaim<'b>> {
    let owners = lists(boundaries, &claim.name);
    if owners.iter().any(|owner| owner.name == squad.name) {
        return None;
    }
    let Some(&owner) = owners.first() else {
        let kind = CollisionKind::UnownedNamespace;
        return Some((kind, None, None, OwnershipStanding::Unowned));
    };
    let kind = CollisionKind::ForeignNamespace;
    Some((kind, Some(owner), None, consent(proposal, owner)))
}

fn release<'b>(
    boundaries: &'b SquadBoundaries,
    proposal: &ChangeProposal<'b>,
    squad: &Squad,
    claim: &ManifestClaim,
) -> Option<JudgedClaim<'b>> {
    let owner = boundaries.catalog().provider_of(&claim.name)?;
    let kind = CollisionKind::ForeignRelease;
    (owner.name != squad.name).then(|| (kind, Some(owner), None, consent(proposal, owner)))
}

/// Whether the owner of a name agrees that another squad uses it; who proposes it does.
fn consent(proposal: &ChangeProposal<'_>, owner: &Squad) -> OwnershipStanding {
    match proposal.standing(Some(owner)) {
        OwnershipStanding::Own => OwnershipStanding::Approved,
        standing => standing,
    }
}

/// What the first claim of a name is kept by: its kind, the namespace of a release, the name.
type FirstClaims<'b> = BTreeMap<(ClaimKind, String, String), (&'b Squad, ManifestClaim)>;

fn shared<'b>(
    firsts: &mut FirstClaims<'b>,
    proposal: &ChangeProposal<'_>,
    squad: &'b Squad,
    claim: &ManifestClaim,
) -> Option<JudgedClaim<'b>> {
    let (kind, namespace) = match claim.kind {
        ClaimKind::Namespace => (CollisionKind::SharedNamespace, String::new()),
        // Releases of different namespaces may be called alike.
        ClaimKind::Release => (CollisionKind::SharedRelease, claim.namespace.clone()?),
    };
    let key = (claim.kind, namespace, claim.name.clone());
    let (first, earlier) = firsts.entry(key).or_insert((squad, claim.clone()));
    let is_other = first.name != squad.name;
    let standing = consent(proposal, first).min(consent(proposal, squad));
    is_other.then(|| (kind, Some(*first), Some(earlier.clone()), standing))
}
