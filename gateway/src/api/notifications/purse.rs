//! What the company of a notification allows, and what the notification would take of it.

use chrono::{DateTime, Utc};
use commands::notifications::Demand;
use commands::purse::{self, Moment, Without};
use domain::company::{Amount, CompanyLimits, Limit, OverLimit, Purse, Taken};
use domain::notification::AudienceFilter;
use domain::value::{Channel, CompanyId, CountryCode, NotificationId, RecipientKind, TimeZone};
use projections::queries::audience::{Audience, Selection};

use super::preview::audience_of;
use crate::access::Caller;
use crate::problem::Answer;
use crate::slots::Slots;
use crate::state::AppState;

/// The company of a notification as of the log.
pub(super) struct Terms {
    company: CompanyId,
    pub(super) limits: CompanyLimits,
    zone: TimeZone,
    home: CountryCode,
}

/// A notification, as far as its audience and the limits of its company go by it.
#[derive(Clone, Copy)]
pub(super) struct Going<'a> {
    pub(super) channel: Channel,
    pub(super) kind: RecipientKind,
    pub(super) filter: &'a AudienceFilter,
    pub(super) begins_at: DateTime<Utc>,
    /// The notification itself if it is requested already: what is promised to it is its own.
    pub(super) requested: Option<NotificationId>,
}

/// An audience as it would be sent to.
pub(super) struct Measured {
    pub(super) audience: Audience,
    /// The limit for which numbers of other countries are left out, if they are.
    pub(super) foreign_limit: Option<OverLimit>,
}

impl Measured {
    pub(super) const fn excludes_foreign(&self) -> bool {
        self.foreign_limit.is_some()
    }
}

impl Terms {
    pub(super) async fn of(state: &AppState, company: CompanyId) -> Answer<Self> {
        let profile = commands::companies::profile(state.log(), company).await?.unwrap_or_default();
        Ok(Self {
            company,
            limits: profile.limits,
            zone: profile.time_zone.parse().unwrap_or_default(),
            home: profile.country.parse().unwrap_or_default(),
        })
    }

    /// Above how many people the company wants an approval.
    pub(super) fn approval_above(&self) -> Option<u64> {
        self.limits.get(Limit::ApprovalAbove)
    }

    /// Whether a limit counts for every message of a channel, foreign or not.
    pub(super) fn counts(&self, channel: Channel) -> bool {
        self.limits.count_everybody(channel)
    }

    /// Whether numbers of other countries are counted.
    pub(super) fn counts_foreign(&self, channel: Channel) -> bool {
        channel == Channel::Sms && self.limits.get(Limit::ForeignPerDay).is_some()
    }

    /// The contacts that the audience of a request is chosen from.
    pub(super) const fn selection<'a>(&self, going: Going<'a>, excludes_foreign: bool) -> Selection<'a> {
        let Going { channel, kind, filter, .. } = going;
        Selection { company: self.company, channel, kind, filter, home: self.home, excludes_foreign }
    }

    /// Counts the audience; without numbers of other countries if the limit of the day does not hold all of them.
    pub(super) async fn measured(
        &self,
        state: &AppState,
        slots: &Slots,
        caller: &Caller,
        going: Going<'_>,
    ) -> Answer<Measured> {
        let audience = audience_of(state, slots, caller, &self.selection(going, false)).await?;
        let Some(over) = self.foreign_limit(state, going, audience.foreign).await? else {
            return Ok(Measured { audience, foreign_limit: None });
        };
        let audience = audience_of(state, slots, caller, &self.selection(going, true)).await?;
        Ok(Measured { audience, foreign_limit: Some(over) })
    }

    /// The limit that does not hold so many numbers of other countries.
    async fn foreign_limit(
        &self,
        state: &AppState,
        going: Going<'_>,
        foreign: u64,
    ) -> Answer<Option<OverLimit>> {
        let Some(max) = self.limits.get(Limit::ForeignPerDay).filter(|_| foreign > 0) else {
            return Ok(None);
        };
        let taken = self.taken(state, going).await?.day.foreign;
        let over = OverLimit { limit: Limit::ForeignPerDay, max, taken, asked: foreign };
        Ok(Some(over).filter(OverLimit::is_passed))
    }

    /// What others have taken of the day and month in which it would begin.
    async fn taken(&self, state: &AppState, going: Going<'_>) -> Answer<Taken> {
        let Going { channel, begins_at, requested, .. } = going;
        let of = Moment { company: self.company, zone: self.zone, channel, begins_at, now: state.now() };
        let without = requested.map_or(Without::Nobody, Without::Own);
        Ok(purse::taken(&mut *state.pool().acquire().await?, &of, without).await?)
    }

    /// The limit that a notification of this size would pass now.
    pub(super) async fn over_limit(
        &self,
        state: &AppState,
        going: Going<'_>,
        amount: Amount,
    ) -> Answer<Option<OverLimit>> {
        let channel = going.channel;
        if !self.counts(channel) {
            return Ok(None);
        }
        let purse = Purse { limits: self.limits.clone(), taken: self.taken(state, going).await? };
        Ok(purse.passed_by(channel, amount))
    }

    /// What a request takes of the purse, if it is to be promised to it.
    pub(super) fn demand(&self, channel: Channel, amount: Amount) -> Option<Demand> {
        let is_counted = self.limits.count(channel, amount);
        is_counted.then(|| Demand { limits: self.limits.clone(), zone: self.zone, amount })
    }
}
