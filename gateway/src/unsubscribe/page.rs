//! The page as HTML. It has no script, loads nothing, and shows the address only in part: links are forwarded.

use std::sync::LazyLock;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use domain::value::Language;
use sha2::{Digest as _, Sha256};

use super::texts::{Texts, texts};

const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:10vh auto;padding:0 1rem;color:#1c2430}\
button{font:inherit;padding:.7rem 1.4rem;border:0;border-radius:.4rem;background:#1f4fa3;color:#fff;cursor:pointer}\
button:focus-visible{outline:3px solid #f0a400}";

/// Nothing but the style above and the form's own address.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    HeaderValue::try_from(policy).expect("base 64 is valid in a header")
});

/// What a page says.
pub(super) enum Said {
    /// Whether to unsubscribe, with the button.
    Question {
        /// The company that writes.
        company: String,
        /// The address it writes to.
        address: String,
    },
    /// It is unsubscribed.
    Done {
        /// The company that wrote.
        company: String,
        /// The address it wrote to.
        address: String,
    },
    /// The person is erased.
    Forgotten,
    /// The link is none of ours.
    Unknown,
    /// It did not work, and may later.
    NotNow,
}

/// A page in a language.
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) language: Language,
    pub(super) said: Said,
}

impl Page {
    /// With the status of what it says.
    pub(super) fn of(language: Language, said: Said) -> Self {
        let status = match said {
            Said::Question { .. } | Said::Done { .. } | Said::Forgotten => StatusCode::OK,
            Said::Unknown => StatusCode::NOT_FOUND,
            Said::NotNow => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self { status, language, said }
    }

    fn html(&self) -> String {
        let texts = texts(self.language);
        let (title, text, button) = self.said.words(texts);
        let form = button.map_or_else(String::new, |button| {
            format!("<form method=\"post\"><button type=\"submit\">{}</button></form>", escaped(button))
        });
        let (tag, title, text) = (texts.tag, escaped(title), escaped(&text));
        format!(
            "<!doctype html><html lang=\"{tag}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\
             <body><main><h1>{title}</h1><p>{text}</p>{form}</main></body></html>"
        )
    }
}

impl Said {
    /// The title, the text and the button.
    fn words<'a>(&self, texts: &'a Texts) -> (&'a str, String, Option<&'a str>) {
        match self {
            Self::Question { company, address } => {
                (texts.question_title, filled(texts.question, company, address), Some(texts.button))
            }
            Self::Done { company, address } => (texts.done_title, filled(texts.done, company, address), None),
            Self::Forgotten => (texts.forgotten_title, texts.forgotten.to_owned(), None),
            Self::Unknown => (texts.unknown_title, texts.unknown.to_owned(), None),
            Self::NotNow => (texts.not_now_title, texts.not_now.to_owned(), None),
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let headers: [(HeaderName, HeaderValue); 4] = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CONTENT_SECURITY_POLICY, POLICY.clone()),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
        ];
        (self.status, headers, self.html()).into_response()
    }
}

/// The address last: a company's name may have anything in it.
fn filled(text: &str, company: &str, address: &str) -> String {
    let parts = text.split("{company}").map(|part| part.replace("{address}", &masked(address)));
    parts.collect::<Vec<_>>().join(company)
}

/// An address of which its owner recognises enough: a…@example.com.
fn masked(address: &str) -> String {
    let (user, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = user.chars().take(1).collect();
    format!("{first}…@{domain}")
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(company: &str) -> Page {
        let said = Said::Question { company: company.to_owned(), address: "ana.ruiz@example.com".to_owned() };
        Page::of(Language::Es, said)
    }

    #[test]
    fn the_page_asks_for_the_company_and_the_address_in_part() {
        let html = question("Vigía Andina").html();
        assert!(
            html.contains("lang=\"es\"") && html.contains("Vigía Andina") && html.contains("a…@example.com")
        );
        assert!(!html.contains("ana.ruiz") && !html.contains("<script"));
        assert_eq!(html.matches("<button").count(), 1);
    }

    #[test]
    fn a_companys_name_is_no_html_and_no_place_for_the_address() {
        let html = question("<b>\"A&B'\" {address} {company}").html();
        assert!(html.contains("&lt;b&gt;&quot;A&amp;B&#39;&quot; {address} {company}"), "{html}");
    }

    #[test]
    fn a_page_allows_nothing_but_its_style_and_its_form() {
        let response = question("x").into_response();
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"));
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    }

    #[test]
    fn every_page_has_words_in_every_language() {
        for language in [Language::Es, Language::En, Language::Pt] {
            for said in [Said::Forgotten, Said::Unknown, Said::NotNow] {
                let (title, text, button) = said.words(texts(language));
                assert!(!title.is_empty() && !text.is_empty() && button.is_none());
            }
        }
        assert_eq!(Page::of(Language::En, Said::Unknown).status, StatusCode::NOT_FOUND);
    }

    #[test]
    fn an_address_is_masked_whatever_its_form() {
        for (address, shown) in [("a@b.co", "a…@b.co"), ("ñandú@señal.co", "ñ…@señal.co"), ("", "…@")]
        {
            assert_eq!(masked(address), shown);
        }
    }
}
