//! What comes in otherwise than as a transfer of its sender's: partial uploads, and files by secure URLs.

use std::time::Duration;

use lockgate_core::id::{PartnerId, SecureUrlId};
use lockgate_core::ports::SecureUrlStore;
use lockgate_core::secure_url::{Purpose, SecureUrl, Token};
use lockgate_core::upload::Upload;

use super::{World, now};

/// A partial upload that is about to begin.
pub(crate) fn partial(sender: PartnerId, length: Option<u64>) -> Upload {
    Upload::begun(sender, length, now(), Duration::from_secs(3600))
}

impl World {
    /// A URL of that partner's to hand in by, for an hour.
    pub(crate) async fn upload_url(&self, partner: PartnerId, max_uses: u32) -> SecureUrlId {
        let url = SecureUrl {
            id: SecureUrlId::generate(now()),
            partner,
            purpose: Purpose::Upload { receivers: vec![] },
            has_passphrase: false,
            failures: 0,
            max_uses,
            uses: 0,
            note: String::new(),
            author: "ada".to_owned(),
            created_at: now(),
            expires_at: now() + Duration::from_secs(3600),
            revoked_at: None,
        };
        self.store.add_url(&url, Token::generate().digest(), None, None).await.expect("a URL");
        url.id
    }
}
