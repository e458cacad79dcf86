//! `lockgate token`: a bearer token from the development issuer.

use anyhow::Context;
use clap::{Args, ValueEnum};
use lockgate_core::id::PartnerId;
use lockgate_core::ports::Registry;
use lockgate_core::viewer::Role;
use lockgate_store::PgStore;

use crate::app;
use crate::config::{Config, Sources};
use crate::development;
use crate::identity::{DevelopmentIssuer, unix_now};
use crate::output;

/// For whom the token is.
#[derive(Debug, Args)]
pub(crate) struct Token {
    /// In which role
    #[arg(long, value_enum)]
    role: RoleName,
    /// The partner's slug or id; not for operators
    #[arg(long, value_name = "PARTNER")]
    partner: Option<String>,
    /// How long it is valid: a number and s, m, h or d
    #[arg(long, default_value = "1h", value_parser = seconds)]
    ttl: u64,
    /// The bearer's name in provenance
    #[arg(long, default_value = "developer")]
    subject: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RoleName {
    Partner,
    Integrator,
    Operator,
}

impl Token {
    pub(crate) async fn run(&self, sources: &Sources) -> anyhow::Result<()> {
        let config = development::settings(sources)?;
        let issuer = DevelopmentIssuer::of(&config)?;
        anyhow::ensure!(!config.secrets.key.is_empty(), "`secrets.key` is not set: the issuer's key follows from it");
        let role = self.role(&config).await?;
        output::line(issuer.issue(&self.subject, role, unix_now(), self.ttl)?)
    }

    async fn role(&self, config: &Config) -> anyhow::Result<Role> {
        match (self.role, &self.partner) {
            (RoleName::Operator, None) => Ok(Role::Operator),
            (RoleName::Operator, Some(_)) => anyhow::bail!("an operator belongs to no partner: leave out --partner"),
            (_, None) => anyhow::bail!("--partner is missing: whose token is it to be?"),
            (RoleName::Partner, Some(text)) => Ok(Role::Partner(partner(config, text).await?)),
            (RoleName::Integrator, Some(text)) => Ok(Role::Integrator(partner(config, text).await?)),
        }
    }
}

/// The partner of that id or slug.
pub(super) async fn partner(config: &Config, text: &str) -> anyhow::Result<PartnerId> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let store = PgStore::connect(&app::store_config(config)?).await.context("partners cannot be looked up")?;
    let found = store.partner_by_slug(text).await.context("partners cannot be looked up")?;
    store.close().await;
    Ok(found.with_context(|| format!("there is no partner `{text}`: create it first"))?.id)
}

fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a time: write 90s, 15m, 12h or 7d");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
    number.checked_mul(factor).filter(|it| *it > 0).ok_or_else(wrong)
}
