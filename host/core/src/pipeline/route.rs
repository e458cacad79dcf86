//! Routing: the route bindings choose among the receivers that the sender addressed; without any, all of them.

use super::report::Report;
use super::seat::Seat;
use super::{Abort, Pipeline, Scene};
use crate::decision::Outcome;
use crate::finding::{Finding, Severity};
use crate::hold::HoldCause;
use crate::hook::{FailureMode, Hook};
use crate::id::PartnerId;
use crate::partner::Partner;
use crate::policy::{Binding, Owner};
use crate::ports::{PluginError, StoreError};
use crate::route::{PlannedRoute, Target};
use crate::transfer::Transfer;

impl Pipeline {
    /// Where the transfer is to go. What cannot be followed becomes a finding that holds it.
    pub(super) async fn route(
        &self,
        scene: &Scene<'_>,
        transfer: &Transfer,
        bindings: &[Binding],
        report: &mut Report,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<Vec<PlannedRoute>, Abort> {
        let addressed = || transfer.receivers.iter().map(|receiver| everywhere(*receiver)).collect();
        let routers: Vec<_> = bindings.iter().filter(|it| it.hook == Hook::Route).collect();
        if routers.is_empty() {
            return Ok(addressed());
        }
        let receivers = self.partners(&transfer.receivers).await?;
        let scene = scene.routing(report, &receivers);
        let mut routes: Vec<PlannedRoute> = vec![];
        let mut failed = false;
        for binding in routers {
            let mut seat = Seat::new(binding, false);
            let mut answer = self.ask(&scene, &mut seat, binding).await;
            if matches!(answer, Err(PluginError::Fault(crate::fault::Fault::Deadline { .. }))) {
                seat = Seat::new(binding, true);
                answer = self.ask(&scene, &mut seat, binding).await;
            }
            match answer {
                Ok(targets) => {
                    for target in targets {
                        self.follow(target, &receivers, binding, &mut routes, report).await?;
                    }
                }
                Err(error) => {
                    let quarantined = matches!(error, PluginError::Quarantined { .. });
                    seat.fail(error, report)?;
                    if binding.failure_mode == FailureMode::Default && !quarantined {
                        addressed().into_iter().for_each(|route: PlannedRoute| add(&mut routes, route));
                    }
                    failed = true;
                }
            }
            outcomes.push(seat.outcome());
        }
        if routes.is_empty() && !failed {
            let message = "no route binding chose a receiver".to_owned();
            let rule = "route/unrouted".to_owned();
            let finding = Finding { rule, severity: Severity::Hold, message, place: None, sample: None };
            report.add(finding, Owner::Partner(transfer.sender), HoldCause::Unrouted);
            // A person who releases it sends it to whom it was addressed.
            return Ok(addressed());
        }
        Ok(routes)
    }

    async fn ask(&self, scene: &Scene<'_>, seat: &mut Seat, binding: &Binding) -> Result<Vec<Target>, PluginError> {
        let subject = scene.subject(bytes::Bytes::new(), None);
        seat.call(scene.ports, scene.ports.runner.route(binding, &subject)).await
    }

    /// Follows one target, if it leads to an addressed receiver and a destination that it has.
    async fn follow(
        &self,
        target: Target,
        receivers: &[Partner],
        binding: &Binding,
        routes: &mut Vec<PlannedRoute>,
        report: &mut Report,
    ) -> Result<(), Abort> {
        let id = target.receiver.parse::<PartnerId>().ok();
        let Some(receiver) = receivers.iter().find(|it| Some(it.id) == id || it.slug == target.receiver) else {
            let named = super::report::sentence(&target.receiver.chars().take(80).collect::<String>());
            let message = format!("`{named}` was chosen, who is not among the agreed receivers of this transfer");
            astray(binding, "foreign-receiver", message, report);
            return Ok(());
        };
        let Some(name) = target.destination else {
            add(routes, everywhere(receiver.id));
            return Ok(());
        };
        let known = self.ports.store.destinations(receiver.id).await?.iter().any(|it| it.name == name);
        if !known {
            let named = super::report::sentence(&name.chars().take(80).collect::<String>());
            let message = format!("`{named}` was chosen, which is no active destination of `{}`", receiver.slug);
            astray(binding, "unknown-destination", message, report);
            return Ok(());
        }
        add(routes, PlannedRoute { receiver: receiver.id, destinations: vec![name] });
        Ok(())
    }

    async fn partners(&self, ids: &[PartnerId]) -> Result<Vec<Partner>, StoreError> {
        let mut partners = vec![];
        for id in ids {
            partners.extend(self.ports.store.partner(*id).await?);
        }
        Ok(partners)
    }
}

impl Scene<'_> {
    /// What routing sees: the attributes, the facts, and who may be chosen.
    fn routing(&self, report: &Report, receivers: &[Partner]) -> Self {
        let mut attributes = self.attributes.clone();
        attributes.extend(report.facts.iter().map(|fact| (format!("fact.{}", fact.name), fact.value.clone())));
        let slugs: Vec<_> = receivers.iter().map(|it| it.slug.as_str()).collect();
        attributes.push(("routing.receivers".to_owned(), slugs.join(",")));
        Self { ports: self.ports, transfer: self.transfer, attributes }
    }
}

const fn everywhere(receiver: PartnerId) -> PlannedRoute {
    PlannedRoute { receiver, destinations: vec![] }
}

/// Adds a route; one to all destinations of a receiver swallows those to single ones.
fn add(routes: &mut Vec<PlannedRoute>, route: PlannedRoute) {
    match routes.iter_mut().find(|known| known.receiver == route.receiver) {
        None => routes.push(route),
        Some(known) if known.destinations.is_empty() => {}
        Some(known) if route.destinations.is_empty() => known.destinations.clear(),
        Some(known) => {
            for name in route.destinations {
                if !known.destinations.contains(&name) {
                    known.destinations.push(name);
                }
            }
        }
    }
}

fn astray(binding: &Binding, rule: &str, message: String, report: &mut Report) {
    let rule = format!("{}/{rule}", binding.name);
    let finding = Finding { rule, severity: Severity::Hold, message, place: None, sample: None };
    report.add(finding, binding.owner, HoldCause::Unrouted);
}
