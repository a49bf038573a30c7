//! The simulator's ledger: every accepted message is on disk before its sender is told.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::Path,
    thread,
};

use chrono::{DateTime, Utc};
use domain::value::Channel;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

/// How many acceptances wait for the disk at most; more wait for room in the channel.
const MAX_WAITING: usize = 1_024;
/// How many acceptances share one sync.
const MAX_BATCH: usize = 256;

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// The channel.
    pub channel: Channel,
    /// The address or number.
    pub to: String,
    /// Our delivery id, from the Message-ID or the callback's address; empty if the message had none.
    pub delivery_id: String,
    /// When it was accepted.
    pub accepted_at: DateTime<Utc>,
}

/// Reads a ledger; a last line that was cut off by a crash was never answered, and is left out.
///
/// # Errors
/// The file cannot be read, or a line that is not the last is no entry.
pub fn read(path: &Path) -> io::Result<Vec<LedgerEntry>> {
    let text = std::fs::read_to_string(path)?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).map_err(io::Error::from)).collect()
}

pub(super) struct Ledger {
    waiting: mpsc::Sender<Waiting>,
}

type Waiting = (LedgerEntry, oneshot::Sender<io::Result<()>>);

impl Ledger {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        drop_torn_line(&file)?;
        let (waiting, entries) = mpsc::channel(MAX_WAITING);
        thread::Builder::new().name("ledger".to_owned()).spawn(|| write_all(file, entries))?;
        Ok(Self { waiting })
    }

    /// Returns when the entry is on disk.
    pub(super) async fn append(&self, entry: LedgerEntry) -> io::Result<()> {
        let (done, written) = oneshot::channel();
        self.waiting.send((entry, done)).await.map_err(|_| ended())?;
        written.await.map_err(|_| ended())?
    }
}

/// A line that was being written when its process died was never answered, so it is no acceptance.
fn drop_torn_line(mut file: &File) -> io::Result<()> {
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    file.set_len(whole as u64)
}

/// Ends when the simulator does. While one batch is at the disk the next one forms.
fn write_all(mut file: File, mut entries: mpsc::Receiver<Waiting>) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    while entries.blocking_recv_many(&mut batch, MAX_BATCH) > 0 {
        let result = write(&mut file, &batch);
        for (_, done) in batch.drain(..) {
            let copy = result.as_ref().copied().map_err(|error| io::Error::from(error.kind()));
            // A client that went away does not hear it.
            let _ = done.send(copy);
        }
    }
}

fn write(file: &mut File, batch: &[Waiting]) -> io::Result<()> {
    let mut lines = Vec::new();
    for (entry, _) in batch {
        serde_json::to_writer(&mut lines, entry)?;
        lines.push(b'\n');
    }
    file.write_all(&lines)?;
    file.sync_data()
}

fn ended() -> io::Error {
    io::Error::other("the ledger has ended")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(to: &str) -> LedgerEntry {
        LedgerEntry {
            channel: Channel::Sms,
            to: to.into(),
            delivery_id: "d".into(),
            accepted_at: DateTime::default(),
        }
    }

    #[tokio::test]
    async fn an_entry_is_on_disk_when_append_returns_and_survives_a_reopening() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger.jsonl");
        for to in ["+1", "+2"] {
            let ledger = Ledger::open(&path).expect("a ledger");
            ledger.append(entry(to)).await.expect("written");
            assert_eq!(read(&path).expect("readable").last(), Some(&entry(to)));
        }
        assert_eq!(read(&path).expect("readable"), [entry("+1"), entry("+2")]);
    }

    #[test]
    fn a_line_cut_off_by_a_crash_is_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger.jsonl");
        let line = serde_json::to_string(&entry("+1")).expect("JSON");
        std::fs::write(&path, format!("{line}\n{}", &line[..20])).expect("written");
        assert_eq!(read(&path).expect("readable"), [entry("+1")]);
        drop(Ledger::open(&path).expect("a ledger"));
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), format!("{line}\n"));
    }
}
