//! What the sandbox costs: ratios against the same code native, against no limits, and against Extism, in one run.
//!
//! `cargo xtask bench sandbox` builds the guests and runs it. Times are noisy, so nothing here is a test: rounds are
//! interleaved, each ratio is one of medians, and what was measured is printed beside it.

mod bare;
mod limits;
mod native;
mod packed;
mod payload;
mod report;
mod rounds;
mod stage;
mod typed;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand, ValueEnum};

use report::Report;

#[derive(Debug, Parser)]
#[command(about = "What the sandbox costs, as ratios")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measures and prints each ratio
    Run {
        /// Where the components of the shipped plugins are
        #[arg(long)]
        plugins: PathBuf,
        /// Where the guests of this measurement are
        #[arg(long)]
        guests: PathBuf,
        /// The CSV file whose records of about 1 KiB are masked
        #[arg(long)]
        csv: PathBuf,
        /// One with short records, a value to mask in each
        #[arg(long)]
        short_csv: PathBuf,
        /// How many rounds each side runs
        #[arg(long, default_value_t = 31)]
        rounds: usize,
        /// Only what is named so
        #[arg(long)]
        only: Option<Subject>,
        /// Fails when an aim is missed
        #[arg(long)]
        strict: bool,
    },
    /// Compiles a component from standard input to standard output, as the sandbox's child
    #[command(hide = true)]
    Compile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Subject {
    Packed,
    Limits,
    Typed,
}

fn main() -> anyhow::Result<ExitCode> {
    match Args::parse().command {
        Command::Compile => {
            lockgate_sandbox::compile_main(io::stdin().lock(), io::stdout().lock())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Run { plugins, guests, csv, short_csv, rounds, only, strict } => {
            let read = |path: PathBuf| std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()));
            let mask_pii = read(plugins.join("mask-pii.wasm"))?;
            let echo = read(guests.join("echo.wasm"))?;
            let extism_echo = read(guests.join("extism-echo.wasm"))?;
            let files = [read(csv)?, read(short_csv)?];
            let mut report = Report::default();
            let wanted = |subject| only.is_none_or(|only| only == subject);
            if wanted(Subject::Packed) {
                packed::measure(&mut report, &mask_pii, &files, rounds)?;
            }
            if wanted(Subject::Limits) {
                limits::measure(&mut report, &mask_pii, &files, rounds)?;
            }
            if wanted(Subject::Typed) {
                typed::measure(&mut report, &echo, &extism_echo, rounds)?;
            }
            report.print()?;
            Ok(if strict && report.missed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
        }
    }
}
