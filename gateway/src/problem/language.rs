//! The language of an answer, by `Accept-Language` (RFC 9110, 12.5.4).

use axum::http::{HeaderMap, header};
use domain::value::Language;

use super::{Kind, Reason, catalogue};

/// The most preferences read from one header.
const PREFERENCES_MAX: usize = 20;

/// The language of an answer: the one of ours that the caller prefers; Spanish where that is none, or several alike.
pub fn accepted(headers: &HeaderMap) -> Language {
    let values = headers.get_all(header::ACCEPT_LANGUAGE).into_iter().filter_map(|value| value.to_str().ok());
    let preferences: Vec<_> = values.flat_map(|value| value.split(',')).take(PREFERENCES_MAX).collect();
    let weight = |tag: &str| preferences.iter().filter_map(|one| weight_for(tag, one)).reduce(f32::max);
    let mut best = (Language::Es, weight("es").unwrap_or(0.0));
    for language in [Language::En, Language::Pt] {
        let weight = weight(tag(language)).unwrap_or(0.0);
        if weight > best.1 {
            best = (language, weight);
        }
    }
    best.0
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
        Language::Pt => catalogue::pt::reason(reason),
    }
}

/// The name of a kind of problem.
pub(super) const fn title(kind: Kind, language: Language) -> &'static str {
    match language {
        Language::Es => catalogue::es::title(kind),
        Language::En => catalogue::en::title(kind),
        Language::Pt => catalogue::pt::title(kind),
    }
}

/// The explanation of a kind of problem, for answers without a reason.
pub(super) const fn explanation(kind: Kind, language: Language) -> &'static str {
    match language {
        Language::Es => catalogue::es::explanation(kind),
        Language::En => catalogue::en::explanation(kind),
        Language::Pt => catalogue::pt::explanation(kind),
    }
}

/// The value for `Content-Language`.
pub(super) const fn tag(language: Language) -> &'static str {
    match language {
        Language::Es => "es",
        Language::En => "en",
        Language::Pt => "pt",
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
    fn spanish_is_spoken_unless_another_language_is_preferred() {
        assert_eq!(accepted(&HeaderMap::new()), Language::Es);
        for spanish in [
            "es",
            "es-CO,es;q=0.9,en;q=0.8",
            "*",
            "fr;q=0.9,*;q=0.1",
            "en;q=0",
            "",
            "en;q=x",
            "en,es",
            "pt,es",
        ] {
            assert_eq!(language(spanish), Language::Es, "{spanish}");
        }
        for english in ["en", "EN-us", "en-GB,en;q=0.9,es;q=0.8", "fr, en;q=0.5", "es;q=0.2, en;q=0.3"] {
            assert_eq!(language(english), Language::En, "{english}");
        }
        for portuguese in
            ["pt", "PT-br", "pt-BR,pt;q=0.9,en;q=0.8", "fr, pt-PT;q=0.5", "es;q=0.2, en;q=0.3, pt;q=0.4"]
        {
            assert_eq!(language(portuguese), Language::Pt, "{portuguese}");
        }
    }
}
