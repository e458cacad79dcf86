//! Which slugs, handles and URLs pass.

use rstest::rstest;

use super::{handle, slug, title, url};

#[rstest]
#[case("globex", true)]
#[case("acme-2", true)]
#[case("a", false)]
#[case("2acme", false)]
#[case("Acme", false)]
#[case("acme--x", false)]
#[case("acme-", false)]
#[case("acme_x", false)]
#[case("house", false)]
fn knows_slugs(#[case] text: &str, #[case] ok: bool) {
    assert_eq!(slug(text).is_ok(), ok, "{text}");
}

#[rstest]
#[case("Acme Industries", true)]
#[case(" ", false)]
#[case("Acme\u{7}", false)]
#[case("Acme \u{202e}esetaR", false)]
#[case("Acme\u{200b}", false)]
fn knows_titles(#[case] text: &str, #[case] ok: bool) {
    assert_eq!(title("partner", text).is_ok(), ok, "{text:?}");
}

#[rstest]
#[case("erp.in", true)]
#[case("no pii", false)]
#[case("", false)]
#[case("-x", false)]
#[case("a/b", false)]
fn knows_handles(#[case] text: &str, #[case] ok: bool) {
    assert_eq!(handle("name", text).is_ok(), ok, "{text}");
}

#[rstest]
#[case("https://globex.example/in?x=1", true)]
#[case("http://127.0.0.1:8080/", true)]
#[case("ftp://globex.example/", false)]
#[case("https://user:secret@globex.example/", false)]
#[case("https://globex.example/#top", false)]
#[case("globex.example", false)]
#[case("file:///etc/passwd", false)]
fn knows_urls_that_it_would_call(#[case] text: &str, #[case] ok: bool) {
    assert_eq!(url("url", text).is_ok(), ok, "{text}");
}
