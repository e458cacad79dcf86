//! Templates name what is known and nothing else.

use super::unknown_placeholder;

#[test]
fn a_template_names_what_is_known_and_its_braces_close() {
    for fine in ["", "in/", "{sender}/{year}-{month}-{day}/", "{delivery}{file}"] {
        assert_eq!(unknown_placeholder(fine), None, "{fine}");
    }
    for (wrong, what) in
        [("{hour}/", "hour"), ("{sender", "sender"), ("a}b", "}b"), ("{}", ""), ("{{sender}}", "{sender")]
    {
        assert_eq!(unknown_placeholder(wrong), Some(what), "{wrong}");
    }
}
