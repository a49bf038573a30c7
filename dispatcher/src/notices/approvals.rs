//! What people are told of approvals, in the language of the screens' default.

use chrono::{DateTime, Utc};
use domain::company::CompanyProfile;
use domain::notification::ApprovalNeed;

use super::moment;

/// A notification, as its people know it.
pub(super) struct Subject<'a> {
    pub(super) company: &'a CompanyProfile,
    /// The first words; none if they cannot be read.
    pub(super) title: Option<&'a str>,
    pub(super) author: Option<&'a str>,
    pub(super) requested_at: DateTime<Utc>,
}

impl Subject<'_> {
    /// «Corte de energía» de Vigía Andina, que Nora solicitó el 01/12/2026 a las 08:00.
    fn named(&self) -> String {
        let title = self.title.map(|title| format!(" «{title}»")).unwrap_or_default();
        let Self { company, author, .. } = self;
        let author = author.unwrap_or("alguien");
        format!(
            "{title} de {}, que {author} solicitó el {}",
            company.name,
            moment(company, self.requested_at)
        )
    }

    /// To those who may approve it, when it is requested.
    pub(super) fn awaits(&self, need: ApprovalNeed, send_at: Option<DateTime<Utc>>) -> String {
        let due = send_at.map(|time| format!(" Está prevista para el {}.", moment(self.company, time)));
        format!(
            "Espera aprobación la notificación{}. {}{} Revísela en «Notificaciones» y apruébela o rechácela.",
            self.named(),
            reach(need, "La recibirían"),
            due.unwrap_or_default()
        )
    }

    /// To the same and to its author, when its time has come and it reaches too many.
    pub(super) fn awaits_now(&self, need: ApprovalNeed) -> String {
        format!(
            "Llegó la hora de la notificación{}, y no ha salido: espera aprobación. {} Otra persona que su autor debe \
             revisarla en «Notificaciones» y aprobarla o rechazarla.",
            self.named(),
            reach(need, "Ahora la recibirían")
        )
    }

    /// To its author, when nobody else may approve it.
    pub(super) fn awaits_nobody(&self, need: ApprovalNeed) -> String {
        format!(
            "Espera aprobación la notificación{}. {} Ninguna otra persona puede aprobarla: pida a la administración que \
             dé a alguien el rol de notificador de la empresa.",
            self.named(),
            reach(need, "La recibirían")
        )
    }

    /// To its author.
    pub(super) fn approved(&self, by: Option<&str>, begins_at: Option<DateTime<Utc>>) -> String {
        let begins = match begins_at {
            Some(time) => format!(" Sale el {}.", moment(self.company, time)),
            None => " Sale ahora.".to_owned(),
        };
        format!("{} aprobó la notificación{}.{begins}", by.unwrap_or("Otra persona"), self.named())
    }

    /// To its author.
    pub(super) fn rejected(&self, by: Option<&str>, reason: Option<&str>) -> String {
        let reason = reason.map(|reason| format!(" Motivo: {reason}")).unwrap_or_default();
        let by = by.unwrap_or("Otra persona");
        format!("{by} rechazó la notificación{}. No se enviará nada.{reason}", self.named())
    }

    /// To its author.
    pub(super) fn expired(&self, awaited: bool) -> String {
        let why = if awaited { "nadie la aprobó" } else { "seguía en pausa" };
        format!("Venció sin enviarse la notificación{}: {why} antes de su vencimiento.", self.named())
    }
}

fn reach(ApprovalNeed { people, above }: ApprovalNeed, would: &str) -> String {
    let people = if people == 1 { "1 persona".to_owned() } else { format!("{people} personas") };
    format!("{would} {people}; la empresa pide aprobación por encima de {above}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).expect("a time")
    }

    #[test]
    fn people_read_whose_notification_it_is_how_many_it_reaches_and_what_to_do() {
        let company = &CompanyProfile { name: "Vigía Andina".into(), ..CompanyProfile::default() };
        let (title, author) = (Some("Corte de energía"), Some("Nora"));
        let subject = Subject { company, title, author, requested_at: at(0) };
        let need = ApprovalNeed { people: 620, above: 500 };
        let zoned = |second| moment(company, at(second));
        let named = format!("«Corte de energía» de Vigía Andina, que Nora solicitó el {}", zoned(0));
        assert_eq!(
            subject.awaits(need, Some(at(7_200))),
            format!(
                "Espera aprobación la notificación {named}. La recibirían 620 personas; la empresa pide aprobación por \
                 encima de 500. Está prevista para el {}. Revísela en «Notificaciones» y apruébela o rechácela.",
                zoned(7_200)
            )
        );
        assert!(subject.awaits_now(need).contains("y no ha salido"));
        assert!(
            subject.awaits_nobody(ApprovalNeed { people: 1, above: 0 }).contains("La recibirían 1 persona;")
        );
        assert_eq!(
            subject.approved(Some("Leo"), None),
            format!("Leo aprobó la notificación {named}. Sale ahora.")
        );
        assert_eq!(
            subject.rejected(None, Some("Es la lista de ayer")),
            format!(
                "Otra persona rechazó la notificación {named}. No se enviará nada. Motivo: Es la lista de ayer"
            )
        );
        assert!(subject.expired(true).ends_with("nadie la aprobó antes de su vencimiento."));
    }
}
