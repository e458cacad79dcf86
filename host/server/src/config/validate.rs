//! Checks what the settings mean, all at once, before any port opens.

use lockgate_payloads::BudgetConfig;

use super::{Config, Environment, IdentityMode};

impl Config {
    /// Says everything that is wrong, each with the key and the remedy.
    pub(crate) fn validate(&self) -> anyhow::Result<()> {
        let mut problems = self.missing();
        problems.extend(self.identity_problems());
        problems.extend(self.size_problems());
        problems.extend(self.listening_problems());
        problems.extend(self.kafka_problems());
        if !self.http.public_url.is_empty() && !self.http.public_url.starts_with("http") {
            problems.push("`http.public_url` must begin with https:// or http://".to_owned());
        }
        if problems.is_empty() {
            return Ok(());
        }
        anyhow::bail!("the settings are not usable\n  {}", problems.join("\n  "))
    }

    fn missing(&self) -> Vec<String> {
        [
            ("database.url", self.database.url.is_empty()),
            ("kafka.brokers", self.kafka.brokers.is_empty()),
            ("s3.endpoint", self.s3.endpoint.is_empty()),
            ("s3.access_key", self.s3.access_key.is_empty()),
            ("s3.secret_key", self.s3.secret_key.is_empty()),
            ("secrets.key", self.secrets.key.is_empty()),
        ]
        .into_iter()
        .filter_map(|(key, missing)| missing.then_some(key))
        .map(|key| {
            let variable = key.to_uppercase().replace('.', "__");
            format!("`{key}` is not set: set it in lockgate.toml or as LOCKGATE_{variable}, or use `lockgate dev`")
        })
        .collect()
    }

    fn identity_problems(&self) -> Vec<String> {
        let mut problems = vec![];
        match self.identity.mode {
            IdentityMode::Development if self.environment == Environment::Production => problems.push(
                "`identity.mode` is `development` while `environment` is `production`: its tokens \
                 need no identity provider, only `secrets.key`; set `identity.mode = \"jwks\"` and `identity.jwks_url`"
                    .to_owned(),
            ),
            IdentityMode::Jwks if self.identity.jwks_url.is_empty() => {
                problems.push("`identity.jwks_url` is not set: give the URL of your issuer's keys".to_owned());
            }
            _ => {}
        }
        for (key, value) in [("issuer", &self.identity.issuer), ("audience", &self.identity.audience)] {
            if value.is_empty() {
                problems.push(format!("`identity.{key}` must not be empty"));
            }
        }
        problems
    }

    fn listening_problems(&self) -> Vec<String> {
        let http = &self.http;
        let times = [
            ("handshake_timeout_ms", http.handshake_timeout),
            ("header_timeout_ms", http.header_timeout),
            ("idle_timeout_ms", http.idle_timeout),
            ("write_timeout_ms", http.write_timeout),
            ("body_window_ms", http.body_window),
            ("ping_ms", http.ping),
        ];
        let mut problems: Vec<String> = times
            .into_iter()
            .filter(|(_, time)| time.is_zero())
            .map(|(key, _)| format!("`http.{key}` must be at least 1: no client is waited for without end"))
            .collect();
        if http.tls_certificate.as_os_str().is_empty() != http.tls_key.as_os_str().is_empty() {
            problems.push("`http.tls_certificate` and `http.tls_key` belong together: set both or none".to_owned());
        }
        if http.max_header_bytes < 8192 {
            problems.push("`http.max_header_bytes` must be at least 8192: tokens are that long".to_owned());
        }
        problems
    }

    /// What is said about a login or TLS while there is none would be believed to protect.
    fn kafka_problems(&self) -> Vec<String> {
        let kafka = &self.kafka;
        let set = |path: &std::path::Path| !path.as_os_str().is_empty();
        let mut problems = vec![];
        if kafka.security.sasl() == kafka.user.is_empty() || kafka.security.sasl() == kafka.password.is_empty() {
            let why = "`kafka.user` and `kafka.password` belong to `kafka.security` = `sasl-tls` or `sasl-plaintext`: set \
                       both or none";
            problems.push(why.to_owned());
        }
        if !kafka.security.tls()
            && [&kafka.tls_authorities, &kafka.tls_certificate, &kafka.tls_key].into_iter().any(|it| set(it))
        {
            let why = "`kafka.tls_authorities`, `kafka.tls_certificate` and `kafka.tls_key` belong to `kafka.security` = \
                       `tls` or `sasl-tls`";
            problems.push(why.to_owned());
        }
        if set(&kafka.tls_certificate) != set(&kafka.tls_key) {
            problems.push("`kafka.tls_certificate` and `kafka.tls_key` belong together: set both or none".to_owned());
        }
        problems
    }

    fn size_problems(&self) -> Vec<String> {
        let positive = [
            ("workers.judgements", self.workers.judgements),
            ("workers.deliveries", self.workers.deliveries),
            ("workers.messages", self.workers.messages),
            ("workers.queued", self.workers.queued),
            ("kafka.batch", self.kafka.batch),
            ("http.max_connections", self.http.max_connections),
            ("http.max_connections_per_address", self.http.max_connections_per_address),
            ("limits.requests_per_minute", self.limits.requests_per_minute as usize),
            ("limits.bad_tokens_per_minute", self.limits.bad_tokens_per_minute as usize),
            ("http.max_streams", self.http.max_streams as usize),
            ("http.body_bytes_per_second", usize::try_from(self.http.body_bytes_per_second).unwrap_or(usize::MAX)),
            ("connectors.slowest_bytes_per_second", usize::try_from(self.connectors.slowest).unwrap_or(usize::MAX)),
            ("http.graphql_body_bytes", self.http.graphql_body_bytes),
            ("database.worker_connections", self.database.worker_connections as usize),
            ("database.intake_connections", self.database.intake_connections as usize),
            ("database.api_connections", self.database.api_connections as usize),
            ("graphql.max_cost", self.graphql.max_cost),
            ("kafka.partitions", usize::try_from(self.kafka.partitions).unwrap_or(0)),
        ];
        let mut problems: Vec<String> = positive
            .into_iter()
            .filter(|(_, value)| *value == 0)
            .map(|(key, _)| format!("`{key}` must be at least 1"))
            .collect();
        if self.s3.buffer_bytes < BudgetConfig::LEAST {
            problems
                .push(format!("`s3.buffer_bytes` must be at least {}: two parts of an upload", BudgetConfig::LEAST));
        }
        if self.workers.alive.as_millis() < 3_000 {
            problems.push("`workers.alive_ms` must be at least 3000, or slow moments count as deaths".to_owned());
        }
        if self.subscriptions.init_timeout.is_zero() || self.subscriptions.ping.is_zero() {
            problems.push("`subscriptions.init_timeout_ms` and `subscriptions.ping_ms` must not be 0".to_owned());
        }
        if self.workers.adopt.is_zero() || self.workers.housekeeping.is_zero() {
            problems.push("`workers.adopt_ms` and `workers.housekeeping_ms` must not be 0".to_owned());
        }
        problems
    }
}
