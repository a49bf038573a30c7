//! Time zones of the IANA database.

use std::fmt;
use std::str::FromStr;

use chrono_tz::Tz;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Invalid;

/// A time zone by its IANA name, such as `America/Bogota`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeZone(Tz);

impl TimeZone {
    /// The zone without an offset.
    pub const UTC: Self = Self(Tz::UTC);

    /// The name.
    pub fn as_str(self) -> &'static str {
        self.0.name()
    }

    /// The zone's rules, to turn an instant into the hour on its clocks.
    pub const fn rules(self) -> Tz {
        self.0
    }
}

/// Universal time.
impl Default for TimeZone {
    fn default() -> Self {
        Self(Tz::UTC)
    }
}

impl TryFrom<&str> for TimeZone {
    type Error = Invalid;

    fn try_from(name: &str) -> Result<Self, Invalid> {
        if name.is_empty() {
            return Err(Invalid::Missing);
        }
        name.parse().map(Self).map_err(|_| Invalid::TimeZone)
    }
}

impl FromStr for TimeZone {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        Self::try_from(name)
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for TimeZone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for TimeZone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?.as_str()).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_zone_is_known_by_its_iana_name() {
        for name in ["America/Bogota", "America/Caracas", "America/Mexico_City", "America/Santiago", "UTC"] {
            let zone: TimeZone = name.parse().unwrap();
            assert_eq!(zone.as_str(), name);
            assert_eq!(
                serde_json::from_value::<TimeZone>(serde_json::to_value(zone).unwrap()).unwrap(),
                zone
            );
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for refused in ["america/bogota", "Bogota", "GMT-5", "-05:00", "America/Bogota ", "Mars/Olympus"] {
            assert_eq!(refused.parse::<TimeZone>(), Err(Invalid::TimeZone), "{refused}");
        }
        assert_eq!("".parse::<TimeZone>(), Err(Invalid::Missing));
    }
}
