//! `cargo xtask prove`: the promises that need minutes of a whole gate: nothing lost under chaos or by a redrive, memory
//! bounded, uploads that go on over a line that breaks, pages that people see.

mod chaos;
mod memory;
mod pages;
mod redrive;
mod uploads;

use std::path::Path;

use anyhow::{Result, bail};
use clap::{Parser, ValueEnum};
use lockgate_devservices::Options;

use crate::guests;
use crate::stage::{Plot, Stage};
use crate::story::Story;

#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// Which promise
    what: What,
    /// Prints `{"steps":[{"name","expected","seen","ok"}]}` at the end instead of the story
    #[arg(long)]
    json: bool,
    /// How many transfers chaos sends
    #[arg(long, default_value_t = 1_000)]
    transfers: usize,
    /// How often chaos kills a host
    #[arg(long, default_value_t = 20)]
    kills: usize,
    /// Where the randomness of chaos and uploads begins, to repeat a run
    #[arg(long)]
    seed: Option<u64>,
    /// How many deliveries redrive lets die and sends again
    #[arg(long, default_value_t = 5_000)]
    deliveries: usize,
    /// How many MiB the large upload has that memory and uploads send
    #[arg(long, default_value_t = 2_048)]
    mib: u64,
    /// How often uploads cuts the line
    #[arg(long, default_value_t = 50)]
    cuts: usize,
    /// Uploads: over how many connections at once, each with a part of the file
    #[arg(long, default_value_t = 1)]
    parallel: usize,
    /// Uploads: hosts that are not optimised, to try it
    #[arg(long)]
    unoptimised: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// Hosts die by `kill -9` and Kafka is wiped while transfers are under way: nothing is lost, doubled or judged twice
    Chaos,
    /// A large upload is masked: hosts need no more memory than for a small one
    Memory,
    /// tus-js-client sends a large file over a line that breaks, to two hosts of which one dies: nothing is lost or doubled
    Uploads,
    /// A person comes by secure URLs in Chromium; pictures are kept in `target/pages/shots`
    Pages,
    /// Dead letters are sent again, cancelled half-way, started once more, a host dies: each arrives once and in order
    Redrive,
}

pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    let mut story = Story::new(args.json);
    guests::build_all(root)?;
    tokio::runtime::Runtime::new()?.block_on(async {
        match args.what {
            What::Chaos => chaos::prove(root, args, &mut story).await,
            What::Pages => pages::prove(root, &mut story).await,
            What::Redrive => redrive::prove(root, args, &mut story).await,
            What::Memory => memory::prove(root, args.mib, &mut story).await,
            What::Uploads => uploads::prove(root, args, &mut story).await,
        }
    })?;
    story.end();
    if !story.as_expected() {
        bail!("not every step was as expected");
    }
    Ok(())
}

/// Two hosts on fresh services; memory is measured on optimised ones.
async fn stage(root: &Path, release: bool, story: &Story) -> Result<Stage> {
    let dir = std::env::temp_dir().join(format!("lockgate-proof-{}", std::process::id()));
    story.say("Starting Kafka, Postgres, S3 and two hosts ...");
    Stage::set(root, &dir, Plot { hosts: 2, services: Options::for_tests(), release, settings: vec![] }).await
}
