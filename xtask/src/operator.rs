//! The operator: what must be set up through the API before anything can be sent.

use std::path::Path;

use anyhow::{Context, Result};
use hyper::Method;
use serde_json::{Value, json};

use crate::client::Client;

/// An operator's client.
#[derive(Debug, Clone)]
pub(crate) struct Operator(pub(crate) Client);

impl Operator {
    /// Adds a company; `duplicates` says what happens to a file that it sends again: `NOTE`, `HOLD` or `REFUSE`.
    pub(crate) async fn partner(&self, slug: &str, name: &str, duplicates: &str) -> Result<()> {
        let mutation = "mutation($input: CreatePartnerInput!) { createPartner(input: $input) { partner { id } } }";
        self.run(mutation, json!({ "slug": slug, "name": name, "duplicates": duplicates })).await.map(drop)
    }

    /// Lets one partner send to another.
    pub(crate) async fn agreement(&self, sender: &str, receiver: &str) -> Result<()> {
        let mutation =
            "mutation($input: CreateAgreementInput!) { createAgreement(input: $input) { agreement { id } } }";
        self.run(mutation, json!({ "sender": sender, "receiver": receiver })).await.map(drop)
    }

    /// Keeps a secret of a partner under a name.
    pub(crate) async fn secret(&self, owner: &str, name: &str, value: &str) -> Result<()> {
        let mutation = "mutation($input: PutSecretInput!) { putSecret(input: $input) { name } }";
        self.run(mutation, json!({ "owner": owner, "name": name, "value": value })).await.map(drop)
    }

    /// Adds a destination of a receiver.
    pub(crate) async fn destination(&self, partner: &str, name: &str, endpoint: Value) -> Result<()> {
        let mutation =
            "mutation($input: CreateDestinationInput!) { createDestination(input: $input) { destination { id } } }";
        self.run(mutation, json!({ "partner": partner, "name": name, "endpoint": endpoint })).await.map(drop)
    }

    /// Adds a webhook on which a partner hears notifications.
    pub(crate) async fn webhook(&self, partner: &str, name: &str, webhook: Value) -> Result<()> {
        let mutation = "mutation($input: CreateChannelInput!) { createChannel(input: $input) { channel { id } } }";
        self.run(mutation, json!({ "partner": partner, "name": name, "webhook": webhook })).await.map(drop)
    }

    /// Publishes one of the shipped plugins for everybody; gives its digest.
    pub(crate) async fn plugin(&self, root: &Path, name: &str) -> Result<String> {
        let file = root.join(format!("target/guests/{name}.wasm"));
        let component = std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        let headers = [("content-type", "application/wasm")];
        let (status, answer) = self.0.send(Method::POST, "/plugins?owner=house", &headers, component.into()).await?;
        let answer: Value = serde_json::from_slice(&answer).with_context(|| format!("/plugins answered {status}"))?;
        let digest = answer["digest"].as_str().with_context(|| format!("{name} was refused: {answer}"))?;
        Ok(digest.to_owned())
    }

    /// Publishes a revision of a partner's policy and makes it the active one; gives its number.
    pub(crate) async fn policy(&self, owner: &str, side: &str, bindings: &Value) -> Result<u64> {
        let publish = "mutation($input: PublishRevisionInput!) { publishRevision(input: $input) { revision { id } } }";
        let input = json!({ "owner": owner, "side": side, "bindings": bindings, "note": "by cargo xtask" });
        let published = self.run(publish, input).await.with_context(|| format!("the policy of {owner} was refused"))?;
        let activate =
            "mutation($input: ActivateRevisionInput!) { activateRevision(input: $input) { revision { number } } }";
        let input = json!({ "revision": published["publishRevision"]["revision"]["id"] });
        let active = self.run(activate, input).await?;
        active["activateRevision"]["revision"]["number"].as_u64().context("a revision has a number")
    }

    async fn run(&self, mutation: &str, input: Value) -> Result<Value> {
        self.0.graphql(mutation, json!({ "input": input })).await
    }
}
