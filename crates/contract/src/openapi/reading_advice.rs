//! Names the switch that reads a refused contract.

use super::contract_problem::{ContractProblem, Severity};
use super::contract_repair::ContractRepair;

/// How to read a refused contract, if the tolerant reading repairs any of its errors. `switch` names
/// the switch.
pub fn tolerant_reading_advice(problems: &[ContractProblem], switch: &str) -> Option<String> {
    let errors = || {
        let errors = problems.iter();
        errors.filter(|problem| problem.severity == Severity::Error)
    };
    let mut repairs: Vec<ContractRepair> = errors().filter_map(|problem| problem.repair).collect();
    let (all, repaired) = (errors().count(), repairs.len());
    repairs.sort_unstable();
    repairs.dedup();
    let names: Vec<&str> = repairs.iter().map(|repair| repair.as_str()).collect();
    let names = names.join(", ");
    match repaired {
        0 => None,
        _ if repaired == all => Some(format!(
            "{switch} repairs every error of this contract, with a warning for each ({names})"
        )),
        _ => Some(format!(
            "{switch} repairs {repaired} of the {all} errors of this contract ({names}); the others \
             must be corrected"
        )),
    }
}
