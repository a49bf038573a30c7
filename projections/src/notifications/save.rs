//! What a batch changes, written a statement a table; what was erased is left out, and blanked where it stands.

use domain::notification::Addressee;
use sqlx::PgConnection;
use uuid::Uuid;

use super::attempt::Tried;
use super::fold::Fold;
use super::rows::{Delivery, Notification, Requested, Resolved, State};
use crate::address::AddressIndex;

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
    if rows.is_empty() {
        return Ok(());
    }
    let all = || rows.iter().map(|row| row.1);
    let resolved = || rows.iter().map(|row| row.2);
    let addressees = |of: fn(&Addressee) -> &String| {
        resolved().map(move |resolved| resolved.addressee.as_ref().map(of).cloned()).collect::<Vec<_>>()
    };
    let indexes = resolved().map(|resolved| {
        resolved.addressee.as_ref().map(|addressee| index.of(resolved.channel, &addressee.address))
    });
    sqlx::query(
        "insert into deliveries (delivery_id, notification_id, company_id, client_id, client_name, contact_kind,
                                 contact_name, address, address_index, channel, state, generation, class, code, position)
         select unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::uuid[]), unnest($5::text[]),
                unnest($6::text[]), unnest($7::text[]), unnest($8::text[]), unnest($9::bytea[]), unnest($10::text[]),
                unnest($11::text[]), unnest($12::integer[]), unnest($13::text[]), unnest($14::text[]),
                unnest($15::bigint[])",
    )
    .bind(rows.iter().map(|row| row.0).collect::<Vec<_>>())
    .bind(all().map(|row| row.notification).collect::<Vec<_>>())
    .bind(resolved().map(|resolved| resolved.company).collect::<Vec<_>>())
    .bind(resolved().map(|resolved| resolved.client).collect::<Vec<_>>())
    .bind(addressees(|addressee| &addressee.client_name))
    .bind(resolved().map(|resolved| resolved.contact_kind).collect::<Vec<_>>())
    .bind(addressees(|addressee| &addressee.contact_name))
    .bind(addressees(|addressee| &addressee.address))
    .bind(indexes.collect::<Vec<_>>())
    .bind(resolved().map(|resolved| resolved.channel.as_str()).collect::<Vec<_>>())
    .bind(all().map(|row| row.state.as_str()).collect::<Vec<_>>())
    .bind(all().map(|row| row.generation).collect::<Vec<_>>())
    .bind(all().map(|row| row.class.as_deref()).collect::<Vec<_>>())
    .bind(all().map(|row| row.code.as_deref()).collect::<Vec<_>>())
    .bind(all().map(|row| row.position).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
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
    if rows.is_empty() {
        return Ok(());
    }
    let text =
        |of: fn(&Tried) -> &Option<String>| rows.iter().map(|row| of(row).as_deref()).collect::<Vec<_>>();
    sqlx::query(
        "insert into attempts (delivery_id, generation, number, at, provider, outcome, class, code, detail, reference,
                               until, position)
         select unnest($1::uuid[]), unnest($2::integer[]), unnest($3::integer[]), unnest($4::timestamptz[]),
                unnest($5::text[]), unnest($6::text[]), unnest($7::text[]), unnest($8::text[]), unnest($9::text[]),
                unnest($10::text[]), unnest($11::timestamptz[]), unnest($12::bigint[])",
    )
    .bind(rows.iter().map(|row| row.delivery).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.generation).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.number).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.at).collect::<Vec<_>>())
    .bind(text(|row| &row.provider))
    .bind(rows.iter().map(|row| row.outcome.as_str()).collect::<Vec<_>>())
    .bind(text(|row| &row.class))
    .bind(text(|row| &row.code))
    .bind(text(|row| &row.detail))
    .bind(text(|row| &row.reference))
    .bind(rows.iter().map(|row| row.until).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.position).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
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
