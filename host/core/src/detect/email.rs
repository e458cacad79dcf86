//! E-mail addresses: found by their `@`, then read to both sides.

/// RFC 5321: a local part has at most 64 bytes.
const LONGEST_LOCAL: usize = 64;

/// RFC 5321: a domain has at most 255 bytes.
const LONGEST_DOMAIN: usize = 255;

pub(super) fn find(data: &[u8], found: &mut impl FnMut(usize, usize)) {
    let mut free = 0;
    for at in memchr::memchr_iter(b'@', data) {
        if at < free {
            continue;
        }
        if let Some((start, end)) = local(data, free, at).zip(domain(data, at + 1)) {
            found(start, end);
            free = end;
        }
    }
}

/// Where the local part before `at` begins.
fn local(data: &[u8], free: usize, at: usize) -> Option<usize> {
    let least = free.max(at.saturating_sub(LONGEST_LOCAL));
    let length = data[least..at].iter().rev().take_while(|byte| in_local(**byte)).count();
    let mut start = at - length;
    // A quote before and a full stop at either end belong to the sentence, not to the address.
    while start < at && matches!(data[start], b'.' | b'\'' | b'-') {
        start += 1;
    }
    (start < at && data[at - 1] != b'.').then_some(start)
}

/// Where the domain that begins here ends: labels with dots between them, the last of two letters at least.
fn domain(data: &[u8], start: usize) -> Option<usize> {
    let most = data.len().min(start + LONGEST_DOMAIN);
    let window = data.get(start..most)?;
    let length = window.iter().position(|byte| !(in_label(*byte) || *byte == b'.')).unwrap_or(window.len());
    let mut name = &window[..length];
    while let [rest @ .., b'.' | b'-'] = name {
        name = rest;
    }
    let mut labels = name.split(|byte| *byte == b'.');
    let last = name.rsplit(|byte| *byte == b'.').next()?;
    let dotted = name.contains(&b'.');
    let letters = last.len() >= 2 && last.iter().all(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
    let labelled = labels.all(|label| !label.is_empty() && label[0] != b'-');
    (dotted && letters && labelled).then_some(start + name.len())
}

const fn in_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'')
}

const fn in_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || byte == b'-'
}
