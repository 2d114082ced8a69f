-- +goose Up

-- What the source of a registered submission was told, for a retransmission of the same message. message is a digest over
-- all that makes it the same; warnings is JSON, empty for none.
CREATE TABLE outcome (
    submission_set text    PRIMARY KEY,
    message        blob    NOT NULL,
    answered       integer NOT NULL, -- seconds since 1970
    warnings       text    NOT NULL
) WITHOUT ROWID;
CREATE INDEX outcome_answered ON outcome (answered);

-- The message whose outcome is open; NULL when it cannot be known again.
ALTER TABLE reservation ADD COLUMN message blob;

-- The message that merged the id: its sender and MSH-10, as a digest.
ALTER TABLE patient ADD COLUMN merge_message blob;
