//! Recognizes files that are no text, or a text that nobody reads, by their first bytes.

use crate::value::Language;

/// A kind of file that is uploaded instead of a CSV file by mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// `.xlsx`, `.ods` and similar, or `.xls`.
    Workbook,
    /// A web page or XML, which some programs name `.xls`.
    Page,
    /// A PDF document.
    Pdf,
    /// `.zip`, `.gz` and others.
    Compressed,
    /// A picture.
    Picture,
    /// Text in UTF-32, which no program for tables writes but by mistake, and which Excel cannot read.
    Utf32,
}

/// How many first bytes are examined.
pub(super) const HEAD_BYTES: usize = 128;

/// A ZIP file's first entry (APPNOTE.TXT, 4.3.7).
const ZIP: &[u8] = b"PK\x03\x04";
/// Where the name of that entry begins, and where its length is, as two bytes.
const ZIP_NAME_AT: usize = 30;
const ZIP_NAME_LENGTH_AT: usize = 26;

/// The first bytes of other kinds: ECMA-376 within OLE ([MS-CFB], 2.2), PDF (ISO 32000, 7.5.2), gzip (RFC 1952), bzip2, xz,
/// zstd (RFC 8878), 7z, RAR, an empty ZIP, PNG, JPEG, GIF, TIFF, and the marks of UTF-32 (Unicode 23.8), of which the first begins
/// like that of UTF-16.
const SIGNATURES: [(&[u8], FileKind); 16] = [
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind::Workbook),
    (b"%PDF-", FileKind::Pdf),
    (b"\x1f\x8b", FileKind::Compressed),
    (b"BZh", FileKind::Compressed),
    (b"\xfd7zXZ\0", FileKind::Compressed),
    (b"\x28\xb5\x2f\xfd", FileKind::Compressed),
    (b"7z\xbc\xaf\x27\x1c", FileKind::Compressed),
    (b"Rar!\x1a\x07", FileKind::Compressed),
    (b"PK\x05\x06", FileKind::Compressed),
    (b"\x89PNG", FileKind::Picture),
    (b"\xff\xd8\xff", FileKind::Picture),
    (b"GIF8", FileKind::Picture),
    (b"II*\0", FileKind::Picture),
    (b"MM\0*", FileKind::Picture),
    (b"\xff\xfe\0\0", FileKind::Utf32),
    (b"\0\0\xfe\xff", FileKind::Utf32),
];

impl FileKind {
    /// The kind by the first bytes; none if the file may be text.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        if head.starts_with(ZIP) {
            return Some(if is_zipped_text(head) { Self::Compressed } else { Self::Workbook });
        }
        if is_page(head) {
            return Some(Self::Page);
        }
        if is_unmarked_utf32(head) {
            return Some(Self::Utf32);
        }
        SIGNATURES.into_iter().find(|(signature, _)| head.starts_with(signature)).map(|(_, kind)| kind)
    }

    pub(super) const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Workbook, Language::Es) => {
                "El archivo es un libro de Excel u otra hoja de cálculo, no un CSV. Ábralo y guárdelo como «CSV UTF-8»."
            }
            (Self::Workbook, Language::En) => {
                "The file is an Excel workbook or another spreadsheet, not CSV. Open it and save it as “CSV UTF-8”."
            }
            (Self::Page, Language::Es) => {
                "El archivo es una página web o un XML, no un CSV. Ábralo en Excel y guárdelo como «CSV UTF-8»."
            }
            (Self::Page, Language::En) => {
                "The file is a web page or XML, not CSV. Open it in Excel and save it as “CSV UTF-8”."
            }
            (Self::Pdf, Language::Es) => "El archivo es un PDF, no un CSV. Pida los datos como «CSV UTF-8».",
            (Self::Pdf, Language::En) => "The file is a PDF, not CSV. Ask for the data as “CSV UTF-8”.",
            (Self::Compressed, Language::Es) => {
                "El archivo está comprimido. Descomprímalo y cargue el CSV que contiene."
            }
            (Self::Compressed, Language::En) => {
                "The file is compressed. Unpack it and upload the CSV inside."
            }
            (Self::Picture, Language::Es) => "El archivo es una imagen, no un CSV. Elija el archivo CSV.",
            (Self::Picture, Language::En) => "The file is a picture, not CSV. Choose the CSV file.",
            (Self::Utf32, Language::Es) => {
                "El archivo es un texto en UTF-32, que no se lee. Guárdelo como «CSV UTF-8» y cárguelo otra vez."
            }
            (Self::Utf32, Language::En) => {
                "The file is text in UTF-32, which is not read. Save it as “CSV UTF-8” and upload it again."
            }
            (Self::Workbook, Language::Pt) => {
                "O arquivo é uma pasta de trabalho do Excel ou outra planilha, não um CSV. Abra-o e salve como “CSV UTF-8”."
            }
            (Self::Page, Language::Pt) => {
                "O arquivo é uma página web ou um XML, não um CSV. Abra-o no Excel e salve como “CSV UTF-8”."
            }
            (Self::Pdf, Language::Pt) => "O arquivo é um PDF, não um CSV. Peça os dados como “CSV UTF-8”.",
            (Self::Compressed, Language::Pt) => {
                "O arquivo está compactado. Descompacte-o e carregue o CSV que ele contém."
            }
            (Self::Picture, Language::Pt) => "O arquivo é uma imagem, não um CSV. Escolha o arquivo CSV.",
            (Self::Utf32, Language::Pt) => {
                "O arquivo é um texto em UTF-32, que não é lido. Salve-o como “CSV UTF-8” e carregue outra vez."
            }
        }
    }
}

/// Whether the first file inside is a text: a workbook's is one of its parts.
fn is_zipped_text(head: &[u8]) -> bool {
    let length = head
        .get(ZIP_NAME_LENGTH_AT..ZIP_NAME_LENGTH_AT + 2)
        .map_or(0, |length| usize::from(u16::from_le_bytes([length[0], length[1]])));
    let name = head.get(ZIP_NAME_AT..ZIP_NAME_AT + length).unwrap_or_default().to_ascii_lowercase();
    name.ends_with(b".csv") || name.ends_with(b".txt")
}

/// UTF-32 without a mark, by the three zero bytes of each of the first two characters: the header is ASCII in every language.
fn is_unmarked_utf32(head: &[u8]) -> bool {
    let Some(two) = head.first_chunk::<8>() else { return false };
    let (of_one, _) = two.as_chunks::<4>();
    let is_little = of_one.iter().all(|one| one[0] != 0 && one[1..] == [0; 3]);
    let is_big = of_one.iter().all(|one| one[3] != 0 && one[..3] == [0; 3]);
    is_little || is_big
}

/// No list of clients begins with a tag.
fn is_page(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let starts = |tag: &&[u8]| text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
    let tags: [&[u8]; 8] =
        [b"<!doctype", b"<html", b"<head", b"<body", b"<table", b"<style", b"<meta", b"<?xml"];
    tags.iter().any(starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zip_of(name: &[u8]) -> Vec<u8> {
        let mut head =
            [ZIP, &[0; 22][..], &u16::try_from(name.len()).unwrap().to_le_bytes(), &[0; 2]].concat();
        head.extend_from_slice(name);
        head
    }

    #[test]
    fn a_binary_file_is_recognized_by_its_first_bytes() {
        let kinds: [(&[u8], FileKind); 12] = [
            (&zip_of(b"[Content_Types].xml"), FileKind::Workbook),
            (&zip_of(b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"), FileKind::Workbook),
            (b"PK\x03\x04\x14\x00\x06\x00", FileKind::Workbook),
            (&zip_of(b"Clientes.CSV"), FileKind::Compressed),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", FileKind::Workbook),
            (b"\x1f\x8b\x08\0", FileKind::Compressed),
            (b"%PDF-1.7\n", FileKind::Pdf),
            (b"<HTML><body>", FileKind::Page),
            (b"\xef\xbb\xbf\r\n <table border=1>", FileKind::Page),
            (b"<?xml version=\"1.0\"?><Workbook>", FileKind::Page),
            (b"\x89PNG\r\n\x1a\n", FileKind::Picture),
            (b"\xff\xd8\xff\xe0", FileKind::Picture),
        ];
        for (head, kind) in kinds {
            assert_eq!(FileKind::of(head), Some(kind), "{head:?}");
        }
    }

    #[test]
    fn utf_32_is_recognized_with_a_mark_and_without_in_either_order() {
        for text in ["external_id;name", "\u{feff}external_id;name", "a\n"] {
            let bytes = |of: fn(u32) -> [u8; 4]| text.chars().flat_map(|c| of(c.into())).collect::<Vec<_>>();
            for head in [bytes(u32::to_le_bytes), bytes(u32::to_be_bytes)] {
                assert_eq!(FileKind::of(&head), Some(FileKind::Utf32), "{text}: {head:?}");
            }
        }
        for language in [Language::Es, Language::En] {
            let said = FileKind::Utf32.text(language);
            assert!(said.contains("UTF-32") && said.contains("CSV UTF-8"), "{said}");
        }
    }

    #[test]
    fn possible_text_is_not_refused() {
        let texts: [&[u8]; 10] = [
            b"",
            b"P",
            b"external_id;name",
            b"\xef\xbb\xbfsep=;\r\n",
            b"\xff\xfee\0",
            b"e\0x\0t\0e\0",
            b"\0e\0x\0t\0e",
            &[0; 16],
            b"<1>;a",
            b"PK;a\n",
        ];
        for head in texts {
            assert_eq!(FileKind::of(head), None, "{head:?}");
        }
    }
}
