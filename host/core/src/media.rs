//! Media types as patterns: what agreements admit and what bindings apply to.

/// Whether a declared media type, parameters aside, is the wanted one or of the wanted kind (`image/*`).
pub fn fits(wanted: &str, declared: &str) -> bool {
    let essence = declared.split(';').next().unwrap_or(declared).trim();
    match wanted.strip_suffix("/*") {
        Some(kind) => essence.split_once('/').is_some_and(|(it, _)| it.eq_ignore_ascii_case(kind)),
        None => wanted.eq_ignore_ascii_case(essence),
    }
}

/// Whether the text is a media type without parameters, or a whole kind (`image/*`).
pub fn is_pattern(text: &str) -> bool {
    let token =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b));
    text.split_once('/').is_some_and(|(kind, subtype)| token(kind) && (subtype == "*" || token(subtype)))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn parameters_and_case_do_not_matter_and_a_star_stands_for_any_subtype() {
        assert!(fits("text/csv", "Text/CSV; charset=utf-8"));
        assert!(fits("image/*", "image/png"));
        assert!(!fits("image/*", "text/csv"));
        assert!(!fits("text/csv", "text/csv-schema"));
    }
}
