//! The envelope keeps a command whole and speaks CloudEvents.

use lockgate_core::command::{Command, Work};
use lockgate_core::id::{PartnerId, TransferId};
use lockgate_core::trace::TraceContext;
use rdkafka::Timestamp;
use rdkafka::message::{Headers, OwnedMessage};
use uuid::Uuid;

use super::*;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn command() -> Command {
    Command {
        work: Work::Transfer(TransferId::from_uuid(Uuid::from_u128(7))),
        version: 3,
        partner: PartnerId::from_uuid(Uuid::from_u128(9)),
        trace: TraceContext(Some(PARENT.to_owned())),
    }
}

fn message(value: Option<Vec<u8>>) -> OwnedMessage {
    OwnedMessage::new(value, None, "t.commands".to_owned(), Timestamp::NotAvailable, 5, 42, None)
}

#[test]
fn a_command_survives_the_journey_with_its_position() {
    let rung = unwrap(&message(Some(wrap(&command()).value))).expect("it was wrapped by us");
    assert_eq!(rung.command, command());
    assert_eq!((rung.ring.topic.as_str(), rung.ring.partition, rung.ring.offset), ("t.commands", 5, 42));
}

#[test]
fn headers_are_cloud_events_with_the_trace_context() {
    let headers = wrap(&command()).headers;
    let text = |name: &str| {
        let header = headers.iter().find(|it| it.key == name)?;
        std::str::from_utf8(header.value?).ok().map(str::to_owned)
    };
    assert_eq!(text("ce_specversion").as_deref(), Some("1.0"));
    assert_eq!(text("ce_type").as_deref(), Some("lockgate.command.transfer"));
    assert_eq!(text("ce_id"), Some(format!("{}/3", command().work)));
    assert_eq!(text("traceparent").as_deref(), Some(PARENT));
}

#[test]
fn the_key_is_the_aggregate() {
    assert_eq!(wrap(&command()).key, Uuid::from_u128(7).to_string());
}

#[test]
fn what_is_no_command_is_named_malformed() {
    assert!(matches!(unwrap(&message(None)), Err(Malformed::Empty)));
    assert!(matches!(unwrap(&message(Some(b"{\"work\":1}".to_vec()))), Err(Malformed::Json(_))));
}
