//! Addresses that retries have put in the place of those in audiences.

use sqlx::PgConnection;
use uuid::Uuid;

use super::fold::Fold;

/// The addresses of clients who are erased by now are left out: a process may still have the destroyed key.
pub(super) async fn save_edited(tx: &mut PgConnection, fold: &Fold<'_>) -> sqlx::Result<()> {
    let edited: Vec<_> = fold
        .edited
        .iter()
        .filter_map(|(place, edited)| Some((place, edited.address.key, edited.address.get()?)))
        .collect();
    if edited.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into edited_addresses (notification_id, ordinal, client_id, address)
         select w.* from unnest($1::uuid[], $2::integer[], $3::uuid[], $4::text[])
                           as w (notification_id, ordinal, client_id, address)
         where not exists (select from erased_clients e where e.client_id = w.client_id)
         on conflict (notification_id, ordinal) do update set address = excluded.address",
    )
    .bind(edited.iter().map(|(place, ..)| place.0).collect::<Vec<_>>())
    .bind(edited.iter().map(|(place, ..)| place.1).collect::<Vec<_>>())
    .bind(edited.iter().map(|(_, client, _)| *client).collect::<Vec<_>>())
    .bind(edited.iter().map(|(.., address)| address.as_str()).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes the addresses of erased clients.
pub(super) async fn erase_edited(tx: &mut PgConnection, clients: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query("delete from edited_addresses where client_id = any($1)").bind(clients).execute(tx).await?;
    Ok(())
}
