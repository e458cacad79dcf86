//! Partners and agreements: set up by operators.

use crate::agreement::{Agreement, AgreementStatus};
use crate::id::{AgreementId, PartnerId};
use crate::media;
use crate::partner::{DuplicateRule, Partner, PartnerStatus};
use crate::ports::RegistryError;
use crate::quota::Quota;
use crate::registrar::{Registrar, RegistrarError, names, rights};
use crate::viewer::Viewer;

/// A partner to add.
#[derive(Debug, Clone)]
pub struct NewPartner {
    /// Its unique short name.
    pub slug: String,
    /// Its name as people write it.
    pub name: String,
    /// Its duplicate-file rule; a note when absent.
    pub duplicates: Option<DuplicateRule>,
}

/// What to change on a partner; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct PartnerUpdate {
    /// Its name.
    pub name: Option<String>,
    /// Whether it may take part.
    pub status: Option<PartnerStatus>,
    /// Its duplicate-file rule.
    pub duplicates: Option<DuplicateRule>,
}

/// An agreement to make.
#[derive(Debug, Clone)]
pub struct NewAgreement {
    /// Who may send: an id or slug.
    pub sender: String,
    /// To whom: an id or slug.
    pub receiver: String,
    /// Which media types; empty means any.
    pub media_types: Vec<String>,
    /// The largest payload in bytes.
    pub max_size: Option<u64>,
}

impl Registrar {
    /// Adds a partner.
    pub async fn add_partner(&self, viewer: &Viewer, new: NewPartner) -> Result<Partner, RegistrarError> {
        rights::operator(viewer)?;
        names::slug(&new.slug)?;
        let at = self.clock.now();
        let partner = Partner {
            id: PartnerId::generate(at),
            name: names::title("partner's name", &new.name)?,
            slug: new.slug,
            status: PartnerStatus::Active,
            duplicates: new.duplicates.unwrap_or(DuplicateRule::Note),
            created_at: at,
        };
        self.registry.add_partner(&partner).await?;
        tracing::info!(partner.id = %partner.id, partner.slug = partner.slug, "A partner was added.");
        Ok(partner)
    }

    /// Changes a partner.
    pub async fn update_partner(
        &self,
        viewer: &Viewer,
        partner: &str,
        update: PartnerUpdate,
    ) -> Result<Partner, RegistrarError> {
        rights::operator(viewer)?;
        let mut partner = self.partner(partner).await?;
        if let Some(name) = update.name {
            partner.name = names::title("partner's name", &name)?;
        }
        partner.status = update.status.unwrap_or(partner.status);
        partner.duplicates = update.duplicates.unwrap_or(partner.duplicates);
        self.registry.update_partner(&partner).await?;
        Ok(partner)
    }

    /// Sets what a partner may hand in and keep; what the terms leave out is what the installation says.
    pub async fn set_partner_quotas(
        &self,
        viewer: &Viewer,
        partner: &str,
        terms: Quota,
    ) -> Result<Partner, RegistrarError> {
        rights::operator(viewer)?;
        let partner = self.partner(partner).await?;
        self.registry.set_quota(partner.id, &terms).await?;
        tracing::info!(partner.id = %partner.id, user.subject = viewer.subject, ?terms, "A partner's quotas were set.");
        Ok(partner)
    }

    /// Makes an agreement.
    pub async fn add_agreement(&self, viewer: &Viewer, new: NewAgreement) -> Result<Agreement, RegistrarError> {
        rights::operator(viewer)?;
        let sender = self.partner(&new.sender).await?;
        let receiver = self.partner(&new.receiver).await?;
        if sender.id == receiver.id {
            return Err(RegistrarError::Agreement("a partner needs no agreement with itself"));
        }
        if new.max_size == Some(0) {
            return Err(RegistrarError::Agreement("a largest size of 0 admits nothing"));
        }
        let media_types: Vec<_> = new.media_types.iter().map(|it| it.trim().to_ascii_lowercase()).collect();
        if !media_types.iter().all(|it| media::is_pattern(it)) {
            return Err(RegistrarError::Agreement("a media type must read like `text/csv`, without parameters"));
        }
        let at = self.clock.now();
        let agreement = Agreement {
            id: AgreementId::generate(at),
            sender: sender.id,
            receiver: receiver.id,
            media_types,
            max_size: new.max_size,
            status: AgreementStatus::Active,
            created_at: at,
        };
        let named = |error| match error {
            RegistryError::Taken { kind, .. } => {
                RegistryError::Taken { kind, name: format!("{} to {}", sender.slug, receiver.slug) }
            }
            other => other,
        };
        self.registry.add_agreement(&agreement).await.map_err(named)?;
        Ok(agreement)
    }

    /// Ends an agreement; what was addressed under it goes on.
    pub async fn end_agreement(&self, viewer: &Viewer, id: AgreementId) -> Result<Agreement, RegistrarError> {
        rights::operator(viewer)?;
        Ok(self.registry.end_agreement(id).await?)
    }

    /// The partner that a text means: an id, or a slug.
    async fn partner(&self, named: &str) -> Result<Partner, RegistrarError> {
        let found = match named.parse::<PartnerId>() {
            Ok(id) => self.registry.find_partner(id).await?,
            Err(_) => self.registry.partner_by_slug(named).await?,
        };
        found.ok_or_else(|| RegistrarError::Unknown { kind: "partner", id: named.chars().take(80).collect() })
    }
}
