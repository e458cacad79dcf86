//! The pages that people see at a secure URL: plain HTML, no script, nothing fetched from elsewhere.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, StatusCode, header};
use lockgate_core::digest::Digest;

use super::hand_in::Arrived;
use super::{ApiState, Code, Failure, PorterError, Purpose, SecureUrl, behind, no_store};

const STYLE: &str = include_str!("page.css");

/// Only this very style, no script, forms to ourselves; nobody may frame it.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = STANDARD.encode(Digest::of(STYLE.as_bytes()).0);
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    HeaderValue::from_str(&policy).expect("Base64 is ASCII")
});

/// What there is at a URL, with what went wrong at the last press of its button.
pub(super) async fn of(state: &ApiState, url: &SecureUrl, wrong: Option<&Failure>) -> Result<Response, Failure> {
    let partner = match state.porter.open(url).await {
        Ok(partner) => partner,
        Err(ended) if ended.code() == Code::SecureUrlEnded => return Ok(nothing(&ended.into())),
        Err(other) => return Err(other.into()),
    };
    let mut main = String::new();
    match &url.purpose {
        Purpose::Download { .. } => {
            let found = behind(&*state.store, url).await?;
            let file = found.ok_or(PorterError::NoSuchToken)?;
            let sender = state.store.partner(file.sender).await?.map(|it| it.name).unwrap_or_default();
            tell(
                &mut main,
                "A file for you",
                &[
                    ("File", name(&file.file_name)),
                    ("Size", size(file.payload.size)),
                    ("From", name(&sender)),
                    ("Until", moment(url)),
                ],
            );
            main.push_str("<form method=\"post\">");
            ask(&mut main, url, wrong);
            main.push_str("<button type=\"submit\">Download</button></form>");
        }
        Purpose::Upload { receivers } => {
            let mut names = Vec::with_capacity(receivers.len());
            for receiver in receivers {
                names.extend(state.store.partner(*receiver).await?.map(|it| name(&it.name)));
            }
            tell(
                &mut main,
                "Hand in a file",
                &[("On behalf of", name(&partner.name)), ("For", names.join(", ")), ("Until", moment(url))],
            );
            main.push_str("<form method=\"post\" enctype=\"multipart/form-data\">");
            ask(&mut main, url, wrong);
            main.push_str("<label for=\"file\">File</label><input id=\"file\" type=\"file\" name=\"file\" required>");
            main.push_str("<button type=\"submit\">Send</button></form>");
        }
    }
    let status = match wrong.map(|it| it.code) {
        None => StatusCode::OK,
        // A page cannot answer 401: browsers would ask for a name and a password instead of showing it.
        Some(Code::PassphraseRequired) => StatusCode::FORBIDDEN,
        Some(code) => StatusCode::from_u16(code.status()).unwrap_or(StatusCode::BAD_REQUEST),
    };
    Ok(page(status, "Secure transfer", &main))
}

/// There is nothing at the URL, or nothing any more.
pub(super) fn nothing(failure: &Failure) -> Response {
    let title = match failure.code {
        Code::SecureUrlEnded => "This link has ended",
        Code::SecureUrlNotFound => "Nothing is found under this link",
        _ => "This did not work",
    };
    let status = StatusCode::from_u16(failure.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let main = format!("<h1>{title}</h1><p role=\"alert\">{}</p>", escape(&sentence(failure.public_message())));
    page(status, title, &main)
}

/// A file was handed in.
pub(super) fn received(arrived: &Arrived) -> Response {
    let rows = [
        ("File", name(&arrived.file_name)),
        ("Size", size(arrived.size)),
        ("Reference", format!("<code>{}</code>", arrived.transfer)),
    ];
    let mut main = String::new();
    tell(&mut main, "The file has arrived", &rows);
    main.push_str("<p>You may close this page. Name the reference if you ask about the file.</p>");
    page(StatusCode::CREATED, "The file has arrived", &main)
}

fn tell(main: &mut String, title: &str, rows: &[(&str, String)]) {
    let _ = write!(main, "<h1>{title}</h1><dl>");
    for (term, description) in rows {
        let _ = write!(main, "<dt>{term}</dt><dd>{description}</dd>");
    }
    main.push_str("</dl>");
}

/// The field for the passphrase, and what went wrong.
fn ask(main: &mut String, url: &SecureUrl, wrong: Option<&Failure>) {
    if let Some(failure) = wrong {
        let _ = write!(main, "<p role=\"alert\">{}</p>", escape(&sentence(failure.public_message())));
    }
    if url.has_passphrase {
        main.push_str(
            "<label for=\"passphrase\">Passphrase</label>\
             <input id=\"passphrase\" type=\"password\" name=\"passphrase\" autocomplete=\"off\" required>",
        );
    }
}

fn page(status: StatusCode, title: &str, main: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><main>{main}</main></body></html>"
    );
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    headers.insert(header::CACHE_CONTROL, no_store());
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
    response
}

/// A file's name, kept apart from the text around it in its direction, too.
fn name(given: &str) -> String {
    format!("<bdi>{}</bdi>", escape(given))
}

fn moment(url: &SecureUrl) -> String {
    let at = url.expires_at;
    let uses = url.max_uses.saturating_sub(url.uses);
    let more = if uses == 1 { "once".to_owned() } else { format!("{uses} times") };
    format!("{} {:02}:{:02} UTC, {more} more", at.date(), at.hour(), at.minute())
}

fn size(bytes: u64) -> String {
    let mut whole = bytes.to_string();
    let digits = whole.len();
    for at in (1..digits).rev().filter(|at| (digits - at).is_multiple_of(3)) {
        whole.insert(at, ',');
    }
    let units = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match units.into_iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{}.{} {name} ({whole} bytes)", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{whole} bytes"),
    }
}

/// A message as a sentence of its own.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|it| it.to_uppercase().to_string()).unwrap_or_default();
    let rest = letters.as_str();
    let end = if rest.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{rest}{end}")
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests;
