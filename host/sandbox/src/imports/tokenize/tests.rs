//! What tokens look like and depend on.

use lockgate_core::ports::SecretBytes;
use proptest::prelude::*;

use super::{Scheme, Tokenizer};

fn token(key: u8, value: &[u8], scheme: Scheme) -> String {
    let mut token = vec![];
    Tokenizer::new(&SecretBytes::new(vec![key; 32])).append(value, scheme, &mut token);
    String::from_utf8(token).unwrap_or_default()
}

#[test]
fn an_opaque_token_is_a_prefix_and_26_letters() {
    let made = token(1, b"ann@example.org", Scheme::Opaque);
    assert_eq!(made.len(), 30);
    assert!(made.strip_prefix("tok_").is_some_and(|rest| rest.bytes().all(|it| it.is_ascii_alphanumeric())), "{made}");
}

#[test]
fn tokens_differ_by_value_key_and_scheme_and_by_nothing_else() {
    let one = token(1, b"4111", Scheme::Opaque);
    assert_eq!(one, token(1, b"4111", Scheme::Opaque));
    assert_ne!(one, token(1, b"4112", Scheme::Opaque));
    assert_ne!(one, token(2, b"4111", Scheme::Opaque));
    assert_ne!(token(1, b"41111111", Scheme::Digits), token(2, b"41111111", Scheme::Digits));
}

proptest! {
    #[test]
    fn digits_keep_their_number_and_everything_else_its_place(value in "[0-9a-z +-]{0,100}") {
        let made = token(7, value.as_bytes(), Scheme::Digits);
        prop_assert_eq!(made.len(), value.len());
        for (was, is) in value.bytes().zip(made.bytes()) {
            prop_assert_eq!(was.is_ascii_digit(), is.is_ascii_digit());
            if !was.is_ascii_digit() {
                prop_assert_eq!(was, is);
            }
        }
    }
}
