//! The protocol as it is designed, and ways to get it wrong.

/// Which protocol is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    /// As designed.
    Sound,
    /// The start mark does not ask whether its owner is fenced.
    MarkWithoutFence,
    /// The start mark does not ask whether its members are still in the task.
    MarkWithoutTask,
    /// The start mark is committed after the send.
    MarkAfterSend,
    /// A send follows a start mark whose commit was never answered.
    SendOnUnansweredMark,
    /// A settlement does not expect a sequence of the stream.
    SettleWithoutSequence,
    /// The marks are read before the owner is fenced.
    LookBeforeFence,
    /// Started members wait again, as if they had not been sent.
    ReturnStarted,
    /// Members that were not started are put in doubt with those that were.
    DoubtEverybody,
    /// An answer that comes after the doubt is thrown away.
    IgnoreLateAnswer,
    /// An outcome is recorded for the member's current attempt, not for the one that it is of.
    IgnoreAttempt,
    /// The outcome of a member that was not started does not ask whether its claim is still valid.
    SuppressWithoutClaim,
    /// The mark that nothing was sent names the member, not one start of it.
    UnsentOfAnyStart,
    /// An owner does not look for claims whose answer was lost.
    ForgetLostClaim,
    /// Tasks have no epoch: a change does not ask whether the task was claimed or returned since.
    NoEpoch,
    /// Settlements and returns do not compare the generation of a task with that of its members.
    IgnoreGeneration,
}
