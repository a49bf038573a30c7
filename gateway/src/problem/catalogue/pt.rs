//! Os textos em português do Brasil.

use domain::company::{Limit, OverLimit};
use domain::rendering::{FaultReason, Part};
use domain::value::{Language, grouped};

use super::{changes, shown, size, times_of};
use crate::problem::{JsonType, Kind, Reason};

pub(in crate::problem) const fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Malformed => "Não é possível entender a solicitação",
        Kind::Unauthenticated => "É preciso entrar",
        Kind::WrongCredentials => "E-mail ou senha incorretos",
        Kind::Forbidden => "Você não tem permissão",
        Kind::CrossSite => "A solicitação vem de outro site",
        Kind::NotFound => "Não existe",
        Kind::MethodNotAllowed => "Método não aceito",
        Kind::TimedOut => "A solicitação demorou demais",
        Kind::Conflict => "Não é possível na situação atual",
        Kind::TooLarge => "A solicitação é grande demais",
        Kind::UnsupportedMediaType => "Tipo de conteúdo não aceito",
        Kind::Invalid => "Há dados a corrigir",
        Kind::KeyReused => "A chave de idempotência já foi usada",
        Kind::TooManyRequests => "Tentativas demais",
        Kind::NotImplemented => "Não se aceita",
        Kind::Internal => "Erro interno",
        Kind::Unavailable => "Indisponível no momento",
    }
}

pub(in crate::problem) const fn explanation(kind: Kind) -> &'static str {
    match kind {
        Kind::Malformed => "A solicitação não pode ser lida.",
        Kind::Unauthenticated => "Entre, ou envie um token válido, e tente novamente.",
        Kind::WrongCredentials => "Verifique o e-mail e a senha.",
        Kind::Forbidden => "Suas funções ou empresas não permitem esta operação.",
        Kind::CrossSite => "Esta operação só é aceita a partir do próprio aplicativo.",
        Kind::NotFound => "Não existe, ou você não tem acesso.",
        Kind::MethodNotAllowed => "Este endereço não aceita esse método.",
        Kind::TimedOut => "A solicitação não chegou completa a tempo.",
        Kind::Conflict => "A situação atual não permite esta operação.",
        Kind::TooLarge => "A solicitação passa do tamanho aceito.",
        Kind::UnsupportedMediaType => "O tipo de conteúdo não é aceito aqui.",
        Kind::Invalid => "Um ou mais dados não são válidos.",
        Kind::KeyReused => "Essa chave de idempotência corresponde a outra solicitação.",
        Kind::TooManyRequests => "Espere um momento antes de tentar novamente.",
        Kind::NotImplemented => "A solicitação pede algo que este servidor não faz.",
        Kind::Internal => {
            "Algo falhou do nosso lado. Se acontecer de novo, informe o identificador de rastreamento."
        }
        Kind::Unavailable => "O serviço não está disponível neste momento. Tente novamente.",
    }
}

pub(in crate::problem) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Value(invalid) => invalid.text(Language::Pt),
        Reason::File(fault) => fault.text(Language::Pt),
        Reason::WrongType(expected) => format!("Espera-se {}.", json_type(*expected)),
        Reason::TooShort { min } => format!("Deve ter pelo menos {min} caracteres."),
        Reason::OutOfRange { min, max } => format!("Deve ser um número entre {min} e {max}."),
        Reason::NotJson { line, column } => format!("Não é JSON válido: linha {line}, coluna {column}."),
        Reason::BodyTooLarge { max_bytes } => format!("O corpo não pode passar de {}.", size(*max_bytes)),
        Reason::JsonTooLarge { max_bytes } => format!(
            "O corpo não pode passar de {}. Os limites dos textos valem para UTF-8 sem escapes \\uXXXX.",
            size(*max_bytes)
        ),
        Reason::TooManyValues { max } => {
            format!("O corpo pode ter no máximo {} valores JSON.", grouped(*max, '.'))
        }
        Reason::TooManyRecipients { max } => {
            format!("Uma mensagem pode ir para no máximo {} pessoas.", grouped(*max, '.'))
        }
        Reason::Template(fault) => template(fault),
        Reason::Rendered { part, invalid } => {
            format!(
                "Com estes dados, {} não pode ser enviado. {}",
                part_name(*part),
                invalid.text(Language::Pt)
            )
        }
        Reason::UnknownVariable { name } => unknown_variable(name),
        Reason::TooManyVariables { max } => format!("Um modelo pode ter no máximo {max} variáveis."),
        Reason::TooManyColumns { max } => {
            format!("Um cliente pode ter no máximo {max} colunas próprias.")
        }
        Reason::TooManyContacts { max } => format!("Um cliente pode ter no máximo {max} contatos."),
        Reason::TooLateToWithdraw { window_s } => {
            format!("Uma mensagem só pode ser desfeita durante os {window_s} segundos depois de enviada.")
        }
        Reason::ExpiresBefore(times) => {
            let (expires, begins) = times_of(*times);
            format!("Expiraria em {expires}, e começaria em {begins}. Deve expirar depois de começar.")
        }
        Reason::TooFar { max_days } => format!("Não pode ser a mais de {max_days} dias de hoje."),
        Reason::AudienceChanged { reachable, added, removed } => {
            let changes = changes(*added, *removed, "pelo menos ");
            format!("O público mudou ({changes}): agora são {reachable}. Revise e confirme outra vez.")
        }
        Reason::TooManyExternalIds { max } => {
            format!("A lista pode ter no máximo {} identificadores.", grouped(*max, '.'))
        }
        Reason::TooManyIds { max } => format!("São demais: no máximo {}.", grouped(*max, '.')),
        Reason::TooManySegments { segments, max } => {
            format!("O SMS mais longo ocupa {segments} segmentos, e o máximo indicado é {max}.")
        }
        Reason::RetryNeedsApproval { people, max } => format!(
            "Seria reenviada a {} pessoas e ninguém a aprovou: o limite da empresa sem aprovação é {}. Tente com menos \
             pessoas ou peça-a de novo.",
            grouped64(*people),
            grouped64(*max)
        ),
        Reason::OverLimit(OverLimit { limit, max, taken, asked }) => format!(
            "Passaria do limite de {} da empresa: {} de {} usados ou comprometidos, e são necessários {}.",
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
        Reason::UnknownField => "Este campo não existe aqui.",
        Reason::DuplicateField => "Este campo aparece mais de uma vez.",
        Reason::Time => "Não é uma data e hora válida (RFC 3339), como 2026-01-31T15:00:00Z.",
        Reason::Cursor => "Não é um cursor desta lista.",
        Reason::UnknownId => "Não existe.",
        Reason::NotHere => "Não é aceito junto com os demais dados.",
        Reason::NotUtf8 => "Não é UTF-8 válido.",
        Reason::TooDeep => "Tem níveis demais.",
        Reason::BodyBroken => "O corpo foi cortado antes de terminar.",
        Reason::Encoded => "O corpo deve chegar sem codificação: sem Content-Encoding.",
        Reason::NotJsonType => "Espera-se application/json.",
        Reason::NotCsvType => "Espera-se text/csv.",
        Reason::Host => "Deve haver exatamente um cabeçalho Host, com um nome e sua porta.",
        Reason::TransferCoding => "A única codificação de transferência aceita é chunked.",
        Reason::KeyMissing => "Falta o cabeçalho Idempotency-Key.",
        Reason::KeyInvalid => "Idempotency-Key deve ter de 1 a 255 caracteres ASCII visíveis.",
        Reason::KeyRunning => "A mesma solicitação ainda está em andamento.",
        Reason::PastTheHead => "Essa posição ainda não existe.",
        Reason::NobodyToTell => "Não há nenhum destinatário.",
        Reason::EmailTaken => "Outro usuário já tem esse e-mail.",
        Reason::NoRole => "Escolha pelo menos uma função.",
        Reason::ExternalIdTaken => "Outro cliente da empresa já tem esse identificador.",
        Reason::Expired => "A data de expiração já passou.",
        Reason::Cancelled => "Foi cancelada.",
        Reason::InThePast => "Esse horário já passou.",
        Reason::AlreadyBegun => "Já começou.",
        Reason::NotInDoubt => "O envio já não está em dúvida.",
        Reason::AwaitingApproval => "Está à espera de aprovação: nada sai ainda.",
        Reason::NotAwaitingApproval => "Já não está à espera de aprovação.",
        Reason::OwnApproval => "Outra pessoa deve decidir: foi você quem a solicitou.",
        Reason::Disabled => "O usuário está desativado.",
        Reason::OwnAccess => "Você não pode retirar de si mesmo o acesso de administrador.",
        Reason::Contended => "Outra pessoa está alterando ao mesmo tempo. Tente novamente.",
        Reason::Unconfirmed => "A confirmação não corresponde a esta solicitação.",
        Reason::ConfirmationExpired => "A confirmação expirou. Revise e confirme outra vez.",
        Reason::NotCaughtUp => "As últimas mudanças ainda não podem ser lidas. Tente novamente.",
        Reason::Overloaded => "Há trabalho demais em espera. Tente novamente.",
        Reason::TooManyImports => {
            "Outros arquivos já estão sendo importados. Tente novamente quando algum terminar."
        }
        Reason::TooManyAtOnce => {
            "Você tem solicitações demais deste tipo em andamento. Tente novamente quando alguma terminar."
        }
        Reason::DiskFull => {
            "Não há espaço em disco para o arquivo. Nada foi importado; tente novamente mais tarde."
        }
        Reason::DeclaredTwice => "Outra variável já tem este nome.",
        Reason::NotTheTemplates => "Não coincide com o modelo, que mantém seu canal e sua empresa.",
        Reason::NoOwnAddress => "Você não tem um endereço deste canal para o qual enviar o teste.",
        Reason::NotMobile => "Nenhum SMS chega a esse número: não é um celular.",
        Reason::DeliveryOpen => "Ainda está sendo enviado.",
        Reason::DeliverySent => "Já foi enviado: não se envia duas vezes.",
        Reason::DeliveryInDoubt => "Não se sabe se foi enviado. Resolva primeiro a dúvida.",
        Reason::DeliverySuppressed => "Não é possível enviar a essa pessoa.",
        Reason::AddressSuppressed => "O endereço está excluído: nada é enviado a ele por este canal.",
        Reason::PersonErased => "Os dados da pessoa foram apagados.",
        Reason::ContactGone => "O cliente já não tem um contato com esse endereço.",
        Reason::AlreadyAddressed => "Outro envio desta notificação vai para esse endereço.",
        Reason::AlreadyRetried => "Já está sendo enviado a outro endereço.",
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
        Limit::ApprovalAbove => "pessoas sem aprovação",
        Limit::SmsPerDay => "SMS por dia",
        Limit::SmsPerMonth => "SMS por mês",
        Limit::EmailsPerDay => "e-mails por dia",
        Limit::EmailsPerMonth => "e-mails por mês",
        Limit::SegmentsPerDay => "segmentos de SMS por dia",
        Limit::SegmentsPerMonth => "segmentos de SMS por mês",
        Limit::ForeignPerDay => "SMS ao exterior por dia",
        Limit::PerRecipientPerHour => "mensagens por hora a um endereço",
        Limit::SmsPerSecond => "SMS por segundo",
        Limit::EmailsPerSecond => "e-mails por segundo",
    }
}

fn grouped64(number: u64) -> String {
    grouped(usize::try_from(number).unwrap_or(usize::MAX), '.')
}

fn template(fault: &FaultReason) -> String {
    match fault {
        FaultReason::Syntax { line } => format!("Não é um modelo válido: revise a linha {line}."),
        FaultReason::UnknownVariable { name } => unknown_variable(name),
        FaultReason::MissingColumn { name } => {
            format!("O cliente não tem a coluna “{}”, que o texto pede.", shown(name))
        }
        FaultReason::Markup => "Não é MJML válido.".into(),
        FaultReason::Unsupported { name, line } => {
            format!("Os modelos não aceitam “{}” da linha {line}.", shown(name))
        }
        FaultReason::Fails { line } => {
            format!("O modelo falha na linha {line}: um filtro ou uma função não aceita esse valor.")
        }
        FaultReason::TooCostly => {
            "O modelo exige trabalho demais: reduza suas repetições ou seu texto.".into()
        }
        FaultReason::Result(invalid) => invalid.text(Language::Pt),
    }
}

fn unknown_variable(name: &str) -> String {
    format!("O modelo não tem a variável “{}”.", shown(name))
}

const fn part_name(part: Part) -> &'static str {
    match part {
        Part::Subject => "o assunto",
        Part::Body => "o texto",
        Part::Html => "o HTML",
    }
}

const fn json_type(expected: JsonType) -> &'static str {
    match expected {
        JsonType::Object => "um objeto",
        JsonType::Array => "uma lista",
        JsonType::Text => "um texto",
        JsonType::Integer => "um número inteiro",
        JsonType::Boolean => "true ou false",
    }
}
