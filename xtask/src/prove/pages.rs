//! Pages: a person without an account comes by secure URLs with a real browser, which keeps a picture of each page.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use axum::body::Bytes;
use hyper::Method;
use serde_json::{Value, json};

use super::stage;
use crate::client::Client;
use crate::operator::Operator;
use crate::shell::{program, target_dir};
use crate::story::Story;
use crate::wait::until_within;

const NAME: &str = "Q3 \u{201c}final\u{201d} \u{2013} r\u{e9}sum\u{e9}.csv";
const TEXT: &str = "number;total\r\n1;2.50\r\n";
const PASSPHRASE: &str = "correct horse battery staple";

pub(super) async fn prove(root: &Path, story: &mut Story) -> Result<()> {
    let (browser, home) = (chromium(root)?, scripts(root)?);
    let shots = target_dir(root).join("pages/shots");
    std::fs::create_dir_all(&shots).with_context(|| format!("{} cannot be made", shots.display()))?;
    let stage = stage(root, false, story).await?;
    let operator = Operator(stage.client("operator", "")?);
    operator.partner("acme", "Acme Corporation", "NOTE").await?;
    operator.partner("globex", "Globex <script>alert(1)</script>", "NOTE").await?;
    operator.agreement("acme", "globex").await?;
    let acme = stage.client("partner", "acme")?;
    let file = home.join(NAME);
    std::fs::write(&file, TEXT).with_context(|| format!("{} cannot be written", file.display()))?;
    let transfer = send(&acme).await?;
    let digest = digest(&acme, &transfer).await?;

    let ended = download(&acme, &transfer, json!({ "lifetimeSeconds": 60 })).await?;
    let valid = download(&acme, &transfer, json!({})).await?;
    let guarded = download(&acme, &transfer, json!({ "passphrase": PASSPHRASE })).await?;
    let upload = made(&acme, "createUploadUrl", "CreateUploadUrlInput", json!({ "receivers": ["globex"] })).await?;
    story.say("Waiting for the short-lived URL to expire ...");
    until_within(90, "the end of a URL", async || {
        let list = acme.graphql("{ secureUrls { nodes { state } } }", json!({})).await?;
        let nodes = list["secureUrls"]["nodes"].as_array().context("no list")?;
        Ok(nodes.iter().any(|it| it["state"] == "EXPIRED").then_some(()))
    })
    .await?;

    story.say("Visiting the pages with Chromium ...");
    let visited = Command::new("node")
        .arg("visit.mjs")
        .current_dir(&home)
        .env("CHROMIUM", browser)
        .env("SHOTS", &shots)
        .env("DOWNLOAD", valid)
        .env("GUARDED", guarded)
        .env("PASSPHRASE", PASSPHRASE)
        .env("ENDED", ended)
        .env("UPLOAD", upload)
        .env("FILE", &file)
        .stderr(Stdio::inherit())
        .output()
        .context("node did not start")?;
    ensure!(visited.status.success(), "the visit ended early: {}", visited.status);
    let seen: Value = serde_json::from_slice(&visited.stdout).context("the visitor said something odd")?;
    judge(&seen, &digest, story);
    let query = "{ transfers(first: 2) { nodes { fileName sender { slug } receivers { slug } } } }";
    let list = acme.graphql(query, json!({})).await?;
    let newest = &list["transfers"]["nodes"][0];
    story.step("the file that was handed in is a transfer of Acme's", json!("acme"), &newest["sender"]["slug"]);
    story.step("under its own name", json!(NAME), &newest["fileName"]);
    story.say(&format!("The pictures are in {}", shots.display()));
    stage.strike().await;
    Ok(())
}

fn judge(seen: &Value, digest: &str, story: &mut Story) {
    let says = |what: &Value, part: &str| what.as_str().is_some_and(|it| it.contains(part));
    for part in [NAME, "22 bytes", "Acme Corporation", "once more"] {
        story.step(&format!("the page tells `{part}`"), true, says(&seen["valid"], part));
    }
    story.step("the button fetches the very bytes", digest, seen["file"]["digest"].as_str().unwrap_or("nothing"));
    story.step("under their name", NAME, seen["file"]["name"].as_str().unwrap_or("nothing"));
    story.step(
        "afterwards the page says that it was used up",
        true,
        says(&seen["usedUp"], "used as often as it may be"),
    );
    story.step("a wrong passphrase is told so", true, says(&seen["wrong"], "That is not the passphrase"));
    story.step("the right one fetches", digest, seen["guarded"]["digest"].as_str().unwrap_or("nothing"));
    story.step("an expired URL answers", 410, &seen["ended"]["status"]);
    story.step("and its page says when it expired", true, says(&seen["ended"]["text"], "it expired at 20"));
    story.step("a file is handed in by the form", true, says(&seen["arrived"], "The file has arrived"));
    story.step("with a reference to ask about", true, says(&seen["arrived"], "trf_"));
    story.step("what the browser complained about", "[]", &seen["complaints"]);
    story.step("requests to anywhere else", "[]", &seen["elsewhere"]);
}

async fn send(acme: &Client) -> Result<String> {
    let name: String = url::form_urlencoded::byte_serialize(NAME.as_bytes()).collect();
    let path = format!("/transfers?to=globex&filename={name}");
    let headers = [("content-type", "text/csv")];
    let (status, answer) = acme.send(Method::POST, &path, &headers, Bytes::from_static(TEXT.as_bytes())).await?;
    ensure!(status.is_success(), "POST {path} answered {status}: {}", String::from_utf8_lossy(&answer));
    let answer: Value = serde_json::from_slice(&answer)?;
    Ok(answer["transfer"].as_str().context("no transfer")?.to_owned())
}

async fn digest(acme: &Client, transfer: &str) -> Result<String> {
    let query = "query($id: ID!) { transfer(id: $id) { source { digest } } }";
    let found = acme.graphql(query, json!({ "id": transfer })).await?;
    Ok(found["transfer"]["source"]["digest"].as_str().context("no digest")?.to_owned())
}

async fn download(acme: &Client, transfer: &str, terms: Value) -> Result<String> {
    let input = json!({ "transfer": transfer, "terms": terms });
    made(acme, "createDownloadUrl", "CreateDownloadUrlInput", input).await
}

async fn made(acme: &Client, mutation: &str, kind: &str, input: Value) -> Result<String> {
    let query = format!("mutation($input: {kind}!) {{ {mutation}(input: $input) {{ url }} }}");
    let made = acme.graphql(&query, json!({ "input": input })).await?;
    Ok(made[mutation]["url"].as_str().context("no URL")?.to_owned())
}

/// Installs the browser's driver as its lockfile says, in the target folder.
fn scripts(root: &Path) -> Result<PathBuf> {
    let home = target_dir(root).join("pages");
    std::fs::create_dir_all(&home).with_context(|| format!("{} cannot be made", home.display()))?;
    for name in ["package.json", "package-lock.json", "visit.mjs"] {
        std::fs::copy(root.join("xtask/pages").join(name), home.join(name)).with_context(|| format!("no {name}"))?;
    }
    let folder = home.display().to_string();
    program(root, "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"])
        .args(&[folder])
        .run("npm did not install playwright-core; Node 18 or newer is needed")?;
    Ok(home)
}

/// The browser that is named or there; on Debian it is installed.
fn chromium(root: &Path) -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Ok(named.into());
    }
    let usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].map(PathBuf::from);
    let found = || usual.iter().find(|it| it.exists()).cloned();
    if found().is_none() {
        program(root, "apt-get", ["install", "--yes", "--no-install-recommends", "chromium"])
            .run("Chromium is not there and was not installed: install it, or name it in CHROMIUM")?;
    }
    match found() {
        Some(browser) => Ok(browser),
        None => bail!("Chromium was installed but is not where it usually is: name it in CHROMIUM"),
    }
}
