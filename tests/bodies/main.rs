//! The cost of parsing a body: memory and time for every shape of JSON, in proportion to its size. One test in a
//! program of its own, because the allocator counts for the whole process.

use std::alloc::System;
use std::time::Duration;

use domain::value::{MessageBody, UserId};
use gateway::extract::{BODY_BYTES_MAX, Fields, FromFields, STRANGER_BODY_BYTES_MAX, read_json};
use gateway::problem::POINTER_BYTES_MAX;
use reqwest::header::HeaderMap;
use rustix::time::{ClockId, clock_gettime};
use serde_json::Value;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The most bytes allocated for one byte of a body, freed or not: an object with one member takes 640 for six.
const BYTES_FOR_ONE_MAX: usize = 128;
/// The most bytes allocated for a body of any size: most have 20,000 values.
const BYTES_MAX: usize = 24 * 1024 * 1024;
/// The fixed allowance of bytes for any body, such as for the names of a hundred faults.
const BYTES_ALWAYS: usize = 256 * 1024;
/// How many times longer than serde_json alone the parser may take by this thread's CPU clock, and a fixed allowance
/// for a busy machine. A superlinear cost would take many seconds.
const TIMES_LONGER_MAX: u32 = 20;
const TIME_ALWAYS: Duration = Duration::from_secs(1);
/// How many bodies of random shape are generated, the same in every run.
const GENERATED: u64 = 100;
/// The length of such a body after which no further value is opened.
const GENERATED_BYTES: usize = 20_000;

/// A request with fields of every type.
struct Order;

impl FromFields for Order {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.required::<Vec<UserId>>("recipients");
        fields.optional::<MessageBody>("body");
        fields.optional::<Vec<Order>>("orders");
        Some(Self)
    }
}

fn list(element: &str, bytes: usize) -> String {
    format!("[{}]", vec![element; (bytes - 2) / (element.len() + 1)].join(","))
}

fn object(member: impl Fn(usize) -> String, bytes: usize) -> String {
    let (mut text, mut number) = ("{".to_owned(), 0);
    while text.len() + 40 < bytes {
        text += &format!("{}{}", if number == 0 { "" } else { "," }, member(number));
        number += 1;
    }
    text + "}"
}

/// Bodies of about so many bytes, in each shape that could be disproportionately expensive.
fn shapes(bytes: usize) -> Vec<(&'static str, String)> {
    let nested = |open: &str, close: &str| format!("{}0{}", open.repeat(126), close.repeat(126));
    let under_a_long_name = |inner: String| format!(r#"{{"{}":{inner}}}"#, "ñ".repeat(bytes / 4));
    vec![
        ("a text", format!("\"{}\"", "x".repeat(bytes - 2))),
        ("white space", format!("{{{}}}", " ".repeat(bytes - 2))),
        ("numbers", list("0", bytes)),
        ("lists of nothing", list("[]", bytes)),
        ("lists of one", list("[0]", bytes)),
        ("objects of one", list(r#"{"":0}"#, bytes)),
        ("objects of two", list(r#"{"":0,"a":1}"#, bytes)),
        ("deep objects", list(&nested(r#"{"":"#, "}"), bytes)),
        ("deep lists", list(&nested("[", "]"), bytes)),
        ("too deep", "[".repeat(bytes)),
        ("members", object(|number| format!(r#""{number}":0"#), bytes)),
        ("one member again and again", object(|_| r#""":0"#.to_owned(), bytes)),
        (
            "members under a long name",
            under_a_long_name(object(|number| format!(r#""{number}":0"#), bytes / 2)),
        ),
        ("one member again and again under a long name", {
            under_a_long_name(object(|_| r#""":0"#.to_owned(), bytes / 2))
        }),
        ("objects under a long name", under_a_long_name(list(r#"{"":0,"":0}"#, bytes / 2))),
        ("long names", object(|number| format!(r#""{}{number}":0"#, "/~".repeat(bytes / 64)), bytes / 2)),
        ("a long number", format!("[{}]", "7".repeat(bytes - 2))),
        ("a long fraction", format!("[0.{}]", "3".repeat(bytes - 4))),
        ("a long exponent", format!("[1e-{}]", "9".repeat(bytes - 5))),
        ("escapes", format!("\"{}\"", r"\u0000".repeat(bytes / 6 - 1))),
        ("pairs of escapes", format!("\"{}\"", r"\ud83d\ude00".repeat(bytes / 12 - 1))),
        ("cut in the middle", list(r#"{"a":[0,"b"]}"#, bytes)[..bytes / 2].to_owned()),
        ("ids that are none", format!(r#"{{"recipients":{}}}"#, list(r#""x""#, bytes - 20))),
        ("numbers for ids", format!(r#"{{"recipients":{}}}"#, list("0", bytes - 20))),
        ("fields at fault at every depth", format!(r#"{{"orders":{}}}"#, list(r#"{"x":0}"#, bytes - 20))),
    ]
}

/// A deterministic pseudorandom generator (Numerical Recipes, 7.1.4).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn name(&mut self) -> String {
        const NAMES: [&str; 8] = ["", "a", "recipients", "body", "orders", "/", "~", "ñandú"];
        let name = NAMES[self.below(8) as usize];
        if self.below(20) == 0 { name.repeat(1 + self.below(500) as usize) } else { name.to_owned() }
    }

    fn value(&mut self, depth: u32, text: &mut String) {
        let is_flat = depth > 20 || text.len() > GENERATED_BYTES;
        match self.below(if is_flat { 5 } else { 8 }) {
            0 => *text += "null",
            1 => *text += "true",
            2 => *text += &self.below(1_000_000).to_string(),
            3 => *text += "-0.5e7",
            4 => *text += &format!("{:?}", self.name()),
            5 => self.all(depth, text, ('[', ']'), |_, _| ()),
            _ => self.all(depth, text, ('{', '}'), |chance, text| *text += &format!("{:?}:", chance.name())),
        }
    }

    fn all(
        &mut self,
        depth: u32,
        text: &mut String,
        (open, close): (char, char),
        name: impl Fn(&mut Self, &mut String),
    ) {
        text.push(open);
        for number in 0..self.below(12) {
            if number > 0 {
                text.push(',');
            }
            name(self, text);
            self.value(depth + 1, text);
        }
        text.push(close);
    }

    fn body(&mut self) -> String {
        let mut text = String::new();
        self.value(0, &mut text);
        text
    }
}

fn own_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.try_into().expect("after zero"), now.tv_nsec.try_into().expect("after zero"))
}

fn timed(act: impl FnOnce()) -> Duration {
    let before = own_time();
    act();
    own_time() - before
}

fn weigh(shape: &str, body: &str) {
    let region = Region::new(ALLOCATOR);
    let took = timed(|| {
        if let Err(problem) = read_json::<Order>(&HeaderMap::new(), body.as_bytes()) {
            assert!(problem.faults.len() <= 100, "{shape}");
            let longest = problem.faults.iter().map(|fault| fault.pointer.len()).max();
            assert!(longest.is_none_or(|longest| longest <= 3 * POINTER_BYTES_MAX), "{shape}: {longest:?}");
        }
    });
    let allocated = region.change().bytes_allocated;
    let most = (BYTES_FOR_ONE_MAX * body.len()).min(BYTES_MAX) + BYTES_ALWAYS;
    assert!(allocated <= most, "{shape}: {allocated} bytes for {}", body.len());

    let alone = timed(|| drop(serde_json::from_str::<Value>(body)));
    let longest = alone * TIMES_LONGER_MAX + TIME_ALWAYS;
    assert!(took <= longest, "{shape}: {took:?} for {} bytes, serde_json alone {alone:?}", body.len());
}

#[test]
fn reading_a_body_costs_a_bounded_multiple_of_its_bytes_whatever_is_in_it() {
    for bytes in [1_000, STRANGER_BODY_BYTES_MAX, 100_000, BODY_BYTES_MAX] {
        for (shape, body) in shapes(bytes) {
            weigh(shape, &body);
        }
    }
    for seed in 0..GENERATED {
        weigh(&format!("generated from {seed}"), &Chance(seed).body());
    }
}
