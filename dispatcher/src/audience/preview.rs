//! How many a notification would reach, and who is left out for which reason.

use std::collections::BTreeMap;

use domain::value::{Channel, CompanyId, RecipientKind};
use sqlx::PgPool;

use super::{columns, missing};

/// The audience of a company, kind and channel as `clients` stands now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audience {
    /// Contacts after deduplication by address: `reachable` and all that are excluded.
    pub total: u64,
    /// Different addresses that would be written to.
    pub reachable: u64,
    /// Contacts left out, by reason: `no_phone` or `no_email`. Reasons with nobody are absent.
    pub excluded: BTreeMap<String, u64>,
    /// Contacts whose address another contact of the audience has too; in no other number.
    pub duplicates: u64,
}

impl Audience {
    fn of(channel: Channel, contacts: i64, addressed: i64, reachable: i64) -> Self {
        let (contacts, addressed, reachable) =
            (contacts.unsigned_abs(), addressed.unsigned_abs(), reachable.unsigned_abs());
        let without = contacts.saturating_sub(addressed);
        let excluded = (without > 0).then(|| (missing(channel).to_owned(), without));
        Self {
            total: reachable + without,
            reachable,
            excluded: excluded.into_iter().collect(),
            duplicates: addressed.saturating_sub(reachable),
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
    let (_, index) = columns(channel);
    let text = format!(
        "select count(*), count({index}), count(distinct {index})
         from clients.contacts
         where company_id = $1 and ($2 = 'everyone' or kind = $2)"
    );
    let (contacts, addressed, reachable) =
        sqlx::query_as(&text).bind(company.uuid()).bind(kind.as_str()).fetch_one(pool).await?;
    Ok(Audience::of(channel, contacts, addressed, reachable))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_the_reachable_and_the_excluded_and_duplicates_are_told_apart() {
        let audience = Audience::of(Channel::Sms, 10, 7, 5);
        assert_eq!((audience.total, audience.reachable, audience.duplicates), (8, 5, 2));
        assert_eq!(audience.excluded, BTreeMap::from([("no_phone".to_owned(), 3)]));
    }

    #[test]
    fn a_reason_with_nobody_is_absent() {
        assert_eq!(Audience::of(Channel::Email, 0, 0, 0), Audience::default());
        assert!(Audience::of(Channel::Email, 2, 2, 1).excluded.is_empty());
    }
}
