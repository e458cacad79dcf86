//! Secure URLs: made, and taken back.

use std::time::Duration;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use lockgate_core::porter::{NewPurpose, NewSecureUrl};

use super::done;
use crate::failure::Failure;
use crate::graphql::asking::{Asking, asking};
use crate::graphql::inputs;
use crate::graphql::secure_url::SecureUrl;

/// How long a URL lives when nothing is said: a week.
const USUAL_LIFETIME: u64 = 7 * 24 * 60 * 60;

#[derive(Debug, Default)]
pub(super) struct SecureUrlMutations;

#[Object]
impl SecureUrlMutations {
    /// Makes a URL by which somebody without an account fetches what the viewer's partner may fetch of a transfer.
    async fn create_download_url(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which transfer, for how long, how often.")] input: CreateDownloadUrlInput,
    ) -> Result<CreateSecureUrlPayload, Failure> {
        let purpose = NewPurpose::Download(inputs::id("input.transfer", &input.transfer)?);
        create(asking(ctx), purpose, input.terms).await
    }

    /// Makes a URL by which somebody without an account hands in transfers as the viewer's partner.
    async fn create_upload_url(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "For which receivers, for how long, how often.")] input: CreateUploadUrlInput,
    ) -> Result<CreateSecureUrlPayload, Failure> {
        create(asking(ctx), NewPurpose::Upload(input.receivers), input.terms).await
    }

    /// Takes a secure URL back at once; downloads that it began end, too.
    async fn revoke_secure_url(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which URL.")] input: RevokeSecureUrlInput,
    ) -> Result<RevokeSecureUrlPayload, Failure> {
        let (asking, id) = (asking(ctx), inputs::id("input.secureUrl", &input.secure_url)?);
        let revoked = done(asking, asking.state.porter.revoke(&asking.viewer, id, &asking.trace).await).await?;
        Ok(RevokeSecureUrlPayload { secure_url: SecureUrl(revoked) })
    }
}

async fn create(
    asking: &Asking,
    purpose: NewPurpose,
    terms: Option<UrlTermsInput>,
) -> Result<CreateSecureUrlPayload, Failure> {
    let terms = terms.unwrap_or_default();
    let new = NewSecureUrl {
        purpose,
        lifetime: Duration::from_secs(terms.lifetime_seconds.map_or(USUAL_LIFETIME, u64::from)),
        max_uses: terms.max_uses.unwrap_or(1),
        passphrase: terms.passphrase,
        note: terms.note.unwrap_or_default(),
        trace: asking.trace.clone(),
    };
    let created = done(asking, asking.state.porter.create(&asking.viewer, new).await).await?;
    let url = asking.state.settings.url(&format!("s/{}", created.token.text()));
    Ok(CreateSecureUrlPayload { secure_url: SecureUrl(created.url), url })
}

/// A URL to fetch by.
#[derive(Debug, InputObject)]
struct CreateDownloadUrlInput {
    /// The transfer's id.
    transfer: ID,
    /// For how long and how often; a week and once if nothing is said.
    terms: Option<UrlTermsInput>,
}

/// A URL to hand in by.
#[derive(Debug, InputObject)]
struct CreateUploadUrlInput {
    /// The receivers, by id or slug.
    receivers: Vec<String>,
    /// For how long and how often; a week and once if nothing is said.
    terms: Option<UrlTermsInput>,
}

/// On which terms a secure URL opens.
#[derive(Debug, Default, InputObject)]
struct UrlTermsInput {
    /// For how many seconds, one minute to 90 days; a week if nothing is said.
    lifetime_seconds: Option<u32>,
    /// How often, 1 to 10000; once if nothing is said.
    max_uses: Option<u32>,
    /// What whoever comes by it has to say, 8 to 200 characters.
    #[graphql(secret)]
    passphrase: Option<String>,
    /// What it is for, for your own eyes; at most 200 characters.
    note: Option<String>,
}

/// A secure URL to take back.
#[derive(Debug, InputObject)]
struct RevokeSecureUrlInput {
    /// The URL's id.
    secure_url: ID,
}

/// A new secure URL.
#[derive(Debug, SimpleObject)]
struct CreateSecureUrlPayload {
    /// What is known of it.
    secure_url: SecureUrl,
    /// The URL itself. It is told now and never again: whoever has it may use it.
    url: String,
}

/// The secure URL as it is now.
#[derive(Debug, SimpleObject)]
struct RevokeSecureUrlPayload {
    /// The URL.
    secure_url: SecureUrl,
}
