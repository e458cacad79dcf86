//! Decisions on the timeline: which revisions decided, how each plugin did, what was found and where.

use serde_json::Value;

use super::text;

/// Adds a paragraph for each decision, the newest first.
pub(super) fn tell(decisions: &Value, indent: &str, out: &mut String) {
    for decision in list(decisions) {
        let revisions: Vec<_> = list(&decision["revisions"])
            .iter()
            .map(|it| format!("revision {} of {}", it["number"], it["owner"]["slug"].as_str().unwrap_or("the house")))
            .collect();
        let by = if revisions.is_empty() { "no policy".to_owned() } else { revisions.join(" and ") };
        out.push_str(&format!("{indent}{} by {by}, {}\n", text(&decision["verdict"]), text(&decision["decidedAt"])));
        for outcome in list(&decision["outcomes"]) {
            out.push_str(&format!("{indent}  {}\n", plugin(outcome)));
        }
        let findings = list(&decision["findings"]);
        for finding in findings {
            out.push_str(&format!("{indent}  {}\n", sentence(finding)));
        }
        let more = decision["findingsTotal"].as_u64().unwrap_or(0).saturating_sub(findings.len() as u64);
        if more > 0 {
            out.push_str(&format!("{indent}  and {more} more findings\n"));
        }
    }
}

fn plugin(outcome: &Value) -> String {
    let plugin = &outcome["plugin"];
    let fault = match outcome["fault"]["kind"].as_str() {
        Some(kind) => format!("; failed: {kind}, {}", text(&outcome["fault"]["message"])),
        None => String::new(),
    };
    format!(
        "`{}` = {} {} {}: {} records, {} edits, {} ms{fault}",
        text(&outcome["binding"]),
        text(&plugin["name"]),
        text(&plugin["version"]),
        text(&outcome["digest"]),
        outcome["records"],
        outcome["edits"],
        outcome["tookMs"],
    )
}

fn sentence(finding: &Value) -> String {
    let place = &finding["place"];
    let place = match place["line"].as_u64() {
        Some(line) => format!(" at line {line}, column {}", place["column"]),
        None => String::new(),
    };
    format!("{} {}{place}: {}", text(&finding["severity"]), text(&finding["rule"]), text(&finding["message"]))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
