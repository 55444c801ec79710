-- DPoP proofs that were used (RFC 9449 §11.1): each works once. The digest is over the key's thumbprint and the proof's jti.

CREATE TABLE dpop_proof (
    digest     BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX dpop_proof_expires ON dpop_proof (expires_at);
