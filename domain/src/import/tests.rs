//! The rules of the file: what is read, what is refused and where, however its bytes arrive.

use std::collections::BTreeMap;
use std::io::Read;

use super::*;
use crate::client::{CONTACTS_MAX, Contact};
use crate::value::{ColumnName, ColumnText, ContactKind, CountryCode};

const HEADER: &str = "external_id,name,kind,contact_name,phone,email\n";

fn encoding(bytes: &[u8]) -> FileEncoding {
    let mut guess = EncodingGuess::default();
    guess.take(bytes);
    guess.finish()
}

fn open(bytes: &[u8], chunk_bytes: usize) -> Result<ClientRows<&[u8]>, FileFault> {
    ClientRows::open_in_chunks(bytes, encoding(bytes), CountryCode::COLOMBIA, chunk_bytes).unwrap()
}

/// The rows of a file of these lines below the header.
fn rows(lines: &str) -> Vec<Row> {
    rows_of(format!("{HEADER}{lines}").as_bytes())
}

/// The rows of a file, the same wherever its chunks end.
fn rows_of(bytes: &[u8]) -> Vec<Row> {
    let whole = rows_in_chunks(bytes, bytes.len());
    assert_eq!(rows_in_chunks(bytes, 1), whole);
    assert_eq!(rows_in_chunks(bytes, 7), whole);
    whole
}

fn rows_in_chunks(bytes: &[u8], chunk_bytes: usize) -> Vec<Row> {
    open(bytes, chunk_bytes).unwrap().map(Result::unwrap).collect()
}

fn good(lines: &str) -> ImportRow {
    match rows(lines).as_slice() {
        [Row::Good(row, _)] => row.clone(),
        other => panic!("{lines:?}: {other:?}"),
    }
}

fn good_rows(rows: Vec<Row>) -> Vec<ImportRow> {
    let keep = |row| match row {
        Row::Good(row, _) => Some(row),
        Row::Refused(_) => None,
    };
    rows.into_iter().filter_map(keep).collect()
}

/// Line, column and code of every fault.
fn faults(rows: &[Row]) -> Vec<(u64, &'static str, &'static str)> {
    let faults = rows.iter().filter_map(|row| match row {
        Row::Good(..) => None,
        Row::Refused(faults) => Some(faults),
    });
    told(faults.flatten())
}

/// The same of every warning.
fn warnings(rows: &[Row]) -> Vec<(u64, &'static str, &'static str)> {
    let warnings = rows.iter().filter_map(|row| match row {
        Row::Good(_, warnings) => Some(warnings),
        Row::Refused(_) => None,
    });
    told(warnings.flatten())
}

fn told<'a>(faults: impl Iterator<Item = &'a RowFault>) -> Vec<(u64, &'static str, &'static str)> {
    faults.map(|fault| (fault.line, fault.column.as_str(), fault.code())).collect()
}

#[test]
fn a_good_row_is_read_with_every_cell() {
    let row = good("A-1,Ana Pérez,holder,Ana,300 123 4567,ana@example.com");
    assert_eq!((row.line, row.external_id.as_str(), row.name.as_str()), (2, "A-1", "Ana Pérez"));
    assert_eq!((row.kind, row.contact_name.as_str()), (ContactKind::Holder, "Ana"));
    assert_eq!(row.phone.unwrap().as_str(), "+573001234567");
    assert_eq!(row.email.unwrap().as_str(), "ana@example.com");
}

#[test]
fn a_contact_may_lack_phone_and_email_and_a_holder_its_own_name() {
    let row = good("1,Ana,holder,,,");
    assert_eq!((row.contact_name.as_str(), row.phone, row.email), ("Ana", None, None));
    assert_eq!(faults(&rows("1,Ana,emergency_contact,,,")), [(2, "contact_name", "missing")]);
}

#[test]
fn the_kind_is_read_in_english_and_spanish() {
    use ContactKind::{AuthorizedUser, EmergencyContact, Holder};
    let kinds = [
        ("holder", Holder),
        ("HOLDER", Holder),
        ("Titular", Holder),
        ("emergency_contact", EmergencyContact),
        ("Contacto de Emergencia", EmergencyContact),
        ("authorized_user", AuthorizedUser),
        ("Usuario  autorizado", AuthorizedUser),
    ];
    for (text, kind) in kinds {
        assert_eq!(good(&format!("1,Ana,{text},Luis,,")).kind, kind);
    }
    assert_eq!(
        faults(&rows("1,Ana,vecino,Luis,,\n1,Ana,,Luis,,")),
        [(2, "kind", "not_allowed"), (3, "kind", "missing")]
    );
}

#[test]
fn white_space_inside_a_cell_folds_into_one_space() {
    let row = good("\"  1 \",\"Ana\r\n María \t Pérez\",holder,\"Ana\u{a0}\n\nP\",\"300\n123 4567\",");
    assert_eq!((row.external_id.as_str(), row.name.as_str()), ("1", "Ana María Pérez"));
    assert_eq!((row.contact_name.as_str(), row.phone.unwrap().as_str()), ("Ana P", "+573001234567"));
}

#[test]
fn a_formula_is_text_like_any_other() {
    let row = good("=1+1,\"=HYPERLINK(\"\"x\"\")\",holder,@sum,,");
    let texts = [row.external_id.as_str(), row.name.as_str(), row.contact_name.as_str()];
    assert_eq!(texts, ["=1+1", "=HYPERLINK(\"x\")", "@sum"]);
    let ours = good("'=1+1,\" '-Ana \",holder,O'Higgins,'+573001234567,");
    let texts = [ours.external_id.as_str(), ours.name.as_str(), ours.contact_name.as_str()];
    assert_eq!(texts, ["=1+1", "-Ana", "O'Higgins"], "without the mark of our own files");
}

#[test]
fn every_fault_of_a_row_is_reported_and_the_row_refused_whole() {
    let read = rows("1,Ana,holder,Ana,,\n,,vecino,,123,nadie\n1,Ana,titular,Luis,,\n");
    let expected = [
        (3, "external_id", "missing"),
        (3, "name", "missing"),
        (3, "kind", "not_allowed"),
        (3, "phone", "invalid_phone"),
        (3, "email", "invalid_email"),
    ];
    assert_eq!(faults(&read), expected);
    assert_eq!(good_rows(read).len(), 2);
}

#[test]
fn a_fault_quotes_the_value() {
    let Some(Row::Refused(faults)) = rows("1,Ana,holder,Ana, 12 x ,").pop() else { panic!("refused") };
    assert_eq!(faults[0].value, "12 x");
}

#[test]
fn each_cell_has_its_limits() {
    let long = "ñ".repeat(201);
    let read = rows(&format!("{long},{long},holder,{long},{long},{}@example.com", "a".repeat(300)));
    let expected = [
        (2, "external_id", "too_long"),
        (2, "name", "too_long"),
        (2, "contact_name", "too_long"),
        (2, "phone", "invalid_phone"),
        (2, "email", "too_long"),
    ];
    assert_eq!(faults(&read), expected);
}

#[test]
fn control_characters_are_refused_in_every_cell() {
    let read =
        rows("1\0,An\u{7}a,emergency_contact,\u{1b}L,300\0,a\u{1}@example.com\n2,A\u{fffd}a,holder,,,");
    let columns = ["external_id", "name", "contact_name", "phone", "email"];
    let mut expected: Vec<_> = columns.map(|column| (2, column, "control_character")).into();
    expected.push((3, "name", "unreadable_character"));
    assert_eq!(faults(&read), expected);
}

#[test]
fn a_row_has_as_many_cells_as_the_header() {
    let read = rows("1,Ana,holder\n1,Ana,holder,Ana,,,x\n1,Ana,holder,Ana,,,,\n");
    assert_eq!(faults(&read), [(2, "contact_name", "wrong_column_count"), (3, "row", "wrong_column_count")]);
    assert_eq!(good_rows(read).len(), 1, "blank cells at the end are a spreadsheet's");
}

#[test]
fn blank_rows_are_no_rows_but_are_counted_as_lines() {
    let read = rows("\n,,,,,\n  \n1,Ana,holder,Ana,,\n\n");
    assert_eq!(read.len(), 1);
    assert_eq!(good_rows(read)[0].line, 5);
    assert!(rows("").is_empty());
}

#[test]
fn a_line_is_where_the_row_starts_in_the_file() {
    let read = rows("1,\"a\nb\r\nc\rd\",holder,x,,\r\n2,e,holder,y,,\r3,f,holder,z,,");
    assert_eq!(good_rows(read).iter().map(|row| row.line).collect::<Vec<_>>(), [2, 6, 7]);
}

#[test]
fn a_quote_left_open_costs_its_own_line_only() {
    let read = rows(
        "1,\"Ana,holder,x,,\n2,Luis,holder,y,,\n3,\"Eva\",holder,z,,\n4,\"Leo,holder,z,,\n5,Sol,holder,z,,",
    );
    assert_eq!(faults(&read), [(2, "row", "misplaced_quote"), (5, "row", "misplaced_quote")]);
    assert_eq!(good_rows(read).iter().map(|row| row.line).collect::<Vec<_>>(), [3, 4, 6]);
}

#[test]
fn a_row_without_end_is_refused_in_bounded_memory() {
    let endless = "x".repeat(ROW_MAX_BYTES * 4);
    let read =
        rows_in_chunks(format!("{HEADER}1,{endless}\r\n2,Luis,holder,y,,\n3,\"{endless}").as_bytes(), 5_000);
    assert_eq!(faults(&read), [(2, "row", "row_too_long"), (4, "row", "row_too_long")]);
    assert_eq!(good_rows(read)[0].line, 3);
    let swallowed = format!("{HEADER}1,\"Ana\n{}", "2,Luis,holder,y,,\n".repeat(10_000));
    let read = rows_in_chunks(swallowed.as_bytes(), 5_000);
    assert_eq!(faults(&read), [(2, "row", "row_too_long")]);
    assert_eq!(good_rows(read).len(), 10_000);
}

#[test]
fn the_same_file_reads_the_same_in_every_encoding() {
    let text = format!("{HEADER}1,José Ñuñez,titular,Zoë,,\n2,“Año” €,holder,,,\n");
    let expected = rows_of(text.as_bytes());
    assert_eq!(expected.len(), 2);
    let utf16 =
        |bytes: fn(u16) -> [u8; 2]| [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(bytes).collect();
    let unmarked = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect();
    let files: [Vec<u8>; 7] = [
        ["\u{feff}", &text].concat().into_bytes(),
        encoding_rs::WINDOWS_1252.encode(&text).0.into_owned(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        unmarked(u16::to_le_bytes),
        unmarked(u16::to_be_bytes),
        encoding_rs::MACINTOSH.encode(&text).0.into_owned(),
    ];
    for file in files {
        assert_eq!(rows_of(&file), expected);
    }
}

#[test]
fn a_file_of_dos_reads_with_its_letters() {
    let row = b"C-1;Mar\xa1a Mu\xa4oz P\x82rez;titular;\xe0SCAR N\xe9\xa5EZ;;\n";
    let file = [&HEADER.replace(',', ";").into_bytes()[..], row].concat();
    let read = good_rows(rows_of(&file));
    assert_eq!((read[0].name.as_str(), read[0].contact_name.as_str()), ("María Muñoz Pérez", "ÓSCAR NÚÑEZ"));
}

#[test]
fn a_row_of_another_charset_in_a_file_of_utf8_costs_nobody_the_file_and_no_name_its_person() {
    let good = "1,Peña,holder,Peña,3001234567,\n2,Núñez,holder,,3001234568,\n";
    let named = b"3,Mu\xf1oz,authorized_user,Jos\xe9,3001234569,\n";
    let identified = b"\xd17,Ana,holder,,3001234560,\n8,Ana,holder,,,jos\xe9@example.com\n";
    let read =
        rows_of(&[HEADER.as_bytes(), good.as_bytes(), named, identified, b"9,\"Jos\xe9\"x,,,,\n"].concat());
    assert_eq!(warnings(&read), [(4, "name", "not_utf8"), (4, "contact_name", "not_utf8")]);
    assert_eq!(
        faults(&read),
        [
            (5, "external_id", "unreadable_character"),
            (6, "email", "unreadable_character"),
            (7, "row", "misplaced_quote")
        ]
    );
    let (Row::Refused(refused), Row::Refused(misquoted)) = (&read[3], &read[5]) else { panic!("{read:?}") };
    let values = (refused[0].value.as_str(), misquoted[0].value.as_str());
    assert_eq!(values, ("Ñ7", "9,\"José\"x,,,,"), "what stands there can be read");
    let names: Vec<_> = good_rows(read).into_iter().map(|row| row.name.into_string()).collect();
    assert_eq!(names, ["Peña", "Núñez", "Muñoz"]);
}

#[test]
fn a_contact_that_no_channel_reaches_is_taken_with_a_warning() {
    let read = rows("1,Ana,holder,,,\n2,Eva,holder,,3001234567,\n3,Sol,authorized_user,Luis,\u{200b},·\n");
    assert_eq!(warnings(&read), [(2, "row", "unreachable_contact")]);
    assert_eq!(faults(&read), [(4, "email", "missing")]);
    let read = rows("1,Ana,holder,,601 742 1234,\n2,Eva,holder,,601 742 1234,eva@example.com\n");
    assert_eq!(warnings(&read), [(2, "row", "unreachable_contact")], "an SMS does not reach a landline");
    assert_eq!(good_rows(read).len(), 2);
}

#[test]
fn the_line_of_a_row_is_the_one_in_the_file_below_a_declared_delimiter_too() {
    let file = format!("\u{feff}sep=;\r\n{}1;Ana;holder;Ana;12;\n", HEADER.replace(',', ";"));
    assert_eq!(faults(&rows_of(file.as_bytes())), [(3, "phone", "invalid_phone")]);
}

#[test]
fn the_same_letters_in_two_unicode_forms_are_one_client_of_one_name() {
    let (drafts, faults) = joined(good_rows(rows(
        "Ñ7,Peña,holder,Íñigo,3001234567,\nN\u{303}7,Pen\u{303}a,holder,I\u{301}n\u{303}igo,3001234567,\n",
    )));
    assert_eq!((drafts.len(), drafts[0].contacts.len(), faults.len()), (1, 1, 0));
    assert_eq!((drafts[0].external_id.as_str(), drafts[0].name.as_str()), ("Ñ7", "Peña"), "as written first");
}

#[test]
fn bytes_that_are_no_characters_of_the_declared_encoding_refuse_their_row() {
    let bytes = [HEADER.as_bytes(), b"1,Jos\xe9,holder,,,\n2,Ana,holder,,,"].concat();
    let declared = FileEncoding::declared("utf-8").unwrap();
    let read = ClientRows::open(bytes.as_slice(), declared, CountryCode::COLOMBIA).unwrap().unwrap();
    let read: Vec<Row> = read.map(Result::unwrap).collect();
    assert_eq!(faults(&read), [(2, "name", "unreadable_character")]);
    assert_eq!(good_rows(read).len(), 1);
}

#[test]
fn a_file_that_is_none_is_refused_before_its_rows() {
    let refused = |text: &[u8]| open(text, 5_000).err().map(|fault| fault.code());
    assert_eq!(refused(b""), Some("empty_file"));
    assert_eq!(refused(b"\xef\xbb\xbf"), Some("empty_file"));
    assert_eq!(refused(b"a,b\n1,2"), Some("wrong_columns"));
    assert_eq!(refused(b"PK\x03\x04\x14\x00\x06\x00"), Some("not_csv_file"));
    assert_eq!(refused(b"<html><table><tr><td>external_id"), Some("not_csv_file"));
    assert_eq!(refused(&b"\"".repeat(200_001)), Some("unreadable_header"));
}

#[test]
fn a_reader_may_give_a_byte_at_a_time() {
    struct Dripping<'a>(&'a [u8]);
    impl Read for Dripping<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0.read(&mut buffer[..1])
        }
    }
    let bytes = format!("{HEADER}1,José,holder,,,\n2,Ana,holder,,,");
    let rows = ClientRows::open(Dripping(bytes.as_bytes()), FileEncoding::UTF_8, CountryCode::COLOMBIA);
    assert_eq!(rows.unwrap().unwrap().map(Result::unwrap).collect::<Vec<_>>(), rows_of(bytes.as_bytes()));
}

#[test]
fn a_reader_that_fails_fails_the_import() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::UnexpectedEof.into())
        }
    }
    assert!(ClientRows::open(Broken, FileEncoding::UTF_8, CountryCode::COLOMBIA).is_err());
    let rest = HEADER.as_bytes().chain(&[b'1'; ROW_MAX_BYTES][..]).chain(Broken);
    let mut rows = ClientRows::open(rest, FileEncoding::UTF_8, CountryCode::COLOMBIA).unwrap().unwrap();
    assert!(rows.next().unwrap().is_err());
}

/// The clients of a file, each as an import joins it: by its rows, in the order of their lines.
fn joined(rows: Vec<ImportRow>) -> (Vec<ClientDraft>, Vec<RowFault>) {
    let (mut drafts, mut faults): (Vec<ClientDraft>, _) = (Vec::new(), Vec::new());
    for row in rows {
        match drafts.iter_mut().find(|draft| draft.external_id == row.external_id) {
            Some(draft) => faults.extend(draft.add(row).err()),
            None => drafts.push(ClientDraft::of(row)),
        }
    }
    (drafts, faults)
}

#[test]
fn rows_of_one_client_are_its_contacts_even_apart() {
    let read = rows(
        "1,Ana,titular,Ana,3001234567,\n2,Luis,titular,Luis,,l@example.com\n1,Ana,contacto de emergencia,Eva,3001234568,\n",
    );
    let (drafts, faults) = joined(good_rows(read));
    assert!(faults.is_empty());
    let ana = drafts[0].clone().into_profile();
    let contact = |kind, name: &str, phone: &str| Contact {
        kind,
        name: name.into(),
        phone: Some(phone.into()),
        email: None,
    };
    let holder = contact(ContactKind::Holder, "Ana", "+573001234567");
    let other = contact(ContactKind::EmergencyContact, "Eva", "+573001234568");
    assert_eq!((ana.external_id.as_deref(), ana.name.as_str()), (Some("1"), "Ana"));
    assert_eq!(ana.contacts, [holder, other]);
    assert_eq!(drafts.len(), 2);
}

#[test]
fn a_repeated_contact_is_one() {
    let (drafts, faults) =
        joined(good_rows(rows("1,Ana,holder,Ana,3001234567,\n1,Ana,holder,,+57 300 1234567,\n")));
    assert_eq!((drafts[0].contacts.len(), faults.len()), (1, 0));
}

#[test]
fn a_later_row_cannot_give_its_client_another_name() {
    let (drafts, faults) =
        joined(good_rows(rows("1,Ana,holder,,,\n1,Ana María,holder,,,\n1,Ana,holder,Eva,,\n")));
    assert_eq!((drafts[0].name.as_str(), drafts[0].contacts.len()), ("Ana", 2));
    assert_eq!(
        faults.iter().map(|fault| (fault.line, fault.code())).collect::<Vec<_>>(),
        [(3, "conflicting_name")]
    );
}

/// The texts in own columns, by name; empty for none.
fn columns(columns: &BTreeMap<ColumnName, Option<ColumnText>>) -> Vec<(&str, &str)> {
    columns.iter().map(|(name, text)| (name.as_str(), text.as_ref().map_or("", ColumnText::as_str))).collect()
}

#[test]
fn own_columns_are_read_as_text_and_an_empty_cell_has_none() {
    let header = "external_id,name,kind,contact_name,phone,email,Saldo,Día\n";
    let read =
        rows_of(format!("{header}1,Ana,holder,,,,\" $  5.000 \",\n2,Eva,holder,,,,,lunes\n").as_bytes());
    let read = good_rows(read);
    assert_eq!(columns(&read[0].columns), [("dia", ""), ("saldo", "$ 5.000")]);
    assert_eq!(columns(&read[1].columns), [("dia", "lunes"), ("saldo", "")]);
    let kept = serde_json::to_string(&read[0]).unwrap();
    assert_eq!(serde_json::from_str::<ImportRow>(&kept).unwrap(), read[0]);
    let long = "x".repeat(201);
    let refused = rows_of(format!("{header}1,Ana,holder,,,,{long},\n2,Eva,holder,,,,a\u{7}b,\n").as_bytes());
    assert_eq!(faults(&refused), [(2, "own", "too_long"), (3, "own", "control_character")]);
    let Row::Refused(fault) = &refused[0] else { panic!("a refusal") };
    assert!(fault[0].value.starts_with("saldo: xxx"));
}

#[test]
fn the_first_text_of_a_client_in_an_own_column_stays_and_another_one_is_a_warning() {
    let header = "external_id,name,kind,contact_name,phone,email,saldo,dia\n";
    let lines = "1,Ana,holder,,,,,\n1,Ana,holder,Eva,,,5,\n1,Ana,holder,Luz,,,7,\n";
    let mut read = good_rows(rows_of(format!("{header}{lines}").as_bytes())).into_iter();
    let mut draft = ClientDraft::of(read.next().unwrap());
    let warnings: Vec<_> = read.flat_map(|row| draft.add(row).unwrap()).collect();
    assert_eq!(told(warnings.iter()), [(4, "own", "conflicting_column")]);
    assert_eq!((draft.contacts.len(), draft.emptied()), (3, vec!["dia".to_owned()]));
    let profile = draft.into_profile();
    assert_eq!(profile.columns, BTreeMap::from([("saldo".to_owned(), "5".to_owned())]));
}

#[test]
fn a_client_has_so_many_contacts_and_no_more() {
    let lines: String = (0..=CONTACTS_MAX).map(|n| format!("1,Ana,holder,Persona {n},,\n")).collect();
    let (drafts, faults) = joined(good_rows(rows(&lines)));
    assert_eq!((drafts[0].contacts.len(), faults.len()), (CONTACTS_MAX, 1));
    assert_eq!(faults[0].code(), "too_many_contacts");
}

#[test]
fn a_good_row_can_be_kept_aside_and_read_again() {
    let row = good("1,Ana,holder,Ana,3001234567,ana@example.com");
    let kept = serde_json::to_string(&row).unwrap();
    assert_eq!(serde_json::from_str::<ImportRow>(&kept).unwrap(), row);
}

#[test]
fn marks_that_nobody_sees_are_passed_over_at_the_ends_of_a_cell() {
    let row = good(
        "\u{200b}C-1\u{feff},Ana\u{ad} ,titular,Ana,\u{202a}+57 300 123 4567\u{202c},ana@example.com\u{200b}",
    );
    let phone = row.phone.as_ref().map(AsRef::as_ref);
    let email = row.email.as_ref().map(AsRef::as_ref);
    assert_eq!((row.external_id.as_str(), row.name.as_str()), ("C-1", "Ana"));
    assert_eq!((phone, email), (Some("+573001234567"), Some("ana@example.com")));
}
