// Package sqldb keeps everything of package store in a relational database: the metadata of the Document Registry, the
// index of the Document Repository and the patient ids. All SQL of Dossier is here.
//
// Each XDS class has a table of typed columns to search by and beside them the object's ebRIM fragment to answer with; an
// answer copies fragments and never rebuilds an object from rows. What may change after registration stands in the
// table object, so that a status change does not touch a fragment. A merge of patients changes the table patient only.
//
// Statements are put together from constants and bound values by a builder that takes nothing else. What differs between
// databases is in dialect.go, sqlite.go and postgres.go; the migrations are one text for all (migrate.go).
//
// # Transactions that write
//
// On SQLite one runs at a time. On PostgreSQL any number do, READ COMMITTED, and hold still what they decide on by locking
// rows of the table patient in one order, the first thing they do (tx.hold): who only brings new objects shares its patients
// with others, who refers to registered objects or merges has them alone. So submissions for different patients never wait for
// each other, nor do submissions of new objects for one. The alternative, SERIALIZABLE, needs no locks but fails and repeats
// transactions that only look like a conflict, most of all under load. UniqueIds, UUIDs and the repository's index belong to no patient:
// primary keys decide about them, and rows are written in one order so that nobody waits in a circle. Numbers of objects come
// from a sequence, in blocks: who starts after another one has committed gets greater ones.
//
// A connection that breaks before COMMIT was sent has committed nothing, and the transaction is tried again for a while. When
// the answer to COMMIT is lost, outcome.go looks up whether it committed. Reading transactions see one snapshot (REPEATABLE
// READ). Statements stay prepared on their connections; a pooler that hands out connections by transaction (pgbouncer in
// transaction mode) does not go together with that.
//
// Deliberately not here: the rules of registration (xds/registry decides, constraints here settle races), the bytes of
// documents (store/blob), authorisation.
package sqldb
