//! F2: keys, signatures, hashes and sealing, on aws-lc-rs alone.
