//! What a catalog must change if a service moves to another squad.
//!
//! The plan is the catalog as it will be and the changes that lead there. What a catalog cannot decide
//! is a question: a database that services of both squads use, for example.

use std::collections::BTreeSet;

use portcullis_vocabulary::{
    Catalog, CatalogFile, ConfigLocation, Date, PathPattern, PatternSegment, ServiceTransfer,
    SharedResource, Squad, SquadName,
};

/// A service that is to move.
#[derive(Clone, Debug)]
pub struct TransferRequest<'r> {
    /// The service with its old and its new squad.
    pub transfer: ServiceTransfer,
    /// The current day.
    pub today: Date,
    /// Patterns of the old squad that move, besides those that name the service.
    pub paths: &'r [PathPattern],
    /// Paths of contracts of the service that the new squad must own.
    pub contracts: &'r [String],
}

/// What a catalog must change.
#[derive(Clone, Debug)]
pub struct TransferPlan {
    /// The patterns of `paths` that move.
    pub paths: Vec<PathPattern>,
    /// The patterns of `public` that move.
    pub public: Vec<PathPattern>,
    /// New patterns: folders of the service within a folder that stays with the old squad.
    pub added: Vec<PathPattern>,
    /// The shared resources that get a new owner.
    pub resources: Vec<String>,
    /// What a person must decide, with its location.
    pub questions: Vec<(Option<ConfigLocation>, String)>,
    /// The catalog with all of this.
    pub catalog: Catalog,
}

/// A reason why a service cannot move, with its location.
#[derive(Clone, Debug)]
pub struct TransferObstacle {
    /// Where, if it is about the catalog.
    pub place: Option<ConfigLocation>,
    /// What is wrong, and what to do.
    pub message: String,
}

impl TransferPlan {
    /// The plan for a catalog.
    pub fn new(file: &CatalogFile, request: &TransferRequest<'_>) -> Self {
        let catalog = &file.catalog;
        let transfer = &request.transfer;
        let squad = |name: &SquadName| catalog.squads().iter().find(|squad| squad.name == *name);
        let names_service = |pattern: &&PathPattern| {
            request.paths.contains(pattern) || has_segment(pattern, &transfer.service)
        };
        let moved = |list: fn(&Squad) -> &Vec<PathPattern>| -> Vec<PathPattern> {
            let own = squad(&transfer.from).into_iter().flat_map(list);
            own.filter(names_service).cloned().collect()
        };
        let paths = moved(|squad| &squad.paths);
        let contracts = request.contracts.iter();
        let folders = contracts.filter_map(|path| Some(path.rsplit_once('/')?.0));
        let folders: BTreeSet<&str> = folders.collect();
        let added = folders.into_iter().filter_map(|folder| folder.parse().ok());
        let is_new = |pattern: &PathPattern| {
            !paths.contains(pattern)
                && squad(&transfer.to).is_none_or(|squad| !squad.paths.contains(pattern))
        };
        let added: Vec<PathPattern> = added.filter(is_new).collect();
        let (owned, shared): (Vec<_>, Vec<_>) = catalog
            .resources()
            .iter()
            .filter(|resource| resource.owner == transfer.from)
            .filter(|resource| resource.used_by.contains(&transfer.service))
            .partition(|resource| is_only_user(catalog, resource, transfer));
        let mut plan = Self {
            public: moved(|squad| &squad.public),
            paths,
            added,
            resources: owned.iter().map(|resource| resource.name.clone()).collect(),
            questions: questions(file, transfer, &shared),
            catalog: Catalog::default(),
        };
        plan.catalog = plan.moved_catalog(catalog, transfer);
        plan
    }

    fn moved_catalog(&self, catalog: &Catalog, transfer: &ServiceTransfer) -> Catalog {
        let squads = catalog.squads().iter().cloned().map(|mut squad| {
            if squad.name == transfer.from {
                squad
                    .services
                    .retain(|service| *service != transfer.service);
                squad.paths.retain(|path| !self.paths.contains(path));
                squad.public.retain(|path| !self.public.contains(path));
            } else if squad.name == transfer.to {
                squad.services.push(transfer.service.clone());
                squad.paths.extend(self.paths.iter().cloned());
                squad.paths.extend(self.added.iter().cloned());
                squad.public.extend(self.public.iter().cloned());
            }
            squad
        });
        let resources = catalog.resources().iter().cloned().map(|mut resource| {
            if self.resources.contains(&resource.name) {
                resource.owner.clone_from(&transfer.to);
            }
            resource
        });
        let mut transfers = catalog.transfers().to_vec();
        transfers.push(transfer.clone());
        let flags = catalog.flags().to_vec();
        Catalog::new(squads.collect(), resources.collect(), flags)
            .with_dependencies(catalog.dependencies().to_vec())
            .with_objectives(catalog.objectives().clone())
            .with_transfers(transfers)
            .with_links(catalog.links().clone())
            .with_allowed_hosts(catalog.allowed_hosts().clone())
            .with_unowned(catalog.unowned())
            .with_risk(catalog.risk())
    }
}

/// Why the service cannot move, as far as the catalog shows it.
pub fn transfer_obstacles(
    file: &CatalogFile,
    request: &TransferRequest<'_>,
) -> Vec<TransferObstacle> {
    let ServiceTransfer {
        service,
        from,
        to,
        until,
    } = &request.transfer;
    let (catalog, places) = (&file.catalog, &file.places);
    let mut obstacles = Vec::new();
    let mut refuse = |place: Option<&ConfigLocation>, message: String| {
        let place = place.cloned();
        obstacles.push(TransferObstacle { place, message });
    };
    if from == to {
        refuse(
            None,
            format!("{service} belongs to {from} already; name another squad with --to"),
        );
    }
    if let Some(owner) = catalog
        .provider_of(service)
        .filter(|owner| owner.name != *from)
    {
        let message = format!("{service} belongs to {}, not to {from}", owner.name);
        refuse(places.services.get(service), message);
    }
    if let Some(earlier) = catalog.transfer_of(service) {
        let message = format!(
            "{service} moved from {} to {} already; remove this entry first",
            earlier.from, earlier.to
        );
        refuse(places.transfers.get(service), message);
    }
    if *until < request.today {
        refuse(
            None,
            format!(
                "--until {until} is over; name a day from {} on",
                request.today
            ),
        );
    }
    let squad = |name: &SquadName| catalog.squads().iter().find(|squad| squad.name == *name);
    if squad(to).is_some_and(|squad| squad.oncall.is_none()) {
        let message =
            format!("{to} has no on-call contact, and would provide {service}; add `oncall`");
        refuse(places.squads.get(to), message);
    }
    for pattern in request.paths {
        if !squad(from).is_some_and(|squad| squad.paths.contains(pattern)) {
            let message = format!("--path {pattern}: {from} has no such pattern in `paths`");
            refuse(places.squads.get(from), message);
        }
    }
    obstacles
}

fn has_segment(pattern: &PathPattern, service: &str) -> bool {
    let mut segments = pattern.segments().iter();
    segments.any(|segment| matches!(segment, PatternSegment::Literal(text) if &**text == service))
}

/// Whether no other service of the old squad uses a resource.
fn is_only_user(catalog: &Catalog, resource: &SharedResource, transfer: &ServiceTransfer) -> bool {
    let mut others = resource
        .used_by
        .iter()
        .filter(|user| **user != transfer.service);
    !others.any(|user| {
        let provider = catalog.provider_of(user);
        provider.is_some_and(|squad| squad.name == transfer.from)
    })
}

fn questions(
    file: &CatalogFile,
    transfer: &ServiceTransfer,
    shared: &[&SharedResource],
) -> Vec<(Option<ConfigLocation>, String)> {
    let ServiceTransfer {
        service, from, to, ..
    } = transfer;
    let owners = &file.places.resource_owners;
    let mut questions: Vec<_> = shared
        .iter()
        .map(|resource| {
            let message = format!(
                "{} stays with {from}, because {from} has other services that use it; make {to} its \
                 owner if it moves along",
                resource.name
            );
            (owners.get(&resource.name).cloned(), message)
        })
        .collect();
    for flag in file
        .catalog
        .flags()
        .iter()
        .filter(|flag| flag.service == *service)
    {
        if flag.target.as_ref() == Some(to) {
            let message = format!(
                "the flag {} of {service} has the target {to}, who will provide {service}; remove \
                 `target` and `cross_squad`",
                flag.name
            );
            questions.push((file.places.services.get(service).cloned(), message));
        }
    }
    questions
}
