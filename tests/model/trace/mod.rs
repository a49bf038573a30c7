//! Traces: what happened to a chunk, one line an entry, in the order of the commits; the format and its reader.
//!
//! ```text
//! queued   task=7 generation=1 members=1,2,3
//! claimed  task=7 epoch=1 owner=a
//! marked   task=7 epoch=1 owner=a start=0 generation=1 attempt=1 members=1,2
//! unsent   task=7 epoch=1 start=0 members=2
//! accepted generation=1 member=1
//! settled  generation=1 attempt=1 outcome=accepted members=1 sequence=1
//! fenced   owner=a
//! in_doubt generation=1 attempt=1 members=2 sequence=2
//! requeued task=7 epoch=2 members=3
//! ordered  generation=2 members=2 sequence=3
//! joined   task=7 generation=2 members=2
//! finished task=7
//! ```
//!
//! `accepted` is a line of the provider's ledger, which knows no order with the commits: it may stand at any place after
//! the start mark. All others are rows: of `send_tasks` (`queued`, `claimed`, `requeued`, `finished`), `send_starts` (`marked`,
//! `unsent`), `send_owners` (`fenced`) and the chunk's stream (`settled`, `in_doubt`, `ordered`). `joined` follows from an
//! order to send again that finds the chunk's task still there. Lines of one transaction stand as events first; of one that
//! ends or requeues a task, marks stand before it.

pub(crate) mod replay;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

pub(crate) use self::replay::accepts;
use crate::rules::Outcome;

/// A member's ordinal.
pub(crate) type Ordinal = u32;

/// One line of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A task came; its epoch is 0.
    Queued { task: String, generation: u32, members: Vec<Ordinal> },
    /// Members that are to be sent again have come to a task that is there.
    Joined { task: String, generation: u32, members: Vec<Ordinal> },
    /// An owner took a task.
    Claimed { task: String, epoch: u64, owner: String },
    /// A start mark was committed.
    Marked {
        task: String,
        epoch: u64,
        owner: String,
        start: u32,
        generation: u32,
        attempt: u8,
        members: Vec<Ordinal>,
    },
    /// The owner said of one start that nothing was sent.
    Unsent { task: String, epoch: u64, start: u32, members: Vec<Ordinal> },
    /// The provider's ledger has one more message.
    Accepted { generation: u32, member: Ordinal },
    /// An event recorded an outcome.
    Settled { generation: u32, attempt: u8, outcome: Outcome, members: Vec<Ordinal>, sequence: u64 },
    /// An owner was fenced.
    Fenced { owner: String },
    /// A task waits again, for those who are left.
    Requeued { task: String, epoch: u64, members: Vec<Ordinal> },
    /// A task went.
    Finished { task: String },
    /// Somebody ordered members to be sent again.
    Ordered { generation: u32, members: Vec<Ordinal>, sequence: u64 },
}

/// A trace that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) what: String,
}

/// Reads a trace; empty lines and those that begin with `#` say nothing.
pub(crate) fn read(text: &str) -> Result<Vec<Entry>, Unreadable> {
    text.lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(line, text)| text.parse().map_err(|what| Unreadable { line, what }))
        .collect()
}

impl FromStr for Entry {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let mut words = line.split_whitespace();
        let word = words.next().unwrap_or_default();
        let fields = Fields::of(words)?;
        Ok(match word {
            "queued" => Self::Queued {
                task: fields.get("task")?,
                generation: fields.get("generation")?,
                members: fields.members()?,
            },
            "joined" => Self::Joined {
                task: fields.get("task")?,
                generation: fields.get("generation")?,
                members: fields.members()?,
            },
            "claimed" => Self::Claimed {
                task: fields.get("task")?,
                epoch: fields.get("epoch")?,
                owner: fields.get("owner")?,
            },
            "marked" => Self::Marked {
                task: fields.get("task")?,
                epoch: fields.get("epoch")?,
                owner: fields.get("owner")?,
                start: fields.get("start")?,
                generation: fields.get("generation")?,
                attempt: fields.get("attempt")?,
                members: fields.members()?,
            },
            "unsent" => Self::Unsent {
                task: fields.get("task")?,
                epoch: fields.get("epoch")?,
                start: fields.get("start")?,
                members: fields.members()?,
            },
            "accepted" => {
                Self::Accepted { generation: fields.get("generation")?, member: fields.get("member")? }
            }
            "settled" => fields.settled(outcome(&fields.get::<String>("outcome")?)?)?,
            "in_doubt" => fields.settled(Outcome::InDoubt)?,
            "fenced" => Self::Fenced { owner: fields.get("owner")? },
            "requeued" => Self::Requeued {
                task: fields.get("task")?,
                epoch: fields.get("epoch")?,
                members: fields.members()?,
            },
            "finished" => Self::Finished { task: fields.get("task")? },
            "ordered" => Self::Ordered {
                generation: fields.get("generation")?,
                members: fields.members()?,
                sequence: fields.get("sequence")?,
            },
            other => return Err(format!("unknown word {other}")),
        })
    }
}

/// The `key=value` words of a line.
struct Fields<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Fields<'a> {
    fn of(words: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let pair = |word: &'a str| word.split_once('=').ok_or_else(|| format!("{word} is no key=value"));
        words.map(pair).collect::<Result<_, _>>().map(Self)
    }

    fn get<T: FromStr>(&self, key: &str) -> Result<T, String> {
        let value = self.0.get(key).ok_or_else(|| format!("{key} is missing"))?;
        value.parse().map_err(|_| format!("{key}={value} cannot be read"))
    }

    fn members(&self) -> Result<Vec<Ordinal>, String> {
        let list: String = self.get("members")?;
        let ordinal = |text: &str| text.parse().map_err(|_| format!("members={list} cannot be read"));
        list.split(',').map(ordinal).collect()
    }

    fn settled(&self, outcome: Outcome) -> Result<Entry, String> {
        Ok(Entry::Settled {
            generation: self.get("generation")?,
            attempt: self.get("attempt")?,
            outcome,
            members: self.members()?,
            sequence: self.get("sequence")?,
        })
    }
}

/// Suppressed and cancelled members end without an acceptance, as failed ones do.
fn outcome(word: &str) -> Result<Outcome, String> {
    match word {
        "accepted" => Ok(Outcome::Accepted),
        "deferred" => Ok(Outcome::Deferred),
        "failed" | "suppressed" | "cancelled" => Ok(Outcome::Failed),
        "in_doubt" => Ok(Outcome::InDoubt),
        other => Err(format!("unknown outcome {other}")),
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |members: &[Ordinal]| members.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        match self {
            Self::Queued { task, generation, members } => {
                write!(f, "queued task={task} generation={generation} members={}", list(members))
            }
            Self::Joined { task, generation, members } => {
                write!(f, "joined task={task} generation={generation} members={}", list(members))
            }
            Self::Claimed { task, epoch, owner } => {
                write!(f, "claimed task={task} epoch={epoch} owner={owner}")
            }
            Self::Marked { task, epoch, owner, start, generation, attempt, members } => {
                let of = format!("start={start} generation={generation} attempt={attempt}");
                write!(f, "marked task={task} epoch={epoch} owner={owner} {of} members={}", list(members))
            }
            Self::Unsent { task, epoch, start, members } => {
                write!(f, "unsent task={task} epoch={epoch} start={start} members={}", list(members))
            }
            Self::Accepted { generation, member } => {
                write!(f, "accepted generation={generation} member={member}")
            }
            Self::Settled { generation, attempt, outcome, members, sequence } => {
                let (word, outcome) = match outcome {
                    Outcome::Accepted => ("settled", " outcome=accepted"),
                    Outcome::Deferred => ("settled", " outcome=deferred"),
                    Outcome::Failed => ("settled", " outcome=failed"),
                    Outcome::InDoubt => ("in_doubt", ""),
                };
                let members = list(members);
                write!(
                    f,
                    "{word} generation={generation} attempt={attempt}{outcome} members={members} sequence={sequence}"
                )
            }
            Self::Fenced { owner } => write!(f, "fenced owner={owner}"),
            Self::Requeued { task, epoch, members } => {
                write!(f, "requeued task={task} epoch={epoch} members={}", list(members))
            }
            Self::Finished { task } => write!(f, "finished task={task}"),
            Self::Ordered { generation, members, sequence } => {
                write!(f, "ordered generation={generation} members={} sequence={sequence}", list(members))
            }
        }
    }
}
