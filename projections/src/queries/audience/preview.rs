//! How many a notification would reach, who that is by a fingerprint, and who is left out for which reason.

use std::collections::BTreeMap;

use sqlx::PgPool;
use uuid::Uuid;

use super::fingerprint::{BUCKETS, Bucket, Fingerprint};
use super::selection::{Columns, Selection};
use super::{ERASED, FOREIGN, UNKNOWN};

/// The audience of a selection as `clients` stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// Contacts after deduplication by address: `reachable` and all that are excluded.
    pub total: u64,
    /// The different addresses that would get a message.
    pub reachable: u64,
    /// Of these, the numbers whose network carries no Unicode.
    pub without_unicode: u64,
    /// Of these, the numbers of other countries than the company's.
    pub foreign: u64,
    /// Left out, by reason: contacts as `no_phone`, `not_mobile`, `no_email` or `foreign`, and of a list the clients who are
    /// `erased` and the external ids that are `unknown`. Reasons with nobody are absent.
    pub excluded: BTreeMap<String, u64>,
    /// Contacts whose address another contact of the audience has too; in no other number.
    pub duplicates: u64,
    /// Who is reached.
    pub fingerprint: Fingerprint,
}

/// The contacts of a selection, by the bucket of their address.
#[derive(Default, sqlx::FromRow)]
struct Counted {
    /// None for the contacts without an address of the channel.
    bucket: Option<i32>,
    contacts: i64,
    /// Their different addresses.
    addresses: i64,
    /// The addresses that the channel reaches.
    reachable: i64,
    /// The addresses that are sent to.
    people: i64,
    without_unicode: i64,
    /// The addresses that the channel reaches in other countries.
    foreign_numbers: i64,
    /// None if nobody of them is sent to.
    mark: Option<i32>,
}

/// Who of a list is no client any more.
#[derive(Debug, Clone, Copy, Default)]
struct Gone {
    erased: u64,
    unknown: u64,
}

impl Audience {
    fn of(selection: &Selection<'_>, counted: &[Counted], gone: Gone) -> Self {
        let addressed = || counted.iter().filter(|row| row.bucket.is_some());
        let sum = |of: fn(&Counted) -> i64| addressed().map(of).sum::<i64>().unsigned_abs();
        let without_address: i64 =
            counted.iter().filter(|row| row.bucket.is_none()).map(|row| row.contacts).sum();
        let (addresses, reachable) = (sum(|row| row.addresses), sum(|row| row.reachable));
        let foreign = sum(|row| row.foreign_numbers);
        let (sent_to, left_out) =
            if selection.excludes_foreign { (reachable - foreign, foreign) } else { (reachable, 0) };
        let rules = selection.channel.rules();
        let excluded: BTreeMap<String, u64> = [
            Some((rules.address.missing(), without_address.unsigned_abs())),
            rules.unreachable.map(|reason| (reason, addresses - reachable)),
            Some((FOREIGN, left_out)),
            Some((ERASED, gone.erased)),
            Some((UNKNOWN, gone.unknown)),
        ]
        .into_iter()
        .flatten()
        .filter(|(_, number)| *number > 0)
        .map(|(reason, number)| (reason.to_owned(), number))
        .collect();
        let buckets =
            addressed().filter_map(|row| Some((row.bucket?.unsigned_abs() as usize, row.fingerprint())));
        Self {
            total: sent_to + excluded.values().sum::<u64>(),
            reachable: sent_to,
            foreign: foreign - left_out,
            without_unicode: sum(|row| row.without_unicode),
            duplicates: sum(|row| row.contacts) - addresses,
            excluded,
            fingerprint: Fingerprint::new(sent_to, buckets),
        }
    }
}

impl Counted {
    fn fingerprint(&self) -> Bucket {
        let people = self.people.to_be_bytes()[7];
        Bucket { people, mark: self.mark.unwrap_or_default().cast_unsigned() }
    }
}

/// Counts an audience. The database walks the contacts; nobody's row comes here.
///
/// # Errors
/// When the database does not answer.
pub async fn preview(pool: &PgPool, selection: &Selection<'_>) -> sqlx::Result<Audience> {
    let Columns { index, is_reachable, is_without_unicode, is_foreign, .. } = selection.columns();
    let is_sent_to = selection.is_sent_to();
    let condition = selection.condition("k");
    let text = format!(
        "with addresses as (
           select {index} as index, count(*) as contacts, coalesce(bool_or({is_reachable}), false) as is_reachable,
                  coalesce(bool_or({is_without_unicode}), false) as is_without_unicode,
                  coalesce(bool_or({is_sent_to}), false) as is_sent_to, bool_or({is_foreign}) as is_foreign
           from clients.contacts k
           where {condition}
           group by {index})
         select get_byte(index, 0) % {BUCKETS} as bucket, sum(contacts)::bigint as contacts, count(*) as addresses,
                count(*) filter (where is_reachable) as reachable,
                count(*) filter (where is_sent_to) as people,
                count(*) filter (where is_sent_to and is_without_unicode) as without_unicode,
                count(*) filter (where is_reachable and is_foreign) as foreign_numbers,
                bit_xor(get_byte(index, 1) << 24 | get_byte(index, 2) << 16 | get_byte(index, 3) << 8
                        | get_byte(index, 4)) filter (where is_sent_to) as mark
         from addresses
         group by 1"
    );
    let counted: Vec<Counted> = sqlx::query_as_with(&text, selection.arguments()?).fetch_all(pool).await?;
    Ok(Audience::of(selection, &counted, gone(pool, selection).await?))
}

async fn gone(pool: &PgPool, selection: &Selection<'_>) -> sqlx::Result<Gone> {
    let Some(list) = &selection.filter.clients else { return Ok(Gone::default()) };
    let erased: i64 = sqlx::query_scalar(
        "select count(*) from unnest($1::uuid[]) as listed (client_id)
         where not exists (select from clients.clients c where c.client_id = listed.client_id)",
    )
    .bind(list.ids.iter().map(|client| client.uuid()).collect::<Vec<Uuid>>())
    .fetch_one(pool)
    .await?;
    Ok(Gone { erased: erased.unsigned_abs(), unknown: list.unknown.into() })
}

/// Whether an audience has anybody who is reached. Cheap at any size.
///
/// # Errors
/// When the database does not answer.
pub async fn reaches_somebody(pool: &PgPool, selection: &Selection<'_>) -> sqlx::Result<bool> {
    let (condition, is_sent_to) = (selection.condition("k"), selection.is_sent_to());
    let text = format!("select exists (select from clients.contacts k where {condition} and {is_sent_to})");
    sqlx::query_scalar_with(&text, selection.arguments()?).fetch_one(pool).await
}

/// Whether an audience has anybody whose number is another country's. Of a company of which nobody has, every contact is
/// looked at.
///
/// # Errors
/// When the database does not answer.
pub async fn reaches_abroad(pool: &PgPool, selection: &Selection<'_>) -> sqlx::Result<bool> {
    let (condition, Columns { is_reachable, is_foreign, .. }) =
        (selection.condition("k"), selection.columns());
    let text = format!(
        "select exists (select from clients.contacts k where {condition} and {is_reachable} and {is_foreign})"
    );
    sqlx::query_scalar_with(&text, selection.arguments()?).fetch_one(pool).await
}

#[cfg(test)]
mod tests {
    use domain::notification::AudienceFilter;
    use domain::value::{Channel, CountryCode, RecipientKind};

    use super::*;

    fn audience(channel: Channel, counted: &[Counted], gone: Gone) -> Audience {
        let (company, kind) = (Uuid::nil().into(), RecipientKind::Everyone);
        let (filter, home) = (&AudienceFilter::default(), CountryCode::COLOMBIA);
        let selection = Selection { company, channel, kind, filter, home, excludes_foreign: false };
        Audience::of(&selection, counted, gone)
    }

    fn addressed(bucket: i32, contacts: i64, addresses: i64, reachable: i64) -> Counted {
        Counted { bucket: Some(bucket), contacts, addresses, reachable, ..Counted::default() }
    }

    #[test]
    fn the_total_is_the_reachable_and_the_excluded_and_duplicates_are_counted_apart() {
        let without = Counted { contacts: 3, addresses: 1, ..Counted::default() };
        let counted = [addressed(1, 4, 3, 2), without, addressed(63, 3, 3, 3)];
        let audience = audience(Channel::Sms, &counted, Gone { erased: 2, unknown: 1 });
        assert_eq!((audience.total, audience.reachable, audience.duplicates), (12, 5, 1));
        let excluded = [("no_phone", 3), ("not_mobile", 1), ("erased", 2), ("unknown", 1)];
        let excluded = excluded.map(|(reason, number)| (reason.to_owned(), number));
        assert_eq!(audience.excluded, BTreeMap::from(excluded));
        assert_eq!(audience.fingerprint.reachable, 5);
    }

    #[test]
    fn a_reason_with_nobody_is_absent() {
        let nobody = audience(Channel::Email, &[], Gone::default());
        assert_eq!((nobody.total, nobody.excluded.len()), (0, 0));
        assert!(audience(Channel::Email, &[addressed(0, 2, 1, 1)], Gone::default()).excluded.is_empty());
    }
}
