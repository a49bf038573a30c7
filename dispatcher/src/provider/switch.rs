//! Whether one provider is paused, and which share of its turns it gets, as this process last read it.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use domain::provider::Share;

/// The switch of one provider. Nobody has touched it at first; the process reads it before it sends anything.
#[derive(Debug)]
pub struct Switch {
    is_paused: AtomicBool,
    percent: AtomicU8,
}

impl Default for Switch {
    fn default() -> Self {
        Self { is_paused: AtomicBool::new(false), percent: AtomicU8::new(Share::WHOLE.percent()) }
    }
}

impl Switch {
    /// Whether it gets no messages until it is resumed.
    pub fn is_paused(&self) -> bool {
        self.is_paused.load(Ordering::Relaxed)
    }

    /// The share of its turns that it gets.
    pub fn share(&self) -> Share {
        Share::of_percent(self.percent.load(Ordering::Relaxed).into())
    }

    /// Sets both. Returns whether the pause has begun or ended.
    pub(crate) fn set(&self, is_paused: bool, share: Share) -> bool {
        self.percent.store(share.percent(), Ordering::Relaxed);
        self.is_paused.swap(is_paused, Ordering::Relaxed) != is_paused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_tells_when_a_pause_begins_and_ends() {
        let switch = Switch::default();
        assert_eq!((switch.is_paused(), switch.share()), (false, Share::WHOLE));
        let half = Share::of_percent(50);
        assert_eq!([true, true, false].map(|is_paused| switch.set(is_paused, half)), [true, false, true]);
        assert_eq!((switch.is_paused(), switch.share()), (false, half));
    }
}
