//! `cargo xtask bench`: what the sandbox costs against its peers, how long a small transfer takes from end to end, and what
//! a thousand webhooks do to each other.

mod end_to_end;
mod load;
mod percentiles;
mod webhooks;

use std::path::Path;

use anyhow::Result;
use clap::ValueEnum;

use crate::guests;
use crate::shell::{cargo, target_dir};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only this part
    part: Option<Part>,
    /// Ends with a failure when an aim is missed
    #[arg(long)]
    strict: bool,
    /// End to end: transfers a second
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// End to end: for how many seconds
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// End to end: how many hosts
    #[arg(long, default_value_t = 1)]
    hosts: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Ratios of the sandbox, in one process
    Sandbox,
    /// Small transfers through real services and hosts
    EndToEnd,
    /// A thousand webhooks, some of them in trouble
    Webhooks,
}

pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    let wanted = |part| args.part.is_none_or(|it| it == part);
    if wanted(Part::Sandbox) {
        sandbox(root, args)?;
    }
    if wanted(Part::EndToEnd) {
        optimised(root, args, "end-to-end", end_to_end::run)?;
    }
    if wanted(Part::Webhooks) {
        optimised(root, args, "webhooks", webhooks::run)?;
    }
    Ok(())
}

/// Builds the guests and runs the crate `bench`, which is no member of the workspace.
fn sandbox(root: &Path, args: &Args) -> Result<()> {
    println!("Building the guests and the measurement (a second wasmtime: minutes the first time) ...");
    guests::build(root, &["mask-pii".to_owned()])?;
    let bench = root.join("bench");
    let out = target_dir(root).join("bench/guests");
    let echo = guests::build_elsewhere(&bench, &bench.join("guests/echo"), &out)?;
    guests::build_module(&bench, "extism-echo", &out)?;
    let folder = |path: &Path| path.display().to_string();
    let mut arguments = vec![
        "--manifest-path".to_owned(),
        folder(&bench.join("Cargo.toml")),
        "--target-dir".to_owned(),
        folder(&target_dir(root).join("bench")),
        "--".to_owned(),
        "run".to_owned(),
        format!("--plugins={}", folder(&root.join("target/guests"))),
        format!("--guests={}", folder(echo.parent().unwrap_or(&out))),
        format!("--csv={}", folder(&bench.join("data/support-cases.csv"))),
        format!("--short-csv={}", folder(&root.join("xtask/demo/data/support-requests.csv"))),
    ];
    arguments.extend(args.strict.then(|| "--strict".to_owned()));
    cargo(root, ["run", "--quiet", "--release"]).args(&arguments).run("the sandbox was not measured, or missed an aim")
}

/// Whoever makes the load must not be slower than what is measured, and the S3 of the run lives in this very program: so
/// an unoptimised one hands over to an optimised one.
fn optimised(root: &Path, args: &Args, part: &str, run: fn(&Path, &Args) -> Result<()>) -> Result<()> {
    if !cfg!(debug_assertions) {
        return run(root, args);
    }
    println!("Building the hosts and this program optimised (minutes the first time) ...");
    let mut arguments = vec![format!("--rate={}", args.rate), format!("--seconds={}", args.seconds)];
    arguments.push(format!("--hosts={}", args.hosts));
    arguments.extend(args.strict.then(|| "--strict".to_owned()));
    cargo(root, ["run", "--quiet", "--release", "--bin", "xtask", "--", "bench", part])
        .args(&arguments)
        .run("it was not measured, or missed an aim")
}
