//! `cargo xtask bench`: what the gate costs against what it is made of, how long a small transfer takes from end to end, and
//! what a thousand webhooks do to each other.

mod api;
mod end_to_end;
mod load;
mod percentiles;
mod plain;
mod ratio;
mod uploads;
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
    /// Uploads: how many MiB each has, one measurement after the other
    #[arg(long, value_delimiter = ',', default_values_t = [256, 1_024])]
    mib: Vec<u64>,
    /// Uploads and API: how often each is measured, in turns with what it is compared with
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// API: how many clients announce transfers at the same time, one measurement after the other
    #[arg(long, value_delimiter = ',', default_values_t = [1, 4, 16])]
    clients: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Ratios of the sandbox, in one process
    Sandbox,
    /// Small transfers through real services and hosts
    EndToEnd,
    /// Large uploads into a host, against the connection, the digest and the S3 server alone
    Uploads,
    /// Lists against the same statements in a plain handler, announcements against single inserts, and latency under load
    Api,
    /// A thousand webhooks, some of them in trouble
    Webhooks,
}

impl Part {
    const ALL: [Self; 5] = [Self::Sandbox, Self::EndToEnd, Self::Uploads, Self::Api, Self::Webhooks];
}

pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    for part in Part::ALL {
        if args.part.is_none_or(|wanted| wanted == part) {
            match part {
                Part::Sandbox => sandbox(root, args)?,
                _ => optimised(root, args, part)?,
            }
        }
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
fn optimised(root: &Path, args: &Args, part: Part) -> Result<()> {
    if !cfg!(debug_assertions) {
        return match part {
            Part::Sandbox => sandbox(root, args),
            Part::EndToEnd => end_to_end::run(root, args),
            Part::Uploads => uploads::run(root, args),
            Part::Api => api::run(root, args),
            Part::Webhooks => webhooks::run(root, args),
        };
    }
    println!("Building the hosts and this program optimised (minutes the first time) ...");
    let name = part.to_possible_value().map(|it| it.get_name().to_owned()).unwrap_or_default();
    let list = |of: Vec<String>| of.join(",");
    let mut arguments = vec![
        name,
        format!("--rate={}", args.rate),
        format!("--seconds={}", args.seconds),
        format!("--hosts={}", args.hosts),
        format!("--mib={}", list(args.mib.iter().map(u64::to_string).collect())),
        format!("--rounds={}", args.rounds),
        format!("--clients={}", list(args.clients.iter().map(usize::to_string).collect())),
    ];
    arguments.extend(args.strict.then(|| "--strict".to_owned()));
    cargo(root, ["run", "--quiet", "--release", "--bin", "xtask", "--", "bench"])
        .args(&arguments)
        .run("it was not measured, or missed an aim")
}
