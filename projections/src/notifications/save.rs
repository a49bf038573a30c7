//! Writes the changes of a batch, one statement a table. Data of erased people is left out, and blanked where it is
//! stored.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::value::Member;
use sqlx::PgConnection;
use uuid::Uuid;

use super::edited::{erase_edited, save_edited};
use super::fold::Fold;
use super::listed::Listed;
use super::load::is_filled;
use super::rows::{Chunk, ChunkKey, Notification, Outcome, Requested, Standing, Totals, number, ordinal};
use crate::copy::{CopyIn, Rows};

pub(super) async fn save(tx: &mut PgConnection, fold: Fold<'_>) -> sqlx::Result<()> {
    save_notifications(tx, &fold).await?;
    insert_recipients(tx, &fold).await?;
    save_chunks(tx, &fold.chunks).await?;
    save_outcomes(tx, &fold).await?;
    save_edited(tx, &fold).await?;
    insert_attempts(tx, &fold).await?;
    save_totals(tx, &fold.totals).await?;
    erase(tx, &fold.erased_now).await
}

impl Fold<'_> {
    /// Whether personal data of a client must be left out because the client was erased before the batch. Clients
    /// erased within the batch are blanked at its end.
    pub(super) fn is_erased(&self, key: ChunkKey, member: Member) -> bool {
        let recipients = self.chunks.get(&key).and_then(|chunk| chunk.recipients);
        match recipients.and_then(|recipients| recipients.get(member.index())) {
            Some(recipient) => self.erased.contains(&recipient.client.uuid()),
            None => self.erased_people.contains(&(key.0, ordinal(key.1, member))),
        }
    }
}

async fn save_notifications(tx: &mut PgConnection, fold: &Fold<'_>) -> sqlx::Result<()> {
    let changed = || fold.notifications.iter().filter(|(_, notification)| notification.is_changed);
    let fresh = changed().filter_map(|(id, row)| row.requested.as_ref().map(|requested| (*id, requested)));
    insert_notifications(tx, &fresh.collect::<Vec<_>>()).await?;
    update_notifications(tx, &changed().map(|(id, row)| (*id, row)).collect::<Vec<_>>()).await
}

async fn insert_notifications(tx: &mut PgConnection, rows: &[(Uuid, &Requested)]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let requested = || rows.iter().map(|row| row.1);
    sqlx::query(
        "insert into notifications (notification_id, company_id, author_id, channel, recipient_kind, category, subject,
                                    body, expires_at, requested_at, requested_position, template_id,
                                    template_version, test, filter, life, state, generation, position)
         select n.*, '{}', '', 1, 0
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::timestamptz[], $10::timestamptz[], $11::bigint[], $12::uuid[], $13::integer[],
                     $14::boolean[], $15::text[]::json[]) as n",
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
    .bind(requested().map(|requested| requested.template.map(|template| template.0)).collect::<Vec<_>>())
    .bind(requested().map(|requested| requested.template.map(|template| template.1)).collect::<Vec<_>>())
    .bind(requested().map(|requested| requested.is_test).collect::<Vec<_>>())
    .bind(requested().map(|requested| requested.filter.as_deref()).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

async fn update_notifications(tx: &mut PgConnection, rows: &[(Uuid, &Notification)]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let all = || rows.iter().map(|row| row.1);
    let state = |row: &Notification| row.life.state().map(domain::notification::NotificationState::as_str);
    let approval = |row: &Notification| row.life.approval().map(|approval| approval.state().as_str());
    let decided_by = |row: &Notification| row.life.approval()?.by().map(Uuid::from);
    sqlx::query(
        "update notifications n
         set life = c.life::json, state = c.state, generation = c.generation, audience_closed = c.audience_closed,
             excluded = c.excluded::json, cancelled_at = c.cancelled_at, people = c.people, position = c.position,
             send_at = c.send_at, begun_at = c.begun_at, approval = c.approval, decided_by = c.decided_by,
             decided_at = c.decided_at, rejection = c.rejection
         from unnest($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::boolean[], $6::text[], $7::timestamptz[],
                     $8::bigint[], $9::bigint[], $10::timestamptz[], $11::timestamptz[], $12::text[], $13::uuid[],
                     $14::timestamptz[], $15::text[])
              as c (notification_id, life, state, generation, audience_closed, excluded, cancelled_at, people, position,
                    send_at, begun_at, approval, decided_by, decided_at, rejection)
         where n.notification_id = c.notification_id",
    )
    .bind(rows.iter().map(|row| row.0).collect::<Vec<_>>())
    .bind(texts(all().map(|row| &row.life))?)
    .bind(all().map(state).collect::<Vec<_>>())
    .bind(all().map(|row| number(row.life.generation())).collect::<Vec<_>>())
    .bind(all().map(|row| row.audience_closed).collect::<Vec<_>>())
    .bind(texts(all().map(|row| &row.excluded))?)
    .bind(all().map(|row| row.cancelled_at).collect::<Vec<_>>())
    .bind(all().map(|row| row.people).collect::<Vec<_>>())
    .bind(all().map(|row| row.position).collect::<Vec<_>>())
    .bind(all().map(|row| row.life.send_at()).collect::<Vec<_>>())
    .bind(all().map(|row| row.begun_at).collect::<Vec<_>>())
    .bind(all().map(approval).collect::<Vec<_>>())
    .bind(all().map(decided_by).collect::<Vec<_>>())
    .bind(all().map(|row| row.decided_at).collect::<Vec<_>>())
    .bind(all().map(|row| row.rejection.as_deref()).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// Values as JSON.
fn texts<T: serde::Serialize>(values: impl Iterator<Item = T>) -> sqlx::Result<Vec<String>> {
    let texts = values.map(|value| serde_json::to_string(&value)).collect::<Result<_, _>>();
    texts.map_err(|error| sqlx::Error::Encode(error.into()))
}

async fn insert_recipients(tx: &mut PgConnection, fold: &Fold<'_>) -> sqlx::Result<()> {
    let mut copy =
        CopyIn::table(tx, "recipients (notification_id, ordinal, client_id, contact_kind, addressee)");
    for ((notification, chunk), row) in &fold.chunks {
        let all = row.recipients.into_iter().flatten();
        for (recipient, member) in
            all.zip(1..).filter_map(|(one, place)| Some((one, Member::try_new(place)?)))
        {
            let client = recipient.client.uuid();
            let sealed = recipient.addressee.sealed().filter(|_| !fold.erased.contains(&client));
            let sealed = sealed.map(|text| BASE64.decode(text)).transpose();
            copy.row()
                .await?
                .put(notification)
                .put(ordinal(*chunk, member))
                .put(client)
                .put(recipient.kind.as_str())
                .put(sealed.map_err(|error| sqlx::Error::Encode(error.into()))?);
        }
    }
    copy.end().await
}

async fn save_chunks(tx: &mut PgConnection, chunks: &BTreeMap<ChunkKey, Chunk<'_>>) -> sqlx::Result<()> {
    let mut copy = CopyIn::table(
        &mut *tx,
        "chunks (notification_id, chunk, people, undecided, undecided_members, accepted, delivered, at, position)",
    );
    for ((notification, chunk), row) in chunks.iter().filter(|(_, row)| row.recipients.is_some()) {
        copy.row()
            .await?
            .put(notification)
            .put(number(*chunk))
            .put(row.people)
            .put(row.undecided.len() as i32)
            .put(row.undecided.to_string())
            .put(row.accepted)
            .put(row.delivered)
            .put(row.at)
            .put(row.position);
    }
    copy.end().await?;
    let is_changed = |row: &Chunk<'_>| row.recipients.is_none() && row.is_changed;
    let changed: Vec<_> = chunks.iter().filter(|(_, row)| is_changed(row)).collect();
    update_chunks(tx, &changed).await
}

async fn update_chunks(tx: &mut PgConnection, rows: &[(&ChunkKey, &Chunk<'_>)]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let all = || rows.iter().map(|row| row.1);
    sqlx::query(
        "update chunks k
         set undecided = c.undecided, undecided_members = c.undecided_members, accepted = c.accepted,
             delivered = c.delivered
         from unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[], $5::integer[], $6::integer[])
              as c (notification_id, chunk, undecided, undecided_members, accepted, delivered)
         where k.notification_id = c.notification_id and k.chunk = c.chunk",
    )
    .bind(rows.iter().map(|row| row.0.0).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| number(row.0.1)).collect::<Vec<_>>())
    .bind(all().map(|row| row.undecided.len() as i32).collect::<Vec<_>>())
    .bind(all().map(|row| row.undecided.to_string()).collect::<Vec<_>>())
    .bind(all().map(|row| row.accepted).collect::<Vec<_>>())
    .bind(all().map(|row| row.delivered).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// An outcome with its notification and ordinal, and the lists that it is in.
type Placed<'a> = (Uuid, i32, &'a Outcome<'a>, Listed);

async fn save_outcomes(tx: &mut PgConnection, fold: &Fold<'_>) -> sqlx::Result<()> {
    let mut copy = CopyIn::table(
        &mut *tx,
        "outcomes (notification_id, ordinal, generation, attempt, state, class, phase, code, observed, provider,
                   until, at, position, reference, listed, exception, company_id, requested_position)",
    );
    let mut changed = Vec::new();
    for ((notification, chunk), row) in &fold.chunks {
        for (member, outcome) in row.outcomes.iter().filter(|(_, outcome)| outcome.is_changed) {
            let place = ordinal(*chunk, *member);
            let listed = Listed::of(fold, *notification, &outcome.standing);
            if !outcome.is_new {
                changed.push((*notification, place, outcome, listed));
                continue;
            }
            let standing = &outcome.standing;
            put_standing(copy.row().await?.put(notification).put(place), standing, standing.state.as_str())
                .put(outcome.reference.as_deref())
                .put(outcome.is_listed)
                .put(listed.exception)
                .put(listed.company)
                .put(listed.requested_position);
        }
    }
    copy.end().await?;
    update_outcomes(tx, &changed).await
}

async fn update_outcomes(tx: &mut PgConnection, rows: &[Placed<'_>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let all = || rows.iter().map(|row| &row.2.standing);
    sqlx::query(
        "update outcomes o
         set generation = c.generation, attempt = c.attempt, state = c.state, class = c.class, phase = c.phase,
             code = c.code, observed = c.observed, provider = c.provider, reference = c.reference, until = c.until,
             at = c.at, position = c.position, listed = c.listed, exception = c.exception, company_id = c.company_id,
             requested_position = c.requested_position
         from unnest($1::uuid[], $2::integer[], $3::integer[], $4::integer[], $5::text[], $6::text[], $7::text[],
                     $8::text[], $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[],
                     $14::bigint[], $15::boolean[], $16::text[], $17::uuid[], $18::bigint[])
              as c (notification_id, ordinal, generation, attempt, state, class, phase, code, observed, provider,
                    reference, until, at, position, listed, exception, company_id, requested_position)
         where o.notification_id = c.notification_id and o.ordinal = c.ordinal",
    )
    .bind(rows.iter().map(|row| row.0).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.1).collect::<Vec<_>>())
    .bind(all().map(|row| row.generation).collect::<Vec<_>>())
    .bind(all().map(|row| row.attempt).collect::<Vec<_>>())
    .bind(all().map(|row| row.state.as_str()).collect::<Vec<_>>())
    .bind(all().map(|row| row.cause.class.as_deref()).collect::<Vec<_>>())
    .bind(all().map(|row| row.cause.phase.map(|phase| phase.as_str())).collect::<Vec<_>>())
    .bind(all().map(|row| row.cause.code.as_deref()).collect::<Vec<_>>())
    .bind(all().map(|row| row.cause.observed.map(|observed| observed.as_str())).collect::<Vec<_>>())
    .bind(all().map(|row| row.provider.as_deref()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.2.reference.as_deref()).collect::<Vec<_>>())
    .bind(all().map(|row| row.until).collect::<Vec<_>>())
    .bind(all().map(|row| row.at).collect::<Vec<_>>())
    .bind(all().map(|row| row.position).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.2.is_listed).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.3.exception).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.3.company).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.3.requested_position).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

async fn insert_attempts(tx: &mut PgConnection, fold: &Fold<'_>) -> sqlx::Result<()> {
    let mut copy = CopyIn::table(
        tx,
        "attempts (notification_id, ordinal, generation, attempt, outcome, class, phase, code, observed, provider,
                   until, at, position, reference, detail, step)",
    );
    for row in &fold.attempts {
        put_standing(copy.row().await?.put(row.chunk.0).put(row.ordinal()), &row.standing, row.outcome())
            .put(row.reference.as_deref())
            .put(row.detail.filter(|_| !fold.is_erased(row.chunk, row.member)))
            .put(row.step);
    }
    copy.end().await
}

/// The columns that outcomes and attempts share, from the generation to the position.
fn put_standing<'a>(row: &'a mut Rows, standing: &Standing, outcome: &str) -> &'a mut Rows {
    row.put(standing.generation)
        .put(standing.attempt)
        .put(outcome)
        .put(standing.cause.class.as_deref())
        .put(standing.cause.phase.map(|phase| phase.as_str()))
        .put(standing.cause.code.as_deref())
        .put(standing.cause.observed.map(|observed| observed.as_str()))
        .put(standing.provider.as_deref())
        .put(standing.until)
        .put(standing.at)
        .put(standing.position)
}

async fn save_totals(tx: &mut PgConnection, totals: &Totals) -> sqlx::Result<()> {
    if totals.0.is_empty() {
        return Ok(());
    }
    let keys = || totals.0.keys();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    sqlx::query(
        "insert into totals as t (notification_id, state, class, phase, code, observed, people)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[])
         on conflict (notification_id, state, class, phase, code, observed) do update
         set people = t.people + excluded.people",
    )
    .bind(keys().map(|key| key.0).collect::<Vec<_>>())
    .bind(keys().map(|key| key.1.as_str()).collect::<Vec<_>>())
    .bind(keys().map(|key| text(key.2.class.as_deref())).collect::<Vec<_>>())
    .bind(keys().map(|key| text(key.2.phase.map(|phase| phase.as_str()))).collect::<Vec<_>>())
    .bind(keys().map(|key| text(key.2.code.as_deref())).collect::<Vec<_>>())
    .bind(keys().map(|key| text(key.2.observed.map(|observed| observed.as_str()))).collect::<Vec<_>>())
    .bind(totals.0.values().copied().collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// Blanks the personal data of erased clients in deliveries; that they were sent to, and with which result, stays.
/// During the fill of a rebuild no index finds these rows, so the end of the fill blanks them all at once.
async fn erase(tx: &mut PgConnection, clients: &[Uuid]) -> sqlx::Result<()> {
    if clients.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into erased_clients (client_id) select distinct * from unnest($1::uuid[]) on conflict do nothing",
    )
    .bind(clients)
    .execute(&mut *tx)
    .await?;
    erase_edited(tx, clients).await?;
    if !is_filled(tx).await? {
        return Ok(());
    }
    for text in [
        "update attempts a set detail = null
         from recipients r
         where r.client_id = any($1) and a.notification_id = r.notification_id and a.ordinal = r.ordinal
           and a.detail is not null",
        "update recipients set addressee = null where client_id = any($1) and addressee is not null",
    ] {
        sqlx::query(text).bind(clients).execute(&mut *tx).await?;
    }
    Ok(())
}
