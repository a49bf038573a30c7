//! Days as people write them.

use chrono::{DateTime, Datelike, Utc};

use crate::value::{Language, TimeZone};

const MONTHS_ES: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const MONTHS_PT: [&str; 12] = [
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
];

/// The day of a moment by the clocks of a zone: «30 de noviembre de 2026», "November 30, 2026", “30 de novembro de 2026”.
pub(super) fn day(at: DateTime<Utc>, zone: TimeZone, language: Language) -> String {
    let local = at.with_timezone(&zone.rules());
    let (day, month, year) = (local.day(), local.month0() as usize, local.year());
    match language {
        Language::Es => format!("{day} de {} de {year}", MONTHS_ES[month]),
        Language::En => format!("{} {day}, {year}", MONTHS_EN[month]),
        // The first of a month is an ordinal.
        Language::Pt if day == 1 => format!("1º de {} de {year}", MONTHS_PT[month]),
        Language::Pt => format!("{day} de {} de {year}", MONTHS_PT[month]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_one_on_the_clients_clocks_in_the_clients_language() {
        let at = "2026-12-01T02:30:00Z".parse().unwrap();
        let day = |zone: &str, language| day(at, zone.parse().unwrap(), language);
        assert_eq!(day("America/Bogota", Language::Es), "30 de noviembre de 2026");
        assert_eq!(day("America/Sao_Paulo", Language::Es), "30 de noviembre de 2026");
        assert_eq!(day("Europe/Madrid", Language::En), "December 1, 2026");
        assert_eq!(day("America/Sao_Paulo", Language::Pt), "30 de novembro de 2026");
        assert_eq!(day("Europe/Lisbon", Language::Pt), "1º de dezembro de 2026");
    }
}
