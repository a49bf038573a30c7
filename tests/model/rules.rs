//! What the stream of a chunk may say of one member: shared by the search and by the replay of traces.

/// The state of one member by the stream of its chunk, for one generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Member {
    /// No final outcome yet; so many attempts have ended, all of them deferred.
    Open { ended: u8 },
    /// The provider took the message: final.
    Accepted,
    /// Failed, suppressed or cancelled: final, and nothing was accepted.
    Failed,
    /// The provider may have accepted this attempt: final, unless a late answer ends the doubt.
    InDoubt { attempt: u8 },
}

impl Member {
    /// Nothing has happened yet.
    pub(crate) const NEW: Self = Self::Open { ended: 0 };

    /// Whether this attempt is still to be made.
    pub(crate) fn awaits(self, attempt: u8) -> bool {
        matches!(self, Self::Open { ended } if ended < attempt)
    }
}

/// What an event says of one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Outcome {
    /// The provider took the message.
    Accepted,
    /// The provider refused for now: there will be another attempt.
    Deferred,
    /// Ended without an acceptance: refused, out of attempts, suppressed or cancelled.
    Failed,
    /// The provider may have taken the message.
    InDoubt,
}

/// An event that this history does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Illegal {
    /// There is a final outcome already, and no doubt that this one could end.
    SecondFinalOutcome,
    /// This attempt has its outcome, or an earlier one has none.
    WrongAttempt,
}

/// Applies an event, and says whether the history allows it.
pub(crate) fn apply(member: Member, attempt: u8, outcome: Outcome) -> Result<Member, Illegal> {
    match member {
        Member::Open { ended } if attempt != ended + 1 => Err(Illegal::WrongAttempt),
        Member::Open { .. } => Ok(match outcome {
            Outcome::Accepted => Member::Accepted,
            Outcome::Deferred => Member::Open { ended: attempt },
            Outcome::Failed => Member::Failed,
            Outcome::InDoubt => Member::InDoubt { attempt },
        }),
        Member::InDoubt { attempt: doubted } if attempt != doubted => Err(Illegal::WrongAttempt),
        Member::InDoubt { .. } => match outcome {
            Outcome::Accepted => Ok(Member::Accepted),
            Outcome::Failed => Ok(Member::Failed),
            Outcome::Deferred | Outcome::InDoubt => Err(Illegal::SecondFinalOutcome),
        },
        Member::Accepted | Member::Failed => Err(Illegal::SecondFinalOutcome),
    }
}
