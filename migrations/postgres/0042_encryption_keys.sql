-- Keys that others encrypt to stand beside those that sign, in the same states (RFC 9101 section 6.1).
ALTER TABLE signing_key DROP CONSTRAINT signing_key_alg_check;
ALTER TABLE signing_key ADD CONSTRAINT signing_key_alg_check
    CHECK (alg IN ('RS256', 'PS256', 'ES256', 'EdDSA', 'RSA-OAEP-256', 'ECDH-ES'));
