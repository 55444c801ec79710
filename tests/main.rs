//! One integration binary; the folders mirror `src`.

mod store;
