//! F2: the record, on SQLite or PostgreSQL with one SQL text, and the cache of what may be lost.
