//! IBANs: a country's letters and length, printed in one or in groups of four, with a right remainder modulo 97.

use super::{digits, wordlike};

/// The length of each country's IBANs, by letters, in order; from the SWIFT registry and the lists of countries that
/// use the form without being in it.
#[rustfmt::skip]
const LENGTHS: [([u8; 2], usize); 111] = [
    (*b"AD", 24), (*b"AE", 23), (*b"AL", 28), (*b"AO", 25), (*b"AT", 20), (*b"AZ", 28), (*b"BA", 20), (*b"BE", 16),
    (*b"BF", 28), (*b"BG", 22), (*b"BH", 22), (*b"BI", 27), (*b"BJ", 28), (*b"BR", 29), (*b"BY", 28), (*b"CF", 27),
    (*b"CG", 27), (*b"CH", 21), (*b"CI", 28), (*b"CM", 27), (*b"CR", 22), (*b"CV", 25), (*b"CY", 28), (*b"CZ", 24),
    (*b"DE", 22), (*b"DJ", 27), (*b"DK", 18), (*b"DO", 28), (*b"DZ", 26), (*b"EE", 20), (*b"EG", 29), (*b"ES", 24),
    (*b"FI", 18), (*b"FK", 18), (*b"FO", 18), (*b"FR", 27), (*b"GA", 27), (*b"GB", 22), (*b"GE", 22), (*b"GI", 23),
    (*b"GL", 18), (*b"GQ", 27), (*b"GR", 27), (*b"GT", 28), (*b"GW", 25), (*b"HN", 28), (*b"HR", 21), (*b"HU", 28),
    (*b"IE", 22), (*b"IL", 23), (*b"IQ", 23), (*b"IR", 26), (*b"IS", 26), (*b"IT", 27), (*b"JO", 30), (*b"KM", 27),
    (*b"KW", 30), (*b"KZ", 20), (*b"LB", 28), (*b"LC", 32), (*b"LI", 21), (*b"LT", 20), (*b"LU", 20), (*b"LV", 21),
    (*b"LY", 25), (*b"MA", 28), (*b"MC", 27), (*b"MD", 24), (*b"ME", 22), (*b"MG", 27), (*b"MK", 19), (*b"ML", 28),
    (*b"MN", 20), (*b"MR", 27), (*b"MT", 31), (*b"MU", 30), (*b"MZ", 25), (*b"NE", 28), (*b"NI", 28), (*b"NL", 18),
    (*b"NO", 15), (*b"OM", 23), (*b"PK", 24), (*b"PL", 28), (*b"PS", 29), (*b"PT", 25), (*b"QA", 29), (*b"RO", 24),
    (*b"RS", 22), (*b"RU", 33), (*b"SA", 24), (*b"SC", 31), (*b"SD", 18), (*b"SE", 24), (*b"SI", 19), (*b"SK", 24),
    (*b"SM", 27), (*b"SN", 28), (*b"SO", 23), (*b"ST", 25), (*b"SV", 28), (*b"TD", 27), (*b"TG", 28), (*b"TL", 23),
    (*b"TN", 24), (*b"TR", 26), (*b"UA", 29), (*b"VA", 22), (*b"VG", 24), (*b"XK", 20), (*b"YE", 30),
];

pub(super) fn find(data: &[u8], found: &mut impl FnMut(usize, usize)) {
    let mut at = 0;
    while let Some(digit) = digits::next(data, at) {
        let run = digits::run_end(data, digit);
        match digit.checked_sub(2).and_then(|start| iban(data, start).map(|end| (start, end))) {
            Some((start, end)) => {
                found(start, end);
                at = end;
            }
            None => at = run,
        }
    }
}

/// The end of the IBAN that begins here.
fn iban(data: &[u8], start: usize) -> Option<usize> {
    if start.checked_sub(1).is_some_and(|before| wordlike(data[before])) {
        return None;
    }
    let country = [data.get(start)?.to_ascii_uppercase(), data.get(start + 1)?.to_ascii_uppercase()];
    let place = LENGTHS.binary_search_by_key(&country, |(letters, _)| *letters).ok()?;
    let length = LENGTHS[place].1;
    let (mut remainder, mut taken, mut at) = (0u32, 0, start);
    // The four leading characters count last, so their value waits until the rest is known.
    let mut head = [0u8; 4];
    while taken < length {
        let byte = *data.get(at)?;
        if byte == b' ' && taken % 4 == 0 && taken > 0 && data[at - 1] != b' ' {
            at += 1;
            continue;
        }
        if !byte.is_ascii_alphanumeric() {
            return None;
        }
        match head.get_mut(taken) {
            Some(place) => *place = byte,
            None => remainder = fold(remainder, byte),
        }
        taken += 1;
        at += 1;
    }
    if !(head[2].is_ascii_digit() && head[3].is_ascii_digit()) || data.get(at).is_some_and(|byte| wordlike(*byte)) {
        return None;
    }
    (head.into_iter().fold(remainder, fold) == 1).then_some(at)
}

/// ISO 7064: a digit is one decimal place, a letter two.
fn fold(remainder: u32, byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
        letter => (remainder * 100 + u32::from(letter.to_ascii_uppercase() - b'A') + 10) % 97,
    }
}
