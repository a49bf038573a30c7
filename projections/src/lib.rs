//! The read side: projectors with checkpoints, views, queries and rebuild.
