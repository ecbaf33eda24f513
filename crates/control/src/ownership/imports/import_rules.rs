//! Who may import whose code.

use crate::ownership::squad_boundaries::SquadBoundaries;
use portcullis_vocabulary::{Catalog, CatalogFile, CatalogLocations, Squad};

/// Who may import whose code, as the catalog says.
#[derive(Debug)]
pub struct ImportRules<'b> {
    boundaries: &'b SquadBoundaries,
    /// What each squad of the catalog offers, as boundaries that only this squad has.
    offers: Vec<SquadBoundaries>,
}

/// The part of the code that a file belongs to. Files of one part are treated alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CodePart {
    /// The index of the squad in the catalog.
    pub(super) squad: usize,
    /// Whether other squads may import it.
    pub(super) is_public: bool,
}

impl<'b> ImportRules<'b> {
    /// The rules of a catalog.
    pub fn new(boundaries: &'b SquadBoundaries) -> Self {
        let offer = |squad: &Squad| {
            let offering = Squad {
                paths: squad.public.clone(),
                ..Squad::named(squad.name.clone())
            };
            SquadBoundaries::new(CatalogFile {
                catalog: Catalog::new(vec![offering], Vec::new(), Vec::new()),
                places: CatalogLocations::default(),
            })
        };
        Self {
            boundaries,
            offers: boundaries.catalog().squads().iter().map(offer).collect(),
        }
    }

    pub(super) const fn boundaries(&self) -> &'b SquadBoundaries {
        self.boundaries
    }

    /// The squads that own paths, with their indexes.
    pub(super) fn owners(&self) -> impl Iterator<Item = (usize, &'b Squad)> + use<'b> {
        let squads = self.boundaries.catalog().squads().iter().enumerate();
        squads.filter(|(_, squad)| !squad.paths.is_empty())
    }

    /// Whether fewer than two squads own paths, so no import crosses a boundary.
    pub fn owners_are_few(&self) -> bool {
        self.owners().nth(1).is_none()
    }

    /// The other owners, and whether each may import what a squad offers.
    pub(super) fn importers(
        &self,
        imported: usize,
    ) -> impl Iterator<Item = (usize, &'b Squad, bool)> {
        let catalog = self.boundaries.catalog();
        let others = self.owners().filter(move |(index, _)| *index != imported);
        others.map(move |(index, squad)| {
            let may_import = may_import(catalog, squad, &catalog.squads()[imported]);
            (index, squad, may_import)
        })
    }

    /// The part of the code that a file belongs to; none if the file has no owner.
    pub(super) fn part_of(&self, path: &str) -> Option<CodePart> {
        let owner = self.boundaries.owner_of(path)?.squad;
        let squad = self.boundaries.catalog().find(owner.name.as_str())?.index();
        let is_public = self.offers[squad].owner_of(path).is_some();
        Some(CodePart { squad, is_public })
    }
}

/// Whether a squad may import what another one offers: one of its services uses one of the other's.
/// A squad without services cannot declare that, so it may import from all and all from it.
fn may_import(catalog: &Catalog, importer: &Squad, imported: &Squad) -> bool {
    let provides = |squad: &Squad, service: &String| squad.services.contains(service);
    importer.services.is_empty()
        || imported.services.is_empty()
        || catalog.dependencies().iter().any(|dependency| {
            let mut uses = dependency.uses.iter();
            provides(importer, &dependency.service) && uses.any(|used| provides(imported, used))
        })
}
