//! The language a person is written to in.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{CountryCode, Invalid, Language};

/// A language of ISO 639-1, with or without a region: `es`, `es-CO`, `es-419`, `en`, `pt-BR` (BCP 47).
///
/// Read in any case, kept in the usual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Locale {
    language: &'static str,
    region: Option<&'static str>,
}

/// Latin America, the one region in use that is not a country (UN M.49).
const LATIN_AMERICA: &str = "419";

impl Locale {
    /// Spanish.
    pub const SPANISH: Self = Self { language: "es", region: None };

    /// Whether it names a region. Without one it stands for its language in every region.
    pub const fn has_region(self) -> bool {
        self.region.is_some()
    }

    /// The language of the texts this person is shown: Spanish where there are none in the person's own.
    pub fn language(self) -> Language {
        match self.language {
            "en" => Language::En,
            "pt" => Language::Pt,
            _ => Language::Es,
        }
    }
}

impl Default for Locale {
    fn default() -> Self {
        Self::SPANISH
    }
}

impl TryFrom<&str> for Locale {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Err(Invalid::Missing);
        }
        let (language, region) = match text.split_once('-') {
            Some((language, region)) => (language, Some(known_region(region)?)),
            None => (text, None),
        };
        Ok(Self { language: known_language(language)?, region })
    }
}

fn known_language(text: &str) -> Result<&'static str, Invalid> {
    LANGUAGES.split(' ').find(|language| language.eq_ignore_ascii_case(text)).ok_or(Invalid::Locale)
}

fn known_region(text: &str) -> Result<&'static str, Invalid> {
    if text == LATIN_AMERICA {
        return Ok(LATIN_AMERICA);
    }
    let country = CountryCode::try_from(text.to_ascii_uppercase().as_str());
    country.map(CountryCode::as_str).map_err(|_| Invalid::Locale)
}

impl FromStr for Locale {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::try_from(text)
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.language)?;
        self.region.map_or(Ok(()), |region| write!(f, "-{region}"))
    }
}

impl Serialize for Locale {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Locale {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?.as_str()).map_err(D::Error::custom)
    }
}

/// ISO 639-1.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de \
    dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is \
    it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na \
    nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr \
    ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_is_a_language_with_or_without_a_region() {
        let cases = [("es", "es"), ("es-CO", "es-CO"), ("en", "en"), ("pt-br", "pt-BR"), ("ES-ve", "es-VE")];
        for (text, kept) in cases.into_iter().chain([("es-419", "es-419"), ("qu", "qu")]) {
            let locale: Locale = text.parse().unwrap();
            assert_eq!(locale.to_string(), kept);
            assert_eq!(
                serde_json::from_value::<Locale>(serde_json::to_value(locale).unwrap()).unwrap(),
                locale
            );
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for refused in ["xx", "es_CO", "es-XX", "es-", "-CO", "español", "es-CO-x", " es", "e"] {
            assert_eq!(refused.parse::<Locale>(), Err(Invalid::Locale), "{refused}");
        }
        assert_eq!("".parse::<Locale>(), Err(Invalid::Missing));
    }

    #[test]
    fn texts_are_spanish_where_there_are_none_in_the_own_language() {
        let language = |text: &str| text.parse::<Locale>().unwrap().language();
        assert_eq!(
            [language("en-US"), language("es-CO"), language("pt-BR"), language("qu")],
            [Language::En, Language::Es, Language::Pt, Language::Es]
        );
    }
}
