//! How many a notification would reach, and who is left out for which reason.

use std::collections::BTreeMap;

use domain::value::{Channel, CompanyId, RecipientKind};
use sqlx::PgPool;

use super::{Columns, columns};

/// The audience of a company, kind and channel as `clients` stands now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audience {
    /// Contacts after deduplication by address: `reachable` and all that are excluded.
    pub total: u64,
    /// Different addresses that would be written to.
    pub reachable: u64,
    /// Contacts left out, by reason: `no_phone`, `not_mobile` or `no_email`. Reasons with nobody are absent.
    pub excluded: BTreeMap<String, u64>,
    /// Contacts whose address another contact of the audience has too; in no other number.
    pub duplicates: u64,
}

/// The contacts of an audience as the view counts them.
#[derive(sqlx::FromRow)]
struct Counted {
    contacts: i64,
    /// Those with an address of the channel.
    addressed: i64,
    /// Their different addresses.
    addresses: i64,
    /// The addresses that the channel reaches.
    reachable: i64,
}

impl Audience {
    fn of(channel: Channel, counted: &Counted) -> Self {
        let difference = |all: i64, part: i64| all.saturating_sub(part).unsigned_abs();
        let rules = channel.rules();
        let missing = (rules.address.missing(), difference(counted.contacts, counted.addressed));
        let unreachable =
            rules.unreachable.map(|reason| (reason, difference(counted.addresses, counted.reachable)));
        let excluded: BTreeMap<String, u64> = [Some(missing), unreachable]
            .into_iter()
            .flatten()
            .filter(|(_, number)| *number > 0)
            .map(|(reason, number)| (reason.to_owned(), number))
            .collect();
        let reachable = counted.reachable.unsigned_abs();
        Self {
            total: reachable + excluded.values().sum::<u64>(),
            reachable,
            duplicates: difference(counted.addressed, counted.addresses),
            excluded,
        }
    }
}

/// Counts an audience.
///
/// # Errors
/// When the database does not answer.
pub async fn preview(
    pool: &PgPool,
    company: CompanyId,
    channel: Channel,
    kind: RecipientKind,
) -> sqlx::Result<Audience> {
    let Columns { index, is_reachable, .. } = columns(channel);
    let text = format!(
        "select count(*) as contacts, count({index}) as addressed, count(distinct {index}) as addresses,
                count(distinct {index}) filter (where {is_reachable}) as reachable
         from clients.contacts
         where company_id = $1 and ($2 = 'everyone' or kind = $2)"
    );
    let counted = sqlx::query_as(&text).bind(company.uuid()).bind(kind.as_str()).fetch_one(pool).await?;
    Ok(Audience::of(channel, &counted))
}

/// Whether an audience has anybody who is reached. Cheap at any size.
///
/// # Errors
/// When the database does not answer.
pub async fn reaches_somebody(
    pool: &PgPool,
    company: CompanyId,
    channel: Channel,
    kind: RecipientKind,
) -> sqlx::Result<bool> {
    let Columns { is_reachable, .. } = columns(channel);
    let text = format!(
        "select exists (
           select from clients.contacts where company_id = $1 and ($2 = 'everyone' or kind = $2) and {is_reachable})"
    );
    sqlx::query_scalar(&text).bind(company.uuid()).bind(kind.as_str()).fetch_one(pool).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_the_reachable_and_the_excluded_and_duplicates_are_counted_apart() {
        let counted = Counted { contacts: 10, addressed: 7, addresses: 6, reachable: 5 };
        let audience = Audience::of(Channel::Sms, &counted);
        assert_eq!((audience.total, audience.reachable, audience.duplicates), (9, 5, 1));
        let excluded = [("no_phone".to_owned(), 3), ("not_mobile".to_owned(), 1)];
        assert_eq!(audience.excluded, BTreeMap::from(excluded));
    }

    #[test]
    fn a_reason_with_nobody_is_absent() {
        let nobody = Counted { contacts: 0, addressed: 0, addresses: 0, reachable: 0 };
        assert_eq!(Audience::of(Channel::Email, &nobody), Audience::default());
        let family = Counted { contacts: 2, addressed: 2, addresses: 1, reachable: 1 };
        assert!(Audience::of(Channel::Email, &family).excluded.is_empty());
    }
}
