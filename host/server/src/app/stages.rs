//! The tasks of a host in the order in which they stop: nothing new comes in, nothing more is claimed, work ends, the
//! outbox is emptied.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use lockgate_api::Hub;
use lockgate_bus::{Listening, NudgeRelay, Relay, hear_nudges, listen};
use lockgate_core::claim::Room;
use lockgate_core::desk::Desk;
use lockgate_core::redriver::Redriver;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::parts::Parts;
use crate::config::Config;
use crate::gauges::Gauges;
use crate::listen::{Certificate, Port};
use crate::service::Service;
use crate::worker::{
    Adopter, Clearer, Comparison, Handback, Heartbeat, Holdings, Housekeeping, NotingClaimer, Preparer, Redriving,
    Sizes, Workers,
};

/// What a stage may take beyond its own time for draining.
const GRACE: Duration = Duration::from_secs(5);
/// No answer to a claim comes later: the listener gives up before.
const LATEST_ANSWER: Duration = Duration::from_secs(30);
const LAST_RELAY: Duration = Duration::from_secs(5);

/// Starts everything.
pub(super) fn start(
    config: &Config,
    parts: &Parts,
    hub: Arc<Hub>,
    api: Port,
    certificate: Option<Certificate>,
    admin: Port,
) -> anyhow::Result<Service> {
    let mut service = Service::default();
    let followers = Arc::clone(&hub);
    service.stage("intake", config.http.drain + GRACE).task("api", |stop| api.serve(stop)).task(
        "subscriptions",
        |stop| async move {
            // Their WebSockets outlive the requests that opened them.
            stop.cancelled().await;
            followers.close().await;
            Ok(())
        },
    );
    if let Some(certificate) = certificate {
        service.endless("certificate", certificate.keep_fresh());
    }
    let nudges = hear_nudges(&parts.bus_config, hub)?;

    let (queue, claims) = mpsc::channel(config.workers.queued);
    let (tell_alive, alive) = watch::channel(true);
    let (tell_room, room) = watch::channel(Room::default());
    let holdings = Arc::new(Holdings::default());
    let adopter = Adopter {
        store: parts.transfers(),
        host: parts.host,
        queue: queue.clone(),
        room,
        holdings: Arc::clone(&holdings),
        alive: alive.clone(),
        every: config.workers.adopt,
        overdue: config.workers.overdue,
    };
    let claimer =
        Arc::new(NotingClaimer { store: parts.transfers(), host: parts.host, holdings: Arc::clone(&holdings) });
    let listener = listen(&parts.bus_config, claimer, parts.tracer(), queue)?;
    let redriving = Redriving {
        redriver: Redriver::new(parts.store.clone(), parts.clock()),
        store: parts.transfers(),
        host: parts.host,
        alive: alive.clone(),
        every: config.workers.adopt,
    };
    service
        .stage("listening", Duration::from_secs(15))
        .endless("adopter", adopter.run())
        .endless("redriving", redriving.run())
        .task("listener", |stop| until_stopped(listener, "listening to Kafka ended", stop))
        .task("nudges", |stop| until_stopped(nudges, "listening to nudges ended", stop));

    let workers = Workers::new(
        Arc::new(parts.pipeline(config)),
        Handback::new(parts.transfers()),
        Arc::clone(&holdings),
        Sizes {
            judging: config.workers.judgements,
            deliveries: config.workers.deliveries,
            messages: config.workers.messages,
            waiting: config.workers.queued,
        },
        tell_room,
        config.workers.drain,
    );
    service.stage("work", config.workers.drain + GRACE).task("workers", |stop| workers.run(claims, alive, stop));

    let heartbeat = Heartbeat {
        store: Arc::new(parts.store.for_heartbeat()),
        host: parts.host,
        alive_for: config.workers.alive,
        alive: tell_alive,
    };
    let comparison = Comparison { store: parts.transfers(), host: parts.host, holdings, settled_after: LATEST_ANSWER };
    let housekeeping = Housekeeping {
        desk: Desk::new(parts.transfers(), parts.clock()),
        sweeper: parts.sweeper(),
        store: Arc::clone(&parts.store),
        host: parts.host,
        every: config.workers.housekeeping,
    };
    let clearer = Clearer { clearing: parts.clearing(), every: config.workers.housekeeping };
    let relay = Relay::new(parts.transfers(), parts.bus(), parts.store.outbox_wake());
    let gauges = Gauges::new(Arc::clone(&parts.store), Arc::clone(&parts.sandbox), parts.s3.clone());
    let nudge_relay = NudgeRelay::new(parts.store.clone(), parts.bus.clone(), parts.store.nudge_wake());
    service
        .stage("upkeep", LAST_RELAY + GRACE)
        .endless("heartbeat", heartbeat.run())
        .endless("comparison", comparison.run())
        .endless("housekeeping", housekeeping.run())
        .endless("clearer", clearer.run())
        .endless("preparer", Preparer::new(parts.registry(), parts.runner()).run())
        .endless("gauges", gauges.run())
        .endless("nudge relay", nudge_relay.run())
        .task("relay", |stop| async move {
            stop.run_until_cancelled(relay.run()).await;
            // What the last work put into the outbox goes out now, or by another host's relay.
            let _ = timeout(LAST_RELAY, relay.flush()).await;
            Ok(())
        })
        .task("admin", |stop| admin.serve(stop));
    Ok(service)
}

/// Listens until told to stop; ends with an error if the thread ends before.
async fn until_stopped(mut listening: Listening, ended: &'static str, stop: CancellationToken) -> anyhow::Result<()> {
    tokio::select! {
        early = listening.ended() => return early.context(ended),
        () = stop.cancelled() => listening.stop(),
    }
    Ok(listening.ended().await?)
}
