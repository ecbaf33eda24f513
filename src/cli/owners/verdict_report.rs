//! Builds the report from the verdict of the ownership rules.

use std::collections::BTreeMap;

use super::finding_messages::collision_message;
use super::owners_report::{
    BrokenManifestReport, CollisionReport, FileLine, FileReport, MissingApproval, OwnersReport,
    OwnersSummary,
};
use portcullis_control::ownership::{
    BrokenManifest, ClaimCollision, FileVerdict, ManifestClaim, OwnershipStanding, OwnershipVerdict,
};
use portcullis_vocabulary::ConfigLocation;
use portcullis_vocabulary::{Squad, UnownedPolicy};

impl OwnersReport {
    /// The report of a verdict.
    pub(super) fn of(
        verdict: &OwnershipVerdict<'_>,
        catalog: String,
        templates: Vec<String>,
    ) -> Self {
        let collisions = verdict.collisions.iter().map(CollisionReport::of);
        Self {
            verdict: if verdict.is_blocked() {
                "blocked"
            } else {
                "passes"
            },
            squad: verdict.squad.name.to_string(),
            unowned: policy_name(verdict.unowned),
            catalog,
            files: verdict.files.iter().map(FileReport::of).collect(),
            collisions: collisions.collect(),
            broken_manifests: verdict
                .broken
                .iter()
                .map(BrokenManifestReport::of)
                .collect(),
            templates,
            ask: missing_approvals(verdict),
            summary: OwnersSummary {
                files: verdict.files.len(),
                own: verdict.count(OwnershipStanding::Own),
                approved: verdict.count(OwnershipStanding::Approved),
                foreign: verdict.count(OwnershipStanding::Foreign),
                unowned: verdict.count(OwnershipStanding::Unowned),
                collisions: verdict.collisions.len(),
                broken_manifests: verdict.broken.len(),
            },
        }
    }
}

impl FileReport {
    fn of(file: &FileVerdict<'_>) -> Self {
        let owner = file.owner;
        Self {
            path: file.change.path.clone(),
            change: file.change.kind.as_str(),
            standing: file.standing.as_str(),
            owner: owner.map(|owner| owner.squad.name.to_string()),
            pattern: owner.map(|owner| owner.pattern.to_string()),
            declared: owner
                .and_then(|owner| owner.place)
                .and_then(FileLine::of_location),
        }
    }
}

impl FileLine {
    fn of_location(location: &ConfigLocation) -> Option<Self> {
        match location {
            ConfigLocation::Line(path, line) => Some(Self {
                file: path.display().to_string(),
                line: *line,
            }),
            ConfigLocation::File(_) | ConfigLocation::Variable(_) | ConfigLocation::Flag(_) => None,
        }
    }

    fn of_claim(claim: &ManifestClaim) -> Self {
        Self {
            file: claim.path.clone(),
            line: claim.line as usize,
        }
    }
}

impl CollisionReport {
    fn of(collision: &ClaimCollision<'_>) -> Self {
        let claim = &collision.claim;
        Self {
            kind: collision.kind.as_str(),
            standing: collision.standing.as_str(),
            squad: collision.squad.name.to_string(),
            owner: collision.owner.map(|owner| owner.name.to_string()),
            file: claim.path.clone(),
            line: claim.line,
            pointer: claim.pointer.clone(),
            object: claim.object.clone(),
            name: claim.name.clone(),
            other: collision.other.as_ref().map(FileLine::of_claim),
            message: collision_message(collision),
        }
    }
}

impl BrokenManifestReport {
    fn of(broken: &BrokenManifest) -> Self {
        Self {
            file: broken.path.clone(),
            line: broken.line,
            message: broken.message.clone(),
        }
    }
}

fn policy_name(policy: UnownedPolicy) -> &'static str {
    let names = UnownedPolicy::NAMES
        .iter()
        .find(|(_, known)| *known == policy);
    names.map_or("warn", |(name, _)| name)
}

/// The squads whose approval is missing, each once.
fn missing_approvals(verdict: &OwnershipVerdict<'_>) -> Vec<MissingApproval> {
    let mut missing: BTreeMap<&str, MissingApproval> = BTreeMap::new();
    for file in &verdict.files {
        if let (OwnershipStanding::Foreign, Some(owner)) = (file.standing, file.owner) {
            let entry = missing.entry(owner.squad.name.as_str());
            entry.or_insert_with(|| approval_of(owner.squad)).files += 1;
        }
    }
    for collision in &verdict.collisions {
        if let (OwnershipStanding::Foreign, Some(owner)) = (collision.standing, collision.owner) {
            let entry = missing.entry(owner.name.as_str());
            entry.or_insert_with(|| approval_of(owner)).collisions += 1;
        }
    }
    missing.into_values().collect()
}

fn approval_of(squad: &Squad) -> MissingApproval {
    MissingApproval {
        squad: squad.name.to_string(),
        chat: squad.chat.clone(),
        oncall: squad.oncall.clone(),
        email: squad.email.clone(),
        files: 0,
        collisions: 0,
    }
}
