-- +goose Up

-- The number that the next identity, history entry or notice gets. Whoever changes the patient index changes this row first,
-- so that one change sees what the other did.
CREATE TABLE identity_number (
    id   integer PRIMARY KEY,
    next integer NOT NULL
);

-- An id of a patient identification domain. person is the number of one of the identities that are the same person, the same
-- for all of them; survivor is the identity that this one was merged into, by the message whose digest is merged_by.
-- demographics is JSON.
CREATE TABLE identity (
    seq          integer PRIMARY KEY,
    authority    text    NOT NULL,
    identifier   text    NOT NULL,
    person       integer NOT NULL REFERENCES identity (seq),
    survivor     integer REFERENCES identity (seq),
    merged_by    blob,
    demographics text    NOT NULL,
    UNIQUE (authority, identifier)
);
CREATE INDEX identity_person ON identity (person);
CREATE INDEX identity_survivor ON identity (survivor) WHERE survivor IS NOT NULL;

-- By what matching and searches find a live identity.
CREATE TABLE identity_key (
    value    text    NOT NULL,
    identity integer NOT NULL REFERENCES identity (seq),
    PRIMARY KEY (value, identity)
) WITHOUT ROWID;
CREATE INDEX identity_key_identity ON identity_key (identity);

-- What makes two identities one person, and which must never become one again; a is the smaller number.
CREATE TABLE identity_link (
    a    integer NOT NULL REFERENCES identity (seq),
    b    integer NOT NULL REFERENCES identity (seq),
    kind text    NOT NULL,
    PRIMARY KEY (a, b, kind)
) WITHOUT ROWID;
CREATE INDEX identity_link_b ON identity_link (b);

CREATE TABLE identity_apart (
    a integer NOT NULL REFERENCES identity (seq),
    b integer NOT NULL REFERENCES identity (seq),
    PRIMARY KEY (a, b)
) WITHOUT ROWID;
CREATE INDEX identity_apart_b ON identity_apart (b);

-- The worklist of possible duplicates.
CREATE TABLE identity_review (
    a      integer NOT NULL REFERENCES identity (seq),
    b      integer NOT NULL REFERENCES identity (seq),
    weight double precision NOT NULL,
    reason text    NOT NULL,
    PRIMARY KEY (a, b)
) WITHOUT ROWID;
CREATE INDEX identity_review_b ON identity_review (b);
CREATE INDEX identity_review_weight ON identity_review (weight);

-- Who changed what, when, and by which message. before is JSON: the demographics that an update replaced.
CREATE TABLE identity_history (
    seq         integer PRIMARY KEY,
    identity    integer NOT NULL REFERENCES identity (seq),
    other       integer REFERENCES identity (seq),
    event       text    NOT NULL,
    kind        text    NOT NULL,
    before      text    NOT NULL,
    at          integer NOT NULL, -- nanoseconds since 1970
    application text    NOT NULL,
    facility    text    NOT NULL,
    message     text    NOT NULL
);
CREATE INDEX identity_history_identity ON identity_history (identity);
CREATE INDEX identity_history_other ON identity_history (other) WHERE other IS NOT NULL;

-- What consumers are to be told and have not acknowledged. ids is JSON.
CREATE TABLE identity_notice (
    seq      integer PRIMARY KEY,
    consumer text    NOT NULL,
    ids      text    NOT NULL,
    at       integer NOT NULL, -- nanoseconds since 1970
    attempts integer NOT NULL
);
CREATE INDEX identity_notice_consumer ON identity_notice (consumer, seq);

-- Every patient known before there was an index is an identity without demographics.
INSERT INTO identity (seq, authority, identifier, person, survivor, merged_by, demographics)
SELECT id, authority, identifier, root, merged_into, merge_message, '{}' FROM patient;

INSERT INTO identity_number (id, next) SELECT 1, coalesce(max(seq), 0) + 1 FROM identity;
