//! Decides whether a new revision may replace the active one.
//!
//! A contract without operations never replaces one that has some: a file that was cut off after
//! its first lines is still valid YAML, and would refuse every request. With the policy
//! `compatible`, the `compat` crate finds the changes that break consumers. The consumers of a vendor are
//! our own services, and a version that announces a break does not change them. Comparing large
//! contracts is slow, so it happens where contracts are compiled. The verdict names the policy and
//! the revision that it is about; if these have changed since, the new revision is refused.

use std::sync::Arc;
use std::time::SystemTime;

use portcullis_compat::{
    ChangeCertainty, ChangeLevel, ChangePlace, CompareOptions, CompatFinding, Date, ExchangePart,
    SemanticVersion, compare,
};
use portcullis_config::{ReloadPolicy, ServiceConfig};
use portcullis_contract::CompiledContract;

/// The most changes that are listed; the others are counted.
const BREAKS_MAX: usize = 50;

/// The active contract and the policy that a new revision is compared under.
#[derive(Clone, Debug)]
pub(super) struct ReloadBasis {
    policy: ReloadPolicy,
    is_vendor: bool,
    /// The active contract, if there is one.
    pub(super) contract: Option<Arc<CompiledContract>>,
}

/// The result of a comparison: the objections to a new revision.
#[derive(Clone, Debug)]
pub(super) struct ReloadVerdict {
    policy: ReloadPolicy,
    is_vendor: bool,
    revision: Option<Arc<str>>,
    objections: Vec<String>,
}

impl ReloadBasis {
    /// What a new revision of this service is compared with.
    pub(super) fn new(service: &ServiceConfig, contract: Option<Arc<CompiledContract>>) -> Self {
        Self {
            policy: service.reload.policy,
            is_vendor: service.vendor.is_some(),
            contract,
        }
    }

    /// Compares. Slow: call it on a blocking thread and without a lock.
    pub(super) fn verdict(&self, new: &CompiledContract) -> ReloadVerdict {
        let old = self.contract.as_deref();
        let objections = old.map(|old| objections((self.policy, self.is_vendor), old, new));
        ReloadVerdict {
            policy: self.policy,
            is_vendor: self.is_vendor,
            revision: self.revision(),
            objections: objections.unwrap_or_default(),
        }
    }

    fn revision(&self) -> Option<Arc<str>> {
        self.contract
            .as_ref()
            .map(|contract| Arc::clone(&contract.revision))
    }
}

impl ReloadVerdict {
    /// Whether the verdict is about the current policy and the active contract.
    pub(super) fn applies_to(&self, basis: &ReloadBasis) -> bool {
        (self.policy, self.is_vendor) == (basis.policy, basis.is_vendor)
            && self.revision == basis.revision()
    }

    /// Why the new revision may not replace the active one; empty if it may.
    pub(super) fn objections(self, basis: &ReloadBasis) -> Vec<String> {
        if self.applies_to(basis) {
            return self.objections;
        }
        let problem =
            "the active contract changed while the new one was compared with it: reload again";
        vec![problem.to_owned()]
    }
}

/// Why the new contract may not replace the old one; empty if it may.
fn objections(
    (policy, is_vendor): (ReloadPolicy, bool),
    old: &CompiledContract,
    new: &CompiledContract,
) -> Vec<String> {
    if new.operations.is_empty() && !old.operations.is_empty() {
        return vec![format!(
            "the new contract has no operations, but the active one has {}: is the file complete? \
             To use it anyway, restart",
            old.operations.len()
        )];
    }
    let is_announced = !is_vendor && is_major(&old.version, &new.version);
    if policy == ReloadPolicy::Any || is_announced {
        return Vec::new();
    }
    let mut breaks = breaks(old, new);
    if !breaks.is_empty() && is_vendor {
        breaks.push(
            "the policy is `compatible`, and our services are the consumers of this vendor: adapt them, \
             then restart, or reload with `reload.policy = \"any\"` for it"
                .to_owned(),
        );
    } else if !breaks.is_empty() {
        breaks.push(format!(
            "the policy is `compatible`: raise the major version of {} ({} does not), or undo the \
             breaking changes",
            old.version, new.version
        ));
    }
    breaks
}

/// One sentence for each change that breaks consumers, or that could not be shown to be harmless.
fn breaks(old: &CompiledContract, new: &CompiledContract) -> Vec<String> {
    let report = compare(
        old,
        new,
        &CompareOptions::for_day(Date::of(SystemTime::now())),
    );
    let breaking = report
        .findings
        .iter()
        .filter(|finding| finding.level >= ChangeLevel::Unknown);
    let mut sentences: Vec<String> = breaking.map(sentence).collect();
    if sentences.len() > BREAKS_MAX {
        let more = sentences.len() - BREAKS_MAX;
        sentences.truncate(BREAKS_MAX);
        sentences.push(format!("and {more} more"));
    }
    sentences
}

fn sentence(finding: &CompatFinding) -> String {
    let ChangePlace { subject, location } = finding.first();
    let mut sentence = subject.to_string();
    match finding.operations().len().saturating_sub(1) {
        0 => {}
        more => sentence.push_str(&format!(" (and {more} more)")),
    }
    if *location.part != ExchangePart::NoPart {
        sentence.push_str(&format!(": {location}"));
    }
    sentence.push_str(&format!(": {}", finding.message));
    if let ChangeCertainty::Unknown(reason) = &finding.certainty {
        sentence.push_str(&format!(
            "; whether this breaks a client is unknown: {reason}"
        ));
    }
    sentence
}

/// Whether the new version announces breaking changes (semver.org, items 4 and 8): a greater
/// major version, or a greater minor version while the major version is 0.
fn is_major(old: &str, new: &str) -> bool {
    let range = |version| Some(SemanticVersion::parse_short(version)?.compatibility_range());
    matches!((range(old), range(new)), (Some(old), Some(new)) if new > old)
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_contract::{CompileOptions, compile, parse_single_file};
    use portcullis_vocabulary::Limits;

    fn contract(version: &str, paths: &str) -> CompiledContract {
        let text =
            format!("openapi: 3.1.0\ninfo: {{title: t, version: {version}}}\npaths: {paths}");
        let documents = parse_single_file("a.yaml", text.into_bytes(), &Limits::default()).unwrap();
        compile(documents, &CompileOptions::default()).unwrap()
    }

    const OLD: &str = "{'/a/{id}': {get: {parameters: [{name: id, in: path, required: true, schema: {}}, {name: q, in: query, schema: {}}], \
        responses: {'200': {description: ok}}}, post: {requestBody: {content: {text/plain: {}, application/json: {}}}, responses: {}}}}";

    fn check(version: &str, paths: &str, expected: &[&str]) {
        let (old, new) = (contract("1.2.0", OLD), contract(version, paths));
        let mut found = objections((ReloadPolicy::Compatible, false), &old, &new);
        if let Some(advice) = found.pop() {
            assert!(
                advice.contains("raise the major version of 1.2.0"),
                "{advice}"
            );
        }
        assert_eq!(found, expected);
        assert!(objections((ReloadPolicy::Any, false), &old, &new).is_empty());
    }

    /// The vendor announces the break, and our services break all the same.
    #[test]
    fn the_version_of_a_vendor_permits_no_break() {
        let (old, new) = (
            contract("1.2.0", OLD),
            contract("2.0.0", "{/b: {get: {responses: {}}}}"),
        );
        let found = objections((ReloadPolicy::Compatible, true), &old, &new);
        assert_eq!(found[0], "GET /a/{id}: operation removed");
        assert!(found[2].contains("adapt them, then restart"), "{found:?}");
        assert!(objections((ReloadPolicy::Compatible, false), &old, &new).is_empty());
        assert!(objections((ReloadPolicy::Any, true), &old, &new).is_empty());
        let larger = contract(
            "1.2.0",
            &OLD.replace("'/a/{id}'", "/b: {get: {responses: {}}}, '/a/{id}'"),
        );
        assert!(objections((ReloadPolicy::Compatible, true), &old, &larger).is_empty());
    }

    #[test]
    fn removals_and_new_requirements_are_breaking() {
        check("1.3.0", OLD, &[]);
        check(
            "1.3.0",
            &OLD.replace("{id}", "{key}")
                .replace("name: id", "name: key"),
            &[],
        );
        let other = "{/b: {get: {responses: {}}}}";
        check(
            "1.3.0",
            other,
            &[
                "GET /a/{id}: operation removed",
                "POST /a/{id}: operation removed",
            ],
        );
        check("2.0.0", other, &[]);
        check(
            "1.3.0",
            &OLD.replace("name: q, in: query", "name: q, in: query, required: true"),
            &["GET /a/{id}: query parameter q: parameter became required"],
        );
        check(
            "1.3.0",
            &OLD.replace("text/plain: {}, ", ""),
            &["POST /a/{id}: request body text/plain: media type removed"],
        );
        check(
            "1.3.0",
            &OLD.replace("requestBody: {", "requestBody: {required: true, "),
            &["POST /a/{id}: request body: request body became required"],
        );
        check(
            "1.3.0",
            &OLD.replace("'200'", "'201'"),
            &["GET /a/{id}: response 200: success response status removed"],
        );
    }

    #[test]
    fn a_truncated_contract_is_refused() {
        let (old, new) = (contract("1.2.0", OLD), contract("2.0.0", "{}"));
        let objections = objections((ReloadPolicy::Any, false), &old, &new);
        let expected = "the new contract has no operations, but the active one has 2: is the file complete? To use it anyway, restart";
        assert_eq!(objections, [expected]);
    }

    #[test]
    fn versions_announce_breaks() {
        for (old, new, major) in [
            ("1.2.3", "2.0.0", true),
            ("1.2.3", "1.9.0", false),
            ("2.0.0", "1.0.0", false),
            ("0.3.0", "0.4.0", true),
            ("0.3.0", "0.3.9", false),
            ("0.9.0", "1.0.0", true),
            ("v1", "v2-beta", true),
            ("2024-01", "x", false),
        ] {
            assert_eq!(is_major(old, new), major, "{old} {new}");
        }
    }
}
