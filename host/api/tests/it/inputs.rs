//! Wrong values of scalars in arguments and inputs: the error names the place, and says what belongs there.

use rstest::rstest;
use serde_json::{Value, json};

use crate::house::{House, code};

const RECOVER: &str = "mutation($input: RecoverChannelInput!) { recoverChannel(input: $input) { notifications } }";
const UPDATE: &str =
    "mutation($input: UpdateDestinationInput!) { updateDestination(input: $input) { destination { id } } }";
const CHANNEL: &str = "chn_0193a000000070008000000000000009";
const DESTINATION: &str = "dst_0193a000000070008000000000000009";

#[rstest]
#[case::a_moment(RECOVER, json!({ "input": { "channel": CHANNEL, "since": "yesterday" } }), "input.since", "RFC 3339")]
#[case::a_number_for_a_moment(RECOVER, json!({ "input": { "channel": CHANNEL, "since": 7 } }), "input.since", "RFC 3339")]
#[case::a_moment_of_a_variable_within(
    "query($since: DateTime) { transfers(filter: { fileName: \"a\", since: $since }) { nodes { id } } }",
    json!({ "since": "2026-02-30T00:00:00Z" }), "filter.since", "RFC 3339"
)]
#[case::a_moment_in_the_text(
    "{ deadLetters(filter: { since: \"2026-01-01T00:00:00Z\", until: \"2026\" }) { nodes { id } } }",
    json!({}), "filter.until", "RFC 3339"
)]
#[case::a_size_below_nothing(
    "mutation($input: CreateTransferInput!) { createTransfer(input: $input) { repeated } }",
    json!({ "input": { "to": ["globex"], "fileName": "a", "size": -1 } }), "input.size", "from 0 to 2^53 - 1"
)]
#[case::a_pause_below_nothing(
    UPDATE,
    json!({ "input": { "destination": DESTINATION, "settings": { "concurrent": 3, "retriesSeconds": [1, -5] } } }),
    "input.settings.retriesSeconds.1", "from 0 to 2147483647"
)]
#[case::a_number_beyond_int(
    UPDATE,
    json!({ "input": { "destination": DESTINATION, "settings": { "concurrent": 2_147_483_648_u32 } } }),
    "input.settings.concurrent", "from 0 to 2147483647"
)]
#[case::a_page_below_nothing("{ transfers(first: -1) { nodes { id } } }", json!({}), "first", "from 0 to 2147483647")]
#[tokio::test]
async fn a_wrong_value_is_named_by_its_place_before_anything_is_read(
    #[case] document: &str,
    #[case] variables: Value,
    #[case] place: &str,
    #[case] wanted: &str,
) {
    let house = House::new().await;
    let answer = house.ask(&house.operator(), document, variables).await;
    names(&answer, "INVALID_INPUT", place, wanted);
    assert!(answer.get("data").is_none(), "nothing was executed: {answer}");
    assert_eq!(house.reads.opened(), 0);
}

#[rstest]
#[case::of_a_mutation(UPDATE, json!({ "input": { "destination": "dst_7" } }), "input.destination", "`dst_7` is not a destination id")]
#[case::of_another_kind(RECOVER, json!({ "input": { "channel": DESTINATION, "since": "2026-01-01T00:00:00Z" } }), "input.channel", "is not a channel id")]
#[case::of_a_hold(
    "mutation($input: DecideHoldInput!) { releaseHold(input: $input) { transfer { id } } }",
    json!({ "input": { "id": DESTINATION, "reason": "fine" } }), "input.id", "only a transfer or a consignment"
)]
#[case::of_a_filter("{ deadLetters(filter: { destination: \"x\" }) { nodes { id } } }", json!({}), "filter.destination", "`x` is not a destination id")]
#[case::of_a_filter_within(
    "mutation($input: StartReplayInput!) { startReplay(input: $input) { redrive { id } } }",
    json!({ "input": { "filter": { "destination": "x" }, "reason": "lost" } }), "input.filter.destination", "`x` is not a destination id"
)]
#[case::of_a_list("{ deliveries(filter: { transfer: \"x\" }) { nodes { id } } }", json!({}), "filter.transfer", "`x` is not a transfer id")]
#[case::of_one("{ transfer(id: \"trf_x\") { id } }", json!({}), "id", "`trf_x` is not a transfer id")]
#[case::of_a_node("{ node(id: \"x_1\") { id } }", json!({}), "id", "prefix")]
#[case::of_one_of_many_nodes("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": [CHANNEL, "ptn_x"] }), "ids.1", "`ptn_x` is not a partner id")]
#[tokio::test]
async fn a_wrong_id_is_named_by_its_place(
    #[case] document: &str,
    #[case] variables: Value,
    #[case] place: &str,
    #[case] wanted: &str,
) {
    let house = House::new().await;
    let answer = house.ask(&house.operator(), document, variables).await;
    names(&answer, "INVALID_ID", place, wanted);
}

fn names(answer: &Value, wanted: &str, place: &str, sentence: &str) {
    assert_eq!(code(answer), wanted, "{answer}");
    let message = answer["errors"][0]["message"].as_str().unwrap_or_default();
    assert!(message.starts_with(&format!("Invalid value for argument \"{place}\", ")), "{message}");
    assert!(message.contains(sentence), "{message}");
}
