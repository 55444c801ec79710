-- Keys that others encrypt to stand beside those that sign, in the same states (RFC 9101 section 6.1). A CHECK cannot be changed
-- in place.
CREATE TABLE signing_key_wider (
    kid            TEXT PRIMARY KEY,
    alg            TEXT NOT NULL CHECK (alg IN ('RS256', 'PS256', 'ES256', 'EdDSA', 'RSA-OAEP-256', 'ECDH-ES')),
    state          TEXT NOT NULL CHECK (state IN ('pending', 'active', 'retiring', 'retired', 'compromised')),
    private_sealed BLOB,
    public_jwk     TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    published_at   INTEGER,
    activated_at   INTEGER,
    retiring_at    INTEGER,
    retired_at     INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO signing_key_wider (kid, alg, state, private_sealed, public_jwk, created_at, published_at, activated_at,
    retiring_at, retired_at)
    SELECT kid, alg, state, private_sealed, public_jwk, created_at, published_at, activated_at, retiring_at, retired_at
    FROM signing_key;
DROP TABLE signing_key;
ALTER TABLE signing_key_wider RENAME TO signing_key;
CREATE UNIQUE INDEX signing_key_one_active ON signing_key (alg) WHERE state = 'active';
