//! What the company of a notification allows, and what the notification would take of it.

use commands::notifications::Demand;
use commands::purse::{self, Moment, Without};
use domain::company::{Amount, CompanyLimits, Limit, OverLimit, Purse, Taken};
use domain::notification::AudienceFilter;
use domain::value::{Channel, CompanyId, CountryCode, TimeZone};
use projections::queries::audience::{Audience, Selection};

use super::order::NewNotification;
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
    pub(super) fn selection<'a>(
        &self,
        asked: &NewNotification,
        filter: &'a AudienceFilter,
        excludes_foreign: bool,
    ) -> Selection<'a> {
        Selection {
            company: self.company,
            channel: asked.content.channel(),
            kind: asked.recipient_kind,
            filter,
            home: self.home,
            excludes_foreign,
        }
    }

    /// Counts the audience; without numbers of other countries if the limit of the day does not hold all of them.
    pub(super) async fn measured(
        &self,
        state: &AppState,
        slots: &Slots,
        caller: &Caller,
        asked: &NewNotification,
        filter: &AudienceFilter,
    ) -> Answer<Measured> {
        let audience = audience_of(state, slots, caller, &self.selection(asked, filter, false)).await?;
        let Some(over) = self.foreign_limit(state, asked, audience.foreign).await? else {
            return Ok(Measured { audience, foreign_limit: None });
        };
        let audience = audience_of(state, slots, caller, &self.selection(asked, filter, true)).await?;
        Ok(Measured { audience, foreign_limit: Some(over) })
    }

    /// The limit that does not hold so many numbers of other countries.
    async fn foreign_limit(
        &self,
        state: &AppState,
        asked: &NewNotification,
        foreign: u64,
    ) -> Answer<Option<OverLimit>> {
        let Some(max) = self.limits.get(Limit::ForeignPerDay).filter(|_| foreign > 0) else {
            return Ok(None);
        };
        let taken = self.taken(state, asked).await?.day.foreign;
        let over = OverLimit { limit: Limit::ForeignPerDay, max, taken, asked: foreign };
        Ok(Some(over).filter(OverLimit::is_passed))
    }

    /// What is taken of the day and month in which a request would begin.
    async fn taken(&self, state: &AppState, asked: &NewNotification) -> Answer<Taken> {
        let now = state.now();
        let of = Moment {
            company: self.company,
            zone: self.zone,
            channel: asked.content.channel(),
            begins_at: asked.begins_at(now),
            now,
        };
        Ok(purse::taken(&mut *state.pool().acquire().await?, &of, Without::Nobody).await?)
    }

    /// The limit that a request of this size would pass now.
    pub(super) async fn over_limit(
        &self,
        state: &AppState,
        asked: &NewNotification,
        amount: Amount,
    ) -> Answer<Option<OverLimit>> {
        let channel = asked.content.channel();
        if !self.counts(channel) {
            return Ok(None);
        }
        let purse = Purse { limits: self.limits.clone(), taken: self.taken(state, asked).await? };
        Ok(purse.passed_by(channel, amount))
    }

    /// What a request takes of the purse, if it is to be promised to it.
    pub(super) fn demand(&self, channel: Channel, amount: Amount) -> Option<Demand> {
        let is_counted = self.counts(channel) || amount.foreign > 0 && self.counts_foreign(channel);
        is_counted.then(|| Demand { limits: self.limits.clone(), zone: self.zone, amount })
    }
}
