//! Messages say what the templates say, and bad templates never get as far as an event.

use lockgate_sdk::{Event, Message, Notify};
use notify_template::NotifyTemplate;
use serde_json::{Value, json};

fn configure(settings: Value) -> Result<NotifyTemplate, String> {
    NotifyTemplate::configure(serde_json::from_value(settings).map_err(|error| error.to_string())?)
}

fn event(kind: &str) -> Event {
    let attributes = [("file.name", "invoice-812.xml"), ("sender", "acme"), ("reason", "a <b> & \"c\"")];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Event { id: "evt_1".to_owned(), kind: kind.to_owned(), attributes }
}

fn one(title: &str, text: &str, media_type: &str) -> Message {
    let settings = json!({"messages": [
        {"events": ["transfer.*"], "channel": "ops", "title": title, "text": text, "media-type": media_type}]});
    let mut messages = configure(settings).expect("valid").compose(&event("transfer.rejected"));
    assert_eq!(messages.len(), 1);
    messages.remove(0)
}

#[test]
fn attributes_are_reachable_by_their_dotted_names() {
    let message = one(
        "{{ file.name }}\nwas {{ kind }}",
        "{{ id }} {{ attributes['file.name'] }} {{ sender|upper }}",
        "text/plain",
    );
    assert_eq!(message.title, "invoice-812.xml was transfer.rejected");
    assert_eq!(message.text, "evt_1 invoice-812.xml ACME");
    assert_eq!((message.channel.as_str(), message.media_type.as_str()), ("ops", "text/plain"));
}

#[test]
fn what_an_event_lacks_is_empty_and_may_have_a_default() {
    let message =
        one("x", "[{{ absent.name }}][{{ absent|default('none') }}]{% if receiver %}!{% endif %}", "text/plain");
    assert_eq!(message.text, "[][none]");
}

#[test]
fn text_is_escaped_for_what_it_is() {
    assert_eq!(one("{{ reason }}", "{{ reason }}", "text/plain").text, "a <b> & \"c\"");
    let html = one("{{ reason }}", "<p>{{ reason }}</p>", "text/html; charset=utf-8");
    assert_eq!(html.text, "<p>a &lt;b&gt; &amp; &quot;c&quot;</p>");
    assert_eq!(html.title, "a <b> & \"c\"");
    let json: Value =
        serde_json::from_str(&one("t", r#"{"why": {{ reason }}}"#, "application/json").text).expect("JSON");
    assert_eq!(json, json!({"why": "a <b> & \"c\""}));
}

#[test]
fn only_wanted_events_make_messages() {
    let settings = json!({"messages": [
        {"events": ["transfer.rejected"], "channel": "a", "title": "t", "text": "t"},
        {"events": ["delivery.*", "transfer.held"], "channel": "b", "title": "t", "text": "t"}]});
    let mut plugin = configure(settings).expect("valid");
    let mut channels = |kind| plugin.compose(&event(kind)).into_iter().map(|m| m.channel).collect::<Vec<_>>();
    assert_eq!(channels("transfer.rejected"), ["a"]);
    assert_eq!(channels("delivery.failed"), ["b"]);
    assert_eq!(channels("transfer.held"), ["b"]);
    assert!(channels("transfer").is_empty());
}

#[test]
fn templates_that_are_wrong_are_refused_with_their_line() {
    let refuse = |text: &str| {
        let settings = json!({"messages": [{"events": ["*"], "channel": "a", "title": "t", "text": text}]});
        configure(settings).expect_err("must be refused")
    };
    let error = refuse("fine\n{{ broken");
    assert!(error.starts_with("message 1: the template of `text` is wrong in line 2: "), "{error}");
    let error = refuse("{{ id|no_such_filter }}");
    assert!(error.contains("no_such_filter"), "{error}");
    let error = refuse("{% if id %}");
    assert!(error.contains("line 1"), "{error}");
}

#[test]
fn a_template_that_fails_on_an_event_does_not_stop_the_others() {
    let settings = json!({"messages": [
        {"events": ["*"], "channel": "a", "title": "t", "text": "{{ 1 / (sender|length - 4) }}"},
        {"events": ["*"], "channel": "b", "title": "t", "text": "t"}]});
    let messages = configure(settings).expect("valid").compose(&event("x"));
    assert_eq!(messages.iter().map(|message| message.channel.as_str()).collect::<Vec<_>>(), ["b"]);
}
