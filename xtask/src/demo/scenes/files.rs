//! Scenes that send a file: accepted and masked for two, rejected, held and released, routed by its type.

use std::path::Path;

use anyhow::{Context, Result};
use axum::body::Bytes;
use serde_json::{Value, json};

use crate::client::Client;
use crate::demo::cast::Cast;
use crate::receiver::Receivers;
use crate::story::Story;
use crate::wait::until;

/// What the scenes ask about a transfer.
const LOOK: &str = "query($id: ID!) { transfer(id: $id) { id state reason
  hold { cause explanation }
  decision { verdict findings(first: 1) { rule message place { line column } } }
  consignments { receiver { slug } state deliveries { state destination { name } attempts { number error } } }
  provenance(first: 1) { nodes { traceId } } } }";

/// One file with card numbers and e-mail addresses, for two receivers under two maskings; Initech's server fails twice.
pub(super) async fn one_file_two_maskings(
    root: &Path,
    cast: &Cast,
    receivers: &Receivers,
    story: &mut Story,
) -> Result<String> {
    story.scene("support-requests.csv from Acme to Globex and Initech: masked, differently for each");
    let file = read(root, "support-requests.csv")?;
    let transfer = send(&cast.acme, "support-requests.csv", "text/csv", &["globex", "initech"], &file).await?;
    let seen = settled(&cast.operator, &transfer).await?;
    story.step("the transfer is", "FINISHED", text(&seen["state"]));
    let (before, for_globex) = (line(&file, 3), line(&newest(receivers, "globex")?, 3));
    let for_initech = line(&newest(receivers, "initech")?, 3);
    story.say(&format!(
        "   Acme sent       {before}\n   Globex received {for_globex}\n   Initech received {for_initech}"
    ));
    let card = |text: &str| text.contains("4007070753690781");
    let kept = |text: &str| text.contains("0781");
    story.step("Acme's line has the whole card number", true, card(&before));
    story.step(
        "both receivers see its last four digits only",
        true,
        [&for_globex, &for_initech].iter().all(|it| kept(it) && !card(it)),
    );
    story.step("Globex sees no e-mail address", true, for_globex.contains("(e-mail)"));
    story.step("Initech sees a token in its place", true, for_initech.contains("tok_"));
    let signed = receivers.received("globex").iter().all(|it| it.verified == Some(true));
    story.step("Globex verified the delivery's signature", true, signed);
    let statuses: Vec<_> = receivers.received("initech").iter().map(|it| it.status.to_string()).collect();
    story.step("Initech's server answered", "503, 503, 200", statuses.join(", "));
    let mut keys: Vec<_> = receivers.received("initech").into_iter().map(|it| it.key).collect();
    keys.dedup();
    story.step("under one idempotency key", 1, keys.len());
    Ok(transfer)
}

/// A file that breaks a rule.
pub(super) async fn rejected(root: &Path, cast: &Cast, receivers: &Receivers, story: &mut Story) -> Result<()> {
    story.scene("seattle-weather.csv from Initech to Globex: rejected, with rule, line and column");
    let file = read(root, "seattle-weather.csv")?;
    let transfer = send(&cast.initech, "seattle-weather.csv", "text/csv", &["globex"], &file).await?;
    let seen = settled(&cast.operator, &transfer).await?;
    story.step("the transfer is", "REJECTED", text(&seen["state"]));
    let finding = &seen["decision"]["findings"][0];
    story.say(&format!("   {}: {}", text(&finding["rule"]), text(&finding["message"])));
    story.step("the first finding's rule is", "weather-columns/cell-enumeration", text(&finding["rule"]));
    let place = format!("line {} column {}", finding["place"]["line"], finding["place"]["column"]);
    story.step("at", "line 2 column 29", place);
    let sent = receivers.received("globex").len();
    story.step("nothing of it left: Globex has received so far", 1, sent);
    let told =
        until("Initech's webhook", async || Ok(receivers.received("initech-webhook").into_iter().find(is_rejection)))
            .await?;
    story.step("Initech was told by webhook, and verified its signature", "true", told.verified == Some(true));
    Ok(())
}

fn is_rejection(it: &crate::receiver::Received) -> bool {
    String::from_utf8_lossy(&it.bytes).contains("transfer.rejected")
}

/// The same invoice twice: the second waits for a person.
pub(super) async fn held_and_released(root: &Path, cast: &Cast, story: &mut Story) -> Result<()> {
    story.scene("01.01a-INVOICE_ubl.xml from Acme to Globex, twice: the second is held, a person releases it");
    let file = read(root, "01.01a-INVOICE_ubl.xml")?;
    let name = "01.01a-INVOICE_ubl.xml";
    let first = send(&cast.acme, name, "application/xml", &["globex"], &file).await?;
    story.step("the first is", "FINISHED", text(&settled(&cast.operator, &first).await?["state"]));
    let second = send(&cast.acme, name, "application/xml", &["globex"], &file).await?;
    let held = settled(&cast.operator, &second).await?;
    story.step("the second is", "HELD", text(&held["state"]));
    story.say(&format!("   {}", text(&held["hold"]["explanation"])));
    let input = json!({ "id": second, "reason": "Acme confirmed by phone that it is a second order" });
    cast.operator
        .graphql(
            "mutation($input: DecideHoldInput!) { releaseHold(input: $input) { transfer { state } } }",
            json!({ "input": input }),
        )
        .await?;
    story.step(
        "after the operator released it, it is",
        "FINISHED",
        text(&settled(&cast.operator, &second).await?["state"]),
    );
    Ok(())
}

/// Two files of other kinds: JSON judged by a schema, and a photo that a rule sends to one archive.
pub(super) async fn routed_by_type(root: &Path, cast: &Cast, story: &mut Story) -> Result<()> {
    story.scene("forge-push.json and Issue-508.jpg: a schema judges one, a rule routes the other");
    let file = read(root, "forge-push.json")?;
    let transfer = send(&cast.acme, "forge-push.json", "application/json", &["globex"], &file).await?;
    story.step("the JSON event is", "FINISHED", text(&settled(&cast.operator, &transfer).await?["state"]));
    let file = read(root, "Issue-508.jpg")?;
    let transfer = send(&cast.acme, "Issue-508.jpg", "image/jpeg", &["globex", "initech"], &file).await?;
    let seen = settled(&cast.operator, &transfer).await?;
    let consignments = seen["consignments"].as_array().cloned().unwrap_or_default();
    let went: Vec<_> = consignments
        .iter()
        .flat_map(|it| it["deliveries"].as_array().cloned().unwrap_or_default().into_iter().map(move |d| (it, d)))
        .map(|(it, delivery)| format!("{}/{}", text(&it["receiver"]["slug"]), text(&delivery["destination"]["name"])))
        .collect();
    story.step("the photo went to", "initech/archive", went.join(", "));
    Ok(())
}

/// Announces and uploads a file; gives the transfer's id.
async fn send(client: &Client, name: &str, media_type: &str, to: &[&str], file: &Bytes) -> Result<String> {
    let input = json!({ "to": to, "fileName": name, "mediaType": media_type, "size": file.len() });
    let created = client
        .graphql(
            "mutation($input: CreateTransferInput!) { createTransfer(input: $input) { transfer { id } uploadUrl } }",
            json!({ "input": input }),
        )
        .await?;
    let created = &created["createTransfer"];
    client.upload(created["uploadUrl"].as_str().context("no upload URL")?, file.clone()).await?;
    Ok(text(&created["transfer"]["id"]))
}

/// Waits until a transfer neither waits for a host nor is under way.
async fn settled(client: &Client, id: &str) -> Result<Value> {
    until("a transfer to settle", async || {
        let seen = client.graphql(LOOK, json!({ "id": id })).await?["transfer"].take();
        let state = text(&seen["state"]);
        Ok((!["ANNOUNCED", "RECEIVED", "ACCEPTED"].contains(&state.as_str())).then_some(seen))
    })
    .await
}

fn newest(receivers: &Receivers, who: &str) -> Result<Bytes> {
    receivers.received(who).pop().map(|it| it.bytes).with_context(|| format!("nothing came to {who}"))
}

fn line(file: &Bytes, index: usize) -> String {
    String::from_utf8_lossy(file).lines().nth(index).unwrap_or_default().to_owned()
}

fn read(root: &Path, name: &str) -> Result<Bytes> {
    let path = root.join("xtask/demo/data").join(name);
    Ok(std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?.into())
}

/// A JSON string without its quotes, or the value as it is written.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
