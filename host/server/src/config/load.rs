//! Reads the settings: defaults, then the file, then the environment, then flags.

use std::path::{Path, PathBuf};

use anyhow::Context;
use figment::Figment;
use figment::providers::{Env, Format, Toml};
use figment::value::{Dict, Map};
use figment::{Metadata, Profile, Provider};

use super::Config;

/// The documented defaults.
pub(super) const DEFAULTS: &str = include_str!("../../lockgate.default.toml");

/// Variables with our prefix that are not settings.
const OTHER_VARIABLES: [&str; 4] = ["config", "test_services", "token", "url"];

/// Where settings come from, besides the environment.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Sources {
    /// The settings file; without it LOCKGATE_CONFIG, or `lockgate.toml` of the working directory, if there is one
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Overrides one setting; may be repeated
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = assignment)]
    pub(crate) set: Vec<(String, String)>,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE, such as http.listen=127.0.0.1:8080")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

/// Reads the settings without checking what they mean. `beneath` lies between the defaults and the file.
pub(crate) fn load(sources: &Sources, beneath: &[(&str, String)]) -> anyhow::Result<Config> {
    let mut figment = Figment::from(named("lockgate.default.toml", DEFAULTS)?);
    for (key, value) in beneath {
        figment = figment.merge(flag("the development defaults", key, value)?);
    }
    let chosen = sources.config.clone().or_else(|| std::env::var_os("LOCKGATE_CONFIG").map(PathBuf::from));
    if let Some(path) = &chosen {
        figment = figment.merge(file(path)?);
    } else if Path::new("lockgate.toml").exists() {
        figment = figment.merge(file(Path::new("lockgate.toml"))?);
    }
    figment = figment.merge(Env::prefixed("LOCKGATE_").ignore(&OTHER_VARIABLES).split("__"));
    for (key, value) in &sources.set {
        figment = figment.merge(flag("the flag --set", key, value)?);
    }
    figment.extract().map_err(explained)
}

fn file(path: &Path) -> anyhow::Result<Named> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the settings file {} cannot be read", path.display()))?;
    named(&path.display().to_string(), &text)
}

/// One assignment; its value is read as TOML where it is TOML, and as text otherwise.
fn flag(source: &str, key: &str, value: &str) -> anyhow::Result<Named> {
    let quoted = || format!("{key} = {}", toml::Value::String(value.to_owned()));
    match named(source, &format!("{key} = {value}")) {
        Ok(assigned) => Ok(assigned),
        Err(_) => named(source, &quoted()),
    }
}

/// Every problem on a line of its own, with key and source.
fn explained(error: figment::Error) -> anyhow::Error {
    let lines: Vec<String> = error
        .into_iter()
        .map(|problem| {
            let source = problem.metadata.as_ref().map_or_else(|| "the settings".to_owned(), source_of);
            // Figment counts an unknown field among the path's elements only sometimes; the kind always names it.
            let mut path = problem.path.clone();
            if let figment::error::Kind::UnknownField(field, _) = &problem.kind
                && path.last() != Some(field)
            {
                path.push(field.clone());
            }
            format!("`{}` in {source}: {}", path.join("."), problem.kind)
        })
        .collect();
    anyhow::anyhow!("the settings are not usable\n  {}", lines.join("\n  "))
}

fn source_of(metadata: &Metadata) -> String {
    if metadata.name.contains("environment variable") {
        "the environment (LOCKGATE_*)".to_owned()
    } else {
        metadata.name.to_string()
    }
}

/// TOML under a name of our choice, so that errors say where a key came from.
struct Named {
    name: String,
    values: Map<Profile, Dict>,
}

fn named(name: &str, text: &str) -> anyhow::Result<Named> {
    let values = Toml::string(text).data().with_context(|| format!("{name} is not TOML"))?;
    Ok(Named { name: name.to_owned(), values })
}

impl Provider for Named {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(self.values.clone())
    }
}
