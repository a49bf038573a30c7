//! Whole logs in memory, tampered with at random: every fault is found, and at the right position.

use std::collections::BTreeMap;

use chrono::DateTime;
use domain::Position;
use domain::proof::{
    CheckedRange, Checkpoint, EventRow, Fault, GrowingTiles, Hash, LogCheck, TileId, event_leaf,
};
use uuid::Uuid;

use super::keys::{KnownKeys, Signer, SigningKey};

/// How many events the log has: a full tile, and the beginning of one more.
const EVENTS: u64 = 300;
/// How many events lie between two checkpoints.
const STEP: u64 = 37;
/// How many logs are tampered with.
const TAMPERINGS: u64 = 1_000;
/// How many events one range of the check has.
const RANGE: u64 = 64;

#[derive(Debug, Clone)]
struct Row {
    position: Position,
    event_id: Uuid,
    payload: String,
    metadata: String,
    micros: i64,
}

impl Row {
    fn new(position: Position) -> Self {
        Self {
            position,
            event_id: Uuid::from_u128(position.unsigned_abs().into()),
            payload: format!(r#"{{"MessageSent":{{"author":"a","recipients":["b","c"],"n":{position}}}}}"#),
            metadata: r#"{"actor":"a"}"#.into(),
            micros: 1_700_000_000_000_000 + position,
        }
    }

    fn row(&self) -> EventRow<'_> {
        EventRow {
            position: self.position,
            event_id: self.event_id,
            aggregate_type: "message",
            aggregate_id: "m",
            sequence: 1,
            event_type: "MessageSent",
            event_version: "1",
            payload: &self.payload,
            metadata: &self.metadata,
            recorded_at: DateTime::from_timestamp_micros(self.micros).expect("a time"),
        }
    }
}

/// A log with its tree and its checkpoints, as the tables hold them.
#[derive(Clone)]
struct Log {
    rows: Vec<Row>,
    tiles: BTreeMap<TileId, Vec<Hash>>,
    notes: Vec<(u64, String)>,
}

fn signer() -> Signer {
    Signer::new("example.com/log".parse().expect("a name"), &SigningKey::new([3; 32]))
}

impl Log {
    fn sealed(rows: Vec<Row>) -> Self {
        let (mut tree, mut tiles, mut notes) = (GrowingTiles::default(), BTreeMap::new(), Vec::new());
        let size = rows.len() as u64;
        for row in &rows {
            tree.push(event_leaf(&row.row()));
            let frontier = tree.frontier();
            if frontier.size().is_multiple_of(STEP) || frontier.size() == size {
                let origin = signer().key().origin.clone();
                let checkpoint = Checkpoint { origin, size: frontier.size(), root: frontier.root() };
                notes.push((frontier.size(), signer().sign(&checkpoint)));
            }
        }
        for gained in tree.take_gained() {
            tiles.entry(gained.tile).or_insert_with(Vec::new).extend(gained.hashes);
        }
        Self { rows, tiles, notes }
    }

    fn new() -> Self {
        Self::sealed((1..=EVENTS as Position).map(Row::new).collect())
    }

    /// The first fault, with checkpoints that were kept outside.
    fn check(&self, outside: &[Checkpoint]) -> Result<(), Fault> {
        let known = KnownKeys::new([signer().key().clone()]);
        let newest = self.notes.last().map_or(0, |(size, _)| *size);
        let end = outside.iter().map(|checkpoint| checkpoint.size).chain([newest]).max().unwrap_or_default();
        let mut check = LogCheck::default();
        let mut rows: Vec<_> = self.rows.iter().collect();
        rows.sort_by_key(|row| row.position);
        for after in (0..end).step_by(RANGE as usize) {
            let last = end.min(after + RANGE);
            let within = |size: u64| size > after && size <= last;
            let mut range = CheckedRange::new(after, last);
            let of_range = |row: &&&Row| row.position > after as Position && row.position <= last as Position;
            rows.iter().filter(of_range).for_each(|row| range.add(&row.row()));
            let notes = self.notes.iter().filter(|(size, _)| within(*size));
            let mut claimed: Vec<_> = notes.map(|(size, note)| (*size, known.open(note))).collect();
            let outside = outside.iter().filter(|checkpoint| within(checkpoint.size));
            claimed.extend(outside.map(|checkpoint| (checkpoint.size, Ok(checkpoint.clone()))));
            claimed.sort_by_key(|(size, _)| *size);
            check.add(range.ended(), &self.tiles, &claimed)?;
        }
        check.end()
    }
}

/// Numbers without order, the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Does one thing to the rows, as a superuser could; returns the first position that is not as it was.
fn tamper(rows: &mut Vec<Row>, chance: &mut Chance) -> Position {
    let at = chance.below(EVENTS) as usize;
    let position = rows[at].position;
    match chance.below(9) {
        0 => rows[at].payload = rows[at].payload.replace("\"b\"", "\"d\""),
        1 => rows[at].metadata = r#"{"actor":"z"}"#.into(),
        2 => rows[at].micros += 1,
        3 => rows[at].event_id = Uuid::from_u128(0xdead),
        4 => drop(rows.remove(at)),
        5 => {
            // Deleted, and all that follow are moved up.
            rows.remove(at);
            rows[at..].iter_mut().for_each(|row| row.position -= 1);
        }
        6 => {
            // Inserted, and all that follow are moved down.
            rows[at..].iter_mut().for_each(|row| row.position += 1);
            rows.insert(at, Row { payload: "{}".into(), ..Row::new(position) });
        }
        7 => {
            let other = (at + 1 + chance.below(EVENTS - 1) as usize) % EVENTS as usize;
            let (first, second) = (at.min(other), at.max(other));
            (rows[first].position, rows[second].position) = (rows[second].position, rows[first].position);
            rows.sort_by_key(|row| row.position);
            return first as Position + 1;
        }
        _ => rows.truncate(at),
    }
    position
}

#[test]
fn a_log_that_nobody_has_changed_passes() {
    assert_eq!(Log::new().check(&[]), Ok(()));
}

#[test]
fn every_one_of_a_thousand_tamperings_is_found_at_its_position() {
    let (whole, mut chance) = (Log::new(), Chance(1));
    for number in 0..TAMPERINGS {
        let mut log = whole.clone();
        let position = tamper(&mut log.rows, &mut chance);
        match log.check(&[]) {
            Err(Fault::Changed(found) | Fault::Missing(found)) => assert_eq!(found, position, "{number}"),
            other => panic!("{number}: at {position}: {other:?}"),
        }
    }
}

#[test]
fn a_tree_that_was_changed_with_the_events_is_found_between_two_checkpoints() {
    let (whole, mut chance) = (Log::new(), Chance(2));
    for number in 0..100 {
        let mut rows = whole.rows.clone();
        let position = tamper(&mut rows, &mut chance);
        let forged = Log::sealed(rows);
        // The forger does not have the key, so the checkpoints stay.
        let log = Log { notes: whole.notes.clone(), ..forged };
        match log.check(&[]) {
            Err(Fault::Root { first, size }) => {
                assert!(first <= position && position <= size as Position, "{number}: {first} {size}");
            }
            Err(Fault::Missing(found)) => assert!(found >= position, "{number}"),
            other => panic!("{number}: at {position}: {other:?}"),
        }
    }
}

#[test]
fn a_forger_with_the_key_is_found_by_a_checkpoint_kept_outside() {
    let (whole, mut chance) = (Log::new(), Chance(3));
    let known = KnownKeys::new([signer().key().clone()]);
    let kept = known.open(&whole.notes.last().expect("a checkpoint").1).expect("it is signed");
    assert_eq!(whole.check(std::slice::from_ref(&kept)), Ok(()));
    for number in 0..100 {
        let mut rows = whole.rows.clone();
        tamper(&mut rows, &mut chance);
        rows.iter_mut().zip(1..).for_each(|(row, position)| row.position = position);
        let forged = Log::sealed(rows);
        assert_eq!(forged.check(&[]), Ok(()), "{number}: it is a log of its own");
        assert!(forged.check(std::slice::from_ref(&kept)).is_err(), "{number}");
    }
}

#[test]
fn a_checkpoint_kept_outside_that_is_longer_than_the_log_names_the_first_missing_event() {
    let (whole, longer) = (Log::new(), Log::sealed((1..=EVENTS as Position + 9).map(Row::new).collect()));
    let known = KnownKeys::new([signer().key().clone()]);
    let kept = known.open(&longer.notes.last().expect("a checkpoint").1).expect("it is signed");
    assert_eq!(whole.check(std::slice::from_ref(&kept)), Err(Fault::Missing(EVENTS as Position + 1)));
    // An older one of another history is refused between the checkpoints around it.
    let other = Checkpoint { size: STEP + 1, ..kept };
    assert_eq!(whole.check(&[other]), Err(Fault::Root { first: STEP as Position + 1, size: STEP + 1 }));
}

#[test]
fn a_changed_tile_is_told_from_a_changed_event() {
    for (level, index, place, position) in [(0, 0, 4, Some(5)), (0, 1, 20, Some(277)), (1, 0, 0, None)] {
        let mut log = Log::new();
        let tile = TileId { level, index };
        log.tiles.get_mut(&tile).expect("a tile")[place] = Hash::of_nothing();
        match log.check(&[]) {
            Err(Fault::Tile { position: found, tile: other }) => {
                assert_eq!(other, tile);
                assert!(position.is_none_or(|position: Position| position == found), "{found}");
            }
            other => panic!("{tile:?}: {other:?}"),
        }
    }
}

#[test]
fn a_checkpoint_is_trusted_by_its_signature_alone() {
    use domain::proof::CheckpointFault::{OtherLog, UnknownKey, Unreadable, WrongSignature};
    let whole = Log::new();
    let fault = |note: String| {
        let mut log = whole.clone();
        log.notes[3].1 = note;
        match log.check(&[]) {
            Err(Fault::Checkpoint { size, fault }) if size == whole.notes[3].0 => fault,
            other => panic!("{other:?}"),
        }
    };
    let note = &whole.notes[3].1;
    assert_eq!(fault(String::new()), Unreadable);
    assert_eq!(fault(whole.notes[2].1.replacen("111", "148", 1)), WrongSignature);
    let stranger = Signer::new(signer().key().origin.clone(), &SigningKey::new([4; 32]));
    let known = KnownKeys::new([signer().key().clone()]);
    let checkpoint = known.open(note).expect("it is signed");
    assert_eq!(fault(stranger.sign(&checkpoint)), UnknownKey);
    let other = Checkpoint { origin: "example.com/other".parse().expect("a name"), ..checkpoint.clone() };
    assert_eq!(fault(signer().sign(&other)), OtherLog);
    // After a rotation both keys are known.
    let both = KnownKeys::new([stranger.key().clone(), signer().key().clone()]);
    assert_eq!(both.open(&stranger.sign(&checkpoint)), Ok(checkpoint.clone()));
    assert_eq!(both.open(note), Ok(checkpoint));
}
