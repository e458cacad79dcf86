//! A connector and a messenger that answer what they were told to, and remember what they were given.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use lockgate_core::delivery::Answer;
use lockgate_core::passage::Passage;
use lockgate_core::ports::{Connector, Consigned, Handover, Messenger, Notice, SecretBytes, Signing, Unfit};

/// Answers the queued answers, then takes everything.
#[derive(Debug, Default)]
pub struct MemoryConnector(Mutex<(VecDeque<Answer>, Vec<Consigned>)>);

impl MemoryConnector {
    /// The next attempt will be answered so.
    pub fn will_answer(&self, answer: Answer) {
        self.0.lock().expect("no test panics inside a connector").0.push_back(answer);
    }

    /// What was handed over, in order.
    pub fn seen(&self) -> Vec<Consigned> {
        self.0.lock().expect("no test panics inside a connector").1.clone()
    }
}

#[async_trait]
impl Connector for MemoryConnector {
    async fn deliver(&self, consigned: &Consigned) -> Handover {
        let mut state = self.0.lock().expect("no test panics inside a connector");
        state.1.push(consigned.clone());
        state.0.pop_front().unwrap_or_else(|| Answer::Taken { receipt: "200".to_owned() }).into()
    }

    async fn abandon(&self, _: &Passage) -> Answer {
        Answer::Taken { receipt: "nothing was left".to_owned() }
    }
}

/// The same for messages.
#[derive(Debug, Default)]
pub struct MemoryMessenger(Mutex<(VecDeque<Answer>, Vec<Notice>)>);

impl MemoryMessenger {
    /// The next message will be answered so.
    pub fn will_answer(&self, answer: Answer) {
        self.0.lock().expect("no test panics inside a messenger").0.push_back(answer);
    }

    /// What was sent, in order.
    pub fn seen(&self) -> Vec<Notice> {
        self.0.lock().expect("no test panics inside a messenger").1.clone()
    }
}

#[async_trait]
impl Messenger for MemoryMessenger {
    async fn send(&self, notice: &Notice) -> Answer {
        let mut state = self.0.lock().expect("no test panics inside a messenger");
        state.1.push(notice.clone());
        state.0.pop_front().unwrap_or_else(|| Answer::Taken { receipt: "204".to_owned() })
    }
}

/// Takes for a key what begins as one and has no `!`.
#[derive(Debug, Clone, Copy)]
pub struct MemorySigning;

impl Signing for MemorySigning {
    fn check(&self, secret: &SecretBytes) -> Result<(), Unfit> {
        let meant = secret.expose().starts_with(b"whsec_");
        let fits = meant && !secret.expose().contains(&b'!');
        if fits { Ok(()) } else { Err(Unfit { why: "it is no key".to_owned(), meant }) }
    }
}
