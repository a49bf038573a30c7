//! The figures beside their references: a table for people, JSON for programs.

use std::fmt::Write;

use serde::Serialize;

use super::process::load_average;

/// One figure.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    name: String,
    unit: &'static str,
    ours: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<Peer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    goal: Option<Goal>,
}

/// The reference of a figure.
#[derive(Debug, Clone, Serialize)]
struct Peer {
    name: &'static str,
    value: f64,
    /// Whether the reference was measured in this run. Otherwise it was published, or measured on a machine of this
    /// kind.
    in_this_run: bool,
}

/// The goal of a figure.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
    /// At least so many times the peer.
    TimesAtLeast(f64),
    /// At most so many times the peer.
    TimesAtMost(f64),
}

impl Row {
    /// A figure of the program, with its unit.
    pub fn new(name: impl Into<String>, unit: &'static str, ours: f64) -> Self {
        Self { name: name.into(), unit, ours, peer: None, goal: None }
    }

    /// Adds a reference measured in this run.
    pub fn beside(self, name: &'static str, value: f64) -> Self {
        Self { peer: Some(Peer { name, value, in_this_run: true }), ..self }
    }

    /// Adds a reference that was published or measured elsewhere.
    pub fn beside_published(self, name: &'static str, value: f64) -> Self {
        Self { peer: Some(Peer { name, value, in_this_run: false }), ..self }
    }

    /// Adds the goal.
    pub fn goal(self, goal: Goal) -> Self {
        Self { goal: Some(goal), ..self }
    }

    fn ratio(&self) -> Option<f64> {
        self.peer.as_ref().map(|peer| self.ours / peer.value)
    }

    fn is_met(&self) -> Option<bool> {
        let ratio = self.ratio().unwrap_or(f64::NAN);
        self.goal.map(|goal| match goal {
            Goal::AtLeast(least) => self.ours >= least,
            Goal::AtMost(most) => self.ours <= most,
            Goal::TimesAtLeast(least) => ratio >= least,
            Goal::TimesAtMost(most) => ratio <= most,
        })
    }

    fn cells(&self) -> [String; 7] {
        let peer = self.peer.as_ref().map(Peer::text);
        let met = self.is_met().map(|met| if met { "yes" } else { "no" }.to_owned());
        [
            self.name.clone(),
            self.unit.to_owned(),
            number(self.ours),
            peer.unwrap_or_default(),
            self.ratio().map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
            self.goal.map(Goal::text).unwrap_or_default(),
            met.unwrap_or_default(),
        ]
    }
}

impl Peer {
    fn text(&self) -> String {
        let mark = if self.in_this_run { "" } else { " *" };
        format!("{} {}{mark}", self.name, number(self.value))
    }
}

impl Goal {
    fn text(self) -> String {
        match self {
            Self::AtLeast(least) => format!("≥ {}", number(least)),
            Self::AtMost(most) => format!("≤ {}", number(most)),
            Self::TimesAtLeast(least) => format!("≥ {least} ×"),
            Self::TimesAtMost(most) => format!("≤ {most} ×"),
        }
    }
}

const HEAD: [&str; 7] = ["measured", "unit", "ours", "peer or limit", "ratio", "goal", "met"];

/// Prints all rows to standard output.
pub fn print(machine: &Machine, rows: &[Row], json: bool) {
    if json {
        println!("{}", serde_json::json!({ "machine": machine, "rows": rows_as_json(rows) }));
    } else {
        println!("{}\n\n{}", machine.text(), table(rows));
        println!("* published, or measured elsewhere on a machine of two cores; all others in this run");
    }
}

fn rows_as_json(rows: &[Row]) -> Vec<serde_json::Value> {
    let with_verdict = |row: &Row| {
        let mut value = serde_json::to_value(row).expect("texts and numbers are JSON");
        value["ratio"] = row.ratio().into();
        value["met"] = row.is_met().into();
        value
    };
    rows.iter().map(with_verdict).collect()
}

fn table(rows: &[Row]) -> String {
    let head = HEAD.map(str::to_owned);
    let lines: Vec<_> = std::iter::once(head).chain(rows.iter().map(Row::cells)).collect();
    let widths: Vec<_> = (0..HEAD.len()).map(|column| width(&lines, column)).collect();
    let mut text = String::new();
    for line in &lines {
        let cells =
            line.iter().zip(&widths).enumerate().map(|(column, (cell, width))| pad(cell, *width, column));
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text
}

fn width(lines: &[[String; 7]], column: usize) -> usize {
    lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default()
}

/// Aligns numbers to the right, words to the left.
fn pad(cell: &str, width: usize, column: usize) -> String {
    match column {
        2 | 4 => format!("{cell:>width$}"),
        _ => format!("{cell:<width$}"),
    }
}

/// A count as a part of a name.
pub fn count(value: impl TryInto<i64>) -> String {
    value.try_into().map(|value| thousands(&value.to_string())).unwrap_or_default()
}

/// A number with three significant digits and thousands separators.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        small if small < 10.0 => 2,
        middle if middle < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{point}{fraction}", thousands(whole))
}

fn thousands(whole: &str) -> String {
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len() - index;
        if index > 0 && left.is_multiple_of(3) && digit.is_ascii_digit() && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The machine of a run.
#[derive(Debug, Serialize)]
pub struct Machine {
    cores: usize,
    /// The load average before the run. More than a little means that other programs were busy, and the figures are
    /// worth less.
    load_before: Option<f64>,
    os: &'static str,
    architecture: &'static str,
    version: &'static str,
    optimised: bool,
}

impl Machine {
    /// This machine before the run.
    pub fn here() -> Self {
        Self {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            load_before: load_average(),
            os: std::env::consts::OS,
            architecture: std::env::consts::ARCH,
            version: env!("CARGO_PKG_VERSION"),
            optimised: !cfg!(debug_assertions),
        }
    }

    fn text(&self) -> String {
        let Self { cores, load_before, os, architecture, version, optimised } = self;
        let load = load_before.map(|load| format!(", load before {load}")).unwrap_or_default();
        let warning =
            if *optimised { "" } else { " — NOT OPTIMISED: figures of `cargo bench` mean something" };
        format!(
            "mensajeria {version}, {os} {architecture}, {cores} cores{load}, load generators and servers included{warning}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_easily() {
        assert_eq!(
            [number(0.333), number(12.34), number(999.6), number(1_234_567.0)],
            ["0.33", "12.3", "1,000", "1,234,567"]
        );
    }

    #[test]
    fn a_goal_is_met_or_not() {
        let row = Row::new("a", "1/s", 30.0).beside("peer", 10.0);
        let met = |goal| row.clone().goal(goal).is_met();
        assert_eq!((met(Goal::AtLeast(30.0)), met(Goal::AtMost(29.0))), (Some(true), Some(false)));
        assert_eq!((met(Goal::TimesAtLeast(3.1)), met(Goal::TimesAtMost(3.0))), (Some(false), Some(true)));
        assert_eq!(row.is_met(), None);
    }

    #[test]
    fn columns_stand_below_each_other_whatever_the_letters() {
        let rows = [Row::new("é", "ms", 1.0), Row::new("longer", "1/s", 12_000.0).goal(Goal::AtLeast(1.0))];
        let text = table(&rows);
        let starts: Vec<_> =
            text.lines().skip(1).map(|line| line.chars().position(|c| c == 'm' || c == '1')).collect();
        assert_eq!(starts[0], starts[1], "{text}");
        assert!(text.contains("12,000") && text.contains("yes"), "{text}");
    }

    #[test]
    fn programs_get_the_same_as_people() {
        let row = Row::new("a", "1/s", 30.0).beside_published("peer", 10.0).goal(Goal::TimesAtLeast(2.0));
        let json = &rows_as_json(&[row])[0];
        assert_eq!((json["ratio"].as_f64(), json["met"].as_bool()), (Some(3.0), Some(true)));
        assert_eq!(json["peer"]["in_this_run"], false);
        assert_eq!(json["goal"]["times_at_least"], 2.0);
    }
}
