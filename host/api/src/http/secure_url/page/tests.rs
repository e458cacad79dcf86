//! Nothing that somebody else wrote becomes markup, and sizes read well.

use rstest::rstest;

use super::{escape, name, sentence, size};

#[test]
fn a_file_name_is_text_and_keeps_its_direction_to_itself() {
    let shown = name("\u{202e}<img src=x onerror=alert(1)>\"'&.pdf");
    assert_eq!(shown, "<bdi>\u{202e}&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;.pdf</bdi>");
    assert_eq!(escape("</bdi><script>"), "&lt;/bdi&gt;&lt;script&gt;");
}

#[rstest]
#[case(0, "0 bytes")]
#[case(999, "999 bytes")]
#[case(1_000, "1.0 kB (1,000 bytes)")]
#[case(1_421_312, "1.4 MB (1,421,312 bytes)")]
#[case(2_147_483_648, "2.1 GB (2,147,483,648 bytes)")]
fn sizes_are_told_roughly_and_exactly(#[case] bytes: u64, #[case] told: &str) {
    assert_eq!(size(bytes), told);
}

#[test]
fn messages_are_sentences() {
    assert_eq!(sentence("there is nothing."), "There is nothing.");
    assert_eq!(sentence("there is nothing"), "There is nothing.");
}
