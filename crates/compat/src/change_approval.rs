//! Approvals: changes that an owner has reviewed and accepted.
//!
//! An approval refers to a finding by its fingerprint, so it survives new wording and moved lines.
//! It does not cover a change with other values before or after, of another contract or in another
//! alternative of a schema; that is a different change.
//!
//! A fingerprint follows from the contents of the contract alone, so that every command computes
//! the same one. Two contracts with the same title and owner can therefore have equal
//! fingerprints. The path and the service of an approval distinguish such contracts, and an approval
//! without them covers no change if it fits several contracts of one run.

use portcullis_vocabulary::Date;

/// One approved change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeApproval {
    /// The fingerprint of the finding.
    pub fingerprint: String,
    /// The path of the contract, or the end of it, if the approval is for this contract only.
    pub contract: Option<String>,
    /// The service, if the approval is for this service only.
    pub service: Option<String>,
    /// Who approved the change.
    pub owner: String,
    /// Why the change is acceptable.
    pub reason: String,
    /// The last valid day; `None` if the approval never expires.
    pub expires: Option<Date>,
    /// The change, described for readers of the file.
    pub change: String,
    /// The line in the file.
    pub line: u32,
}

/// What a run knows about a compared contract besides its contents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContractNames {
    /// The paths of the contract in both revisions.
    pub paths: Vec<String>,
    /// The service that the contract describes.
    pub service: Option<String>,
}

impl ContractNames {
    /// Whether an approval may be for this contract. What the run does not know excludes nothing.
    pub fn admit(&self, approval: &ChangeApproval) -> bool {
        let is_service = match (&approval.service, &self.service) {
            (Some(wanted), Some(own)) => wanted == own,
            _ => true,
        };
        let is_path = match &approval.contract {
            Some(wanted) => {
                let mut paths = self.paths.iter();
                self.paths.is_empty() || paths.any(|own| have_same_end(own, wanted))
            }
            None => true,
        };
        is_service && is_path
    }

    /// The end that the paths of both revisions have in common: what identifies the contract in
    /// other runs, too. `None` if even the names of the files differ.
    pub fn common_path(&self) -> Option<String> {
        let (first, others) = self.paths.split_first()?;
        let mut common = segments(first);
        for other in others {
            common.truncate(common_segments(&common, &segments(other)));
        }
        common.reverse();
        (!common.is_empty()).then(|| common.join("/"))
    }
}

/// Whether one path is the end of the other.
fn have_same_end(one: &str, other: &str) -> bool {
    let (one, other) = (segments(one), segments(other));
    let shorter = one.len().min(other.len());
    shorter > 0 && common_segments(&one, &other) == shorter
}

/// The segments of a path, the last one first.
fn segments(path: &str) -> Vec<&str> {
    let segments = path.rsplit(['/', '\\']);
    segments
        .filter(|segment| !matches!(*segment, "" | "."))
        .collect()
}

/// With how many segments both paths end.
fn common_segments(one: &[&str], other: &[&str]) -> usize {
    let both = one.iter().zip(other);
    both.take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approval(contract: Option<&str>, service: Option<&str>) -> ChangeApproval {
        ChangeApproval {
            fingerprint: "00".to_owned(),
            contract: contract.map(ToOwned::to_owned),
            service: service.map(ToOwned::to_owned),
            owner: "payments".to_owned(),
            reason: "agreed".to_owned(),
            expires: None,
            change: String::new(),
            line: 1,
        }
    }

    fn names(paths: &[&str], service: Option<&str>) -> ContractNames {
        ContractNames {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            service: service.map(ToOwned::to_owned),
        }
    }

    #[test]
    fn the_shorter_path_is_the_end_of_the_longer() {
        let admits =
            |wanted: &str, own: &str| names(&[own], None).admit(&approval(Some(wanted), None));
        assert!(admits("pay/openapi.yaml", "contracts/pay/openapi.yaml"));
        assert!(admits("./contracts/pay/openapi.yaml", "pay/openapi.yaml"));
        assert!(admits("pay.yaml", "pay.yaml"));
        assert!(!admits("pay/openapi.yaml", "contracts/ord/openapi.yaml"));
        assert!(!admits("pay.yaml", "repay.yaml"));
        assert!(!admits("", "pay.yaml"));
    }

    #[test]
    fn the_path_of_either_revision_counts() {
        let moved = names(&["old/pay.yaml", "new/pay.yaml"], None);
        assert!(moved.admit(&approval(Some("old/pay.yaml"), None)));
        assert!(moved.admit(&approval(Some("new/pay.yaml"), None)));
        assert!(!moved.admit(&approval(Some("other/pay.yaml"), None)));
    }

    #[test]
    fn the_common_end_of_both_paths_identifies_a_contract() {
        let common = |paths: &[&str]| names(paths, None).common_path();
        assert_eq!(
            common(&["old/pay/openapi.yaml", "./new/pay/openapi.yaml"]).as_deref(),
            Some("pay/openapi.yaml")
        );
        assert_eq!(common(&["pay.yaml"]).as_deref(), Some("pay.yaml"));
        assert_eq!(common(&["old.yaml", "new.yaml"]), None);
        assert_eq!(common(&[]), None);
    }

    #[test]
    fn what_a_run_does_not_know_excludes_nothing() {
        let known = names(&["pay.yaml"], Some("payments"));
        assert!(known.admit(&approval(None, None)));
        assert!(known.admit(&approval(Some("pay.yaml"), Some("payments"))));
        assert!(!known.admit(&approval(None, Some("orders"))));
        assert!(!known.admit(&approval(Some("ord.yaml"), Some("payments"))));
        let nothing = names(&[], None);
        assert!(nothing.admit(&approval(Some("ord.yaml"), Some("orders"))));
    }
}
