//! The development issuer: tokens without an identity provider, for laptops, demos and tests.
//!
//! Its key follows from `secrets.key`, so that all hosts and the command line of one installation agree without
//! sharing a file. *Invariant:* it exists only where `environment` is `development`.

use anyhow::{Context, bail};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use lockgate_core::viewer::Role;
use serde_json::json;

use crate::config::{Config, Environment, IdentityMode};

/// Issues tokens in development.
pub(crate) struct DevelopmentIssuer {
    key: EncodingKey,
    public: Vec<u8>,
    issuer: String,
    audience: String,
}

impl DevelopmentIssuer {
    /// The issuer of this installation; an error outside development.
    pub(crate) fn of(config: &Config) -> anyhow::Result<Self> {
        if config.environment != Environment::Development || config.identity.mode != IdentityMode::Development {
            bail!(
                "the development issuer is off: it works only with `environment = \"development\"` and \
                 `identity.mode = \"development\"`; in production, tokens come from your identity provider. What `lockgate dev` \
                 keeps was looked for in `{}`: run this where that runs, or say `--set data_dir=...`",
                config.data_dir.display()
            );
        }
        let seed = digest(&SHA256, format!("lockgate development issuer\0{}", config.secrets.key.expose()).as_bytes());
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_ref()).context("the issuer's key cannot be made")?;
        let document = pair.to_pkcs8v1().context("the issuer's key cannot be written")?;
        Ok(Self {
            key: EncodingKey::from_ed_der(document.as_ref()),
            public: pair.public_key().as_ref().to_vec(),
            issuer: config.identity.issuer.clone(),
            audience: config.identity.audience.clone(),
        })
    }

    fn key_id(&self) -> String {
        format!("dev-{}", hex::encode(&digest(&SHA256, &self.public).as_ref()[..8]))
    }

    /// The public key as a JSON Web Key Set.
    pub(crate) fn jwks(&self) -> Vec<u8> {
        let set = json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
            "kid": self.key_id(), "x": URL_SAFE_NO_PAD.encode(&self.public),
        }]});
        set.to_string().into_bytes()
    }

    /// A token for somebody in a role, from now on for `ttl` seconds.
    pub(crate) fn issue(&self, subject: &str, role: Role, now: u64, ttl: u64) -> anyhow::Result<String> {
        let mut claims = json!({
            "iss": self.issuer, "aud": self.audience, "sub": subject,
            "iat": now, "nbf": now, "exp": now + ttl, "lockgate_role": role.name(),
        });
        if let Some(partner) = role.partner() {
            claims["lockgate_partner"] = json!(partner);
        }
        let header = Header { kid: Some(self.key_id()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, &claims, &self.key).context("the token cannot be signed")
    }
}

/// Seconds since 1970.
pub(crate) fn unix_now() -> u64 {
    u64::try_from(time::OffsetDateTime::now_utc().unix_timestamp()).unwrap_or(0)
}
