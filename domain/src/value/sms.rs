//! How an SMS is encoded and how many parts it takes.
