//! Why something was not connected to: one text for whoever entered it, another for the operator.

use std::net::IpAddr;

/// A URL or address must not be reached. The texts name the host, which its owner entered, and never an address that
/// our resolver found: that would map our network. The operator's log has the rest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// It cannot be read.
    #[error("this is not an http or https URL with a host")]
    NotAUrl,
    /// It holds a user name or password.
    #[error("the URL holds a user name or password: use a secret instead")]
    Credentials,
    /// The port is not among those that may be reached.
    #[error("port {port} may not be reached from here; the installation's operator can allow it")]
    Port {
        /// As it was entered.
        host: String,
        /// What would have been connected to.
        address: IpAddr,
        /// The port.
        port: u16,
    },
    /// The host is, or resolves to, an address that is not public.
    #[error("`{host}` is not a public address; the installation's operator can allow it")]
    NotPublic {
        /// As it was entered.
        host: String,
        /// What it leads to.
        address: IpAddr,
        /// The closed network that the address lies in.
        network: &'static str,
    },
    /// A Kafka broker that is not on the allow-list.
    #[error("the Kafka broker `{host}:{port}` is not among those that the installation's operator allows")]
    Broker {
        /// As it was entered, or as a broker told it.
        host: String,
        /// The port.
        port: u16,
    },
}

impl Denied {
    /// Tells the operator what partners may not know: the address, the rule, and the setting that would allow it.
    pub(super) fn noted(self) -> Self {
        match &self {
            Self::NotAUrl | Self::Credentials => {}
            Self::Port { host, address, port } => tracing::warn!(
                egress.host = host,
                egress.address = %address,
                egress.port = port,
                egress.rule = "the port is not in `connectors.ports`",
                "An outgoing connection was denied. Add the port to `connectors.ports`, or the host to `connectors.allow`."
            ),
            Self::NotPublic { host, address, network } => tracing::warn!(
                egress.host = host,
                egress.address = %address,
                egress.rule = network,
                "An outgoing connection was denied. Add the host or a network of it to `connectors.allow` if it is meant."
            ),
            Self::Broker { host, port } => tracing::warn!(
                egress.host = host,
                egress.port = port,
                egress.rule = "Kafka brokers have to be on the allow-list",
                "A Kafka broker was denied. Add its name, or its address if it has none, to `connectors.allow`."
            ),
        }
        self
    }
}
