//! Whether a change stays within its squad's boundary: the owners of its paths, and the namespaces
//! that its manifests claim.

use std::error::Error;
use std::io::{self, Write as _};

use portcullis_control::ownership::{
    ChangeProposal, ManifestClaims, PathChange, PathChangeKind, SquadBoundaries, judge,
    read_manifests,
};
use portcullis_vocabulary::{Catalog, CatalogFile, CatalogLocations, Squad, UnownedPolicy};

const MANIFEST: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: search-prod}\n";

fn main() -> Result<(), Box<dyn Error>> {
    let checkout = Squad {
        paths: vec!["services/checkout".parse()?],
        ..Squad::named("checkout".parse()?)
    };
    let search = Squad {
        paths: vec!["services/search".parse()?],
        namespaces: vec!["search-prod".to_owned()],
        ..Squad::named("search".parse()?)
    };
    let boundaries = SquadBoundaries::new(CatalogFile {
        catalog: Catalog::new(vec![checkout.clone(), search], vec![], vec![]),
        places: CatalogLocations::default(),
    });
    let changed = [
        "services/checkout/deploy.yaml",
        "services/search/index.rs",
        "LICENSE",
    ];
    let changes = changed.map(|path| PathChange {
        path: path.to_owned(),
        kind: PathChangeKind::Modified,
    });
    let mut manifests = ManifestClaims::default();
    read_manifests(changed[0], MANIFEST.as_bytes(), &mut manifests);
    let proposal = ChangeProposal {
        squad: &checkout,
        approved_by: [].into(),
        unowned: UnownedPolicy::Warn,
    };

    let verdict = judge(&boundaries, &proposal, changes.to_vec(), manifests);
    let mut out = io::stdout().lock();
    for file in &verdict.files {
        writeln!(out, "{:<8} {}", file.standing.as_str(), file.change.path)?;
    }
    for collision in &verdict.collisions {
        let (kind, name) = (collision.kind.as_str(), &collision.claim.name);
        writeln!(out, "{:<8} {kind} {name}", collision.standing.as_str())?;
    }
    assert!(verdict.is_blocked(), "search has not approved");
    Ok(())
}
