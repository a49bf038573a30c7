//! Deliveries in the states that few have: partial indexes hold them in the order of the list, by company and over all.

use sqlx::PgConnection;
use uuid::Uuid;

use super::candidate::{Candidate, Place, Window};

/// Lists of exceptions, of some companies or of all.
pub(super) struct Exceptions {
    pub(super) lists: Vec<&'static str>,
    pub(super) companies: Option<Vec<Uuid>>,
}

impl Exceptions {
    /// Each list of each company is read by itself in the order of its index, so that no other list is walked through.
    pub(super) async fn window(
        &self,
        connection: &mut PgConnection,
        from: Place,
        limit: i64,
    ) -> sqlx::Result<Window> {
        let (companies, company) = match self.companies {
            Some(_) => ("unnest($5::uuid[]) as c (company_id)", "o.company_id = c.company_id"),
            None => ("(select) as c", "$5::uuid[] is null"),
        };
        let text = format!(
            "select {columns}, o.ordinal
             from (
               select e.*
               from unnest($1::text[]) as l (list)
               cross join {companies}
               cross join lateral (
                 select notification_id, ordinal, requested_position, state, exception, class, provider
                 from notifications.outcomes o
                 where {company} and o.exception = l.list and (o.requested_position, o.ordinal) < ($2, $3)
                 order by o.requested_position desc, o.ordinal desc
                 limit $4
               ) e
               order by e.requested_position desc, e.ordinal desc
               limit $4
             ) o
             join notifications.notifications n on n.notification_id = o.notification_id
             order by o.requested_position desc, o.ordinal desc",
            columns = Candidate::COLUMNS,
        );
        let candidates = sqlx::query_as(&text)
            .bind(&self.lists)
            .bind(from.position)
            .bind(from.ordinal)
            .bind(limit)
            .bind(self.companies.as_deref())
            .fetch_all(connection)
            .await?;
        Ok(Window::of(candidates, limit))
    }
}
