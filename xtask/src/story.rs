//! The story: what is told while it happens, and the steps that are checked.

use serde::Serialize;

/// Tells or keeps quiet, and remembers the steps.
#[derive(Debug)]
pub(crate) struct Story {
    quiet: bool,
    steps: Vec<Step>,
}

/// One thing that was expected, and what was seen.
#[derive(Debug, Serialize)]
struct Step {
    name: String,
    expected: String,
    seen: String,
    ok: bool,
}

impl Story {
    pub(crate) const fn new(quiet: bool) -> Self {
        Self { quiet, steps: vec![] }
    }

    /// Tells something.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            println!("{text}");
        }
    }

    /// Begins a scene.
    pub(crate) fn scene(&self, title: &str) {
        self.say(&format!("\n── {title}"));
    }

    /// Checks a step and tells how it went.
    pub(crate) fn step(&mut self, name: &str, expected: impl ToString, seen: impl ToString) {
        let (expected, seen) = (expected.to_string(), seen.to_string());
        let ok = expected == seen;
        let mark = if ok { "✓" } else { "✗" };
        let rest = if ok { seen.clone() } else { format!("{seen}   (expected {expected})") };
        self.say(&format!("   {mark} {name}: {rest}"));
        self.steps.push(Step { name: name.to_owned(), expected, seen, ok });
    }

    /// Whether all steps were as expected, and there were some.
    pub(crate) fn as_expected(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| step.ok)
    }

    /// Prints the steps as JSON, or the sum of them.
    pub(crate) fn end(&self) {
        if self.quiet {
            println!("{}", serde_json::json!({ "steps": self.steps }));
            return;
        }
        let ok = self.steps.iter().filter(|step| step.ok).count();
        println!("\n{ok} of {} steps as expected.", self.steps.len());
    }
}
