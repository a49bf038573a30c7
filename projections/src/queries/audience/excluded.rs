//! The contacts of a selection that are left out, each with its reason, in pages.

use domain::value::ContactKind;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::FOREIGN;
use super::selection::{Columns, OWN_PARAMETER, Selection};

/// A contact that is left out.
#[derive(Clone, FromRow)]
pub struct ExcludedContact {
    /// Its client.
    pub client_id: Uuid,
    /// Its place among the contacts of the client.
    pub ordinal: i32,
    /// The client's code at its company.
    pub external_id: Option<String>,
    /// The client's name.
    pub client_name: String,
    /// What it is to the client.
    #[sqlx(try_from = "String")]
    pub kind: ContactKind,
    /// Its name.
    pub contact_name: String,
    /// Its number in E.164.
    pub phone: Option<String>,
    /// Its e-mail address.
    pub email: Option<String>,
    /// Why: `no_phone`, `not_mobile`, `no_email` or `foreign`.
    pub reason: String,
}

/// At most `limit` contacts that are left out, after a contact by client and ordinal, in that order. Fewer: there are no
/// more. They are as many as the preview counts: of several with the same address the one is listed that would be told.
///
/// # Errors
/// When the database does not answer.
pub async fn excluded_page(
    pool: &PgPool,
    selection: &Selection<'_>,
    after: (Uuid, i32),
    limit: usize,
) -> sqlx::Result<Vec<ExcludedContact>> {
    let Columns { index, is_reachable, .. } = selection.columns();
    let is_sent_to = selection.is_sent_to();
    let (contact, twin) = (selection.condition("k"), selection.condition("t"));
    let rules = selection.channel.rules();
    let missing = rules.address.missing();
    let unreachable = rules.unreachable.unwrap_or(missing);
    let (client, ordinal, rows) = (OWN_PARAMETER, OWN_PARAMETER + 1, OWN_PARAMETER + 2);
    let text = format!(
        "select k.client_id, k.ordinal, c.external_id, c.name as client_name, k.kind, k.name as contact_name, k.phone,
                k.email, case when k.{index} is null then '{missing}' when {is_reachable} then '{FOREIGN}' else '{unreachable}' end as reason
         from clients.contacts k join clients.clients c using (client_id)
         where {contact} and (k.client_id, k.ordinal) > (${client}, ${ordinal}) and not ({is_sent_to})
           and not exists (
             select from clients.contacts t
             where {twin} and t.{index} = k.{index}
               and (t.kind <> 'holder', t.client_id, t.ordinal) < (k.kind <> 'holder', k.client_id, k.ordinal))
         order by k.client_id, k.ordinal
         limit ${rows}"
    );
    sqlx::query_as_with(&text, selection.arguments()?)
        .bind(after.0)
        .bind(after.1)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(pool)
        .await
}
