//! Los textos en español.

use domain::company::{Limit, OverLimit};
use domain::rendering::{FaultReason, Part};
use domain::value::{Language, grouped};

use super::{changes, shown, size, times_of};
use crate::problem::{JsonType, Kind, Reason};

pub(in crate::problem) const fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Malformed => "La solicitud no se entiende",
        Kind::Unauthenticated => "Falta iniciar sesión",
        Kind::WrongCredentials => "Correo o contraseña incorrectos",
        Kind::Forbidden => "No tiene permiso",
        Kind::CrossSite => "La solicitud viene de otro sitio",
        Kind::NotFound => "No existe",
        Kind::MethodNotAllowed => "Método no admitido",
        Kind::TimedOut => "La solicitud tardó demasiado",
        Kind::Conflict => "No es posible en el estado actual",
        Kind::TooLarge => "La solicitud es demasiado grande",
        Kind::UnsupportedMediaType => "Tipo de contenido no admitido",
        Kind::Invalid => "Hay datos por corregir",
        Kind::KeyReused => "La clave de idempotencia ya se usó",
        Kind::TooManyRequests => "Demasiados intentos",
        Kind::NotImplemented => "No se admite",
        Kind::Internal => "Error interno",
        Kind::Unavailable => "No disponible por el momento",
    }
}

pub(in crate::problem) const fn explanation(kind: Kind) -> &'static str {
    match kind {
        Kind::Malformed => "La solicitud no se puede leer.",
        Kind::Unauthenticated => "Inicie sesión, o envíe un token válido, y vuelva a intentarlo.",
        Kind::WrongCredentials => "Revise el correo y la contraseña.",
        Kind::Forbidden => "Sus roles o empresas no permiten esta operación.",
        Kind::CrossSite => "Esta operación solo se acepta desde la propia aplicación.",
        Kind::NotFound => "No existe, o usted no tiene acceso.",
        Kind::MethodNotAllowed => "Esta dirección no admite ese método.",
        Kind::TimedOut => "La solicitud no llegó completa a tiempo.",
        Kind::Conflict => "El estado actual no permite esta operación.",
        Kind::TooLarge => "La solicitud supera el tamaño admitido.",
        Kind::UnsupportedMediaType => "El tipo de contenido no se admite aquí.",
        Kind::Invalid => "Uno o más datos no son válidos.",
        Kind::KeyReused => "Esa clave de idempotencia corresponde a otra solicitud.",
        Kind::TooManyRequests => "Espere un momento antes de volver a intentarlo.",
        Kind::NotImplemented => "La solicitud pide algo que este servidor no hace.",
        Kind::Internal => {
            "Algo falló de nuestro lado. Si se repite, indique el identificador de seguimiento."
        }
        Kind::Unavailable => "El servicio no está disponible en este momento. Vuelva a intentarlo.",
    }
}

pub(in crate::problem) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Value(invalid) => invalid.text(Language::Es),
        Reason::File(fault) => fault.text(Language::Es),
        Reason::WrongType(expected) => format!("Se espera {}.", json_type(*expected)),
        Reason::TooShort { min } => format!("Debe tener al menos {min} caracteres."),
        Reason::OutOfRange { min, max } => format!("Debe ser un número entre {min} y {max}."),
        Reason::NotJson { line, column } => format!("No es JSON válido: línea {line}, columna {column}."),
        Reason::BodyTooLarge { max_bytes } => format!("El cuerpo no puede superar {}.", size(*max_bytes)),
        Reason::JsonTooLarge { max_bytes } => format!(
            "El cuerpo no puede superar {}. Los límites de los textos valen para UTF-8 sin escapes \\uXXXX.",
            size(*max_bytes)
        ),
        Reason::TooManyValues { max } => {
            format!("El cuerpo puede tener {} valores JSON como máximo.", grouped(*max, '.'))
        }
        Reason::TooManyRecipients { max } => {
            format!("Un mensaje puede ir a {} personas como máximo.", grouped(*max, '.'))
        }
        Reason::Template(fault) => template(fault),
        Reason::Rendered { part, invalid } => {
            format!(
                "Con estos datos, {} no se puede enviar. {}",
                part_name(*part),
                invalid.text(Language::Es)
            )
        }
        Reason::UnknownVariable { name } => unknown_variable(name),
        Reason::TooManyVariables { max } => format!("Una plantilla puede tener {max} variables como máximo."),
        Reason::TooManyColumns { max } => {
            format!("Un cliente puede tener {max} columnas propias como máximo.")
        }
        Reason::TooManyContacts { max } => format!("Un cliente puede tener {max} contactos como máximo."),
        Reason::TooLateToWithdraw { window_s } => {
            format!("Un mensaje solo se puede deshacer durante los {window_s} segundos después de enviarlo.")
        }
        Reason::ExpiresBefore(times) => {
            let (expires, begins) = times_of(*times);
            format!("Vencería el {expires}, y comenzaría el {begins}. Debe vencer después de comenzar.")
        }
        Reason::TooFar { max_days } => format!("No puede ser a más de {max_days} días de hoy."),
        Reason::AudienceChanged { reachable, added, removed } => {
            let changes = changes(*added, *removed, "al menos ");
            format!("La audiencia cambió ({changes}): ahora son {reachable}. Revise y confirme otra vez.")
        }
        Reason::TooManyExternalIds { max } => {
            format!("La lista puede tener {} identificadores como máximo.", grouped(*max, '.'))
        }
        Reason::TooManyIds { max } => format!("Son demasiados: como máximo {}.", grouped(*max, '.')),
        Reason::TooManySegments { segments, max } => {
            format!("El SMS más largo ocupa {segments} segmentos, y el máximo indicado es {max}.")
        }
        Reason::RetryNeedsApproval { people, max } => format!(
            "Se reenviaría a {} personas y nadie la ha aprobado: el límite de la empresa sin aprobación es {}. Reintente \
             con menos, o pídala de nuevo.",
            grouped64(*people),
            grouped64(*max)
        ),
        Reason::OverLimit(OverLimit { limit, max, taken, asked }) => format!(
            "Pasaría del límite de {} de la empresa: {} de {} usados o comprometidos, y hacen falta {}.",
            limit_name(*limit),
            grouped64(*taken),
            grouped64(*max),
            grouped64(*asked)
        ),
        other => plain(other).to_owned(),
    }
}

const fn plain(reason: &Reason) -> &'static str {
    match reason {
        Reason::UnknownField => "Este campo no existe aquí.",
        Reason::DuplicateField => "Este campo aparece más de una vez.",
        Reason::Time => "No es una fecha y hora válida (RFC 3339), como 2026-01-31T15:00:00Z.",
        Reason::Cursor => "No es un cursor de esta lista.",
        Reason::UnknownId => "No existe.",
        Reason::NotHere => "No se admite junto con los demás datos.",
        Reason::NotUtf8 => "No es UTF-8 válido.",
        Reason::TooDeep => "Tiene demasiados niveles.",
        Reason::BodyBroken => "El cuerpo se cortó antes de terminar.",
        Reason::Encoded => "El cuerpo debe llegar sin codificar: sin Content-Encoding.",
        Reason::NotJsonType => "Se espera application/json.",
        Reason::NotCsvType => "Se espera text/csv.",
        Reason::Host => "Debe haber exactamente una cabecera Host, con un nombre y su puerto.",
        Reason::TransferCoding => "La única codificación de transferencia que se admite es chunked.",
        Reason::KeyMissing => "Falta la cabecera Idempotency-Key.",
        Reason::KeyInvalid => "Idempotency-Key debe tener de 1 a 255 caracteres ASCII visibles.",
        Reason::KeyRunning => "La misma solicitud todavía está en curso.",
        Reason::PastTheHead => "Esa posición aún no existe.",
        Reason::NobodyToTell => "No hay ningún destinatario.",
        Reason::EmailTaken => "Otro usuario ya tiene ese correo.",
        Reason::NoRole => "Elija al menos un rol.",
        Reason::ExternalIdTaken => "Otro cliente de la empresa ya tiene ese identificador.",
        Reason::Expired => "La fecha de vencimiento ya pasó.",
        Reason::Cancelled => "Fue cancelada.",
        Reason::InThePast => "Esa hora ya pasó.",
        Reason::AlreadyBegun => "Ya comenzó.",
        Reason::NotInDoubt => "El envío ya no está en duda.",
        Reason::AwaitingApproval => "Está a la espera de aprobación: nada sale todavía.",
        Reason::NotAwaitingApproval => "Ya no está a la espera de aprobación.",
        Reason::OwnApproval => "Debe decidir otra persona: usted es quien la solicitó.",
        Reason::Disabled => "El usuario está deshabilitado.",
        Reason::OwnAccess => "No puede quitarse a sí mismo el acceso de administrador.",
        Reason::Contended => "Otra persona lo está cambiando al mismo tiempo. Vuelva a intentarlo.",
        Reason::Unconfirmed => "La confirmación no corresponde a esta solicitud.",
        Reason::ConfirmationExpired => "La confirmación venció. Revise y confirme otra vez.",
        Reason::NotCaughtUp => "Los últimos cambios aún no se pueden leer. Vuelva a intentarlo.",
        Reason::Overloaded => "Hay demasiado trabajo en espera. Vuelva a intentarlo.",
        Reason::TooManyImports => {
            "Ya se están importando otros archivos. Vuelva a intentarlo cuando termine alguno."
        }
        Reason::TooManyAtOnce => {
            "Usted tiene demasiadas solicitudes de este tipo en curso. Vuelva a intentarlo cuando termine alguna."
        }
        Reason::DiskFull => {
            "No hay espacio en disco para el archivo. No se importó nada; vuelva a intentarlo más tarde."
        }
        Reason::DeclaredTwice => "Otra variable ya tiene este nombre.",
        Reason::NotTheTemplates => "No coincide con la plantilla, que conserva su canal y su empresa.",
        Reason::NoOwnAddress => "Usted no tiene una dirección de este canal a la que enviar la prueba.",
        Reason::NotMobile => "A ese número no llega ningún SMS: no es un celular.",
        Reason::DeliveryOpen => "Todavía se está enviando.",
        Reason::DeliverySent => "Ya se envió: no se envía dos veces.",
        Reason::DeliveryInDoubt => "No se sabe si se envió. Resuelva primero la duda.",
        Reason::DeliverySuppressed => "No se le puede enviar.",
        Reason::AddressSuppressed => "La dirección está excluida: no se le envía nada por este canal.",
        Reason::PersonErased => "Los datos de la persona fueron borrados.",
        Reason::ContactGone => "El cliente ya no tiene un contacto con esa dirección.",
        Reason::AlreadyAddressed => "Otro envío de esta notificación va a esa dirección.",
        Reason::AlreadyRetried => "Ya se está enviando a otra dirección.",
        // Reasons with numbers: `reason` has their texts.
        Reason::Value(_)
        | Reason::File(_)
        | Reason::Template(_)
        | Reason::Rendered { .. }
        | Reason::UnknownVariable { .. }
        | Reason::TooManyVariables { .. }
        | Reason::WrongType(_)
        | Reason::TooShort { .. }
        | Reason::OutOfRange { .. }
        | Reason::NotJson { .. }
        | Reason::BodyTooLarge { .. }
        | Reason::JsonTooLarge { .. }
        | Reason::TooManyValues { .. }
        | Reason::TooManyRecipients { .. }
        | Reason::TooManyColumns { .. }
        | Reason::TooManyContacts { .. }
        | Reason::TooLateToWithdraw { .. }
        | Reason::TooFar { .. }
        | Reason::ExpiresBefore(_)
        | Reason::TooManyExternalIds { .. }
        | Reason::TooManyIds { .. }
        | Reason::TooManySegments { .. }
        | Reason::OverLimit(_)
        | Reason::RetryNeedsApproval { .. }
        | Reason::AudienceChanged { .. } => "",
    }
}

const fn limit_name(limit: Limit) -> &'static str {
    match limit {
        Limit::ApprovalAbove => "personas sin aprobación",
        Limit::SmsPerDay => "SMS por día",
        Limit::SmsPerMonth => "SMS por mes",
        Limit::EmailsPerDay => "correos por día",
        Limit::EmailsPerMonth => "correos por mes",
        Limit::SegmentsPerDay => "segmentos de SMS por día",
        Limit::SegmentsPerMonth => "segmentos de SMS por mes",
        Limit::ForeignPerDay => "SMS al extranjero por día",
        Limit::PerRecipientPerHour => "mensajes por hora a una dirección",
        Limit::SmsPerSecond => "SMS por segundo",
        Limit::EmailsPerSecond => "correos por segundo",
    }
}

fn grouped64(number: u64) -> String {
    grouped(usize::try_from(number).unwrap_or(usize::MAX), '.')
}

fn template(fault: &FaultReason) -> String {
    match fault {
        FaultReason::Syntax { line } => format!("No es una plantilla válida: revise la línea {line}."),
        FaultReason::UnknownVariable { name } => unknown_variable(name),
        FaultReason::MissingColumn { name } => {
            format!("El cliente no tiene la columna «{}», que el texto pide.", shown(name))
        }
        FaultReason::Markup => "No es MJML válido.".into(),
        FaultReason::Unsupported { name, line } => {
            format!("Las plantillas no admiten «{}» de la línea {line}.", shown(name))
        }
        FaultReason::Fails { line } => {
            format!("La plantilla falla en la línea {line}: un filtro o una función no admite ese valor.")
        }
        FaultReason::TooCostly => {
            "La plantilla exige demasiado trabajo: abrevie sus repeticiones o su texto.".into()
        }
        FaultReason::Result(invalid) => invalid.text(Language::Es),
    }
}

fn unknown_variable(name: &str) -> String {
    format!("La plantilla no tiene la variable «{}».", shown(name))
}

const fn part_name(part: Part) -> &'static str {
    match part {
        Part::Subject => "el asunto",
        Part::Body => "el texto",
        Part::Html => "el HTML",
    }
}

const fn json_type(expected: JsonType) -> &'static str {
    match expected {
        JsonType::Object => "un objeto",
        JsonType::Array => "una lista",
        JsonType::Text => "un texto",
        JsonType::Integer => "un número entero",
        JsonType::Boolean => "true o false",
    }
}
