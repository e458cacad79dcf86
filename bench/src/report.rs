//! What is printed: one JSON line a ratio for programs, then a table for people.

use std::io::{self, Write};

use serde_json::json;

/// Which way an aim points.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Aim {
    AtMost(f64),
    AtLeast(f64),
}

/// One ratio.
#[derive(Debug)]
pub(crate) struct Ratio {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    /// Nanoseconds a unit on our side.
    pub(crate) ours: f64,
    /// The same on the other side.
    pub(crate) theirs: f64,
    pub(crate) ratio: f64,
    /// Absent where a figure only explains another.
    pub(crate) aim: Option<Aim>,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Ratio>);

impl Aim {
    fn is_met_by(self, ratio: f64) -> bool {
        match self {
            Self::AtMost(most) => ratio <= most,
            Self::AtLeast(least) => ratio >= least,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtMost(most) => format!("<= {most:.2}x"),
            Self::AtLeast(least) => format!(">= {least:.2}x"),
        }
    }
}

impl Report {
    /// How much longer a unit takes us.
    pub(crate) fn times_as_long(&mut self, name: &'static str, unit: &'static str, times: [f64; 2], aim: Option<Aim>) {
        let [ours, theirs] = times;
        self.0.push(Ratio { name, unit, ours, theirs, ratio: ours / theirs, aim });
    }

    /// How many more units we do in the same time.
    pub(crate) fn times_as_many(&mut self, name: &'static str, unit: &'static str, times: [f64; 2], aim: Option<Aim>) {
        let [ours, theirs] = times;
        self.0.push(Ratio { name, unit, ours, theirs, ratio: theirs / ours, aim });
    }

    /// Whether an aim was missed.
    pub(crate) fn missed(&self) -> bool {
        self.0.iter().any(|it| it.aim.is_some_and(|aim| !aim.is_met_by(it.ratio)))
    }

    pub(crate) fn print(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        for Ratio { name, unit, ours, theirs, ratio, aim } in &self.0 {
            let line = json!({
                "name": name, "unit": unit, "ours_ns": round(*ours), "theirs_ns": round(*theirs), "ratio": round(*ratio),
                "aim": aim.map(Aim::text), "met": aim.map(|aim| aim.is_met_by(*ratio)),
            });
            writeln!(out, "{line}")?;
        }
        writeln!(out, "\n{:<72} {:>10} {:>10} {:>8}  {:<9}", "", "ours", "theirs", "ratio", "aim")?;
        for Ratio { name, unit, ours, theirs, ratio, aim } in &self.0 {
            let (text, verdict) = match aim {
                Some(aim) => (aim.text(), if aim.is_met_by(*ratio) { "met" } else { "MISSED" }),
                None => (String::new(), ""),
            };
            let name = format!("{name} [ns/{unit}]");
            writeln!(out, "{name:<72} {ours:>10.1} {theirs:>10.1} {ratio:>7.2}x  {text:<9} {verdict}")?;
        }
        out.flush()
    }
}

fn round(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}
