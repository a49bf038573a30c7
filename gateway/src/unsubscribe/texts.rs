//! The words of the page, in each language.

use domain::value::Language;

/// The words of the page in one language.
pub(super) struct Texts {
    pub(super) tag: &'static str,
    pub(super) question_title: &'static str,
    /// `{company}` and `{address}` are filled in.
    pub(super) question: &'static str,
    pub(super) button: &'static str,
    pub(super) done_title: &'static str,
    pub(super) done: &'static str,
    pub(super) forgotten_title: &'static str,
    pub(super) forgotten: &'static str,
    pub(super) unknown_title: &'static str,
    pub(super) unknown: &'static str,
    pub(super) not_now_title: &'static str,
    pub(super) not_now: &'static str,
}

const ES: Texts = Texts {
    tag: "es",
    question_title: "¿Dejar de recibir correos?",
    question: "{company} no enviará más correos a {address}. Tampoco avisos del servicio por este medio.",
    button: "No recibir más correos",
    done_title: "Listo",
    done: "{company} no enviará más correos a {address}. Si cambia de opinión, pídale a {company} que vuelva a incluirle.",
    forgotten_title: "No hay nada que hacer",
    forgotten: "Ya no guardamos la dirección a la que se envió este correo.",
    unknown_title: "El enlace no es válido",
    unknown: "Use el enlace completo del correo, o responda a quien se lo envió.",
    not_now_title: "No se pudo en este momento",
    not_now: "No se ha cambiado nada. Inténtelo de nuevo en unos minutos.",
};

const EN: Texts = Texts {
    tag: "en",
    question_title: "Stop receiving e-mails?",
    question: "{company} will send no more e-mails to {address}. This includes notices about the service.",
    button: "Receive no more e-mails",
    done_title: "Done",
    done: "{company} will send no more e-mails to {address}. If you change your mind, ask {company} to include you again.",
    forgotten_title: "There is nothing to do",
    forgotten: "The address that this e-mail was sent to is not kept any more.",
    unknown_title: "The link is not valid",
    unknown: "Use the whole link of the e-mail, or answer the sender.",
    not_now_title: "It is not possible at the moment",
    not_now: "Nothing has changed. Try again in a few minutes.",
};

const PT: Texts = Texts {
    tag: "pt-BR",
    question_title: "Deixar de receber e-mails?",
    question: "{company} não enviará mais e-mails a {address}. Nem avisos do serviço por este meio.",
    button: "Não receber mais e-mails",
    done_title: "Pronto",
    done: "{company} não enviará mais e-mails a {address}. Se mudar de ideia, peça a {company} que inclua você novamente.",
    forgotten_title: "Não há nada a fazer",
    forgotten: "Já não guardamos o endereço ao qual este e-mail foi enviado.",
    unknown_title: "O link não é válido",
    unknown: "Use o link completo do e-mail, ou responda a quem o enviou.",
    not_now_title: "Não foi possível neste momento",
    not_now: "Nada mudou. Tente novamente em alguns minutos.",
};

pub(super) const fn texts(language: Language) -> &'static Texts {
    match language {
        Language::Es => &ES,
        Language::En => &EN,
        Language::Pt => &PT,
    }
}
