//! The write side: the event log, its appender, the keyring, idempotent commands and the relay to JetStream.
