//! The language of an answer, by `Accept-Language` (RFC 9110, 12.5.4).

use axum::http::{HeaderMap, header};
use domain::value::Language;

use super::{Kind, Reason, catalogue};

/// The most preferences read from one header.
const PREFERENCES_MAX: usize = 20;

/// The language of an answer: Spanish unless the caller prefers English.
pub fn accepted(headers: &HeaderMap) -> Language {
    let values = headers.get_all(header::ACCEPT_LANGUAGE).into_iter().filter_map(|value| value.to_str().ok());
    let preferences: Vec<_> = values.flat_map(|value| value.split(',')).take(PREFERENCES_MAX).collect();
    let weight = |tag: &str| preferences.iter().filter_map(|one| weight_for(tag, one)).reduce(f32::max);
    let (es, en) = (weight("es"), weight("en"));
    if en.unwrap_or(0.0) > es.unwrap_or(0.0) { Language::En } else { Language::Es }
}

/// The weight that a preference such as `en-GB;q=0.8` gives a language; none if it names another.
fn weight_for(language: &str, preference: &str) -> Option<f32> {
    let mut parts = preference.split(';').map(str::trim);
    let tag = parts.next()?.split('-').next()?;
    if !tag.eq_ignore_ascii_case(language) {
        return None;
    }
    let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok())?;
    Some(f32::clamp(weight, 0.0, 1.0))
}

/// The sentence for a reason.
pub fn text(reason: &Reason, language: Language) -> String {
    match language {
        Language::Es => catalogue::es::reason(reason),
        Language::En => catalogue::en::reason(reason),
    }
}

/// The name of a kind of problem.
pub(super) const fn title(kind: Kind, language: Language) -> &'static str {
    match language {
        Language::Es => catalogue::es::title(kind),
        Language::En => catalogue::en::title(kind),
    }
}

/// The explanation of a kind of problem, for answers without a reason.
pub(super) const fn explanation(kind: Kind, language: Language) -> &'static str {
    match language {
        Language::Es => catalogue::es::explanation(kind),
        Language::En => catalogue::en::explanation(kind),
    }
}

/// The value for `Content-Language`.
pub(super) const fn tag(language: Language) -> &'static str {
    match language {
        Language::Es => "es",
        Language::En => "en",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(value: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, value.parse().unwrap());
        accepted(&headers)
    }

    #[test]
    fn spanish_is_spoken_unless_english_is_preferred() {
        assert_eq!(accepted(&HeaderMap::new()), Language::Es);
        for spanish in [
            "es",
            "es-CO,es;q=0.9,en;q=0.8",
            "pt-BR",
            "*",
            "fr;q=0.9,*;q=0.1",
            "en;q=0",
            "",
            "en;q=x",
            "en,es",
        ] {
            assert_eq!(language(spanish), Language::Es, "{spanish}");
        }
        for english in ["en", "EN-us", "en-GB,en;q=0.9,es;q=0.8", "fr, en;q=0.5", "es;q=0.2, en;q=0.3"] {
            assert_eq!(language(english), Language::En, "{english}");
        }
    }
}
