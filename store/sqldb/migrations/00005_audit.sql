-- +goose Up

-- Every audit message, ours and those received, as it was stored; a row is never changed. id is the time of storing in
-- nanoseconds since 1970, made unique. codec says how the message is stored; 0 is as it is.
CREATE TABLE audit_event (
    id         integer PRIMARY KEY,
    exchange   text     NOT NULL, -- reference of the request, which the log has too
    peer       text     NOT NULL, -- who sent it; empty for our own
    parsed     smallint NOT NULL, -- 0: bytes that are no audit message
    event_time integer  NOT NULL, -- milliseconds since 1970, EventDateTime
    event_id   text     NOT NULL,
    event_type text     NOT NULL, -- each on a line; older versions kept the first
    action     text     NOT NULL,
    outcome    smallint NOT NULL,
    source     text     NOT NULL, -- AuditSourceID
    digest     blob,              -- of a received message, so that one that comes again is known
    codec      smallint NOT NULL,
    message    blob     NOT NULL
);
CREATE INDEX audit_event_time ON audit_event (event_time);
CREATE UNIQUE INDEX audit_event_digest ON audit_event (digest) WHERE digest IS NOT NULL;

-- Whom a message is about, as identifier and authority, and who took part. The rows are found again by the message: foreign
-- keys would need an index each.
CREATE TABLE audit_patient (
    patient    text    NOT NULL,
    event_time integer NOT NULL,
    event      integer NOT NULL,
    PRIMARY KEY (patient, event_time, event)
) WITHOUT ROWID;

CREATE TABLE audit_user (
    name       text    NOT NULL,
    event_time integer NOT NULL,
    event      integer NOT NULL,
    PRIMARY KEY (name, event_time, event)
) WITHOUT ROWID;

-- Messages that are not in the chain yet, where transactions may commit in another order than they begin: a chain has one
-- order.
CREATE TABLE audit_unlinked (
    event integer PRIMARY KEY
);

-- The chain. Its numbers have no gaps; forwarding reads in their order.
CREATE TABLE audit_link (
    number integer PRIMARY KEY,
    event  integer NOT NULL, -- of audit_event; a message that is gone is what the verification looks for
    prev   blob    NOT NULL,
    hash   blob    NOT NULL
);

CREATE TABLE audit_checkpoint (
    number    integer PRIMARY KEY,
    hash      blob    NOT NULL,
    signed    integer NOT NULL, -- seconds since 1970
    signer    text    NOT NULL, -- fingerprint of the key
    signature blob    NOT NULL,
    stamp     blob -- RFC 3161
);

-- How far each destination certainly has the chain.
CREATE TABLE audit_cursor (
    destination text    PRIMARY KEY,
    number      integer NOT NULL
);
