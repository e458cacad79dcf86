//! What can be wrong with something to be set up, and what to do about it.

use crate::code::Code;
use crate::ports::{PrepareError, RegistryError, StoreError, VaultError};

/// The registrar did not take something; everything is as it was before.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RegistrarError {
    /// The role may not.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Not there, or not for these eyes.
    #[error("there is no {kind} `{id}`")]
    Unknown {
        /// What kind of thing.
        kind: &'static str,
        /// What was asked for.
        id: String,
    },
    /// Another partner's, or of nobody: the same answer for both.
    #[error("there is no such partner that you set things up for; name your own")]
    NotYours,
    /// Not a slug.
    #[error(
        "`{0}` is not a slug: 2 to 40 lower-case letters, digits and single hyphens, a letter first, and not `house`"
    )]
    Slug(String),
    /// Not a name.
    #[error("the {what} cannot be used: {why}")]
    Name {
        /// Which name.
        what: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// Not a URL that we would call.
    #[error("`{field}` cannot be used as URL: {why}")]
    Url {
        /// Which field.
        field: &'static str,
        /// What is wrong.
        why: String,
    },
    /// An endpoint's field is wrong.
    #[error("`{field}` of the endpoint cannot be used: {why}")]
    Endpoint {
        /// Which field.
        field: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// The secret that an endpoint or channel names is no key that signs.
    #[error("the secret `{secret}` cannot sign: {why}; set it anew, `lockgate webhook key` makes one")]
    Unsigned {
        /// Its name.
        secret: String,
        /// What is wrong.
        why: String,
    },
    /// The agreement makes no sense.
    #[error("the agreement cannot be made: {0}")]
    Agreement(&'static str),
    /// The secret cannot be kept.
    #[error("the secret cannot be kept: {0}")]
    Secret(&'static str),
    /// The table cannot be kept.
    #[error("the lookup table cannot be kept: {0}")]
    Table(String),
    /// Too many bindings.
    #[error("the revision has {given} bindings, more than the {limit} allowed")]
    TooManyBindings {
        /// How many.
        given: usize,
        /// The limit.
        limit: usize,
    },
    /// Two bindings of one name.
    #[error("two bindings are called `{0}`; findings begin with the name, so each needs its own")]
    BindingNameTaken(String),
    /// The hook does not know that failure mode.
    #[error("binding `{binding}`: the hook `{hook}` does not know the failure mode `{mode}`; it knows {known}")]
    FailureMode {
        /// Which binding.
        binding: String,
        /// Its hook.
        hook: &'static str,
        /// What was asked for.
        mode: &'static str,
        /// What may be asked for.
        known: &'static str,
    },
    /// A limit too high.
    #[error("binding `{binding}`: the limit `{limit}` is above the installation's ceiling")]
    Limit {
        /// Which binding.
        binding: String,
        /// Which limit.
        limit: &'static str,
    },
    /// The binding does not fit.
    #[error("binding `{binding}`: {why}")]
    Binding {
        /// Which binding.
        binding: String,
        /// What is wrong.
        why: String,
    },
    /// The runner refused a binding's plugin or settings.
    #[error("binding `{binding}`: {cause}")]
    Unfit {
        /// Which binding.
        binding: String,
        /// Why.
        cause: PrepareError,
    },
    /// The component cannot be used.
    #[error(transparent)]
    Plugin(#[from] PrepareError),
    /// The archive failed.
    #[error("the plugin archive is unavailable: {0}")]
    Archive(String),
    /// The registry refused.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl RegistrarError {
    /// The same answer for a thing of another partner as for one that does not exist.
    pub(super) fn hidden_as(self, unknown: Self) -> Self {
        if matches!(self, Self::NotYours) { unknown } else { self }
    }

    /// The public code.
    pub fn code(&self) -> Code {
        match self {
            Self::Forbidden(_) => Code::Forbidden,
            Self::Unknown { kind, .. } | Self::Registry(RegistryError::Unknown { kind, .. }) => not_found(kind),
            Self::NotYours => Code::PartnerNotFound,
            Self::Slug(_) => Code::InvalidSlug,
            Self::Name { .. } => Code::InvalidName,
            Self::Url { .. } => Code::InvalidUrl,
            Self::Endpoint { .. } => Code::InvalidEndpoint,
            Self::Agreement(_) => Code::InvalidAgreement,
            Self::Secret(_) | Self::Unsigned { .. } => Code::InvalidSecret,
            Self::Table(_) => Code::InvalidTable,
            Self::TooManyBindings { .. } => Code::TooManyBindings,
            Self::BindingNameTaken(_) => Code::BindingNameTaken,
            Self::FailureMode { .. } => Code::FailureModeUnfit,
            Self::Limit { .. } => Code::LimitAboveCeiling,
            Self::Binding { .. } => Code::BindingInvalid,
            Self::Unfit { cause, .. } | Self::Plugin(cause) => cause.code(),
            Self::Archive(_) => Code::TemporarilyUnavailable,
            Self::Registry(RegistryError::Taken { .. }) => Code::NameTaken,
            Self::Registry(RegistryError::Store(error)) | Self::Store(error) => error.code(),
            Self::Vault(error) => error.code(),
        }
    }
}

/// The code of a thing that does not exist, by its word in the glossary.
fn not_found(kind: &str) -> Code {
    match kind {
        "partner" => Code::PartnerNotFound,
        "agreement" => Code::AgreementNotFound,
        "destination" => Code::DestinationNotFound,
        "channel" => Code::ChannelNotFound,
        "policy" => Code::PolicyNotFound,
        "policy revision" | "revision" => Code::RevisionNotFound,
        "plugin" | "plugin version" => Code::PluginNotFound,
        "secret" => Code::SecretNotFound,
        _ => Code::ResourceNotFound,
    }
}
