//! The cast: three partners, their agreements, destinations, plugins and policies, set up through the API as an operator
//! would.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use hyper::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::receiver::Receivers;
use crate::stage::Stage;

/// Signs what goes to Globex; 32 bytes, as Standard Webhooks wants them.
pub(crate) const GLOBEX_SECRET: &str = "whsec_Z2xvYmV4LXNpZ25pbmctc2VjcmV0LW9mLXRoZS1kZW1v";
/// Signs notifications to Acme and Initech.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_bm90aWZpY2F0aW9uLXNlY3JldC1vZi10aGUtZGVtbw==";

/// Initech's bucket.
const ARCHIVE: &str = "initech-archive";

/// Clients of everybody who acts.
#[derive(Debug)]
pub(crate) struct Cast {
    pub(crate) operator: Client,
    pub(crate) acme: Client,
    pub(crate) globex: Client,
    pub(crate) initech: Client,
}

/// Sets everything up.
pub(crate) async fn assemble(root: &Path, stage: &Stage, receivers: &Receivers) -> Result<Cast> {
    let operator = stage.client("operator", "")?;
    for (slug, name, duplicates) in
        [("acme", "Acme Industries", "HOLD"), ("globex", "Globex Corporation", "NOTE"), ("initech", "Initech", "NOTE")]
    {
        let input = json!({ "slug": slug, "name": name, "duplicates": duplicates });
        operator
            .graphql(
                "mutation($input: CreatePartnerInput!) { createPartner(input: $input) { partner { id } } }",
                json!({ "input": input }),
            )
            .await?;
    }
    for (sender, receiver) in [("acme", "globex"), ("acme", "initech"), ("initech", "globex")] {
        let input = json!({ "sender": sender, "receiver": receiver });
        operator
            .graphql(
                "mutation($input: CreateAgreementInput!) { createAgreement(input: $input) { agreement { id } } }",
                json!({ "input": input }),
            )
            .await?;
    }
    stage.services.make_bucket(ARCHIVE)?;
    secrets(&operator).await?;
    endpoints(&operator, receivers).await?;
    let plugins = publish_plugins(root, &operator).await?;
    policies(&operator, &plugins).await?;
    Ok(Cast {
        acme: stage.client("partner", "acme")?,
        globex: stage.client("partner", "globex")?.at(&stage.hosts[1].base),
        initech: stage.client("partner", "initech")?,
        operator,
    })
}

async fn secrets(operator: &Client) -> Result<()> {
    for (owner, name, value) in [
        ("globex", "signing", GLOBEX_SECRET),
        ("acme", "webhooks", WEBHOOK_SECRET),
        ("initech", "webhooks", WEBHOOK_SECRET),
    ] {
        let input = json!({ "owner": owner, "name": name, "value": value });
        operator
            .graphql(
                "mutation($input: PutSecretInput!) { putSecret(input: $input) { name } }",
                json!({ "input": input }),
            )
            .await?;
    }
    Ok(())
}

async fn endpoints(operator: &Client, receivers: &Receivers) -> Result<()> {
    let globex = json!({ "http": { "url": receivers.url("globex"), "signingSecret": "signing" } });
    let initech = json!({ "http": { "url": receivers.url("initech") } });
    let archive = json!({ "s3": { "bucket": ARCHIVE, "prefix": "photos/" } });
    for (partner, name, endpoint) in
        [("globex", "inbox", globex), ("initech", "inbox", initech), ("initech", "archive", archive)]
    {
        let input = json!({ "partner": partner, "name": name, "endpoint": endpoint });
        operator
            .graphql(
                "mutation($input: CreateDestinationInput!) { createDestination(input: $input) { destination { id } } }",
                json!({ "input": input }),
            )
            .await?;
    }
    for partner in ["acme", "initech"] {
        let webhook = json!({ "url": receivers.url(&format!("{partner}-webhook")), "signingSecret": "webhooks" });
        let input = json!({ "partner": partner, "name": "ops", "webhook": webhook });
        operator
            .graphql(
                "mutation($input: CreateChannelInput!) { createChannel(input: $input) { channel { id } } }",
                json!({ "input": input }),
            )
            .await?;
    }
    Ok(())
}

/// Publishes the shipped plugins for everybody; gives their digests by name.
async fn publish_plugins(root: &Path, operator: &Client) -> Result<BTreeMap<&'static str, String>> {
    let mut digests = BTreeMap::new();
    for name in ["validate-csv", "check-totals", "validate-json", "mask-pii", "route-by-rule", "notify-template"] {
        let component = std::fs::read(root.join(format!("target/guests/{name}.wasm")))?;
        let headers = [("content-type", "application/wasm")];
        let (status, answer) = operator.send(Method::POST, "/plugins?owner=house", &headers, component.into()).await?;
        let answer: Value = serde_json::from_slice(&answer).with_context(|| format!("/plugins answered {status}"))?;
        let digest = answer["digest"].as_str().with_context(|| format!("{name} was refused: {answer}"))?;
        digests.insert(name, digest.to_owned());
    }
    Ok(digests)
}

async fn policies(operator: &Client, plugins: &BTreeMap<&'static str, String>) -> Result<()> {
    let detect = json!([{ "capability": "DETECT" }]);
    let detect_and_tokenize = json!([{ "capability": "DETECT" }, { "capability": "TOKENIZE" }]);
    let csv = json!({ "kind": "CSV" });
    let only_csv = json!(["text/csv"]);
    let tell = json!({
        "name": "tell", "hook": "NOTIFY", "plugin": plugins["notify-template"],
        "settings": { "messages": [
            {
                "events": ["transfer.rejected"], "channel": "ops", "title": "{{ file.name }} was rejected",
                "text": "{{ reason }}",
            },
            { "events": ["transfer.finished"], "channel": "ops", "title": "{{ file.name }} has arrived", "text": "" },
        ] },
    });
    let acme = json!([
        {
            "name": "totals", "hook": "VALIDATE", "plugin": plugins["check-totals"], "framing": csv,
            "mediaTypes": only_csv, "settings": {},
        },
        {
            "name": "push-event", "hook": "VALIDATE", "plugin": plugins["validate-json"],
            "framing": { "kind": "JSON" }, "mediaTypes": ["application/json"],
            "settings": { "schema": { "type": "object", "required": ["ref", "repository", "pusher"] } },
        },
        {
            "name": "cards", "hook": "MASK", "plugin": plugins["mask-pii"], "framing": csv, "mediaTypes": only_csv,
            "grants": detect, "settings": { "kinds": { "card": { "action": "keep-last", "count": 4 } } },
        },
        {
            "name": "photos", "hook": "ROUTE", "plugin": plugins["route-by-rule"], "framing": { "kind": "WHOLE" },
            "mediaTypes": ["image/*"],
            "settings": { "rules": [{ "when": "attributes['file.media-type'] == 'image/jpeg'", "to": ["initech/archive"] }] },
        },
        tell,
    ]);
    activate(operator, "acme", "INBOUND", acme).await?;
    let weather = json!([
        {
            "name": "weather-columns", "hook": "VALIDATE", "plugin": plugins["validate-csv"], "framing": csv,
            "mediaTypes": only_csv,
            "settings": { "columns": [
                { "name": "date", "type": "date" },
                { "name": "weather", "one-of": ["sun", "rain", "fog", "snow"] },
            ] },
        },
        tell,
    ]);
    activate(operator, "initech", "INBOUND", weather).await?;
    let globex = json!([{
        "name": "mail", "hook": "MASK", "plugin": plugins["mask-pii"], "framing": csv, "mediaTypes": only_csv,
        "grants": detect, "settings": { "kinds": { "email": { "action": "replace", "with": "(e-mail)" } } },
    }]);
    activate(operator, "globex", "OUTBOUND", globex).await?;
    let initech = json!([{
        "name": "mail", "hook": "MASK", "plugin": plugins["mask-pii"], "framing": csv, "mediaTypes": only_csv,
        "grants": detect_and_tokenize, "settings": { "kinds": { "email": { "action": "tokenize", "scheme": "opaque" } } },
    }]);
    activate(operator, "initech", "OUTBOUND", initech).await
}

async fn activate(operator: &Client, owner: &str, side: &str, bindings: Value) -> Result<()> {
    let input = json!({ "owner": owner, "side": side, "bindings": bindings, "note": "demo" });
    let published = operator
        .graphql(
            "mutation($input: PublishRevisionInput!) { publishRevision(input: $input) { revision { id } } }",
            json!({ "input": input }),
        )
        .await
        .with_context(|| format!("the policy of {owner} was refused"))?;
    let input = json!({ "revision": published["publishRevision"]["revision"]["id"] });
    operator
        .graphql(
            "mutation($input: ActivateRevisionInput!) { activateRevision(input: $input) { revision { number } } }",
            json!({ "input": input }),
        )
        .await?;
    Ok(())
}
