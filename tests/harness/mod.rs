//! What every test of the whole system starts from.
