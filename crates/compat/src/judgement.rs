//! From structural edits and the verdict of containment to findings.
//!
//! Containment decides. Where it is proved that all that is sent is accepted, an edit is told of
//! and harms nobody; where a value shows that it is not, the edit that is responsible is
//! breaking; and where the search gave up, the classical level of the rule stands, at least a
//! warning. Two schemas that accept the same values are no change, however they are written.

use portcullis_contract::{Direction, Spot};

use super::containment::{Containment, Schemas};
use super::edits::Found;
use super::finding::{Finding, Site, SitePart};
use super::level::{Certainty, Level};
use super::responsible::responsible;
use super::rule::{Action, Kind, Rule};
use super::schema::{Break, Verdict};
use super::structure::{Comparing, Position, sentence};
use super::witness::{Carried, Side, Witness, request, verify};

/// Judges the schemas of every place.
pub(super) fn judge(comparing: &mut Comparing<'_>) {
    comparing.graph.explore();
    let mut containment = Containment::new(comparing.old, comparing.new);
    let positions = std::mem::take(&mut comparing.positions);
    for position in &positions {
        let judge = Judge {
            comparing,
            position,
            edits: comparing.graph.edits(position.pair),
        };
        let found = judge.findings(&mut containment);
        comparing.findings.extend(found);
    }
}

/// One place, while it is judged.
struct Judge<'j, 'c> {
    comparing: &'j Comparing<'c>,
    position: &'j Position<'c>,
    edits: Vec<Found>,
}

/// What is known of one edit.
enum Known {
    Harmless,
    Breaking(Box<Witness>),
    Open(String),
    /// Other changes break the same schema, and this one was not met.
    Hidden,
}

impl Judge<'_, '_> {
    fn findings(&self, containment: &mut Containment<'_>) -> Vec<Finding> {
        let Some(schemas) = self.schemas() else {
            let reason = "values in this form are not judged";
            return self.all(|_| Known::Open(reason.to_owned()));
        };
        match containment.judge(schemas, self.new_produces()) {
            Verdict::Same | Verdict::Compatible => self.compatible(containment, schemas),
            Verdict::Unknown(unknown) => {
                let mut findings = self.all(|_| Known::Open(unknown.reason.clone()));
                if self.edits.is_empty() {
                    findings.push(self.unexplained(&unknown.reason));
                }
                findings
            }
            Verdict::Breaking(breaks) => self.broken(&breaks),
        }
    }

    /// All that is sent is accepted.
    fn compatible(&self, containment: &mut Containment<'_>, schemas: Schemas<'_>) -> Vec<Finding> {
        let rule = |found: &Found| Rule::named(self.rule_of(found));
        if self.edits.iter().any(|found| is_wording(rule(found))) && containment.are_equal(schemas)
        {
            let findings = self.all(|_| Known::Harmless).into_iter();
            return findings.filter(|found| !is_wording(found.rule)).collect();
        }
        let may_matter = |found: &Found| rule(found).level(Some(self.side())) > Level::Info;
        if self.edits.iter().any(may_matter) && containment.is_vacuous(schemas, self.new_produces())
        {
            let reason = "nothing that only has declared members is right by this schema";
            return self.all(|_| Known::Open(reason.to_owned()));
        }
        self.all(|_| Known::Harmless)
    }

    /// The compiled schemas, where both contracts judge the value.
    fn schemas(&self) -> Option<Schemas<'_>> {
        let (old, new) = self.position.keys.as_ref()?;
        Some(Schemas {
            old,
            new,
            direction: self.position.direction,
            is_text: self.position.is_text,
        })
    }

    /// Whether the newer contract is the one that sends.
    fn new_produces(&self) -> bool {
        self.side() == Direction::Response
    }

    /// From whose side the place is seen: what consumers send is a request, whoever calls.
    fn side(&self) -> Direction {
        match (self.position.direction, self.position.operations.is_flipped) {
            (Direction::Request, false) | (Direction::Response, true) => Direction::Request,
            (Direction::Response, false) | (Direction::Request, true) => Direction::Response,
        }
    }

    fn all(&self, known: impl Fn(&Found) -> Known) -> Vec<Finding> {
        let edits = self.edits.iter();
        edits
            .map(|found| self.finding(found, known(found)))
            .collect()
    }

    fn broken(&self, breaks: &[Break]) -> Vec<Finding> {
        let mut known: Vec<Option<Known>> = self.edits.iter().map(|_| None).collect();
        let mut findings = Vec::new();
        for found in breaks {
            let shown = self.witness(found);
            let causes = responsible(&self.edits, found, self.side());
            for cause in &causes {
                match &shown {
                    Ok(witness) => known[*cause] = Some(Known::Breaking(Box::new(witness.clone()))),
                    Err(reason) if known[*cause].is_none() => {
                        known[*cause] = Some(Known::Open(reason.clone()));
                    }
                    Err(_) => {}
                }
            }
            if causes.is_empty() {
                findings.push(self.bare(found, shown));
            }
        }
        // What an element of `allOf` says is compared keyword by keyword, so it is told of
        // with the first of its keywords that breaks something.
        let first = known.iter().find_map(|known| match known {
            Some(Known::Breaking(witness)) => Some(witness.clone()),
            _ => None,
        });
        for (edit, known) in self.edits.iter().zip(known) {
            let is_whole = edit.edit.rule.starts_with("schema.all-of.")
                && Rule::named(edit.edit.rule).level(Some(self.side())) == Level::Breaking;
            let whole = first.clone().filter(|_| is_whole);
            let known = known.or(whole.map(Known::Breaking));
            let known = known.unwrap_or_else(|| self.unseen(edit));
            findings.push(self.finding(edit, known));
        }
        findings
    }

    /// An edit that no break comes from: other breaks may stand before it.
    fn unseen(&self, edit: &Found) -> Known {
        let rule = Rule::named(self.rule_of(edit));
        match rule.level(Some(self.side())) {
            Level::Breaking => Known::Hidden,
            Level::Warning | Level::Info => Known::Harmless,
        }
    }

    /// Has the validators of both contracts confirm a break.
    fn witness(&self, found: &Break) -> Result<Witness, String> {
        let (old, new) = (self.old_side(), self.new_side());
        let (sender, receiver) = if self.new_produces() {
            (new, old)
        } else {
            (old, new)
        };
        let is_opaque =
            |side: &Side<'_>| matches!(side.carried, Carried::Body(media) if media.is_opaque());
        // The search had the validators of both judge the value; there is no message to judge.
        let refusal = match is_opaque(&sender) || is_opaque(&receiver) {
            true => found.message.clone(),
            false => verify(sender, receiver, &found.witness)?,
        };
        let is_request =
            self.position.direction == Direction::Request && !self.position.operations.is_flipped;
        Ok(Witness {
            value: found.witness.clone(),
            pointer: found.pointer.clone(),
            keyword: found.keyword.clone(),
            refusal,
            request: is_request
                .then(|| request(sender, &found.witness))
                .flatten(),
        })
    }

    fn old_side(&self) -> Side<'_> {
        Side {
            contract: self.comparing.old,
            operation: self.position.operations.old,
            carried: self.position.carried.0,
            direction: self.position.direction,
            is_channel: self.position.operations.is_flipped,
        }
    }

    fn new_side(&self) -> Side<'_> {
        Side {
            contract: self.comparing.new,
            operation: self.position.operations.new,
            carried: self.position.carried.1,
            ..self.old_side()
        }
    }

    fn finding(&self, found: &Found, known: Known) -> Finding {
        let edit = &found.edit;
        let rule = Rule::named(self.rule_of(found));
        let classical = rule.level(Some(self.side()));
        let (level, certainty, witness) = match known {
            // What is a draft itself promises nothing of its parts.
            _ if rule.kind == Kind::Lifecycle && self.is_draft() => {
                (Level::Info, Certainty::Rule, None)
            }
            _ if !is_decided(rule) => (classical, Certainty::Rule, None),
            Known::Breaking(witness) => (Level::Breaking, Certainty::Witnessed, Some(*witness)),
            Known::Harmless => (harmless(rule, classical), Certainty::Proved, None),
            Known::Hidden => {
                let reason = "other changes break this schema, and no example needs this one";
                let level = self.open_level(Level::Warning);
                (level, Certainty::Unknown(reason.to_owned()), None)
            }
            Known::Open(reason) => {
                let level = self.open_level(classical);
                (level, Certainty::Unknown(reason), None)
            }
        };
        Finding {
            rule,
            direction: Some(self.position.direction),
            level,
            certainty,
            subject: self.position.subject.clone(),
            site: self.site(&found.pointer),
            before: edit.before.clone(),
            after: edit.after.clone(),
            message: sentence(rule, edit.before.as_deref(), edit.after.as_deref()),
            old: edit.old.map(|place| self.comparing.old.spot(place)),
            new: edit.new.map(|place| self.comparing.new.spot(place)),
            witness: witness.filter(|_| level == Level::Breaking),
            approval: None,
        }
    }

    fn is_draft(&self) -> bool {
        let documents = self.comparing.old.documents();
        let node = documents.node(self.position.operations.old.place);
        let level = node
            .get("x-stability-level")
            .and_then(|level| level.as_str());
        matches!(level, Some("draft" | "alpha"))
    }

    /// The defaults of parameters have rules of their own.
    fn rule_of(&self, found: &Found) -> &'static str {
        let is_parameter = matches!(self.position.part, SitePart::Parameter { .. });
        match found.edit.rule {
            "schema.default.added" if is_parameter => "parameter.default.added",
            "schema.default.removed" if is_parameter => "parameter.default.removed",
            "schema.default.changed" if is_parameter => "parameter.default.changed",
            rule => rule,
        }
    }

    fn open_level(&self, classical: Level) -> Level {
        match self.comparing.options.strict {
            true => Level::Breaking,
            false => classical.max(Level::Warning),
        }
    }

    /// A break that no edit explains: the place in the contract and the keyword must do.
    fn bare(&self, found: &Break, shown: Result<Witness, String>) -> Finding {
        let pointer = |spot: &Option<Spot>| spot.clone();
        let (old, new) = match self.new_produces() {
            true => (pointer(&found.acceptor_spot), pointer(&found.producer_spot)),
            false => (pointer(&found.producer_spot), pointer(&found.acceptor_spot)),
        };
        let (before, after) = match self.position.operations.is_flipped {
            true => (found.after.clone(), found.before.clone()),
            false => (found.before.clone(), found.after.clone()),
        };
        let rule = Rule::named("schema.values.narrowed");
        let (level, certainty, witness) = match shown {
            Ok(witness) => (Level::Breaking, Certainty::Witnessed, Some(witness)),
            Err(reason) => (
                self.open_level(Level::Warning),
                Certainty::Unknown(reason),
                None,
            ),
        };
        Finding {
            rule,
            direction: Some(self.position.direction),
            level,
            certainty,
            subject: self.position.subject.clone(),
            site: self.site(&found.pointer),
            before,
            after,
            message: format!("{}: {}", rule.title, found.message),
            old,
            new,
            witness,
            approval: None,
        }
    }

    /// Schemas whose structure is the same and whose difference could not be ruled out.
    fn unexplained(&self, reason: &str) -> Finding {
        let rule = Rule::named("schema.values.narrowed");
        Finding {
            rule,
            direction: Some(self.position.direction),
            level: self.open_level(Level::Warning),
            certainty: Certainty::Unknown(reason.to_owned()),
            subject: self.position.subject.clone(),
            site: self.site(""),
            before: None,
            after: None,
            message: "it cannot be told whether the same values are allowed".to_owned(),
            old: None,
            new: None,
            witness: None,
            approval: None,
        }
    }

    fn site(&self, pointer: &str) -> Site {
        Site {
            part: self.position.part.clone(),
            pointer: pointer.to_owned(),
        }
    }
}

/// Whether containment says what a change of this kind means.
fn is_decided(rule: &Rule) -> bool {
    let is_of_schema = rule.id.starts_with("schema.");
    let is_only_told = [
        "schema.default.",
        "schema.discriminator.",
        "schema.extensible-enum.",
    ];
    is_of_schema
        && !matches!(rule.kind, Kind::Lifecycle | Kind::Mutability)
        && !rule.id.starts_with("schema.content-")
        && !is_only_told
            .iter()
            .any(|family| rule.id.starts_with(family))
}

/// Whether a change of this kind is none where the same values are accepted. Members that came or
/// went are news in any case: whoever sends only what is declared sends something else.
fn is_wording(rule: &Rule) -> bool {
    is_decided(rule) && rule.kind != Kind::Existence
}

/// What is left of a rule's level where no message is affected: a member that is gone is missed
/// by whoever used it, however right its absence is.
const fn harmless(rule: &Rule, classical: Level) -> Level {
    match (rule.kind, rule.action, classical) {
        (Kind::Existence, Action::Remove, Level::Breaking | Level::Warning) => Level::Warning,
        _ => Level::Info,
    }
}
