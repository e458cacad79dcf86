//! A simple detector in the host's stead: e-mail addresses, and digits in groups that are a card or a phone number.

use std::ops::Range;

use lockgate_sdk::testing::Host;

/// Installs a host that detects, and whose tokens show scheme and value.
pub(crate) fn install() {
    let token = |value: &[u8], scheme: &str| match scheme {
        "digits" => value.iter().map(|&byte| if byte.is_ascii_digit() { b'9' } else { byte }).collect(),
        _ => format!("tok_{}", value.len()).into_bytes(),
    };
    Host::new().detecting(detect).tokenizing(token).install();
}

fn detect(data: &[u8], kinds: &[String]) -> Vec<(usize, Range<usize>)> {
    let mut hits = Vec::new();
    let kind = |name: &str| kinds.iter().position(|kind| kind == name);
    let mut at = 0;
    while at < data.len() {
        let run = |is: fn(&u8) -> bool| data[at..].iter().position(|byte| !is(byte)).unwrap_or(data.len() - at);
        let word = run(|byte| byte.is_ascii_alphanumeric() || b"@.+".contains(byte));
        let digits = run(|byte| byte.is_ascii_digit() || *byte == b' ');
        let count = data[at..at + digits].iter().filter(|byte| byte.is_ascii_digit()).count();
        let end = at + data[at..at + digits].iter().rposition(u8::is_ascii_digit).map_or(0, |last| last + 1);
        if let (16, Some(kind), false) = (count, kind("card"), data[at] == b' ') {
            hits.push((kind, at..end));
            at = end;
        } else if let (true, Some(kind)) = (data[at..at + word].contains(&b'@'), kind("email")) {
            hits.push((kind, at..at + word));
            at += word;
        } else {
            at += word.max(1);
        }
    }
    hits
}
