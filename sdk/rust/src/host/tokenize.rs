//! Replaces values by tokens under a key of the policy's owner; the key never enters the sandbox.

use crate::batch::{column, values};

/// How a token looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// `tok_` and 26 letters.
    Opaque,
    /// As many digits as the value has; other characters stay.
    Digits,
}

/// One token a value, the same for equal values.
pub fn tokens<V: AsRef<[u8]>>(plain: &[V], scheme: Scheme) -> Vec<Vec<u8>> {
    let scheme = match scheme {
        Scheme::Opaque => "opaque",
        Scheme::Digits => "digits",
    };
    #[cfg(target_arch = "wasm32")]
    let tokens = crate::bindings::imports::tokenize::tokens(&column(plain), scheme);
    #[cfg(not(target_arch = "wasm32"))]
    let tokens = crate::testing::with(|host| host.tokens(&column(plain), scheme));
    let tokens: Vec<_> = values(&tokens).map(<[u8]>::to_vec).collect();
    assert_eq!(tokens.len(), plain.len(), "the host answers one token a value");
    tokens
}
