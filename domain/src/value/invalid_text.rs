//! The texts of refused values, in each language.

use unicode_normalization::char::is_combining_mark;

use super::invalid::{EmailFault, Invalid, PhoneFault, grouped};
use super::is_invisible;

impl Invalid {
    pub(super) fn spanish(self) -> String {
        match self {
            Self::Missing => "Este dato es obligatorio.".into(),
            Self::TooLong { max } => format!("No puede tener más de {} caracteres.", grouped(max, '.')),
            Self::ControlCharacter => "Contiene caracteres de control, que no se admiten.".into(),
            Self::LineBreak => "No puede contener saltos de línea.".into(),
            Self::Email(fault) => format!("No es una dirección de correo válida{}.", fault.spanish()),
            Self::Phone(PhoneFault::Ambiguous(one, other)) => {
                format!("Puede ser {one} o {other}: escríbalo con + y el código de país.")
            }
            Self::Phone(fault) => format!("No es un teléfono válido: {}.", fault.spanish()),
            Self::Country => "No es un país conocido; se espera su código de dos letras, como CO.".into(),
            Self::TimeZone => {
                "No es una zona horaria conocida; se espera, por ejemplo, America/Bogota.".into()
            }
            Self::Locale => "No es un idioma conocido; se espera, por ejemplo, es o es-CO.".into(),
            Self::Id => "No es un identificador válido.".into(),
            Self::VariableName => "No es un nombre de variable: use letras sin tilde, cifras y _, con una letra al principio, y un nombre que no esté reservado.".into(),
            Self::ColumnName => "No es un nombre de columna: use letras minúsculas sin tilde, cifras y _, con una letra al principio, y un nombre que no esté reservado.".into(),
            Self::LogoUrl => "No es la dirección de un logotipo; se espera, por ejemplo, https://empresa.example/logo.png.".into(),
            Self::NotAllowed { allowed } => {
                format!("No es un valor admitido; puede ser {}.", allowed.join(", "))
            }
        }
    }

    pub(super) fn english(self) -> String {
        match self {
            Self::Missing => "This is required.".into(),
            Self::TooLong { max } => format!("It cannot be longer than {} characters.", grouped(max, ',')),
            Self::ControlCharacter => "It contains control characters, which are not allowed.".into(),
            Self::LineBreak => "It cannot contain line breaks.".into(),
            Self::Email(fault) => format!("It is not a valid e-mail address{}.", fault.english()),
            Self::Phone(PhoneFault::Ambiguous(one, other)) => {
                format!("It may be {one} or {other}: write it with + and the country code.")
            }
            Self::Phone(fault) => format!("It is not a valid telephone number: {}.", fault.english()),
            Self::Country => "It is not a known country; its two-letter code is expected, such as CO.".into(),
            Self::TimeZone => "It is not a known time zone; America/Bogota is one, for example.".into(),
            Self::Locale => "It is not a known language; es or es-CO is one, for example.".into(),
            Self::Id => "It is not a valid identifier.".into(),
            Self::VariableName => "It is not a name of a variable: use letters without accents, digits and _, beginning with a letter, and no reserved name.".into(),
            Self::ColumnName => "It is not a name of a column: use small letters without accents, digits and _, beginning with a letter, and no reserved name.".into(),
            Self::LogoUrl => "It is not the address of a logo; https://company.example/logo.png is one, for example.".into(),
            Self::NotAllowed { allowed } => {
                format!("It is not an allowed value; it can be {}.", allowed.join(", "))
            }
        }
    }

    pub(super) fn portuguese(self) -> String {
        match self {
            Self::Missing => "Este dado é obrigatório.".into(),
            Self::TooLong { max } => format!("Não pode ter mais de {} caracteres.", grouped(max, '.')),
            Self::ControlCharacter => "Contém caracteres de controle, que não são aceitos.".into(),
            Self::LineBreak => "Não pode conter quebras de linha.".into(),
            Self::Email(fault) => format!("Não é um endereço de e-mail válido{}.", fault.portuguese()),
            Self::Phone(PhoneFault::Ambiguous(one, other)) => {
                format!("Pode ser {one} ou {other}: escreva-o com + e o código do país.")
            }
            Self::Phone(fault) => format!("Não é um telefone válido: {}.", fault.portuguese()),
            Self::Country => "Não é um país conhecido; espera-se seu código de duas letras, como BR.".into(),
            Self::TimeZone => {
                "Não é um fuso horário conhecido; espera-se, por exemplo, America/Sao_Paulo.".into()
            }
            Self::Locale => "Não é um idioma conhecido; espera-se, por exemplo, pt ou pt-BR.".into(),
            Self::Id => "Não é um identificador válido.".into(),
            Self::VariableName => "Não é um nome de variável: use letras sem acento, algarismos e _, com uma letra no início, e um nome que não seja reservado.".into(),
            Self::ColumnName => "Não é um nome de coluna: use letras minúsculas sem acento, algarismos e _, com uma letra no início, e um nome que não seja reservado.".into(),
            Self::LogoUrl => "Não é o endereço de um logotipo; espera-se, por exemplo, https://empresa.example/logo.png.".into(),
            Self::NotAllowed { allowed } => {
                format!("Não é um valor aceito; pode ser {}.", allowed.join(", "))
            }
        }
    }
}

impl EmailFault {
    pub(super) fn spanish(self) -> String {
        match self {
            Self::Form => String::new(),
            Self::Character(c) => format!(": contiene un carácter que no se admite ahí, {}", shown(c)),
            Self::Name => ": escriba solo la dirección, sin el nombre".into(),
            Self::Several => ": hay más de una; escriba una sola".into(),
        }
    }

    pub(super) fn english(self) -> String {
        match self {
            Self::Form => String::new(),
            Self::Character(c) => {
                format!(": it contains a character that is not allowed there, {}", shown(c))
            }
            Self::Name => ": write the address alone, without the name".into(),
            Self::Several => ": there is more than one; write only one".into(),
        }
    }

    pub(super) fn portuguese(self) -> String {
        match self {
            Self::Form => String::new(),
            Self::Character(c) => format!(": contém um caractere que não é aceito ali, {}", shown(c)),
            Self::Name => ": escreva só o endereço, sem o nome".into(),
            Self::Several => ": há mais de um; escreva um só".into(),
        }
    }
}

impl PhoneFault {
    pub(super) const fn spanish(self) -> &'static str {
        match self {
            Self::Characters => {
                "solo puede llevar cifras, espacios, puntos, guiones, paréntesis y un + inicial"
            }
            Self::CallingCode => "ningún país tiene ese prefijo",
            Self::Plan => "faltan o sobran cifras, o ningún número de ese país empieza así",
            Self::Ambiguous(..) => "puede leerse como más de un número",
            Self::Spreadsheet => {
                "una hoja de cálculo lo convirtió en una cantidad y pudo perder cifras; vuelva a escribirlo como texto"
            }
            Self::NinthDigit => "le falta el 9 que los móviles de Brasil llevan después del código de área",
            Self::Service => {
                "es un servicio de tarificación adicional o un buzón de voz, no el teléfono de una persona"
            }
        }
    }

    pub(super) const fn english(self) -> &'static str {
        match self {
            Self::Characters => "only digits, spaces, dots, dashes, parentheses and a leading + are allowed",
            Self::CallingCode => "no country has that calling code",
            Self::Plan => "it has too few or too many digits, or no number of that country begins like that",
            Self::Ambiguous(..) => "it can be read as more than one number",
            Self::Spreadsheet => {
                "a spreadsheet made an amount of it and may have lost digits; write it again as text"
            }
            Self::NinthDigit => "it lacks the 9 that mobile numbers of Brazil have behind the area code",
            Self::Service => "it is a premium rate service or a voice mailbox, not a person's telephone",
        }
    }

    pub(super) const fn portuguese(self) -> &'static str {
        match self {
            Self::Characters => "só pode ter algarismos, espaços, pontos, hífens, parênteses e um + inicial",
            Self::CallingCode => "nenhum país tem esse código",
            Self::Plan => "faltam ou sobram algarismos, ou nenhum número desse país começa assim",
            Self::Ambiguous(..) => "pode ser lido como mais de um número",
            Self::Spreadsheet => {
                "uma planilha o converteu em uma quantia e pode ter perdido algarismos; escreva-o de novo como texto"
            }
            Self::NinthDigit => "falta o 9 que os celulares do Brasil têm depois do DDD",
            Self::Service => "é um serviço tarifado ou uma caixa postal, não o telefone de uma pessoa",
        }
    }
}

/// A character by its code point, and itself if it is visible.
fn shown(c: char) -> String {
    let code = format!("U+{:04X}", u32::from(c));
    let is_seen = !c.is_whitespace() && !c.is_control() && !is_invisible(c) && !is_combining_mark(c);
    if is_seen { format!("«{c}» ({code})") } else { code }
}
