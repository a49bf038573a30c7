//! Where a company's logo is.

use super::Invalid;
use super::text::string_value;

/// The address of a company's logo: `https`, a host, and at most 500 visible ASCII characters, as of RFC 3986.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LogoUrl(String);

impl LogoUrl {
    /// The longest one, in characters.
    pub const MAX_CHARS: usize = 500;

    fn check(text: &str) -> Result<(), Invalid> {
        if text.is_empty() {
            return Err(Invalid::Missing);
        }
        if text.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(Invalid::TooLong { max: Self::MAX_CHARS });
        }
        let host = text.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
        let is_host = |host: &str| {
            host.contains('.')
                && host.starts_with(|first: char| first.is_ascii_alphanumeric())
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte))
        };
        let is_written_well =
            text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
        if host.is_some_and(is_host) && is_written_well { Ok(()) } else { Err(Invalid::LogoUrl) }
    }
}

string_value!(LogoUrl);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_is_at_an_https_address_and_nothing_else() {
        for good in ["https://vigia.example/logo.png", "https://cdn.vigia.example:8443/a%20b.png?v=2#x"] {
            assert!(LogoUrl::try_new(good).is_ok(), "{good}");
        }
        for bad in [
            "http://vigia.example/logo.png",
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
            "https://",
            "https:///logo.png",
            "https://localhost/logo.png",
            "https://user@vigia.example/logo.png",
            "https://vigia.example/a b.png",
            "https://vigia.example/\"onerror=x",
            "https://vigia.example/{{ fecha }}",
            "https://vigía.example/logo.png",
            "https://vigia.example/logo.png\n",
        ] {
            assert_eq!(LogoUrl::try_new(bad), Err(Invalid::LogoUrl), "{bad}");
        }
        let long = format!("https://vigia.example/{}", "a".repeat(500));
        assert_eq!(LogoUrl::try_new(long), Err(Invalid::TooLong { max: 500 }));
    }
}
