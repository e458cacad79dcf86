//! What is forgotten: tokens that have expired, and all of them when there would be too many.

use std::time::{Duration, SystemTime};

use jsonwebtoken::{Algorithm, DecodingKey};
use lockgate_core::digest::Digest;
use lockgate_core::viewer::Role;

use super::*;

fn known(expires: SystemTime) -> Known {
    let key = VerifyingKey { key: DecodingKey::from_secret(b"key"), algorithm: Algorithm::HS256 };
    let viewer = Viewer { subject: "ada".to_owned(), role: Role::Operator };
    Known { kid: "k".to_owned(), key: Arc::new(key), viewer, expires }
}

#[test]
fn a_token_is_known_until_it_expires() {
    let (tokens, now) = (KnownTokens::default(), SystemTime::now());
    let (token, end) = (Digest::of(b"token"), now + Duration::from_secs(60));
    tokens.remember(token, known(end), now);
    assert_eq!(tokens.find(&token, now).map(|it| it.viewer.subject).as_deref(), Some("ada"));
    assert!(tokens.find(&Digest::of(b"other"), now).is_none());
    assert!(tokens.find(&token, end).is_none());
    assert!(tokens.find(&token, now).is_none(), "it was forgotten");
}

#[test]
fn no_more_than_so_many_are_known() {
    let (tokens, now) = (KnownTokens::default(), SystemTime::now());
    let (soon, late) = (now + Duration::from_secs(1), now + Duration::from_secs(60));
    let token = |number: usize| Digest::of(&number.to_be_bytes());
    for number in 0..MOST {
        tokens.remember(token(number), known(if number == 0 { late } else { soon }), now);
    }
    tokens.remember(token(MOST), known(late), soon);
    assert!([0, MOST].iter().all(|it| tokens.find(&token(*it), soon).is_some()), "those that had expired went");
    for number in MOST..2 * MOST - 1 {
        tokens.remember(token(number), known(late), soon);
    }
    assert!(tokens.find(&token(0), soon).is_some(), "there was room for so many");
    tokens.remember(token(2 * MOST), known(late), soon);
    assert!(tokens.find(&token(0), soon).is_none() && tokens.find(&token(2 * MOST), soon).is_some());
}
