-- The population registry, first part. Times are microseconds since 1970 (UTC); dates are YYYY-MM-DD text; ids are 16-byte UUIDv7.

-- Administrative units by validity: the same code may name another territory later, so (code, valid_from) is the key.
CREATE TABLE admin_unit (
    code          TEXT NOT NULL,
    valid_from    TEXT NOT NULL,
    valid_to      TEXT,
    name          TEXT NOT NULL,
    full_name     TEXT NOT NULL,
    kind          TEXT NOT NULL,
    province_code TEXT NOT NULL,
    name_plain    TEXT NOT NULL,
    PRIMARY KEY (code, valid_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE person (
    id               BLOB PRIMARY KEY,
    version          INTEGER NOT NULL DEFAULT 1,
    number           TEXT UNIQUE CHECK (number IS NULL OR length(number) = 12),
    full_name        TEXT NOT NULL,
    family_name      TEXT,
    middle_name      TEXT,
    given_name       TEXT,
    name_exact       TEXT NOT NULL,
    name_tone        TEXT NOT NULL,
    name_plain       TEXT NOT NULL,
    other_names      TEXT NOT NULL DEFAULT '[]',
    birth_date       TEXT NOT NULL,
    birth_precision  TEXT NOT NULL CHECK (birth_precision IN ('day', 'month', 'year')),
    sex              TEXT NOT NULL CHECK (sex IN ('unknown', 'male', 'female', 'other')),
    vital            TEXT NOT NULL CHECK (vital IN ('alive', 'missing_declared', 'dead_declared', 'dead')),
    vital_since      TEXT,
    nationalities    TEXT NOT NULL DEFAULT '["VN"]',
    marital          TEXT CHECK (marital IN ('unknown', 'single', 'married', 'divorced_or_widowed')),
    cmnd9            TEXT,
    -- Sensitive fields (ethnicity, religion, blood group …): one sealed JSON object, AAD person|sealed|id.
    sealed           BLOB,
    -- Places (birth, registration, ancestral home …) as a JSON object of dated addresses.
    places           TEXT NOT NULL DEFAULT '{}',
    source           TEXT NOT NULL,
    as_of            INTEGER NOT NULL,
    recorded_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX person_name_plain_birth ON person (name_plain, birth_date);

-- Every number a person ever had; the old one keeps leading to the person (Decree 70/2024 Art 11, 12).
CREATE TABLE personal_number (
    number      TEXT PRIMARY KEY CHECK (length(number) = 12),
    person_id   BLOB NOT NULL REFERENCES person (id),
    state       TEXT NOT NULL CHECK (state IN ('active', 'cancelled')),
    valid_from  TEXT,
    valid_to    TEXT,
    reason      TEXT,
    replaced_by TEXT,
    recorded_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX personal_number_person ON personal_number (person_id);

CREATE TABLE card (
    id          BLOB PRIMARY KEY,
    person_id   BLOB NOT NULL REFERENCES person (id),
    kind        TEXT NOT NULL CHECK (kind IN ('cmnd12', 'cccd', 'can_cuoc', 'giay_chung_nhan')),
    number      TEXT NOT NULL,
    issued_on   TEXT NOT NULL,
    expires_on  TEXT,
    issuer      TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('valid', 'held', 'revoked', 'replaced', 'lost', 'void')),
    recorded_at INTEGER NOT NULL
) STRICT;
CREATE INDEX card_person ON card (person_id, issued_on DESC);

CREATE TABLE residence (
    id              BLOB PRIMARY KEY,
    person_id       BLOB NOT NULL REFERENCES person (id),
    form            TEXT NOT NULL CHECK (form IN ('thuong_tru', 'tam_tru', 'hien_tai')),
    line            TEXT NOT NULL,
    -- The address as first registered, where a boundary change has moved it since.
    as_registered   TEXT,
    unit_code       TEXT NOT NULL,
    unit_valid_from TEXT NOT NULL,
    from_date       TEXT,
    to_date         TEXT,
    recorded_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX residence_person ON residence (person_id, form);
CREATE UNIQUE INDEX residence_one_open ON residence (person_id, form) WHERE to_date IS NULL;

-- Contacts are sealed; the blind index finds the person of a number without opening any.
CREATE TABLE contact (
    id           BLOB PRIMARY KEY,
    person_id    BLOB NOT NULL REFERENCES person (id),
    kind         TEXT NOT NULL CHECK (kind IN ('phone', 'email')),
    value_sealed BLOB NOT NULL,
    value_index  BLOB NOT NULL,
    verified     INTEGER NOT NULL CHECK (verified IN (0, 1)),
    recorded_at  INTEGER NOT NULL,
    ended_at     INTEGER
) STRICT;
CREATE INDEX contact_person ON contact (person_id, kind);
CREATE INDEX contact_value ON contact (value_index);

CREATE TABLE household (
    id              BLOB PRIMARY KEY,
    residence_file  TEXT NOT NULL UNIQUE,
    head_id         BLOB REFERENCES person (id),
    line            TEXT NOT NULL,
    unit_code       TEXT NOT NULL,
    unit_valid_from TEXT NOT NULL,
    recorded_at     INTEGER NOT NULL
) STRICT;

CREATE TABLE household_member (
    person_id     BLOB PRIMARY KEY REFERENCES person (id),
    household_id  BLOB NOT NULL REFERENCES household (id),
    relation      TEXT NOT NULL,
    recorded_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX household_member_household ON household_member (household_id);

-- Parents, spouse, representative: `person_id` has `relative_id` (or a name only, when the relative is not in the registry) as `kind`.
CREATE TABLE relation (
    id             BLOB PRIMARY KEY,
    person_id      BLOB NOT NULL REFERENCES person (id),
    kind           TEXT NOT NULL CHECK (kind IN ('father', 'mother', 'spouse', 'child', 'representative', 'represented')),
    relative_id    BLOB REFERENCES person (id),
    relative_name  TEXT,
    -- As the source named them: the relative may come into the registry later, and is linked then.
    relative_number TEXT,
    from_date      TEXT,
    to_date        TEXT,
    recorded_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX relation_person ON relation (person_id, kind);
CREATE INDEX relation_relative ON relation (relative_id) WHERE relative_id IS NOT NULL;
CREATE INDEX relation_unlinked ON relation (relative_number) WHERE relative_id IS NULL AND relative_number IS NOT NULL;

-- A file that was brought in: the same bytes twice are recognised.
CREATE TABLE import_batch (
    id          BLOB PRIMARY KEY,
    sha256      BLOB NOT NULL,
    file_name   TEXT NOT NULL,
    rows_added  INTEGER NOT NULL,
    rows_known  INTEGER NOT NULL,
    rows_refused INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;
CREATE INDEX import_batch_sha256 ON import_batch (sha256);
