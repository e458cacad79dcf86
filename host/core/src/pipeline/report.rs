//! The report of a judgement in the making: findings, and what a hold would be about.

use std::time::Duration;

use crate::detect;
use crate::fact::Fact;
use crate::finding::{Finding, Findings, Place, Severity, Verdict};
use crate::hold::{Hold, HoldCause, OnRelease};
use crate::policy::Owner;
use crate::ports::RawFindings;
use crate::time::Timestamp;

/// The most facts that a decision keeps.
const FACTS: usize = 100;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) findings: Findings,
    pub(super) facts: Vec<Fact>,
    /// No complete judgement exists: a plugin failed, or reading stopped early.
    pub(super) incomplete: bool,
    hold: Option<(HoldCause, Owner, String)>,
    /// The first finding that refuses, and whose rule it broke.
    refusal: Option<(Owner, Finding)>,
}

impl Report {
    /// Adds a finding of that owner's policy.
    pub(super) fn add(&mut self, finding: Finding, owner: Owner, cause: HoldCause) {
        if finding.severity == Severity::Hold {
            // Of several reasons the house's counts, because then only an operator may decide.
            let stronger = self.hold.as_ref().is_none_or(|(_, by, _)| *by != Owner::House && owner == Owner::House);
            if stronger {
                self.hold = Some((cause, owner, finding.message.clone()));
            }
        }
        if finding.severity == Severity::Refuse && self.refusal.is_none() {
            self.refusal = Some((owner, finding.clone()));
        }
        self.findings.add(finding);
    }

    /// Adds what a plugin found. `locate` gives the source bytes of a place and its record.
    pub(super) fn add_raw(
        &mut self,
        raw: RawFindings,
        binding: &str,
        owner: Owner,
        locate: impl Fn(&crate::ports::RawPlace) -> Option<(Place, Option<String>)>,
    ) {
        self.findings.add_dropped(raw.dropped);
        for item in raw.items {
            let mut message = sentence(&item.message);
            // What is only counted needs no place.
            let kept = self.findings.items.len() < Findings::KEPT;
            let (place, sample) = match item.place.as_ref().filter(|_| kept) {
                None => (None, None),
                Some(raw) => match locate(raw) {
                    Some((place, sample)) => (Some(place), sample),
                    None => {
                        message = format!("{message} (record {})", raw.position);
                        (None, None)
                    }
                },
            };
            let rule = format!("{binding}/{}", word(&item.rule));
            self.add(Finding { rule, severity: item.severity, message, place, sample }, owner, HoldCause::Finding);
        }
    }

    /// Keeps what a validator extracted; the first of a name wins.
    pub(super) fn learn(&mut self, facts: Vec<Fact>) {
        for fact in facts {
            let name = word(&fact.name);
            if self.facts.len() < FACTS && self.facts.iter().all(|known| known.name != name) {
                self.facts.push(Fact { name, value: fact.value.chars().take(1_000).collect() });
            }
        }
    }

    pub(super) const fn verdict(&self) -> Verdict {
        self.findings.verdict()
    }

    /// Why it was rejected, if it was: whose rule, which, and where.
    pub(super) fn rejection(&self) -> Option<String> {
        let (owner, finding) = self.refusal.as_ref()?;
        let place = finding.place.as_ref();
        let place = place.map(|it| format!(" at line {}, column {}", it.line, it.column)).unwrap_or_default();
        Some(format!("refused by {} rule {}{place}", whose(*owner, "the sender's"), finding.rule))
    }

    /// The same for both sides to read: the sender does not learn what the receiver's rules found.
    pub(super) fn rejection_of_share(&self) -> Option<String> {
        let (owner, ..) = self.refusal.as_ref()?;
        Some(format!("refused by {} policy", whose(*owner, "the receiver's")))
    }

    /// What a person is told, if the verdict is hold.
    pub(super) fn hold(&self, at: Timestamp, lifetime: Duration) -> Option<Hold> {
        if self.verdict() != Verdict::Hold {
            return None;
        }
        let (cause, by, explanation) =
            self.hold.clone().unwrap_or((HoldCause::Finding, Owner::House, "a person must look".to_owned()));
        let on_release = if self.incomplete { OnRelease::JudgeAgain } else { OnRelease::Promote };
        Some(Hold { cause, by, explanation, on_release, expires_at: at + lifetime, object: None })
    }
}

const fn whose(owner: Owner, partner: &str) -> &str {
    match owner {
        Owner::House => "the house's",
        Owner::Partner(_) => partner,
    }
}

/// A plugin's sentence as it is kept: cut, on one line, nothing in it that looks like personal data.
pub(super) fn sentence(text: &str) -> String {
    let line: String = text.chars().take(500).map(|c| if c.is_control() { ' ' } else { c }).collect();
    detect::hide(&line)
}

/// A plugin's name for a rule or fact as it is kept.
fn word(text: &str) -> String {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.chars().take(80).map(|c| if known(c) { c } else { '-' }).collect()
}
