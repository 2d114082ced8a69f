-- +goose Up

-- Written for SQLite; migrate.go says what becomes of it on PostgreSQL.

-- A patient id of the affinity domain. root is the surviving id after all merges, the id itself while it is active; a merge
-- moves the whole group at once, so that root never needs a second step. merged_into keeps the step that was reported.
CREATE TABLE patient (
    id          integer PRIMARY KEY,
    authority   text    NOT NULL,
    identifier  text    NOT NULL,
    cx          text    NOT NULL,
    root        integer NOT NULL REFERENCES patient (id),
    merged_into integer REFERENCES patient (id),
    merged_at   integer, -- seconds since 1970
    UNIQUE (authority, identifier)
);
CREATE INDEX patient_root ON patient (root);

-- Who uses a uniqueId. That of a SubmissionSet or Folder is used once; DocumentEntries may share one when hash, size and
-- object type are the same.
CREATE TABLE unique_id (
    value       text    PRIMARY KEY,
    kind        text    NOT NULL,
    hash        text    NOT NULL,
    size        integer NOT NULL,
    object_type text    NOT NULL
) WITHOUT ROWID;

-- Every registered object with all that may change after its registration. seq is the order of registration; kind is
-- D(ocumentEntry), S(ubmissionSet), F(older) or A(ssociation); status is A(pproved) or D(eprecated).
CREATE TABLE object (
    seq          integer PRIMARY KEY,
    uuid         text    NOT NULL UNIQUE,
    kind         text    NOT NULL,
    patient      integer REFERENCES patient (id),
    status       text    NOT NULL,
    version      integer NOT NULL,
    home         text    NOT NULL,
    availability text    NOT NULL,
    updated      text    NOT NULL,
    unique_id    text    REFERENCES unique_id (value),
    patient_cx   text    NOT NULL -- as submitted
);
CREATE INDEX object_patient ON object (patient, kind, status);
CREATE INDEX object_unique_id ON object (unique_id) WHERE unique_id IS NOT NULL;

-- What each class is searched by, and its canonical ebRIM fragment. Times are the first second they can mean, 14 digits.
-- codec says how the fragment is stored; 0 is as it is.
CREATE TABLE document_entry (
    seq             integer PRIMARY KEY REFERENCES object (seq),
    object_type     text    NOT NULL,
    class_code      text    NOT NULL,
    class_scheme    text    NOT NULL,
    type_code       text    NOT NULL,
    type_scheme     text    NOT NULL,
    practice_code   text    NOT NULL,
    practice_scheme text    NOT NULL,
    facility_code   text    NOT NULL,
    facility_scheme text    NOT NULL,
    format_code     text    NOT NULL,
    format_scheme   text    NOT NULL,
    creation_time   text,
    service_start   text,
    service_stop    text,
    codec           smallint NOT NULL,
    fragment        blob    NOT NULL
);

CREATE TABLE submission_set (
    seq             integer PRIMARY KEY REFERENCES object (seq),
    source_id       text    NOT NULL,
    submission_time text,
    content_code    text    NOT NULL,
    content_scheme  text    NOT NULL,
    codec           smallint NOT NULL,
    fragment        blob    NOT NULL
);

CREATE TABLE folder (
    seq      integer PRIMARY KEY REFERENCES object (seq),
    codec    smallint NOT NULL,
    fragment blob     NOT NULL
);

CREATE TABLE association (
    seq      integer PRIMARY KEY REFERENCES object (seq),
    type     text    NOT NULL,
    source   integer NOT NULL REFERENCES object (seq),
    target   integer NOT NULL REFERENCES object (seq),
    codec    smallint NOT NULL,
    fragment blob    NOT NULL
);
CREATE INDEX association_source ON association (source, type);
CREATE INDEX association_target ON association (target, type);

-- The multi-valued attributes that queries filter by; n counts the values of an object. Values are no part of the keys,
-- because PostgreSQL's B-trees take 2.7 kB only.
CREATE TABLE event_code (
    object integer NOT NULL REFERENCES document_entry (seq),
    n      integer NOT NULL,
    scheme text    NOT NULL,
    code   text    NOT NULL,
    PRIMARY KEY (object, n)
) WITHOUT ROWID;

CREATE TABLE confidentiality_code (
    object integer NOT NULL REFERENCES document_entry (seq),
    n      integer NOT NULL,
    scheme text    NOT NULL,
    code   text    NOT NULL,
    PRIMARY KEY (object, n)
) WITHOUT ROWID;

CREATE TABLE folder_code (
    object integer NOT NULL REFERENCES folder (seq),
    n      integer NOT NULL,
    scheme text    NOT NULL,
    code   text    NOT NULL,
    PRIMARY KEY (object, n)
) WITHOUT ROWID;

-- authorPerson of DocumentEntries and SubmissionSets.
CREATE TABLE author (
    object integer NOT NULL REFERENCES object (seq),
    n      integer NOT NULL,
    value  text    NOT NULL,
    PRIMARY KEY (object, n)
) WITHOUT ROWID;

CREATE TABLE reference_id (
    object integer NOT NULL REFERENCES document_entry (seq),
    n      integer NOT NULL,
    value  text    NOT NULL,
    PRIMARY KEY (object, n)
) WITHOUT ROWID;
CREATE INDEX reference_id_value ON reference_id (value); -- sqlite
-- postgres: CREATE INDEX reference_id_value ON reference_id USING hash (value);

-- The index of the Document Repository. A row that is not registered belongs to reservations only and cannot be read.
CREATE TABLE document (
    unique_id  text     PRIMARY KEY,
    registered smallint NOT NULL,
    sha256     blob     NOT NULL,
    sha1       blob     NOT NULL,
    size       integer  NOT NULL,
    mime_type  text     NOT NULL,
    patient_cx text     NOT NULL,
    authority  text     NOT NULL,
    identifier text     NOT NULL
) WITHOUT ROWID;
CREATE INDEX document_sha256 ON document (sha256);

CREATE TABLE reservation (
    submission_set text    PRIMARY KEY,
    reserved       integer NOT NULL -- nanoseconds since 1970
) WITHOUT ROWID;

CREATE TABLE reserved_document (
    submission_set text NOT NULL REFERENCES reservation (submission_set),
    unique_id      text NOT NULL REFERENCES document (unique_id),
    mime_type      text NOT NULL,
    patient_cx     text NOT NULL,
    authority      text NOT NULL,
    identifier     text NOT NULL,
    PRIMARY KEY (submission_set, unique_id)
) WITHOUT ROWID;
CREATE INDEX reserved_document_unique_id ON reserved_document (unique_id);

-- What tells this database from another one; it goes along in a dump. On SQLite the file itself does.
-- postgres: CREATE TABLE database_id (one smallint PRIMARY KEY CHECK (one = 1), id text COLLATE "C" NOT NULL);

-- Several transactions register at the same time on PostgreSQL, so that numbers come from sequences there, those of objects
-- in blocks (maxObjects).
-- postgres: CREATE SEQUENCE object_number INCREMENT BY 1048576;
-- postgres: CREATE SEQUENCE patient_number;
