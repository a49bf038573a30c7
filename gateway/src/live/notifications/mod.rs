//! How notifications proceed, told to whoever watches one.

mod hub;
mod stream;

pub(crate) use self::hub::{NotificationHub, Standing};
pub(crate) use self::stream::{Seen, follow};
