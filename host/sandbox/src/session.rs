//! A session: one binding's guest, kept between the calls of one payload.

mod powers;

use std::collections::BTreeSet;
use std::sync::Arc;

use lockgate_core::batch::Batch;
use lockgate_core::fault::Fault;
use lockgate_core::hook::Hook;
use lockgate_core::id::{BindingId, PartnerId};
use lockgate_core::limits::Limits;
use lockgate_core::plugin::Scope;
use lockgate_core::policy::{Binding, Grant, Owner};
use lockgate_core::ports::{PluginError, Subject, Vault};
use wasmtime::Store;

use crate::engine::Ticker;
use crate::guest::{Guest, HookExports, Identity, Powers, State};
use crate::library::Library;
use crate::linked::Linked;
use crate::quarantine::Quarantine;
use crate::reuse::{Idle, ReuseKey};
use crate::threads::Threads;

/// What all sessions share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) library: Library,
    pub(crate) threads: Threads,
    pub(crate) idle: Idle,
    pub(crate) quarantine: Quarantine,
    pub(crate) vault: Arc<dyn Vault>,
    // Last, so that it ticks until the threads have ended: without ticks a loop would never end.
    pub(crate) _ticker: Ticker,
}

/// One call of a guest: borrowed values in, a host's answer out.
pub(crate) type Call<T> = Box<dyn FnOnce(&mut Store<State>, &HookExports) -> wasmtime::Result<T> + Send>;

/// A guest between two calls, with everything that stays the same.
pub(crate) struct Session {
    seat: Arc<Seat>,
    guest: Option<Guest>,
    failed: Option<Fault>,
}

/// What a session is opened for.
pub(crate) enum Purpose<'a> {
    /// To work on a payload: the guest is told of it, in so many bytes, and begins.
    Payload(&'a Subject, u64, Call<()>),
    /// To answer one question about a payload.
    Question(&'a Subject),
    /// To tell an event to this partner.
    Event(PartnerId),
    /// To see whether it can be configured; its faults count for nothing.
    Trial,
}

struct Seat {
    shared: Arc<Shared>,
    binding: BindingId,
    lane: Owner,
    limits: Limits,
    linked: Arc<Linked>,
    identity: Arc<Identity>,
    powers: Powers,
    key: ReuseKey,
    reusable: bool,
    trial: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("binding", &self.seat.binding)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Opens a session: a guest is taken or made, configured and begun.
    pub(crate) async fn open(
        shared: &Arc<Shared>,
        binding: &Binding,
        hook: Hook,
        purpose: Purpose<'_>,
    ) -> Result<Self, PluginError> {
        if let Some((last, until)) = shared.quarantine.of(binding.id) {
            return Err(PluginError::Quarantined { last, until });
        }
        let told = Told::of(&purpose);
        let begin = match purpose {
            Purpose::Payload(_, input_bytes, begin) => Some((input_bytes, begin)),
            Purpose::Question(_) | Purpose::Event(_) | Purpose::Trial => None,
        };
        let seat = Arc::new(Seat::new(shared, binding, hook, told).await?);
        let guest = seat.counted(seat.begun(begin).await)?;
        Ok(Self { seat, guest: Some(guest), failed: None })
    }

    /// Calls the guest, showing it a batch or so many bytes.
    pub(crate) async fn call<T: Send + 'static>(
        &mut self,
        batch: Option<Arc<Batch>>,
        input_bytes: u64,
        call: Call<T>,
    ) -> Result<T, PluginError> {
        let Some(mut guest) = self.guest.take() else {
            return Err(match &self.failed {
                Some(fault) => fault.clone().into(),
                None => PluginError::Host("the session was given up during a call".to_owned()),
            });
        };
        let job = move || {
            if let Some(batch) = batch {
                guest.show(batch);
            }
            // After a fault the guest is dropped right here: nobody knows what state it is in.
            let answer = guest.call(input_bytes, call)?;
            Ok::<_, Fault>((guest, answer))
        };
        let answer = self.seat.shared.threads.run(self.seat.lane, job).await?;
        if let Err(fault) = &answer {
            self.failed = Some(Fault::clone(fault));
        }
        let (guest, answer) = self.seat.counted(answer.map_err(PluginError::Fault))?;
        self.guest = Some(guest);
        Ok(answer)
    }

    /// Calls the guest with each batch, again and again, on one turn of a sandbox thread, each call within its own
    /// limits; gives the time that all took.
    #[cfg(feature = "measure")]
    pub(crate) async fn repeat<T: 'static>(
        &mut self,
        times: u32,
        batches: Vec<Arc<Batch>>,
        call: impl Fn(&Arc<Batch>) -> (u64, Call<T>) + Send + 'static,
    ) -> Result<std::time::Duration, PluginError> {
        let Some(mut guest) = self.guest.take() else { return Err(PluginError::Busy) };
        let job = move || {
            let started = std::time::Instant::now();
            for _ in 0..times {
                for batch in &batches {
                    guest.show(Arc::clone(batch));
                    let (input_bytes, call) = call(batch);
                    std::hint::black_box(guest.call(input_bytes, call)?);
                }
            }
            Ok::<_, Fault>((guest, started.elapsed()))
        };
        let (guest, took) = self.seat.shared.threads.run(self.seat.lane, job).await??;
        self.guest = Some(guest);
        Ok(took)
    }

    /// Ends the session; the instance may be used again if its plugin judges each record alone.
    pub(crate) fn close(mut self) {
        if let Some(guest) = self.guest.take().filter(|_| self.seat.reusable) {
            self.seat.shared.idle.keep(self.seat.key.clone(), guest);
        }
    }

    /// The lookup tables that this session may read, in the versions that it sees.
    pub(crate) fn tables(&self) -> Vec<(String, i64)> {
        let tables = self.seat.powers.tables.values();
        let mut versions: Vec<_> = tables.map(|table| (table.name.clone(), table.version)).collect();
        versions.sort();
        versions
    }
}

impl Seat {
    async fn new(shared: &Arc<Shared>, binding: &Binding, hook: Hook, told: Told) -> Result<Self, PluginError> {
        let host = |error: &dyn std::fmt::Display| PluginError::Host(error.to_string());
        let prepared = shared.library.get(&binding.plugin).await.map_err(|error| host(&error))?;
        let granted: BTreeSet<_> = binding.grants.iter().map(Grant::capability).collect();
        let linked = prepared.linked(hook, &granted).map_err(|error| host(&error))?;
        let manifest = prepared.facts.manifest();
        tracing::Span::current().record("plugin.name", &manifest.name);
        let key = ReuseKey {
            binding: binding.id,
            plugin: binding.plugin,
            settings: binding.settings.to_string().into(),
            sender: told.sender,
            receiver: told.receiver,
        };
        // The house's bindings work in the turn of the partner whose payload it is, or one partner's flood would
        // delay the house's judgement of all others.
        let payer = key.sender.as_ref().and_then(|sender| sender.parse().ok()).map(Owner::Partner);
        let lane = if binding.owner == Owner::House { payer.unwrap_or(Owner::House) } else { binding.owner };
        Ok(Self {
            shared: Arc::clone(shared),
            binding: binding.id,
            lane,
            limits: binding.limits.clone(),
            linked,
            identity: Arc::new(Identity {
                plugin: manifest.name.clone(),
                digest: binding.plugin,
                binding: binding.name.clone(),
            }),
            powers: powers::fetch(shared, binding).await?,
            key,
            reusable: manifest.scope == Scope::Record && !told.trial,
            trial: told.trial,
        })
    }

    /// A guest that has begun, an idle one or a new one.
    async fn begun(self: &Arc<Self>, begin: Option<(u64, Call<()>)>) -> Result<Guest, PluginError> {
        let seat = Arc::clone(self);
        let job = move || {
            let mut guest = seat.taken()?;
            if let Some((input_bytes, begin)) = begin {
                guest.call(input_bytes, begin)?;
            }
            Ok::<_, PluginError>(guest)
        };
        self.shared.threads.run(self.lane, job).await?
    }

    fn taken(&self) -> Result<Guest, PluginError> {
        let idle = if self.reusable { self.shared.idle.take(&self.key) } else { None };
        match idle.filter(|guest| guest.state().limits == self.limits) {
            Some(mut guest) => {
                guest.renew(self.powers.clone());
                Ok(guest)
            }
            None => self.create(),
        }
    }

    /// Makes an instance; idle ones are given up for it when the pool is full.
    fn create(&self) -> Result<Guest, PluginError> {
        loop {
            let state = State::new(Arc::clone(&self.identity), &self.limits, self.powers.clone());
            match Guest::create(&self.linked, state, &self.key.settings) {
                Err(PluginError::Busy) if self.shared.idle.give_up_one() => {}
                other => return other,
            }
        }
    }

    /// Lets quarantine count a fault.
    fn counted<T>(&self, answer: Result<T, PluginError>) -> Result<T, PluginError> {
        if let Err(PluginError::Fault(fault)) = &answer
            && !self.trial
        {
            self.shared.quarantine.record(self.binding, fault);
        }
        answer
    }
}

/// What of a purpose decides over queue and reuse.
#[derive(Default)]
struct Told {
    sender: Option<String>,
    receiver: Option<String>,
    trial: bool,
}

impl Told {
    fn of(purpose: &Purpose<'_>) -> Self {
        match purpose {
            Purpose::Payload(subject, ..) | Purpose::Question(subject) => {
                let attribute = |name: &str| {
                    let found = subject.attributes.iter().find(|(of, _)| of == name);
                    found.map(|(_, value)| value.clone())
                };
                Self { sender: attribute("sender.id"), receiver: attribute("receiver.id"), trial: false }
            }
            Purpose::Event(partner) => Self { sender: Some(partner.to_string()), ..Self::default() },
            Purpose::Trial => Self { trial: true, ..Self::default() },
        }
    }
}
