//! The command line: reads what is wanted, hands it to the command, says how it ended.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::command::{config, dev, migrate, schema, serve, token, transfer, webhook};
use crate::config::Sources;
use crate::output;

/// A programmable gate for business-to-business transfers
#[derive(Debug, Parser)]
#[command(name = "lockgate", version, max_term_width = 110)]
struct Cli {
    #[command(flatten)]
    sources: Sources,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run one host against the configured Kafka, Postgres and S3
    Serve,
    /// Start local Kafka, Postgres and S3 where none are configured, migrate, and run a host
    Dev(dev::Dev),
    /// Bring the database to the schema of this binary
    Migrate(migrate::Migrate),
    /// Show the settings in effect, with secrets hidden
    #[command(subcommand)]
    Config(config::ConfigVerb),
    /// Make a token with the development issuer
    Token(token::Token),
    /// Send, list and follow transfers
    #[command(subcommand)]
    Transfer(transfer::TransferVerb),
    /// Receive webhooks by hand, and make their keys
    #[command(subcommand)]
    Webhook(webhook::WebhookVerb),
    /// Print the GraphQL schema
    Schema(schema::Schema),
    /// Compile a component read from standard input (used by the host for itself)
    #[command(hide = true)]
    Compile,
}

/// Runs the command line.
pub(crate) fn main() -> ExitCode {
    // The compile child must stay small: nothing else is set up for it.
    if std::env::args_os().nth(1).is_some_and(|it| it == "compile") {
        return compile();
    }
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&anyhow::anyhow!("the async runtime cannot start: {error}")),
    };
    let outcome = runtime.block_on(run(cli));
    // What still runs now is nobody's: a blocking call into a library that does not come back.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<output::Closed>() => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let sources = &cli.sources;
    match cli.verb {
        Verb::Serve => serve::run(sources).await,
        Verb::Dev(dev) => dev.run(sources).await,
        Verb::Migrate(migrate) => migrate.run(sources).await,
        Verb::Config(verb) => verb.run(sources),
        Verb::Token(token) => token.run(sources).await,
        Verb::Transfer(verb) => verb.run(sources).await,
        Verb::Webhook(verb) => verb.run().await,
        Verb::Schema(schema) => schema.run(),
        Verb::Compile => unreachable_compile(),
    }
}

/// The compile child: its parent reads the first line of what it complains.
fn compile() -> ExitCode {
    match lockgate_sandbox::compile_main(std::io::stdin().lock(), std::io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error.into()),
    }
}

/// `compile` is taken before the command line is read; with flags in front of it, it is not.
fn unreachable_compile() -> anyhow::Result<()> {
    anyhow::bail!("`lockgate compile` takes no flags: call it as the first argument")
}

fn failed(error: &anyhow::Error) -> ExitCode {
    output::tell(format_args!("error: {error:#}"));
    ExitCode::FAILURE
}
