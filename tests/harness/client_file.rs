//! A generated file of clients as companies have them, with good and bad rows, and the expected report of its import.
//!
//! Deterministic: the same arguments give the same bytes. The generator knows only the contract, not the parser.

use std::collections::BTreeSet;

/// The encoding of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextEncoding {
    /// UTF-8 without a byte order mark.
    Utf8,
    /// UTF-8 with a byte order mark, as Excel's «CSV UTF-8».
    Utf8WithMark,
    /// Windows-1252, as Excel's «CSV» in the Americas.
    Windows1252,
}

/// A file, and its expected report.
pub struct ClientFile {
    /// The file.
    pub bytes: Vec<u8>,
    /// The expected report.
    pub expected: Expected,
}

/// The expected report of an import into a company of Colombia without clients.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The rows below the header, good and bad.
    pub rows: usize,
    /// The accepted rows; each is one contact.
    pub good_rows: usize,
    /// The clients with at least one good row.
    pub clients: usize,
    /// Line, column and code of every fault, in the order of the file; about 3 % of the rows have one or two.
    pub faults: Vec<(u64, &'static str, &'static str)>,
    /// The refused rows, each with one fault or more.
    pub rejected_rows: usize,
    /// The numbers of the good rows in E.164.
    pub phones: BTreeSet<String>,
    /// The addresses of the good rows, in lower case.
    pub emails: BTreeSet<String>,
}

/// How many rows in a hundred are bad.
const BAD_PERCENT: u64 = 3;
/// How many good rows in a hundred are far from the other rows of their client.
const APART_PERCENT: u64 = 10;

/// A file of so many clients with one to four contacts each: phones of four countries, in national form for Colombia,
/// the company's country, and in international form for all; Spanish names, line breaks inside quotes, rows of one
/// client apart.
pub fn client_file(seed: u64, clients: usize, encoding: TextEncoding, delimiter: char) -> ClientFile {
    let mut chance = Chance(seed);
    let mut rows = Vec::new();
    let mut apart = Vec::new();
    for client in 0..clients {
        for row in rows_of_client(client, &mut chance) {
            if chance.percent(APART_PERCENT) { apart.push(row) } else { rows.push(row) }
        }
    }
    rows.append(&mut apart);
    write(rows, encoding, delimiter, &mut chance)
}

struct Cells {
    client: usize,
    cells: [String; 6],
    /// The number in E.164.
    dialled: String,
}

fn rows_of_client(client: usize, chance: &mut Chance) -> Vec<Cells> {
    let name = client_name(chance);
    let external_id = format!("C-{client:06}");
    let contacts = 1 + chance.below(4);
    let contact = |number: usize| {
        let kind = kind(number, chance);
        let contact_name = if number == 0 { name.clone() } else { person(chance) };
        let (phone, dialled) =
            if chance.percent(92) { phone(client * 4 + number, chance) } else { Default::default() };
        let email = if chance.percent(70) { email(client, number, chance) } else { String::new() };
        Cells {
            client,
            dialled,
            cells: [external_id.clone(), name.clone(), kind.into(), contact_name, phone, email],
        }
    };
    (0..contacts).map(contact).collect()
}

fn kind(number: usize, chance: &mut Chance) -> &'static str {
    match number {
        0 => chance.pick(&["holder", "titular", "Titular"]),
        1 => chance.pick(&["emergency_contact", "contacto de emergencia"]),
        _ => chance.pick(&["authorized_user", "Usuario autorizado"]),
    }
}

fn person(chance: &mut Chance) -> String {
    let given = chance
        .pick(&["José", "María", "Íñigo", "Ángela", "Begoña", "Zoë", "Andrés", "Lucía", "Óscar", "Ana"]);
    let family =
        chance.pick(&["Ñuñez", "Pérez", "Güiza", "Muñoz", "D'Ávila", "Peña", "Rodríguez", "Sáenz", "López"]);
    format!("{given} {family} {}", chance.pick(&["Ibáñez", "Gómez", "Castaño", "Rincón", "Ochoa"]))
}

/// A client's name. That of a business may have a line break, which a spreadsheet quotes and an import folds into a
/// space.
fn client_name(chance: &mut Chance) -> String {
    match chance.below(10) {
        0 => format!("Conjunto \"El Roble\"\r\nTorre {}", chance.below(9)),
        1 => format!("Ferretería {}; Hijos, Ltda.", chance.pick(&["Muñoz", "Peña"])),
        2 => format!("Almacén  «{}»\nSede Norte", chance.pick(&["Éxito", "Añil"])),
        _ => person(chance),
    }
}

/// A unique valid phone number, as in the file and in E.164.
fn phone(number: usize, chance: &mut Chance) -> (String, String) {
    let (high, low) = (number / 10_000 % 1_000, number % 10_000);
    let (written, start) = match chance.below(10) {
        0 => (format!("300{high:03}{low:04}"), "57300"),
        1 => (format!("301 {high:03} {low:04}"), "57301"),
        2 => (format!("(302) {high:03}-{low:04}"), "57302"),
        3 => (format!("+57 303 {high:03} {low:04}"), "57303"),
        4 => (format!("0057 304{high:03}{low:04}"), "57304"),
        5 => (format!("+58 412-{high:03}.{low:04}"), "58412"),
        6 => (format!("+58 0424 {high:03}{low:04}"), "58424"),
        7 => (format!("+52 55 1{high:03} {low:04}"), "52551"),
        8 => (format!("+52 1 33 2{high:03} {low:04}"), "52332"),
        _ => (format!("+56 9 6{high:03} {low:04}"), "5696"),
    };
    (written, format!("+{start}{high:03}{low:04}"))
}

fn email(client: usize, number: usize, chance: &mut Chance) -> String {
    format!(
        "{}.{client}.{number}@{}",
        chance.pick(&["ana", "J.Perez", "o'hara", "m+alarma"]),
        chance.pick(DOMAINS)
    )
}

const DOMAINS: &[&str] = &["example.com", "correo.example.co", "Mail-1.Example.MX"];

fn write(rows: Vec<Cells>, encoding: TextEncoding, delimiter: char, chance: &mut Chance) -> ClientFile {
    let mut text = line(&HEADER.map(String::from), delimiter);
    let mut expected = Expected { rows: rows.len(), ..Expected::default() };
    let mut imported = BTreeSet::new();
    let mut at = 2;
    for mut row in rows {
        let faults = if chance.percent(BAD_PERCENT) { spoil(&mut row.cells, chance) } else { vec![] };
        if faults.is_empty() {
            expected.good_rows += 1;
            imported.insert(row.client);
            expected.phones.extend(Some(row.dialled).filter(|number| !number.is_empty()));
            expected.emails.extend(Some(row.cells[5].to_lowercase()).filter(|address| !address.is_empty()));
        } else {
            expected.rejected_rows += 1;
        }
        expected.faults.extend(faults.into_iter().map(|(column, code)| (at, column, code)));
        let line = line(&row.cells, delimiter);
        at += line.matches('\n').count() as u64;
        text.push_str(&line);
    }
    expected.clients = imported.len();
    ClientFile { bytes: encode(&text, encoding), expected }
}

const HEADER: [&str; 6] = ["external_id", "name", "kind", "contact_name", "phone", "email"];

/// Makes a row invalid. Returns the columns at fault in their order, with the codes.
fn spoil(cells: &mut [String; 6], chance: &mut Chance) -> Vec<(&'static str, &'static str)> {
    let phone =
        chance.pick(&["300123", "no tiene", "3001234567 / 3011234567", "+999 123 4567", "0412 123 456"]);
    let email = chance.pick(&[
        "sin-arroba",
        "a@@example.com",
        "a b@example.com",
        "a@localhost",
        "Ana <a@example.com>",
    ]);
    let long = "Ñ".repeat(201);
    let faults: &[(usize, &str, &'static str)] = match chance.below(8) {
        0 => &[(0, "", "missing")],
        1 => &[(1, " \n", "missing")],
        2 => &[(2, "vecino", "not_allowed")],
        3 => &[(3, "An\u{1}a", "control_character")],
        4 => &[(3, &long, "too_long")],
        5 => &[(4, phone, "invalid_phone")],
        6 => &[(5, email, "invalid_email")],
        _ => &[(0, "", "missing"), (4, phone, "invalid_phone"), (5, email, "invalid_email")],
    };
    for (column, value, _) in faults {
        cells[*column] = (*value).to_owned();
    }
    faults.iter().map(|(column, _, code)| (HEADER[*column], *code)).collect()
}

fn line(cells: &[String; 6], delimiter: char) -> String {
    let cells = cells.each_ref().map(|cell| quoted(cell, delimiter));
    cells.join(&delimiter.to_string()) + "\r\n"
}

fn quoted(cell: &str, delimiter: char) -> String {
    if cell.contains([delimiter, '"', '\r', '\n']) {
        return format!("\"{}\"", cell.replace('"', "\"\""));
    }
    cell.to_owned()
}

fn encode(text: &str, encoding: TextEncoding) -> Vec<u8> {
    match encoding {
        TextEncoding::Utf8 => text.into(),
        TextEncoding::Utf8WithMark => format!("\u{feff}{text}").into_bytes(),
        // All characters above are in both Windows-1252 and Latin-1.
        TextEncoding::Windows1252 => {
            text.chars().map(|c| u8::try_from(c).expect("a character of Latin-1")).collect()
        }
    }
}

/// A deterministic pseudorandom generator (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("less than a usize")
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    fn pick(&mut self, words: &[&'static str]) -> &'static str {
        words[self.below(words.len())]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use domain::import::{ClientDraft, ClientRows, EncodingGuess, ImportRow, Row};
    use domain::value::CountryCode;

    use super::*;

    /// The parser's result for a file, in the form of the expected report.
    fn read(file: &[u8]) -> Expected {
        let mut guess = EncodingGuess::default();
        guess.take(file);
        let rows = ClientRows::open(file, guess.finish(), CountryCode::COLOMBIA).unwrap().unwrap();
        let mut found = Expected::default();
        let mut good = Vec::new();
        for row in rows.map(Result::unwrap) {
            found.rows += 1;
            match row {
                Row::Good(row, _) => good.push(row),
                Row::Refused(faults) => {
                    found.rejected_rows += 1;
                    found
                        .faults
                        .extend(faults.iter().map(|fault| (fault.line, fault.column.as_str(), fault.code())));
                }
            }
        }
        found.good_rows = good.len();
        let drafts = joined(good);
        assert_eq!(drafts.values().map(|draft| draft.contacts.len()).sum::<usize>(), found.good_rows);
        found.clients = drafts.len();
        let contacts = || drafts.values().flat_map(|draft| &draft.contacts);
        found.phones = contacts().filter_map(|contact| contact.phone.clone()).collect();
        found.emails =
            contacts().filter_map(|contact| Some(contact.email.as_ref()?.to_lowercase())).collect();
        found
    }

    fn joined(rows: Vec<ImportRow>) -> HashMap<String, ClientDraft> {
        let mut drafts: HashMap<String, ClientDraft> = HashMap::new();
        for row in rows {
            match drafts.get_mut(row.external_id.as_str()) {
                Some(draft) => drop(draft.add(row).expect("a row that fits its client")),
                None => drop(drafts.insert(row.external_id.as_str().to_owned(), ClientDraft::of(row))),
            }
        }
        drafts
    }

    #[test]
    fn a_generated_file_parses_as_expected_in_every_encoding_and_delimiter() {
        for encoding in [TextEncoding::Utf8, TextEncoding::Utf8WithMark, TextEncoding::Windows1252] {
            for delimiter in [';', ',', '\t'] {
                for seed in 0..5 {
                    let file = client_file(seed, 200, encoding, delimiter);
                    assert_eq!(read(&file.bytes), file.expected, "seed {seed}, {encoding:?}, {delimiter:?}");
                }
            }
        }
    }

    #[test]
    fn a_file_of_ten_thousand_clients_has_every_kind_of_fault() {
        let file = client_file(1, 10_000, TextEncoding::Windows1252, ';');
        assert_eq!(read(&file.bytes), file.expected);
        let codes: BTreeSet<&str> = file.expected.faults.iter().map(|(_, _, code)| *code).collect();
        let all =
            ["control_character", "invalid_email", "invalid_phone", "missing", "not_allowed", "too_long"];
        assert!(codes.into_iter().eq(all));
        let bad_per_thousand = file.expected.rejected_rows * 1_000 / file.expected.rows;
        assert!((25..=35).contains(&bad_per_thousand), "{bad_per_thousand}");
    }

    #[test]
    fn the_same_seed_gives_the_same_file() {
        let bytes = |seed| client_file(seed, 50, TextEncoding::Utf8, ',').bytes;
        assert_eq!(bytes(3), bytes(3));
        assert_ne!(bytes(3), bytes(4));
    }
}
