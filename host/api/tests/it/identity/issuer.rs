//! An issuer with a key of each algorithm, that signs whatever a test wants.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lockgate_core::id::PartnerId;
use serde_json::{Value, json};

pub(crate) struct Issuer {
    pub(crate) partner: PartnerId,
    ec: EcdsaKeyPair,
    ed: Ed25519KeyPair,
    rsa: &'static RsaKeyPair,
}

/// Making RSA keys takes long, and nothing is learned from a second one.
fn rsa() -> &'static RsaKeyPair {
    static RSA: std::sync::OnceLock<RsaKeyPair> = std::sync::OnceLock::new();
    RSA.get_or_init(|| RsaKeyPair::generate(KeySize::Rsa2048).expect("a key"))
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Issuer {
    pub(crate) const NAME: &'static str = "https://issuer.example";
    pub(crate) const AUDIENCE: &'static str = "lockgate";

    pub(crate) fn new() -> Self {
        Self {
            partner: "ptn_0193a000000070008000000000000001".parse().expect("an id"),
            ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"),
            ed: Ed25519KeyPair::generate().expect("a key"),
            rsa: rsa(),
        }
    }

    /// The public keys, among some that must not be used.
    pub(crate) fn jwks(&self) -> Vec<u8> {
        let ec = |kid: &str, usage: &str| {
            let point = self.ec.public_key().as_ref();
            json!({ "kty": "EC", "crv": "P-256", "kid": kid, "use": usage, "alg": "ES256",
                    "x": b64(&point[1..33]), "y": b64(&point[33..65]) })
        };
        let rsa = self.rsa.public_key();
        json!({ "keys": [
            ec("ec", "sig"),
            ec("enc", "enc"),
            { "kty": "OKP", "crv": "Ed25519", "kid": "ed", "use": "sig", "x": b64(self.ed.public_key()) },
            { "kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256",
              "n": b64(rsa.modulus().big_endian_without_leading_zero()),
              "e": b64(rsa.exponent().big_endian_without_leading_zero()) },
            { "kty": "oct", "kid": "shared", "k": b64(b"a shared secret of some thirty-two bytes") },
            { "kty": "EC", "crv": "P-521", "kid": "large", "x": "AA", "y": "AA" },
            { "kty": "unheard-of", "kid": "strange" },
        ] })
        .to_string()
        .into_bytes()
    }

    pub(crate) fn claims(&self) -> Value {
        json!({ "iss": Self::NAME, "aud": Self::AUDIENCE, "sub": "ada", "iat": now(), "nbf": now(), "exp": now() + 600,
                "lockgate_role": "partner", "lockgate_partner": self.partner })
    }

    pub(crate) fn token(&self, role: &str, partner: Option<PartnerId>) -> String {
        let mut claims = self.claims();
        claims["lockgate_role"] = json!(role);
        claims["lockgate_partner"] = json!(partner);
        self.sign("ec", &claims)
    }

    pub(crate) fn with(&self, name: &str, value: Value) -> String {
        self.with_all(&[(name, value)])
    }

    pub(crate) fn with_all(&self, changes: &[(&str, Value)]) -> String {
        let mut claims = self.claims();
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        self.sign("ec", &claims)
    }

    pub(crate) fn without(&self, name: &str) -> String {
        let mut claims = self.claims();
        claims.as_object_mut().expect("an object").remove(name);
        self.sign("ec", &claims)
    }

    pub(crate) fn sign(&self, key: &str, claims: &Value) -> String {
        self.sign_text(key, &claims.to_string())
    }

    pub(crate) fn sign_text(&self, key: &str, claims: &str) -> String {
        let algorithm = match key {
            "ec" => "ES256",
            "ed" => "EdDSA",
            _ => "RS256",
        };
        self.signed(key, &json!({ "alg": algorithm, "kid": key, "typ": "JWT" }), claims)
    }

    /// Signed by the EC key, under any header.
    pub(crate) fn header(&self, claims: &Value, header: Value) -> String {
        self.signed("ec", &header, &claims.to_string())
    }

    pub(crate) fn header_by(&self, key: &str, header: Value) -> String {
        self.signed(key, &header, &self.claims().to_string())
    }

    pub(crate) fn unsigned(&self, header: Value) -> String {
        format!("{}.{}.", b64(header.to_string()), b64(self.claims().to_string()))
    }

    /// HS256 with public bytes as its secret.
    pub(crate) fn confused(&self, key: &str) -> String {
        let secret = match key {
            "ec" => self.ec.public_key().as_ref().to_vec(),
            _ => self.rsa.public_key().as_der().expect("a key").as_ref().to_vec(),
        };
        let header = json!({ "alg": "HS256", "kid": key });
        let message = format!("{}.{}", b64(header.to_string()), b64(self.claims().to_string()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
        format!("{message}.{}", b64(tag))
    }

    fn signed(&self, key: &str, header: &Value, claims: &str) -> String {
        let message = format!("{}.{}", b64(header.to_string()), b64(claims));
        let random = SystemRandom::new();
        let signature = match key {
            "ec" => self.ec.sign(&random, message.as_bytes()).expect("a signature").as_ref().to_vec(),
            "ed" => self.ed.sign(message.as_bytes()).as_ref().to_vec(),
            _ => {
                let mut signature = vec![0; self.rsa.public_modulus_len()];
                self.rsa.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).expect("a signature");
                signature
            }
        };
        format!("{message}.{}", b64(signature))
    }
}
