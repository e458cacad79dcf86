//! Partners and agreements: set up by operators.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use lockgate_core::quota::Quota;
use lockgate_core::registrar::{NewAgreement, NewPartner, PartnerUpdate};

use super::done;
use crate::failure::Failure;
use crate::graphql::agreement::Agreement;
use crate::graphql::asking::asking;
use crate::graphql::inputs;
use crate::graphql::partner::{DuplicateRule, Partner, PartnerStatus};
use crate::graphql::scalars::Long;

#[derive(Debug, Default)]
pub(super) struct PartnerMutations;

#[Object]
impl PartnerMutations {
    /// Adds a partner; for operators.
    async fn create_partner(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new partner.")] input: CreatePartnerInput,
    ) -> Result<PartnerPayload, Failure> {
        let asking = asking(ctx);
        let new = NewPartner { slug: input.slug, name: input.name, duplicates: input.duplicates.map(Into::into) };
        let partner = done(asking, asking.state.registrar.add_partner(&asking.viewer, new).await).await?;
        Ok(PartnerPayload { partner: Partner(partner) })
    }

    /// Changes a partner; for operators. What is absent stays.
    async fn update_partner(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which partner, and what to change.")] input: UpdatePartnerInput,
    ) -> Result<PartnerPayload, Failure> {
        let asking = asking(ctx);
        let update = PartnerUpdate {
            name: input.name,
            status: input.status.map(Into::into),
            duplicates: input.duplicates.map(Into::into),
        };
        let partner = asking.state.registrar.update_partner(&asking.viewer, &input.partner, update).await;
        Ok(PartnerPayload { partner: Partner(done(asking, partner).await?) })
    }

    /// Sets how much a partner may hand in and keep, all three at once; for operators. From the next transfer on.
    async fn set_partner_quotas(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which partner, and how much.")] input: SetPartnerQuotasInput,
    ) -> Result<PartnerPayload, Failure> {
        let asking = asking(ctx);
        let terms = Quota {
            transfers_per_day: input.transfers_per_day.map(|it| it.0),
            bytes_per_day: input.bytes_per_day.map(|it| it.0),
            stored_bytes: input.stored_bytes.map(|it| it.0),
        };
        let partner = asking.state.registrar.set_partner_quotas(&asking.viewer, &input.partner, terms).await;
        Ok(PartnerPayload { partner: Partner(done(asking, partner).await?) })
    }

    /// Makes an agreement; for operators.
    async fn create_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who may send what to whom.")] input: CreateAgreementInput,
    ) -> Result<AgreementPayload, Failure> {
        let asking = asking(ctx);
        let new = NewAgreement {
            sender: input.sender,
            receiver: input.receiver,
            media_types: input.media_types.unwrap_or_default(),
            max_size: input.max_size.map(|it| it.0),
        };
        let agreement = done(asking, asking.state.registrar.add_agreement(&asking.viewer, new).await).await?;
        Ok(AgreementPayload { agreement: Agreement(agreement) })
    }

    /// Ends an agreement; for operators. What is under way goes on.
    async fn end_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which agreement.")] input: EndAgreementInput,
    ) -> Result<AgreementPayload, Failure> {
        let asking = asking(ctx);
        let id = inputs::id("input.agreement", &input.agreement)?;
        let agreement = done(asking, asking.state.registrar.end_agreement(&asking.viewer, id).await).await?;
        Ok(AgreementPayload { agreement: Agreement(agreement) })
    }
}

/// A partner to add.
#[derive(Debug, InputObject)]
struct CreatePartnerInput {
    /// Its unique short name in lower-case letters, digits and hyphens.
    slug: String,
    /// Its name as people write it.
    name: String,
    /// What happens to a file that it sends twice; a note if nothing is said.
    duplicates: Option<DuplicateRule>,
}

/// A partner to change.
#[derive(Debug, InputObject)]
struct UpdatePartnerInput {
    /// Which partner, by id or slug.
    partner: String,
    /// Its name.
    name: Option<String>,
    /// Whether it may take part.
    status: Option<PartnerStatus>,
    /// What happens to a file that it sends twice.
    duplicates: Option<DuplicateRule>,
}

/// How much a partner may hand in and keep. What is left out is what the installation says; 0 admits nothing.
#[derive(Debug, InputObject)]
struct SetPartnerQuotasInput {
    /// Which partner, by id or slug.
    partner: String,
    /// Transfers announced in a day (UTC).
    transfers_per_day: Option<Long>,
    /// Bytes announced in a day (UTC).
    bytes_per_day: Option<Long>,
    /// Bytes in store at once.
    stored_bytes: Option<Long>,
}

/// The partner as it is now.
#[derive(Debug, SimpleObject)]
struct PartnerPayload {
    /// The partner.
    partner: Partner,
}

/// An agreement to make.
#[derive(Debug, InputObject)]
struct CreateAgreementInput {
    /// Who may send, by id or slug.
    sender: String,
    /// Who receives, by id or slug.
    receiver: String,
    /// The media types that may be sent; any if nothing is said.
    media_types: Option<Vec<String>>,
    /// The largest payload in bytes, if narrower than the installation's.
    max_size: Option<Long>,
}

/// An agreement to end.
#[derive(Debug, InputObject)]
struct EndAgreementInput {
    /// Its id.
    agreement: ID,
}

/// The agreement as it is now.
#[derive(Debug, SimpleObject)]
struct AgreementPayload {
    /// The agreement.
    agreement: Agreement,
}
