//! A step is measured once, with the labels that its span was given at any time, and nothing else.

use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus::{Encoder, Registry, TextEncoder};
use tracing::field;
use tracing_subscriber::layer::SubscriberExt;

use super::*;

#[test]
fn a_step_is_measured_with_the_labels_of_its_span() {
    let registry = Registry::new();
    let exporter = opentelemetry_prometheus::exporter().with_registry(registry.clone()).build().expect("it is new");
    global::set_meter_provider(SdkMeterProvider::builder().with_reader(exporter).build());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(Steps::new()), || {
        let span = tracing::info_span!(
            "deliver",
            partner.id = "ptn_1",
            destination.id = "dst_1",
            delivery.answer = field::Empty,
            file = "secret.csv"
        );
        span.record("delivery.answer", "refused");
        span.record("delivery.answer", "taken");
        drop(span);
        drop(tracing::info_span!("something else", partner.id = "ptn_2"));
    });
    let mut text = vec![];
    TextEncoder::new().encode(&registry.gather(), &mut text).expect("it can be written");
    let text = String::from_utf8(text).expect("it is text");
    let count =
        text.lines().find(|it| it.starts_with("lockgate_step_duration_seconds_count")).expect("it was measured");
    for label in ["step=\"deliver\"", "partner_id=\"ptn_1\"", "destination_id=\"dst_1\"", "delivery_answer=\"taken\""] {
        assert!(count.contains(label), "{label}: {count}");
    }
    assert!(count.ends_with(" 1"), "{count}");
    assert!(!text.contains("secret.csv") && !text.contains("ptn_2"), "{text}");
}
