//! Who is let in: connections and requests at work, so many in all and so many of one owner.

mod owner;
mod table;
mod turn;

pub(crate) use self::owner::{Owner, Places};
pub(crate) use self::table::{Connection, Seat, Table};
pub(crate) use self::turn::{RequestPlaces, RequestTurn};
