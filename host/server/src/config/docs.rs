//! Turns the commented default file into the page `docs/configuration.md`, so that the two never differ.

use std::fmt::Write as _;

use super::load::DEFAULTS;

/// The page as Markdown.
pub(crate) fn markdown() -> String {
    let mut page = String::from(
        "# Configuration\n\n\
         This page is generated from `host/server/lockgate.default.toml` by `lockgate config docs`; edit that file.\n",
    );
    let mut comment: Vec<&str> = vec![];
    let mut table = String::new();
    let mut heading_open = false;
    for line in DEFAULTS.lines() {
        if let Some(text) = line.strip_prefix("# ") {
            comment.push(text);
        } else if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            table = format!("{name}.");
            let _ = writeln!(page, "\n## {name}");
            if !comment.is_empty() {
                let _ = writeln!(page, "\n{}", comment.join(" "));
            }
            comment.clear();
            heading_open = false;
        } else if let Some((key, value)) = line.split_once(" = ") {
            if !heading_open {
                page.push_str("\n| Key | Default | Meaning |\n|---|---|---|\n");
                heading_open = true;
            }
            let variable = format!("{table}{key}").to_uppercase().replace('.', "__");
            let _ = writeln!(
                page,
                "| `{table}{key}`<br>`LOCKGATE_{variable}` | `{value}` | {} |",
                comment.join(" ").replace('|', "\\|")
            );
            comment.clear();
        } else if !comment.is_empty() {
            let _ = writeln!(page, "\n{}", comment.join(" "));
            comment.clear();
        }
    }
    page
}
