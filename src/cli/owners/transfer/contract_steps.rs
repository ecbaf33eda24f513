//! The contracts and the configuration that name the old squad.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::super::owners_error::OwnersError;
use super::transfer_report::TransferStep;
use crate::source;
use portcullis_control::ownership::CatalogContract;
use portcullis_vocabulary::ServiceTransfer;
use portcullis_vocabulary::limits::FILE_BYTES_MAX;

/// The property of a contract that names its squad.
const OWNER: &str = "x-squad-owner";

/// The lines of these contracts that name the old squad, and the folders to move.
pub(super) fn contract_steps(
    contracts: &[CatalogContract],
    configured: Option<&PathBuf>,
    transfer: &ServiceTransfer,
) -> Result<Vec<TransferStep>, OwnersError> {
    let ServiceTransfer {
        service, from, to, ..
    } = transfer;
    let mut paths: Vec<&Path> = contracts.iter().map(|contract| &*contract.path).collect();
    paths.extend(configured.map(PathBuf::as_path));
    paths.sort_unstable();
    paths.dedup();
    let mut steps = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        for line in naming_lines(&read_text(path)?, OWNER, from.as_str()) {
            let message = format!(
                "{OWNER} names {from}, and the owner of {service} at /__owner and in refusals follows it; \
                 write {to}"
            );
            steps.push(TransferStep::open("contract", &name, line, message));
        }
    }
    let misplaced = contracts
        .iter()
        .filter(|contract| contract.squad == from.as_str());
    let folders: BTreeSet<&Path> = misplaced.filter_map(|one| one.path.parent()).collect();
    for folder in folders {
        let target = folder
            .parent()
            .and_then(Path::parent)
            .unwrap_or(Path::new(""));
        let target = target.join(to.as_str()).join(service);
        let message = format!(
            "the contract is in the folder of {from}: git mv {} {}, and change what names its path",
            folder.display(),
            target.display()
        );
        steps.push(TransferStep::open(
            "folder",
            folder.display().to_string(),
            1,
            message,
        ));
    }
    Ok(steps)
}

/// The lines of a configuration that set the squad of the service.
pub(super) fn config_steps(
    path: &Path,
    has_squad: bool,
    transfer: &ServiceTransfer,
) -> Result<Vec<TransferStep>, OwnersError> {
    if !has_squad {
        return Ok(Vec::new());
    }
    let ServiceTransfer {
        service, from, to, ..
    } = transfer;
    let message = format!("the configuration names {from} as the squad of {service}; write {to}");
    let name = path.display().to_string();
    let text = read_text(path)?;
    let of_service = service_lines(&text, service);
    let lines = naming_lines(&text, "squad", from.as_str()).into_iter();
    let lines = lines.filter(|line| of_service.contains(line));
    let steps = lines.map(|line| TransferStep::open("configuration", &name, line, &message));
    Ok(steps.collect())
}

/// The lines of the table of a service.
fn service_lines(text: &str, service: &str) -> Range<u64> {
    let starts = text
        .lines()
        .zip(1..)
        .filter(|(line, _)| line.trim() == "[[services]]");
    let mut starts: Vec<u64> = starts.map(|(_, number)| number).collect();
    starts.push(u64::MAX);
    let names = naming_lines(text, "name", service);
    let mut tables = starts.windows(2).map(|pair| pair[0]..pair[1]);
    let table = tables.find(|table| names.iter().any(|line| table.contains(line)));
    table.unwrap_or_default()
}

/// The lines of a text that give a key a value, in YAML, JSON or TOML.
fn naming_lines(text: &str, key: &str, value: &str) -> Vec<u64> {
    let bare = |text: &str| {
        let is_outside = |c: char| c.is_whitespace() || "\"'{},".contains(c);
        text.trim_matches(is_outside).to_owned()
    };
    let names = |line: &str| {
        let (written, rest) = line.split_once([':', '='])?;
        let rest = rest.split(" #").next().unwrap_or_default();
        (bare(written) == key && bare(rest) == value).then_some(())
    };
    let lines = text.lines().zip(1..);
    lines
        .filter_map(|(line, number)| names(line).map(|()| number))
        .collect()
}

fn read_text(path: &Path) -> Result<String, OwnersError> {
    let bytes = source::read(path, FILE_BYTES_MAX as u64)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_lines_that_name_a_squad() {
        let text = "x-squad-owner: payments # who\n\"x-squad-owner\": \"payments\",\n\
                    x-squad-owner: payments-old\nsummary: payments\n{ x-squad-owner: payments }\n";
        assert_eq!(naming_lines(text, OWNER, "payments"), [1, 2, 5]);
    }

    #[test]
    fn the_table_of_a_service_ends_at_the_next_one() {
        let text =
            "[[services]]\nname = \"orders\"\n[services.owner]\n[[services]]\nname = \"b\"\n";
        assert_eq!(service_lines(text, "orders"), 1..4);
        assert_eq!(service_lines(text, "b"), 4..u64::MAX);
        assert!(service_lines(text, "c").is_empty());
    }
}
