//! F1, pure: how a level of authentication is computed from proofs (Decree 69/2024 Art 20).
