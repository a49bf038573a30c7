//! What every test of the whole system starts from.

pub mod client_file;
