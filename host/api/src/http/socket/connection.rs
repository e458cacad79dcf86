//! One connection's life: the token first, then subscriptions side by side, until somebody has had enough.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_graphql::{Name, Value};
use axum::extract::ws::{Message, WebSocket};
use futures::stream::{AbortHandle, BoxStream, SelectAll, abortable, once};
use futures::{FutureExt, StreamExt};
use lockgate_core::code::Code;
use lockgate_core::viewer::Viewer;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout};

use super::SENDING;
use super::ending::Ending;
use super::message::{Said, Say};
use crate::ApiState;
use crate::edge::ClientAddress;
use crate::failure::Failure;
use crate::graphql::{self, Answered, ApiSchema};
use crate::http::graphql::from_value;
use crate::identity::{Refusal, TokenError, prove};
use crate::watching::Seat;

/// What a subscription brings: an answer, or its end.
type Event = (Arc<str>, Option<Answered>);

/// A connection.
pub(super) struct Connection<'s> {
    socket: &'s mut WebSocket,
    state: ApiState,
    schema: ApiSchema,
    address: Option<ClientAddress>,
    somebody: Option<Somebody>,
    operations: HashMap<Arc<str>, AbortHandle>,
    events: SelectAll<BoxStream<'static, Event>>,
    /// Until when the token must have come, or is good.
    until: Instant,
    pings: Interval,
    /// Whether anything came since the last ping.
    alive: bool,
}

/// Whose connection it is.
struct Somebody {
    viewer: Viewer,
    seat: Seat,
}

impl<'s> Connection<'s> {
    pub(super) fn new(
        socket: &'s mut WebSocket,
        state: ApiState,
        schema: ApiSchema,
        address: Option<ClientAddress>,
    ) -> Self {
        let limits = &state.settings.subscriptions;
        let mut pings = interval_at(Instant::now() + limits.ping_every, limits.ping_every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let until = Instant::now() + limits.init_timeout;
        Self {
            socket,
            state,
            schema,
            address,
            somebody: None,
            operations: HashMap::new(),
            events: SelectAll::new(),
            until,
            pings,
            alive: true,
        }
    }

    /// Talks until the end, and says how it came. The seat is given up by whoever says so to the client: a host that
    /// stops waits for its seats.
    pub(super) async fn run(mut self) -> (Ending, Option<Seat>) {
        let hub = Arc::clone(&self.state.hub);
        let mut closing = std::pin::pin!(hub.closing());
        loop {
            let step = tokio::select! {
                () = &mut closing => Err(Ending::new(1001, "Going away: connect again, another host answers")),
                () = sleep_until(self.until) => Err(self.too_late()),
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => self.hear(message).await,
                    Some(Err(error)) => Err(Ending::unreadable(error)),
                    None => Err(Ending::gone()),
                },
                event = next(&mut self.events) => self.tell(event).await,
                _ = self.pings.tick() => self.ping().await,
            };
            if let Err(ending) = step {
                return (ending, self.somebody.map(|it| it.seat));
            }
        }
    }

    fn too_late(&self) -> Ending {
        match self.somebody {
            None => Ending::new(4408, "Connection initialisation timeout"),
            Some(_) => Ending::new(4403, "The token has expired; connect again with a new one"),
        }
    }

    async fn hear(&mut self, message: Message) -> Result<(), Ending> {
        self.alive = true;
        let said = match message {
            Message::Text(text) => Said::read(&text, &self.state.settings.graphql)?,
            Message::Binary(_) => return Err(Ending::new(4400, "Invalid message: it is not text")),
            Message::Close(_) => return Err(Ending::new(1000, "The client closed")),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
        };
        match said {
            Said::Init(payload) => self.begin(&payload).await,
            Said::Ping(payload) => self.say(Say::Pong { payload }).await,
            Said::Pong => Ok(()),
            Said::Subscribe(id, payload) => self.subscribe(id.into(), payload).await,
            Said::Complete(id) => {
                if let Some(operation) = self.operations.remove(id.as_str()) {
                    operation.abort();
                }
                Ok(())
            }
        }
    }

    /// The token: without one that is good, nobody is there.
    async fn begin(&mut self, payload: &Value) -> Result<(), Ending> {
        if self.somebody.is_some() {
            return Err(Ending::new(4429, "Too many initialisation requests"));
        }
        let (viewer, expires) = prove(token(payload)?, self.address, &self.state).await.map_err(turned_away)?;
        let seat = self.state.hub.admit(viewer.subject.clone(), &self.state.settings.subscriptions);
        let seat = seat.ok_or_else(|| Ending::new(4403, "Forbidden: too many connections; close one"))?;
        self.until = Instant::now() + expires.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO);
        self.somebody = Some(Somebody { viewer, seat });
        self.say(Say::ConnectionAck).await
    }

    async fn subscribe(&mut self, id: Arc<str>, payload: Value) -> Result<(), Ending> {
        let Some(somebody) = &self.somebody else { return Err(Ending::new(4401, "Unauthorized: no token came yet")) };
        if self.operations.contains_key(&id) {
            return Err(Ending::new(4409, format!("Subscriber for {id} already exists")));
        }
        let most = self.state.settings.subscriptions.per_connection;
        let begun = if self.operations.len() >= most {
            let what = format!("a connection has at most {most} subscriptions; complete one first");
            Err(refusal(&Failure::new(Code::TooManySubscriptions, what)))
        } else if let Err(limited) = self.state.limits.admit(&somebody.viewer).await {
            Err(refusal(&limited.into()))
        } else {
            match from_value(payload) {
                Ok(asked) => graphql::subscribe(&self.schema, &self.state, somebody.viewer.clone(), asked).await,
                Err(failure) => Err(refusal(&failure)),
            }
        };
        match begun {
            Ok(answers) => {
                let (name, last) = (Arc::clone(&id), Arc::clone(&id));
                let events = answers.map(move |answered| (Arc::clone(&name), Some(answered)));
                let (events, handle) = abortable(events.chain(once(async move { (last, None) })));
                self.events.push(events.boxed());
                self.operations.insert(id, handle);
                Ok(())
            }
            Err(refused) => self.say(Say::Error { id: &id, payload: &refused.response.errors }).await,
        }
    }

    async fn tell(&mut self, (id, answered): Event) -> Result<(), Ending> {
        // What was completed by the client meanwhile is not told any more.
        if !self.operations.contains_key(&id) {
            return Ok(());
        }
        match answered {
            Some(answered) if answered.refused => {
                self.forget(&id);
                self.say(Say::Error { id: &id, payload: &answered.response.errors }).await
            }
            Some(answered) => self.say(Say::Next { id: &id, payload: &answered }).await,
            None => {
                self.forget(&id);
                self.say(Say::Complete { id: &id }).await
            }
        }
    }

    fn forget(&mut self, id: &str) {
        if let Some(operation) = self.operations.remove(id) {
            operation.abort();
        }
    }

    async fn ping(&mut self) -> Result<(), Ending> {
        if !std::mem::take(&mut self.alive) {
            return Err(Ending::new(1001, "Nothing was heard for too long"));
        }
        self.send(Message::Ping(axum::body::Bytes::new())).await
    }

    async fn say(&mut self, say: Say<'_>) -> Result<(), Ending> {
        self.send(say.into()).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Ending> {
        match timeout(SENDING, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Ending::gone()),
            Err(_) => Err(Ending::new(1008, "The client takes nothing any more")),
        }
    }
}

fn refusal(failure: &Failure) -> Box<Answered> {
    Box::new(Answered::refusal(failure))
}

/// The next event; waits for ever while there is no subscription.
async fn next(events: &mut SelectAll<BoxStream<'static, Event>>) -> Event {
    match events.next().await {
        Some(event) => event,
        None => pending().boxed().await,
    }
}

/// Nobody we know: how the connection ends then.
fn turned_away(refusal: Refusal) -> Ending {
    match refusal {
        Refusal::Token(error @ TokenError::Expired) => Ending::new(4403, format!("Forbidden: {error}")),
        Refusal::Token(error @ TokenError::KeysUnavailable) => Ending::new(1013, error.to_string()),
        Refusal::Token(error) => Ending::new(4401, format!("Unauthorized: {error}")),
        Refusal::Strikes(_) | Refusal::Limited(_) => Ending::new(4403, Failure::from(refusal).to_string()),
    }
}

/// The token of a `connection_init`: `{ "authorization": "Bearer ..." }`.
fn token(payload: &Value) -> Result<&str, Ending> {
    let Value::Object(fields) = payload else { return Err(Ending::new(4401, "Unauthorized: a token is required")) };
    let given = ["authorization", "Authorization"].iter().find_map(|name| fields.get(&Name::new(name)));
    let Some(Value::String(text)) = given else {
        return Err(Ending::new(4401, "Unauthorized: send {\"authorization\": \"Bearer ...\"} with connection_init"));
    };
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(Ending::new(4401, "Unauthorized: the token is not of the scheme Bearer")),
    }
}
