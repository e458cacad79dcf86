//! `cargo xtask demo`: the main job on real input, with nothing prepared, told as it happens.

mod cast;
mod scenes;

use std::path::Path;

use anyhow::{Result, bail};
use clap::Parser;
use lockgate_devservices::{Options, Progress};

use crate::guests;
use crate::stage::{Plot, Stage};
use crate::story::Story;
use crate::trail::Trail;

#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// Ends after the story, with status 0 if everything was as expected and 1 otherwise
    #[arg(long)]
    exit: bool,
    /// Prints `{"steps":[{"name","expected","seen","ok"}]}` at the end instead of the story
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    let mut story = Story::new(args.json);
    story.say("Building the plugins and the host (minutes the first time, nothing later) ...");
    guests::build_all(root)?;
    let as_expected = tokio::runtime::Runtime::new()?.block_on(play(root, args, &mut story))?;
    if !as_expected {
        bail!("not every step was as expected");
    }
    Ok(())
}

async fn play(root: &Path, args: &Args, story: &mut Story) -> Result<bool> {
    let trail = Trail::start().await?;
    let dir = tempdir()?;
    let services = Options { progress: progress(args.json), ..Options::for_tests() };
    story.say("Starting Kafka, Postgres, S3 and two hosts ...");
    let settings = vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", trail.endpoint.clone()),
        ("OTEL_BSP_SCHEDULE_DELAY", "500".to_owned()),
        ("LOCKGATE_RETRIES__DELIVERIES_SECONDS", "[1, 1, 2, 4]".to_owned()),
    ];
    let stage = Stage::set(root, &dir, Plot { hosts: 2, services, release: false, settings }).await?;
    let told = scenes::play(root, &stage, &trail, story).await;
    if let Err(error) = &told {
        story.say(&format!("\nThe story broke off: {error:#}\nThe hosts' logs are in {}", dir.display()));
    }
    story.end();
    if told.is_ok() && !args.exit {
        scenes::how_to_look_further(&stage, story)?;
        tokio::signal::ctrl_c().await?;
    }
    stage.strike().await;
    told.map(|()| story.as_expected())
}

fn progress(json: bool) -> Progress {
    if json { Progress::silent() } else { Progress::terminal() }
}

/// Where the hosts of this demo keep logs and compiled plugins.
fn tempdir() -> Result<std::path::PathBuf> {
    let dir = std::env::temp_dir().join(format!("lockgate-demo-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    Ok(dir)
}
