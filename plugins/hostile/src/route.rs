//! Misbehaves as a router.

use lockgate_sdk::bindings::{
    route::exports::lockgate::policy::route::{Assignment, Guest, Target},
    types::{Batch, Subject},
};

use crate::{Crime, Hostile, commit, commit_at, settings};

impl Guest for Hostile {
    fn decide(_: Subject) -> Vec<Target> {
        commit();
        targets()
    }

    fn assign(batch: Batch) -> Assignment {
        commit();
        let count = batch.records.ends.len();
        commit_at(batch.first, count);
        match settings().crime {
            Crime::BadSets => Assignment { targets: targets(), sets: vec![7, u16::MAX], set_ends: vec![9, 0] },
            _ => Assignment { targets: targets(), sets: Vec::new(), set_ends: vec![0; count] },
        }
    }
}

fn targets() -> Vec<Target> {
    let target = |receiver: &str| Target { receiver: receiver.to_owned(), destination: None };
    match settings().crime {
        Crime::UnknownReceiver => vec![target("nobody-agreed-upon-this"), target(""), target("../../etc")],
        Crime::TargetsFlood => (0..settings().amount(1_000_000)).map(|index| target(&index.to_string())).collect(),
        _ => Vec::new(),
    }
}
