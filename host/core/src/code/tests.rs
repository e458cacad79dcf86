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
