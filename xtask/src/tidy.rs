//! `cargo xtask tidy`: the rules of the house that no compiler checks, and the size of the files.

mod imports;
mod layout;
mod size;
mod text;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Something that breaks a rule: where, and what to do about it.
#[derive(Debug)]
struct Complaint {
    place: String,
    rule: String,
}

/// A tracked text file.
#[derive(Debug)]
struct SourceFile {
    path: PathBuf,
    text: String,
}

impl SourceFile {
    fn is_rust(&self) -> bool {
        self.path.extension().is_some_and(|it| it == "rs")
    }

    fn is_test(&self) -> bool {
        self.path.components().any(|it| it.as_os_str() == "tests") || self.path.ends_with("tests.rs")
    }

    fn complaint(&self, line: usize, rule: impl Into<String>) -> Complaint {
        Complaint { place: format!("{}:{line}", self.path.display()), rule: rule.into() }
    }
}

/// Checks the tree and prints the size of its Rust files.
pub(crate) fn run(root: &Path) -> Result<()> {
    let files = tracked(root)?;
    let mut complaints = imports::check(root)?;
    complaints.extend(layout::check(root, &files));
    complaints.extend(text::check(&files));
    complaints.extend(size::check(&files));
    println!("{}", size::summary(&files));
    for complaint in &complaints {
        println!("{}: {}", complaint.place, complaint.rule);
    }
    if !complaints.is_empty() {
        bail!("{} places are untidy", complaints.len());
    }
    println!("tidy: imports, layout, text and sizes are as agreed");
    Ok(())
}

/// The text files that git tracks or would track.
fn tracked(root: &Path) -> Result<Vec<SourceFile>> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root)
        .output()
        .context("`git ls-files` did not run: is git installed?")?;
    let names = String::from_utf8(output.stdout).context("git printed a file name that is not UTF-8")?;
    Ok(names
        .split('\0')
        .filter(|name| !name.is_empty())
        .filter_map(|name| {
            let text = std::fs::read_to_string(root.join(name)).ok()?;
            Some(SourceFile { path: PathBuf::from(name), text })
        })
        .collect())
}
