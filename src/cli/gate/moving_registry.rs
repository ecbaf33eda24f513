//! What the registry keeps for a service that moves to another squad.

use super::gate_context::now;
use super::gate_error::GateError;
use super::gate_registry::GateRegistry;

/// What the registry keeps for a service that moves.
#[derive(Debug, Default)]
pub(in crate::cli) struct MovingRegistry {
    /// The registry of the old squad, and the number of its deployments.
    pub(in crate::cli) continued: Option<(String, usize)>,
    /// A registry of the new squad, if there is one already.
    pub(in crate::cli) conflicting: Option<String>,
    /// The leases that deployments of the service hold.
    pub(in crate::cli) leases: Vec<String>,
}

/// Reads what the registry keeps for a service of `from`, and the leases on these tables.
pub(in crate::cli) fn moving_registry(
    registry: &str,
    (from, to): (&str, &str),
    service: &str,
    tables: &[String],
) -> Result<MovingRegistry, GateError> {
    let now = now();
    let old = GateRegistry::open(registry, from, service)?;
    let new = GateRegistry::open(registry, to, service)?;
    let (of_old, of_new) = (old.read()?, new.read()?);
    let mut found = MovingRegistry::default();
    let deployments = of_old.record.deployments.len();
    found.continued = (deployments > 0).then(|| (old.place(), deployments));
    found.conflicting = (!of_new.record.deployments.is_empty()).then(|| new.place());
    for table in tables {
        let leases = old.leases(table)?;
        if let Some(lease) = leases
            .leases
            .held(now)
            .filter(|lease| lease.service == service)
        {
            found.leases.push(format!(
                "{table} is held by {} of {} ({}) until {}",
                lease.service, lease.squad, lease.by, lease.expires_at
            ));
        }
    }
    Ok(found)
}
