//! Every kind of status has a meaning.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode};
use lockgate_core::delivery::{Answer, Cause};
use rstest::rstest;
use time::macros::datetime;

use super::{of_message, of_status};

fn read(status: u16, headers: &[(&'static str, &'static str)]) -> Answer {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, HeaderValue::from_static(value));
    }
    let status = StatusCode::from_u16(status).expect("the cases hold valid statuses");
    of_status(status, &map, datetime!(2026-11-06 08:49:00 UTC))
}

#[rstest]
#[case(200, "200")]
#[case(202, "202")]
#[case(204, "204")]
fn success_is_taken(#[case] status: u16, #[case] receipt: &str) {
    assert_eq!(read(status, &[]), Answer::Taken { receipt: receipt.to_owned() });
}

#[test]
fn the_receipt_says_where_it_was_put() {
    let receipt = "201 location=/in/7 etag=\"abc\"".to_owned();
    assert_eq!(read(201, &[("location", "/in/7"), ("etag", "\"abc\"")]), Answer::Taken { receipt });
}

#[test]
fn gone_disables_the_destination() {
    assert!(matches!(read(410, &[]), Answer::Refused { disable: true, .. }));
}

#[rstest]
fn refusals_are_final(#[values(400, 401, 403, 404, 405, 406, 411, 413, 414, 415, 422, 431, 451)] status: u16) {
    assert!(matches!(read(status, &[]), Answer::Refused { disable: false, .. }));
}

#[rstest]
fn the_rest_is_tried_again(
    #[values(301, 302, 304, 307, 308, 408, 409, 421, 423, 425, 429, 500, 501, 502, 503, 504, 599)] status: u16,
) {
    assert!(matches!(read(status, &[]), Answer::Failed { retry_after: None, .. }));
}

#[rstest]
#[case::seconds("120", Some(120))]
#[case::spaces(" 7 ", Some(7))]
#[case::date("Fri, 06 Nov 2026 08:49:37 GMT", Some(37))]
#[case::past("Fri, 06 Nov 2026 08:00:00 GMT", Some(0))]
#[case::nonsense("soon", None)]
#[case::negative("-1", None)]
fn a_receiver_may_ask_to_come_back_later(#[case] value: &'static str, #[case] seconds: Option<u64>) {
    for status in [429, 503] {
        let Answer::Failed { retry_after, .. } = read(status, &[("retry-after", value)]) else {
            panic!("{status} is worth another try");
        };
        assert_eq!(retry_after, seconds.map(Duration::from_secs));
    }
}

#[rstest]
fn a_message_is_tried_again_whatever_else_a_channel_answers(
    #[values(
        100, 301, 302, 304, 400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 421, 422, 425, 429, 451, 500, 503, 599
    )]
    status: u16,
) {
    let status = StatusCode::from_u16(status).expect("the cases hold valid statuses");
    let answer = of_message(status, &HeaderMap::new(), datetime!(2026-11-06 08:49:00 UTC));
    let Answer::Failed { retry_after: None, response: Some(response), .. } = answer else { panic!("{answer:?}") };
    assert_eq!(response.status, status.as_u16());
}

#[rstest]
#[case(200)]
#[case(202)]
#[case(204)]
fn a_message_is_taken_by_success(#[case] status: u16) {
    let status = StatusCode::from_u16(status).expect("the cases hold valid statuses");
    let answer = of_message(status, &HeaderMap::new(), datetime!(2026-11-06 08:49:00 UTC));
    assert_eq!(answer, Answer::Taken { receipt: status.as_u16().to_string() });
}

#[test]
fn a_channel_that_is_gone_is_refused_for_good() {
    let answer = of_message(StatusCode::GONE, &HeaderMap::new(), datetime!(2026-11-06 08:49:00 UTC));
    assert!(matches!(answer, Answer::Refused { disable: true, cause: Cause::Gone, .. }), "{answer:?}");
}

#[test]
fn a_channel_may_ask_to_come_back_later_with_any_refusal() {
    let headers = HeaderMap::from_iter([(http::header::RETRY_AFTER, HeaderValue::from_static("120"))]);
    let answer = of_message(StatusCode::FORBIDDEN, &headers, datetime!(2026-11-06 08:49:00 UTC));
    let Answer::Failed { cause, retry_after, .. } = answer else { panic!("{answer:?}") };
    assert_eq!((cause, retry_after), (Cause::Unauthorized, Some(Duration::from_secs(120))));
}
