//! Plans a transfer, checks it, and writes the catalog.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::super::owners_error::OwnersError;
use super::catalog_file_write::replace_catalog;
use super::catalog_steps::{catalog_edits, edit_steps, people_steps};
use super::contract_steps::{config_steps, contract_steps};
use super::registry_steps::{approval_steps, registry_steps};
use super::repository_steps::{codeowners_steps, manifest_steps};
use super::transfer_args::TransferArgs;
use super::transfer_report::{StepState, TransferReport, TransferStep};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::inputs::KnownNames;
use crate::cli::inputs::catalog_contracts;
use crate::cli::output::ReportWriter;
use crate::cli::report::print_report;
use crate::cli::run_error::RunError;
use crate::source;
use portcullis_config::{ContractSource, FlagOverrides, edit_catalog, parse_catalog};
use portcullis_control::ownership::{
    CatalogContract, SquadBoundaries, TransferPlan, TransferRequest, survey, transfer_obstacles,
};
use portcullis_vocabulary::limits::FILE_BYTES_MAX;
use portcullis_vocabulary::{CatalogFile, CatalogLocations, Date, ServiceTransfer, SquadName};

/// How long both squads can act if the arguments do not say it.
const OVERLAP: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Shows what a transfer changes, and writes the catalog with `--write`.
pub(in crate::cli::owners) fn transfer_service(
    args: &TransferArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let text = read_catalog(&args.catalog)?;
    let file = parse_catalog(&text, &args.catalog).map_err(OwnersError::Catalog)?;
    check_names(&file, args)?;
    let now = SystemTime::now();
    let transfer = ServiceTransfer {
        service: args.service.clone(),
        from: args.from.clone(),
        to: args.to.clone(),
        until: args.until.unwrap_or_else(|| Date::of(now + OVERLAP)),
    };
    let folder = args.catalog.parent().unwrap_or(Path::new(""));
    let contracts = catalog_contracts(folder)?;
    let own: Vec<CatalogContract> = contracts
        .iter()
        .filter(|contract| contract.service == args.service)
        .cloned()
        .collect();
    let mut request = TransferRequest {
        transfer: transfer.clone(),
        today: Date::of(now),
        paths: &args.path,
        contracts: &[],
    };
    let obstacles = transfer_obstacles(&file, &request).into_iter();
    let mut obstacles: Vec<TransferStep> = obstacles
        .map(|obstacle| {
            let step = TransferStep::new("obstacle", StepState::Obstacle, obstacle.message);
            step.at(obstacle.place.as_ref())
        })
        .collect();
    if !obstacles.is_empty() {
        return finish(args, &transfer, obstacles, false, out);
    }
    let stranded = stranded_contracts(&TransferPlan::new(&file, &request), &own, &transfer.from);
    request.contracts = &stranded;
    let plan = TransferPlan::new(&file, &request);
    let edits = catalog_edits(&plan, &transfer);
    let new_text = edit_catalog(&text, &edits).map_err(OwnersError::CatalogForm)?;
    let after = parse_catalog(&new_text, &args.catalog).map_err(OwnersError::Catalog)?;
    if after.catalog != plan.catalog {
        return Err(OwnersError::CatalogMeaning.into());
    }
    let after = SquadBoundaries::new(after);
    let mut steps = open_steps(args, &file, &plan, &own, &after, &request)?;
    obstacles.extend(new_concerns(file.clone(), &after, &contracts));
    let is_blocked =
        !obstacles.is_empty() || steps.iter().any(|step| step.state == StepState::Obstacle);
    let is_written = args.write && !is_blocked;
    if is_written {
        replace_catalog(&args.catalog, &text, &new_text)?;
    }
    let state = if is_written {
        StepState::Written
    } else {
        StepState::Planned
    };
    obstacles.extend(edit_steps(&edits, &file, state));
    obstacles.append(&mut steps);
    finish(args, &transfer, obstacles, is_written, out)
}

fn finish(
    args: &TransferArgs,
    transfer: &ServiceTransfer,
    steps: Vec<TransferStep>,
    is_written: bool,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let is_blocked = steps.iter().any(|step| step.state == StepState::Obstacle);
    let catalog = args.catalog.display().to_string();
    let report = TransferReport::new(catalog, transfer, steps, is_written);
    print_report(&report, args.format, out);
    out.finish()?;
    Ok(CommandOutcome::finding_unless(!is_blocked))
}

fn read_catalog(path: &Path) -> Result<String, OwnersError> {
    let bytes = source::read(path, FILE_BYTES_MAX as u64)?;
    String::from_utf8(bytes).map_err(|_| OwnersError::CatalogBytes {
        path: path.to_owned(),
    })
}

/// Refuses a service and squads that the catalog does not have.
fn check_names(file: &CatalogFile, args: &TransferArgs) -> Result<(), OwnersError> {
    let catalog = &file.catalog;
    let squads = || catalog.squads().iter().map(|squad| squad.name.as_str());
    for (flag, name) in [("--from", &args.from), ("--to", &args.to)] {
        if catalog.find(name.as_str()).is_none() {
            return Err(OwnersError::UnknownSquad {
                flag,
                catalog: args.catalog.display().to_string(),
                name: name.to_string(),
                known: KnownNames::instead_of(name.as_str(), squads()),
            });
        }
    }
    if catalog.provider_of(&args.service).is_none() {
        let services = catalog.squads().iter().flat_map(|squad| &squad.services);
        return Err(OwnersError::UnknownService {
            catalog: args.catalog.display().to_string(),
            name: args.service.clone(),
            known: KnownNames::instead_of(&args.service, services.map(String::as_str)),
        });
    }
    Ok(())
}

/// The contracts of the service that would stay with the old squad, because they are in a folder of it.
fn stranded_contracts(
    plan: &TransferPlan,
    contracts: &[CatalogContract],
    from: &SquadName,
) -> Vec<String> {
    let boundaries = SquadBoundaries::new(CatalogFile {
        catalog: plan.catalog.clone(),
        places: CatalogLocations::default(),
    });
    let stays = |path: &String| {
        let owner = boundaries.owner_of(path);
        owner.is_some_and(|owner| owner.squad.name == *from)
    };
    let paths = contracts
        .iter()
        .filter_map(|contract| repository_path(&contract.path));
    paths.filter(stays).collect()
}

/// A path below the working directory, as patterns see it.
fn repository_path(path: &Path) -> Option<String> {
    let mut segments = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) => segments.push(name.to_str()?),
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(segments.join("/"))
}

/// What a person must do.
fn open_steps(
    args: &TransferArgs,
    file: &CatalogFile,
    plan: &TransferPlan,
    contracts: &[CatalogContract],
    after: &SquadBoundaries,
    request: &TransferRequest<'_>,
) -> Result<Vec<TransferStep>, RunError> {
    let transfer = &request.transfer;
    let mut steps = codeowners_steps(plan, transfer)?;
    let configured = configured_service(args)?;
    let contract = configured
        .as_ref()
        .and_then(|found| found.contract.as_ref());
    steps.extend(contract_steps(contracts, contract, transfer)?);
    if let Some(path) = &args.config {
        let has_squad = configured
            .as_ref()
            .is_some_and(|found| found.is_of_old_squad);
        steps.extend(config_steps(path, has_squad, transfer)?);
    }
    steps.extend(manifest_steps(&file.catalog, after, transfer)?);
    steps.extend(people_steps(plan, file, transfer));
    if let Some(path) = &args.approvals {
        let approvals = approval_steps(path, &file.catalog, transfer, request.today)?;
        steps.extend(approvals);
    }
    if let Some(registry) = &args.registry {
        steps.extend(registry_steps(registry, &file.catalog, transfer)?);
    }
    Ok(steps)
}

/// What the configuration says about the service.
struct ConfiguredService {
    contract: Option<PathBuf>,
    is_of_old_squad: bool,
}

fn configured_service(args: &TransferArgs) -> Result<Option<ConfiguredService>, RunError> {
    let Some(path) = &args.config else {
        return Ok(None);
    };
    let config =
        portcullis_config::load(Some(path), std::env::vars_os(), &FlagOverrides::default())?;
    let service = config
        .services
        .iter()
        .find(|service| *service.name == *args.service);
    Ok(service.map(|service| ConfiguredService {
        contract: match &service.contract {
            ContractSource::File(path) => Some(path.clone()),
            ContractSource::Address(_) => None,
        },
        is_of_old_squad: service.squad.as_ref() == Some(&args.from),
    }))
}

/// Errors of `owners check` that the catalog does not have before.
fn new_concerns(
    before: CatalogFile,
    after: &SquadBoundaries,
    contracts: &[CatalogContract],
) -> Vec<TransferStep> {
    let before = survey(&SquadBoundaries::new(before), contracts, &[]);
    let known: BTreeSet<_> = before.iter().map(|concern| concern.kind.as_str()).collect();
    let concerns = survey(after, contracts, &[]).into_iter();
    let new = concerns.filter(|concern| !concern.kind.is_warning());
    let new = new.filter(|concern| !known.contains(concern.kind.as_str()));
    new.map(|concern| {
        let message = format!(
            "the changed catalog would have an error: {}",
            concern.message
        );
        TransferStep::new(concern.kind.as_str(), StepState::Obstacle, message)
            .at(Some(&concern.place))
    })
    .collect()
}
