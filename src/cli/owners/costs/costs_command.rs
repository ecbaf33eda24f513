//! Measures what consumers used and divides the amount.

use std::time::{SystemTime, UNIX_EPOCH};

use super::super::owners_error::OwnersError;
use super::costs_args::{CostsArgs, CostsFormat};
use super::costs_report::{ConsumerCost, CostsReport};
use super::usage_queries::UsageQueries;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::inputs::KnownNames;
use crate::cli::output::{ReportWriter, print_json};
use crate::cli::run_error::RunError;
use crate::source::PrometheusClient;
use portcullis_config::load_catalog;
use portcullis_control::showback::{MoneyAmount, split_amount};
use portcullis_vocabulary::Catalog;

/// Divides an amount between the consumers of a service.
pub(in crate::cli::owners) fn divide_costs(
    args: &CostsArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let catalog = load_catalog(&args.catalog).map_err(OwnersError::Catalog)?;
    check_service(&catalog, args)?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now <= args.month.start {
        return Err(OwnersError::FutureMonth {
            month: args.month.to_string(),
        }
        .into());
    }
    // Samples of the current second count, too.
    let end = args.month.end.min(now.saturating_add(1));
    let queries = UsageQueries::new(args.method, &args.service, args.month.start, end);
    let report = measure(args, &catalog, &queries, end < args.month.end)?;
    match args.format {
        CostsFormat::Text => report.print_text(out),
        CostsFormat::Json => print_json(out, &report),
        CostsFormat::Csv => out.write(&report.csv()),
        CostsFormat::Markdown => out.write(&report.markdown()),
    }
    out.finish()?;
    Ok(CommandOutcome::Success)
}

fn check_service(catalog: &Catalog, args: &CostsArgs) -> Result<(), OwnersError> {
    if catalog.provider_of(&args.service).is_some() {
        return Ok(());
    }
    let services = catalog.squads().iter().flat_map(|squad| &squad.services);
    Err(OwnersError::UnknownService {
        catalog: args.catalog.display().to_string(),
        name: args.service.clone(),
        known: KnownNames::instead_of(&args.service, services.map(String::as_str)),
    })
}

fn measure(
    args: &CostsArgs,
    catalog: &Catalog,
    queries: &UsageQueries,
    is_partial: bool,
) -> Result<CostsReport, RunError> {
    let client = PrometheusClient::new(&args.prometheus);
    let client = client.map_err(|error| OwnersError::PrometheusUrl(Box::new(error)))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(OwnersError::Runtime)?;
    let usage = runtime.block_on(queries.run(&client));
    let usage = usage.map_err(|error| OwnersError::Prometheus(Box::new(error)))?;
    let per_unit = args.method.weights_per_unit();
    let weight = |used: f64| (used * per_unit as f64).round() as u64;
    let (squads, weights): (Vec<String>, Vec<u64>) = usage
        .into_iter()
        .map(|(squad, used)| (squad, weight(used)))
        .unzip();
    if weights.iter().all(|weight| *weight == 0) {
        return Err(OwnersError::NoUsage {
            service: args.service.clone(),
            month: args.month.to_string(),
            queries: queries.expressions.join(" and "),
        }
        .into());
    }
    let shares = split_amount(args.amount.cents, &weights);
    let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    let consumers = squads.into_iter().zip(weights).zip(shares);
    let mut consumers: Vec<ConsumerCost> = consumers
        .map(|((squad, weight), cents)| {
            let id = catalog.find(&squad).and_then(|id| catalog.squad(id));
            ConsumerCost {
                cost_center: id.and_then(|squad| squad.cost_center.clone()),
                squad,
                used: weight as f64 / per_unit as f64,
                share: weight as f64 / total as f64,
                amount: MoneyAmount { cents },
            }
        })
        .collect();
    consumers.sort_by(|a, b| b.amount.cmp(&a.amount).then_with(|| a.squad.cmp(&b.squad)));
    Ok(CostsReport::new(args, consumers, queries, is_partial))
}
