//! Shared by all aggregates: the adapter between `decide` and cqrs-es, and the names of events.

/// Writes `cqrs_es::Aggregate` for a type that has `decide(&self, Command) -> Result<Vec<Event>, Error>` and
/// `fold(&mut self, Event)`: `decide` may refuse, `fold` may not.
macro_rules! aggregate {
    ($aggregate:ty, $name:expr, $command:ty, $event:ty, $error:ty) => {
        impl cqrs_es::Aggregate for $aggregate {
            const TYPE: &'static str = $name;
            type Command = $command;
            type Event = $event;
            type Error = $error;
            type Services = ();

            async fn handle(
                &mut self,
                command: $command,
                (): &(),
                sink: &cqrs_es::event_sink::EventSink<Self>,
            ) -> Result<(), $error> {
                for event in self.decide(command)? {
                    sink.write(event, self).await;
                }
                Ok(())
            }

            fn apply(&mut self, event: $event) {
                self.fold(event);
            }
        }
    };
}

/// Writes `cqrs_es::DomainEvent`: the type of an event is the name of its variant, and its version is a number,
/// because cqrs-es silently never upcasts a version such as "v2".
macro_rules! events {
    ($event:ident { $($variant:ident => $version:literal),+ $(,)? }) => {
        impl cqrs_es::DomainEvent for $event {
            fn event_type(&self) -> String {
                match self { $(Self::$variant { .. } => stringify!($variant),)+ }.to_owned()
            }

            fn event_version(&self) -> String {
                match self { $(Self::$variant { .. } => $version,)+ }.to_owned()
            }
        }
    };
}

pub(crate) use {aggregate, events};

/// The state folded from a history: the `given` of the tests of rules.
#[cfg(test)]
pub(crate) fn given<A: cqrs_es::Aggregate>(history: impl IntoIterator<Item = A::Event>) -> A {
    let mut aggregate = A::default();
    history.into_iter().for_each(|event| aggregate.apply(event));
    aggregate
}

/// An id for tests, made from a number.
#[cfg(test)]
pub(crate) fn id<T: From<uuid::Uuid>>(number: u128) -> T {
    uuid::Uuid::from_u128(number).into()
}

/// A time, in seconds after the epoch.
#[cfg(test)]
pub(crate) fn at(seconds: i64) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(seconds, 0).expect("a time within range")
}
