//! Finds the delivery of a report: by our id in the callback's address, else by the provider's reference.

use std::num::NonZeroUsize;

use domain::deliveries::MemberReceipt;
use domain::personal::Personal;
use domain::value::{ClientId, CompanyId, NotificationId, Ordinal};
use lru::LruCache;
use sqlx::PgPool;
use uuid::Uuid;

use super::ProviderReport;
use super::record::FoundReceipt;
use crate::provider::SentDelivery;
use crate::tasks::ChunkId;

/// How many notifications a process knows the companies of.
const NOTIFICATIONS_REMEMBERED: NonZeroUsize = NonZeroUsize::new(1_000).expect("a positive number");

/// A person of a notification, and the message that was sent.
#[derive(Debug, Clone, Copy)]
struct Place {
    notification: NotificationId,
    company: CompanyId,
    ordinal: Ordinal,
    generation: u32,
    attempt: u32,
}

/// Finds deliveries.
pub(super) struct Finder {
    pool: PgPool,
    /// By the first id that the notification of a delivery may have.
    remembered: LruCache<NotificationId, (NotificationId, CompanyId)>,
}

impl Finder {
    pub(super) fn new(pool: PgPool) -> Self {
        Self { pool, remembered: LruCache::new(NOTIFICATIONS_REMEMBERED) }
    }

    /// The deliveries of reports, in their order; none for what was never sent by this provider.
    pub(super) async fn find(
        &mut self,
        reports: &[ProviderReport],
    ) -> sqlx::Result<Vec<Option<FoundReceipt>>> {
        let mut found = Vec::with_capacity(reports.len());
        for report in reports {
            found.push(self.find_one(report).await?);
        }
        Ok(found)
    }

    async fn find_one(&mut self, report: &ProviderReport) -> sqlx::Result<Option<FoundReceipt>> {
        let place = match report.report.sent {
            Some(sent) => self.by_our_id(sent).await?,
            None => self.by_reference(report).await?,
        };
        let is_carried =
            |place: &Place| report.companies.iter().any(|some| some.include(place.company.uuid()));
        let Some(place) = place.filter(is_carried) else { return Ok(None) };
        let detail = self.detail(report, place).await?;
        let receipt = MemberReceipt {
            member: place.ordinal.member(),
            generation: place.generation,
            attempt: place.attempt,
            carrier: report.carrier(),
            provider: report.provider.clone(),
            at: report.at,
            receipt: report.report.receipt.clone(),
            detail,
        };
        let chunk = ChunkId { notification: place.notification, chunk: place.ordinal.chunk() };
        Ok(Some(FoundReceipt { chunk, company: place.company, receipt, is_stored: false }))
    }

    async fn by_our_id(
        &mut self,
        SentDelivery { delivery, generation, attempt }: SentDelivery,
    ) -> sqlx::Result<Option<Place>> {
        let Some(ordinal) = delivery.ordinal() else { return Ok(None) };
        let (first, last) = delivery.notifications();
        let known = match self.remembered.get(&first) {
            Some(known) => Some(*known),
            None => notification_between(&self.pool, first, last).await?,
        };
        Ok(known.map(|known @ (notification, company)| {
            self.remembered.put(first, known);
            Place { notification, company, ordinal, generation, attempt }
        }))
    }

    /// None for a reference that several deliveries share: a report about one must not be recorded of another. The view
    /// may lag behind the outcome that names the reference: the providers that we ask to do so report by our id.
    async fn by_reference(&self, report: &ProviderReport) -> sqlx::Result<Option<Place>> {
        let rows: Vec<(Uuid, Uuid, i32, i32, i32)> = sqlx::query_as(
            "select o.notification_id, n.company_id, o.ordinal, o.generation, o.attempt
             from notifications.outcomes o join notifications.notifications n using (notification_id)
             where hashtext(o.reference) = hashtext($1) and o.reference = $1
               and o.state = 'accepted' and o.provider = $2
             limit 2",
        )
        .bind(&report.report.reference)
        .bind(&report.provider)
        .fetch_all(&self.pool)
        .await?;
        let &[(notification, company, ordinal, generation, attempt)] = rows.as_slice() else {
            return Ok(None);
        };
        Ok(Ordinal::try_new(ordinal.unsigned_abs()).map(|ordinal| Place {
            notification: notification.into(),
            company: company.into(),
            ordinal,
            generation: generation.unsigned_abs(),
            attempt: attempt.unsigned_abs(),
        }))
    }

    /// The provider's own text under the client's key, if it said something.
    async fn detail(&self, report: &ProviderReport, place: Place) -> sqlx::Result<Option<Personal<String>>> {
        let text = &report.report.text;
        if text.is_empty() {
            return Ok(None);
        }
        let client: Option<Uuid> = sqlx::query_scalar(
            "select client_id from notifications.recipients where notification_id = $1 and ordinal = $2",
        )
        .bind(place.notification.uuid())
        .bind(place.ordinal.number().cast_signed())
        .fetch_optional(&self.pool)
        .await?;
        Ok(client.map(|client| Personal::new(ClientId::from(client).into(), text.clone())))
    }
}

/// The only notification whose id is in a range.
async fn notification_between(
    pool: &PgPool,
    first: NotificationId,
    last: NotificationId,
) -> sqlx::Result<Option<(NotificationId, CompanyId)>> {
    let row: Option<(Uuid, Uuid)> = sqlx::query_as(
        "select notification_id, company_id from send_notifications where notification_id between $1 and $2 limit 1",
    )
    .bind(first.uuid())
    .bind(last.uuid())
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|(notification, company)| (notification.into(), company.into())))
}
