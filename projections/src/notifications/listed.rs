//! The lists over all notifications that a delivery is in.

use domain::Position;
use uuid::Uuid;

use super::fold::Fold;
use super::rows::Standing;

/// What the lists over all notifications go by; nothing for the states of most deliveries.
#[derive(Clone, Copy, Default)]
pub(super) struct Listed {
    pub(super) exception: Option<&'static str>,
    pub(super) company: Option<Uuid>,
    pub(super) requested_position: Option<Position>,
}

impl Listed {
    pub(super) fn of(fold: &Fold<'_>, notification: Uuid, standing: &Standing) -> Self {
        let Some(exception) = standing.exception() else { return Self::default() };
        let Some(of) = fold.notifications.get(&notification) else { return Self::default() };
        Self {
            exception: Some(exception),
            company: of.life.company().map(Uuid::from),
            requested_position: Some(of.requested_position),
        }
    }
}
