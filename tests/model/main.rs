//! A model of the sending core: claim, mark, send, settle, fence, crash and freeze, in every order, for two owners and two
//! members of one chunk.
//!
//! A breadth-first search visits every state. It shows that nobody is accepted twice (P2), nothing is lost (P1) and no doubt
//! is needless (P3). Each broken variant gives a counterexample, which shows that the search finds what it looks for;
//! `cargo test -p tests --test model broken -- --nocapture` prints them.
//!
//! # How the model maps to the program
//!
//! | model | program |
//! | --- | --- |
//! | `Task` | a row of `send_tasks`; `epoch` is its fencing token, raised by each claim and each return |
//! | `Marks` | the rows of `send_starts` of a task and epoch |
//! | `OwnerRow` | a row of `send_owners`; it has no lease on a clock: its beat is watched by others |
//! | `Stream` | the aggregate `Deliveries`, folded from `deliveries/<notification>:<chunk>` |
//! | `Statement` | one transaction; `commit` is its `where` clauses and its effect |
//! | `Owner` | the memory of a dispatcher's worker process; a process that begins anew is another owner |
//! | `View` | what a housekeeper has read between the fence and the return of a task |
//! | `ledger` | the provider's own record, which the program never sees |
//! | `Answer`, `decide` | a provider's answer, and the decision of `Deliveries` about it |
//!
//! - **Freeze.** A frozen owner takes no step for a while, as any owner may here. A live owner may be fenced at any moment,
//!   because the others cannot tell whether it is frozen.
//! - **Crash.** The memory is lost. Requests in flight may still be accepted, or never arrive.
//! - **Lost answer of the database.** The client gives up; the statement is committed at any later time, or never.
//! - **In doubt** follows a crash, a fence, or an answer of the provider that was cut.
//!
//! Time is not modelled: retries are due at once, nothing expires, and an owner beats unless it is fenced. A cancellation
//! stands for all that withdraws members from a task. Attempts end with the second, generations with the second.
//!
//! # Traces
//!
//! `trace` reads what a run of the real program did to a chunk, from its rows and the provider's ledger, and `accepts` replays
//! it against the same rules. Every run of the model is accepted; the counterexamples are rejected. Another test
//! target takes the modules `rules` and `trace` by `#[path]`, writes lines, and calls `accepts(&read(lines)?)`.

mod answers;
mod broken;
mod holds;
mod key;
mod observe;
mod properties;
mod rules;
mod search;
mod start;
mod state;
mod statement;
mod steps;
mod trace;
mod traces;
mod variant;
