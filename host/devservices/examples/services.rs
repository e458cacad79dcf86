//! Starts the services by hand: prints their endpoints as JSON and stops them at Ctrl-C.
//!
//! `cargo run -p lockgate-devservices --example services -- [--test] [--data-dir DIR]
//! [--cache-dir DIR] [--only kafka,postgres,s3] [--write FILE]`

use std::io::Write;
use std::process::ExitCode;

use lockgate_devservices::{Options, Progress, Service, Services};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed standard error changes nothing about the failure.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = Options::new(".lockgate");
    let mut write = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--test" => {
                let test = Options::for_tests().with_secured_kafka();
                options = Options { cache_dir: options.cache_dir, progress: Progress::terminal(), ..test };
            }
            "--data-dir" => options.data_dir = value()?.into(),
            "--cache-dir" => options.cache_dir = value()?.into(),
            "--only" => options.wanted = value()?.split(',').map(named).collect::<Result<_, _>>()?,
            "--write" => write = Some(value()?),
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let services = Services::start(options).await?;
    let endpoints = serde_json::to_string(services.endpoints())?;
    let pids = Service::ALL.map(|service| services.pid(service));
    if let Some(file) = write {
        std::fs::write(file, &endpoints)?;
    }
    let mut out = std::io::stdout();
    writeln!(out, "{endpoints}")?;
    writeln!(out, "{}", serde_json::to_string(&pids)?)?;
    out.flush()?;
    tokio::select! {
        done = tokio::signal::ctrl_c() => done?,
        _ = terminate.recv() => {}
    }
    services.stop().await;
    Ok(())
}

fn named(name: &str) -> Result<Service, String> {
    serde_json::from_value(name.into()).map_err(|_| format!("{name} is none of kafka, postgres, s3"))
}
