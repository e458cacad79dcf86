//! Memory: a large upload passes the masker while the hosts stay as small as for little ones.
//!
//! A peak is the highest of many moments, so it is compared over as many: the same bytes in little uploads, one after
//! the other, and in one.

use std::path::Path;

use anyhow::{Context, Result, bail};
use axum::body::Bytes;
use serde_json::{Value, json};

use super::stage;
use crate::client::Client;
use crate::operator::Operator;
use crate::story::Story;
use crate::wait::until_within;

const MIB: u64 = 1024 * 1024;
/// The little upload, and the piece in which both are sent.
const LITTLE: u64 = 256;
const PIECE: u64 = 16;
/// What a host may need, in MiB.
const BOUND: u64 = 300;
const ARCHIVE: &str = "globex-archive";

pub(super) async fn prove(root: &Path, mib: u64, story: &mut Story) -> Result<()> {
    let little = peaks(root, LITTLE, mib.div_ceil(LITTLE), story).await?;
    let large = peaks(root, mib, 1, story).await?;
    let most = large.iter().copied().max().unwrap_or_default();
    let bound = little.iter().copied().max().unwrap_or_default() * 11 / 10;
    story.say(&format!(
        "   peak resident memory of each host: {little:?} MiB for {LITTLE} MiB, {large:?} MiB for {mib} MiB"
    ));
    story.step(&format!("each host stays under {BOUND} MiB"), true, most < BOUND);
    story.step(&format!("and under {bound} MiB, a tenth more than for {LITTLE} MiB"), true, most <= bound);
    Ok(())
}

/// Sends a file of that many MiB through fresh hosts, so many times in a row; gives the peak resident memory of each, in MiB.
async fn peaks(root: &Path, mib: u64, times: u64, story: &mut Story) -> Result<Vec<u64>> {
    let stage = stage(root, true, story).await?;
    stage.services.make_bucket(ARCHIVE)?;
    let operator = Operator(stage.client("operator", "")?);
    operator.partner("acme", "Acme", "NOTE").await?;
    operator.partner("globex", "Globex", "NOTE").await?;
    operator.agreement("acme", "globex").await?;
    operator.destination("globex", "archive", json!({ "s3": { "bucket": ARCHIVE } })).await?;
    let plugin = operator.plugin(root, "mask-pii").await?;
    let policy = json!([{
        "name": "cards", "hook": "MASK", "plugin": plugin, "framing": { "kind": "CSV" },
        "grants": [{ "capability": "DETECT" }, { "capability": "TOKENIZE" }],
        "settings": { "kinds": {
            "card": { "action": "keep-last", "count": 4 }, "email": { "action": "replace", "with": "(e-mail)" },
        } },
    }]);
    operator.policy("acme", "INBOUND", &policy).await?;
    let acme = stage.client("partner", "acme")?;
    story.say(&format!("Sending {mib} MiB of card numbers and addresses, {times} times ..."));
    let mut finished = 0;
    for number in 0..times {
        let transfer = send(root, &acme, number, mib).await?;
        let seen = settled(&operator.0, &transfer).await?;
        finished += u64::from(seen["state"] == "FINISHED");
        if number == 0 {
            let outcome = &seen["decision"]["outcomes"][0];
            story.say(&format!("   {} records, {} edits", outcome["records"], outcome["edits"]));
        }
    }
    story.step(&format!("transfers of {mib} MiB that were masked and delivered"), times, finished);
    let peaks = stage.hosts.iter().map(peak).collect();
    stage.strike().await;
    peaks
}

async fn settled(operator: &Client, transfer: &str) -> Result<Value> {
    let query = "query($id: ID!) { transfer(id: $id) { state decision { outcomes { records edits } } } }";
    until_within(1_800, "a large transfer", async || {
        let seen = operator.graphql(query, json!({ "id": transfer })).await?["transfer"].take();
        let under_way = ["ANNOUNCED", "RECEIVED", "ACCEPTED"].iter().any(|state| seen["state"] == *state);
        Ok((!under_way).then_some(seen))
    })
    .await
}

/// Sends real lines again and again, by tus in pieces; gives the transfer's id.
async fn send(root: &Path, client: &Client, number: u64, mib: u64) -> Result<String> {
    let data = std::fs::read(root.join("xtask/demo/data/support-requests.csv")).context("the demo's data")?;
    let end = data.iter().position(|byte| *byte == b'\n').context("a header line")? + 1;
    let (header, lines) = data.split_at(end);
    let mut piece = header.to_vec();
    let size = PIECE * MIB;
    while (piece.len() + lines.len()) as u64 <= size {
        piece.extend_from_slice(lines);
    }
    let first = Bytes::from(piece);
    let next = first.slice(header.len()..);
    let pieces = mib / PIECE;
    let total = first.len() as u64 + (pieces - 1) * next.len() as u64;
    let input =
        json!({ "to": ["globex"], "fileName": format!("large-{number}.csv"), "mediaType": "text/csv", "size": total });
    let mutation =
        "mutation($input: CreateTransferInput!) { createTransfer(input: $input) { transfer { id } uploadUrl } }";
    let created = client.graphql(mutation, json!({ "input": input })).await?;
    let created = &created["createTransfer"];
    let url = created["uploadUrl"].as_str().context("no upload URL")?;
    client.append(url, 0, first.clone()).await?;
    let mut offset = first.len() as u64;
    while offset < total {
        client.append(url, offset, next.clone()).await?;
        offset += next.len() as u64;
    }
    Ok(created["transfer"]["id"].as_str().context("a transfer has an id")?.to_owned())
}

/// The kernel's high-water mark of resident memory.
pub(super) fn peak(host: &crate::stage::Host) -> Result<u64> {
    let pid = host.pid().context("the host does not run")?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("this proof needs Linux")?;
    let Some(line) = status.lines().find(|line| line.starts_with("VmHWM:")) else { bail!("no VmHWM in /proc") };
    let kib: u64 = line.split_whitespace().nth(1).context("VmHWM has a value")?.parse()?;
    Ok(kib / 1024)
}
