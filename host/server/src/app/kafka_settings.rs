//! How the installation's own Kafka is spoken to: read from the settings and the files they name, before anything opens.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use lockgate_connectors::{BrokerLogin, BrokerSecurity, BrokerTls};

use crate::config::Kafka;

/// librdkafka's settings for all clients of the installation's own Kafka. What stands in `kafka.properties` goes before.
pub(super) fn properties(kafka: &Kafka) -> anyhow::Result<BTreeMap<String, String>> {
    let (tls, sasl) = (kafka.security.tls(), kafka.security.sasl());
    let mut properties = match tls || sasl {
        false => BTreeMap::new(),
        true => {
            let login = || BrokerLogin {
                mechanism: kafka.mechanism,
                user: kafka.user.clone(),
                password: kafka.password.expose().to_owned(),
            };
            let security = BrokerSecurity { tls: tls.then(|| files(kafka)).transpose()?, login: sasl.then(login) };
            security.properties().map_err(anyhow::Error::msg)?
        }
    };
    properties.extend(kafka.properties.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())));
    Ok(properties)
}

fn files(kafka: &Kafka) -> anyhow::Result<BrokerTls> {
    let read = |key: &str, path: &Path| {
        let text = || std::fs::read_to_string(path).with_context(|| format!("`kafka.{key}`: {}", path.display()));
        (!path.as_os_str().is_empty()).then(text).transpose()
    };
    let authorities = read("tls_authorities", &kafka.tls_authorities)?;
    let certificate = read("tls_certificate", &kafka.tls_certificate)?;
    let key = read("tls_key", &kafka.tls_key)?;
    Ok(BrokerTls {
        authorities,
        client: certificate.zip(key).map(|(certificate, key)| format!("{certificate}\n{key}")),
    })
}
