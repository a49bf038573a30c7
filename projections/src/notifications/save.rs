//! What a batch changes, written a statement a table; what was erased is left out, and blanked where it stands.

use sqlx::PgConnection;
use uuid::Uuid;

use super::attempt::Tried;
use super::fold::Fold;
use super::rows::{Delivery, Notification, Requested, Resolved, State};
use crate::address::AddressIndex;
use crate::copy::CopyIn;

pub(super) async fn save(tx: &mut PgConnection, mut fold: Fold, index: &AddressIndex) -> sqlx::Result<()> {
    fold.leave_out_the_erased();
    let (mut fresh, mut changed) = (Vec::new(), Vec::new());
    for id in &fold.changed_notifications {
        let Some(notification) = fold.notifications.get(id) else { continue };
        match &notification.requested {
            Some(requested) => fresh.push((*id, notification, requested)),
            None => changed.push((*id, notification)),
        }
    }
    insert_notifications(tx, &fresh).await?;
    changed.extend(fresh.iter().map(|(id, notification, _)| (*id, *notification)));
    update_notifications(tx, &changed).await?;
    save_deliveries(tx, &fold, index).await?;
    insert_attempts(tx, &fold.tried).await?;
    save_causes(tx, &fold).await?;
    erase(tx, &fold.erased_now).await
}

impl Fold {
    pub(super) fn leave_out_the_erased(&mut self) {
        if self.erased.is_empty() {
            return;
        }
        for delivery in self.deliveries.values_mut() {
            if let Some(resolved) = &mut delivery.resolved
                && self.erased.contains(&resolved.client)
            {
                resolved.addressee = None;
            }
        }
        for tried in &mut self.tried {
            if self.erased.contains(&tried.client) {
                tried.detail = None;
            }
        }
    }
}

async fn insert_notifications(
    tx: &mut PgConnection,
    rows: &[(Uuid, &Notification, &Requested)],
) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let requested = || rows.iter().map(|row| row.2);
    sqlx::query(
        "insert into notifications (notification_id, company_id, author_id, channel, recipient_kind, category, subject,
                                    body, expires_at, requested_at, requested_position, generation, position)
         select n.*, 1, 0
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::timestamptz[], $10::timestamptz[], $11::bigint[]) as n",
    )
    .bind(rows.iter().map(|row| row.0).collect::<Vec<_>>())
    .bind(requested().map(|requested| requested.company).collect::<Vec<_>>())
    .bind(requested().map(|requested| requested.author).collect::<Vec<_>>())
    .bind(requested().map(|requested| requested.channel).collect::<Vec<_>>())
    .bind(requested().map(|requested| requested.recipient_kind).collect::<Vec<_>>())
    .bind(requested().map(|requested| requested.category).collect::<Vec<_>>())
    .bind(requested().map(|requested| requested.subject.as_deref()).collect::<Vec<_>>())
    .bind(requested().map(|requested| requested.body.as_str()).collect::<Vec<_>>())
    .bind(requested().map(|requested| requested.expires_at).collect::<Vec<_>>())
    .bind(requested().map(|requested| requested.requested_at).collect::<Vec<_>>())
    .bind(requested().map(|requested| requested.position).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

async fn update_notifications(tx: &mut PgConnection, rows: &[(Uuid, &Notification)]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let all = || rows.iter().map(|row| row.1);
    let totals = |state: State| all().map(move |row| row.totals.get(state)).collect::<Vec<_>>();
    let excluded = all().map(|row| serde_json::to_string(&row.excluded)).collect::<Result<Vec<_>, _>>();
    sqlx::query(
        "update notifications n
         set generation = c.generation, closed_generation = c.closed_generation, excluded = c.excluded::json,
             cancelled_at = c.cancelled_at, pending = c.pending, accepted = c.accepted, deferred = c.deferred,
             failed = c.failed, suppressed = c.suppressed, in_doubt = c.in_doubt, cancelled = c.cancelled,
             delivered = c.delivered, position = c.position
         from unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[], $5::timestamptz[], $6::bigint[], $7::bigint[],
                     $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[],
                     $14::bigint[])
              as c (notification_id, generation, closed_generation, excluded, cancelled_at, pending, accepted,
                    deferred, failed, suppressed, in_doubt, cancelled, delivered, position)
         where n.notification_id = c.notification_id",
    )
    .bind(rows.iter().map(|row| row.0).collect::<Vec<_>>())
    .bind(all().map(|row| row.generation).collect::<Vec<_>>())
    .bind(all().map(|row| row.closed_generation).collect::<Vec<_>>())
    .bind(excluded.map_err(|error| sqlx::Error::Encode(error.into()))?)
    .bind(all().map(|row| row.cancelled_at).collect::<Vec<_>>())
    .bind(totals(State::Pending))
    .bind(totals(State::Accepted))
    .bind(totals(State::Deferred))
    .bind(totals(State::Failed))
    .bind(totals(State::Suppressed))
    .bind(totals(State::InDoubt))
    .bind(totals(State::Cancelled))
    .bind(totals(State::Delivered))
    .bind(all().map(|row| row.position).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

async fn save_deliveries(tx: &mut PgConnection, fold: &Fold, index: &AddressIndex) -> sqlx::Result<()> {
    let (mut fresh, mut changed) = (Vec::new(), Vec::new());
    for id in &fold.changed_deliveries {
        let Some(delivery) = fold.deliveries.get(id) else { continue };
        match &delivery.resolved {
            Some(resolved) => fresh.push((*id, delivery, resolved)),
            None => changed.push((*id, delivery)),
        }
    }
    // In the order of the index that deliveries are listed by.
    fresh.sort_unstable_by_key(|row| (row.1.notification, row.0));
    insert_deliveries(tx, &fresh, index).await?;
    update_deliveries(tx, &changed).await
}

async fn insert_deliveries(
    tx: &mut PgConnection,
    rows: &[(Uuid, &Delivery, &Resolved)],
    index: &AddressIndex,
) -> sqlx::Result<()> {
    let mut copy = CopyIn::table(
        "deliveries (delivery_id, notification_id, company_id, client_id, client_name, contact_kind, contact_name,
                     address, address_index, channel, state, generation, class, code, position)",
    );
    for (id, delivery, resolved) in rows {
        let addressee = resolved.addressee.as_ref();
        copy.row()
            .put(id)
            .put(delivery.notification)
            .put(resolved.company)
            .put(resolved.client)
            .put(addressee.map(|addressee| &addressee.client_name))
            .put(resolved.contact_kind)
            .put(addressee.map(|addressee| &addressee.contact_name))
            .put(addressee.map(|addressee| &addressee.address))
            .put(addressee.map(|addressee| index.of(resolved.channel, &addressee.address)))
            .put(resolved.channel.as_str())
            .put(delivery.state.as_str())
            .put(delivery.generation)
            .put(delivery.class.as_deref())
            .put(delivery.code.as_deref())
            .put(delivery.position);
    }
    copy.write(tx).await
}

async fn update_deliveries(tx: &mut PgConnection, rows: &[(Uuid, &Delivery)]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let all = || rows.iter().map(|row| row.1);
    sqlx::query(
        "update deliveries d
         set state = c.state, generation = c.generation, class = c.class, code = c.code, position = c.position
         from unnest($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::bigint[])
              as c (delivery_id, state, generation, class, code, position)
         where d.delivery_id = c.delivery_id",
    )
    .bind(rows.iter().map(|row| row.0).collect::<Vec<_>>())
    .bind(all().map(|row| row.state.as_str()).collect::<Vec<_>>())
    .bind(all().map(|row| row.generation).collect::<Vec<_>>())
    .bind(all().map(|row| row.class.as_deref()).collect::<Vec<_>>())
    .bind(all().map(|row| row.code.as_deref()).collect::<Vec<_>>())
    .bind(all().map(|row| row.position).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

async fn insert_attempts(tx: &mut PgConnection, rows: &[Tried]) -> sqlx::Result<()> {
    let mut copy = CopyIn::table(
        "attempts (delivery_id, generation, number, at, provider, outcome, class, code, detail, reference, until,
                   position)",
    );
    for row in rows {
        copy.row()
            .put(row.delivery)
            .put(row.generation)
            .put(row.number)
            .put(row.at)
            .put(row.provider.as_deref())
            .put(row.outcome.as_str())
            .put(row.class.as_deref())
            .put(row.code.as_deref())
            .put(row.detail.as_deref())
            .put(row.reference.as_deref())
            .put(row.until)
            .put(row.position);
    }
    copy.write(tx).await
}

/// Causes that nobody stands for any more keep a row with 0: a rebuild makes the same.
async fn save_causes(tx: &mut PgConnection, fold: &Fold) -> sqlx::Result<()> {
    if fold.causes.is_empty() {
        return Ok(());
    }
    let causes = || fold.causes.keys();
    sqlx::query(
        "insert into delivery_stats as s (notification_id, outcome, class, code, deliveries)
         select unnest($1::uuid[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::bigint[])
         on conflict (notification_id, outcome, class, code) do update
         set deliveries = s.deliveries + excluded.deliveries",
    )
    .bind(causes().map(|cause| cause.0).collect::<Vec<_>>())
    .bind(causes().map(|cause| cause.1.as_str()).collect::<Vec<_>>())
    .bind(causes().map(|cause| cause.2.as_str()).collect::<Vec<_>>())
    .bind(causes().map(|cause| cause.3.as_str()).collect::<Vec<_>>())
    .bind(fold.causes.values().copied().collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// What deliveries say of clients who were erased; that they were told, and with which result, stays.
async fn erase(tx: &mut PgConnection, clients: &[Uuid]) -> sqlx::Result<()> {
    if clients.is_empty() {
        return Ok(());
    }
    for text in [
        "insert into erased_clients (client_id) select distinct * from unnest($1::uuid[]) on conflict do nothing",
        "update attempts set detail = null
         where detail is not null
           and delivery_id in (select delivery_id from deliveries where client_id = any($1))",
        "update deliveries set client_name = null, contact_name = null, address = null, address_index = null
         where client_id = any($1) and (client_name is not null or address_index is not null)",
    ] {
        sqlx::query(text).bind(clients).execute(&mut *tx).await?;
    }
    Ok(())
}
