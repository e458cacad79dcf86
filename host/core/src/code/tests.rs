//! The list of codes keeps its promises to programs.

use std::collections::BTreeSet;

use super::Code;

#[test]
fn every_name_is_unique_upper_snake_and_explained() {
    let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(names.len(), Code::ALL.len());
    for code in Code::ALL {
        assert!(code.name().bytes().all(|b| b.is_ascii_uppercase() || b == b'_'), "{code}");
        assert!(code.meaning().ends_with('.'), "{code}");
        assert!((400..600).contains(&code.status()), "{code}");
    }
}

#[test]
fn the_documentation_lists_every_code_with_its_status_and_meaning() {
    let page = include_str!("../../../../docs/errors.md");
    for code in Code::ALL {
        let row = format!("| `{code}` | {} | {} |", code.status(), code.meaning());
        assert!(page.contains(&row), "docs/errors.md lacks this row: {row}");
    }
    let rows = page.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, Code::ALL.len(), "docs/errors.md lists codes that do not exist");
}
