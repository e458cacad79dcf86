//! What opens and what does not.

use rstest::rstest;
use time::Duration;
use time::macros::datetime;

use super::{MAX_FAILURES, Purpose, SecureUrl, Token, UrlState};
use crate::id::{PartnerId, SecureUrlId, TransferId};
use crate::time::Timestamp;

const NOW: Timestamp = datetime!(2026-03-01 12:00 UTC);

fn url() -> SecureUrl {
    SecureUrl {
        id: SecureUrlId::generate(NOW),
        partner: PartnerId::generate(NOW),
        purpose: Purpose::Download { transfer: TransferId::generate(NOW) },
        has_passphrase: false,
        failures: 0,
        max_uses: 2,
        uses: 0,
        note: String::new(),
        author: "ada".to_owned(),
        created_at: NOW,
        expires_at: NOW + Duration::hours(1),
        revoked_at: None,
    }
}

#[rstest]
#[case::fresh(|_: &mut SecureUrl| {}, UrlState::Active)]
#[case::once_used(|it: &mut SecureUrl| it.uses = 1, UrlState::Active)]
#[case::used_up(|it: &mut SecureUrl| it.uses = 2, UrlState::UsedUp)]
#[case::at_its_end(|it: &mut SecureUrl| it.expires_at = NOW, UrlState::Expired)]
#[case::guessed_at(|it: &mut SecureUrl| it.failures = MAX_FAILURES, UrlState::Locked)]
#[case::almost_guessed_at(|it: &mut SecureUrl| it.failures = MAX_FAILURES - 1, UrlState::Active)]
#[case::taken_back_after_its_end(|it: &mut SecureUrl| { it.expires_at = NOW; it.revoked_at = Some(NOW); }, UrlState::Revoked)]
fn a_url_opens_while_nothing_speaks_against_it(#[case] change: fn(&mut SecureUrl), #[case] state: UrlState) {
    let mut it = url();
    change(&mut it);
    assert_eq!(it.state(NOW), state);
}

#[test]
fn a_token_is_told_once_and_shown_nowhere() {
    let token = Token::generate();
    assert_eq!(Token::parse(token.text()), Some(token.clone()));
    assert_ne!(token, Token::generate());
    assert!(!format!("{token:?}").contains(token.text()));
}

#[rstest]
#[case("")]
#[case("../../etc/passwd")]
#[case("A000000000000000000000000000000000000000000000000000000000000000")]
#[case("00000000000000000000000000000000000000000000000000000000000000000")]
fn what_is_no_token_is_not_looked_up(#[case] text: &str) {
    assert_eq!(Token::parse(text), None);
}
