package sqldb

import (
	"errors"
	"strings"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/pressly/goose/v3"
)

// dialect is what differs between databases.
type dialect struct {
	migrations goose.Dialect
	// migration turns the text of a migration into that of the database; nil when it is the same.
	migration func(text string) string
	// firstSeq reads the number that the next object to be registered gets, and with it the id of the transaction. As many
	// as maxObjects numbers from there on are the transaction's own.
	firstSeq constant
	// nextPatient is the number of a new patient, samePatient that number again, in a later column of the same row. Where two
	// writers may get the same one, the primary key sends one of them to try again.
	nextPatient, samePatient constant
	// share and exclusive end a SELECT of patients and hold its rows until the transaction ends (tx.hold says what for). They
	// are empty where one transaction writes at a time.
	share, exclusive constant
	// transaction reads the id of the transaction, outcome the fate of another one. There is none where the answer to a
	// COMMIT cannot be lost.
	transaction constant
	outcome     func(b *builder, transaction string)
	// unhurried lets the statements of a transaction take any time; empty where nothing hurries them.
	unhurried constant
	// alone: one transaction writes at a time.
	alone bool
	// together: INSERTs into several tables can be one statement (WITH), which saves round trips.
	together bool
	// match stands between a value and a pattern from the function pattern. It compares case-sensitively, by characters.
	match   constant
	pattern func(p string, underscore bool) string
	// unnumbered placeholders are ? instead of $1, $2 ... They mean the same here, because every value is bound once.
	unnumbered bool
	// parameters is the most values that one statement takes.
	parameters int
	// violated tells that err is a unique or primary key constraint, busy that running the transaction again may help, lost
	// that the connection is of no use any more or could not be had.
	violated func(err error) bool
	busy     func(err error) bool
	lost     func(err error) bool
	// full tells that the database has no room, unsynced that it could not make a write durable; nil where it cannot say so.
	full     func(err error) bool
	unsynced func(err error) bool
	// checks are statements that report damage of the database, one finding a row, as far as SQL can ask for it.
	checks []constant
}

var sqliteDialect = dialect{
	migrations: goose.DialectSQLite3,
	alone:      true,

	firstSeq:    "SELECT coalesce(max(seq), 0) + 1, '' FROM object",
	nextPatient: "coalesce((SELECT max(id) FROM patient), 0) + 1",
	samePatient: "coalesce((SELECT max(id) FROM patient), 0) + 1",

	match:      ` GLOB `, // LIKE ignores the case of ASCII letters
	pattern:    globPattern,
	unnumbered: true, // SQLite keeps $1 as a name in a list that it walks for each one: 20,000 take seconds
	parameters: 32000,
	violated: func(err error) bool {
		code := sqliteCode(err)
		return code == lib.SQLITE_CONSTRAINT_UNIQUE || code == lib.SQLITE_CONSTRAINT_PRIMARYKEY
	},
	busy: func(err error) bool { return sqliteCode(err)&0xff == lib.SQLITE_BUSY },
	lost: func(error) bool { return false }, // a file has no connection to lose
	full: func(err error) bool { return sqliteCode(err)&0xff == lib.SQLITE_FULL },
	unsynced: func(err error) bool {
		code := sqliteCode(err)
		return code == lib.SQLITE_IOERR_FSYNC || code == lib.SQLITE_IOERR_DIR_FSYNC
	},
	checks: []constant{
		"SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
		`SELECT 'row ' || coalesce(rowid, 'without a number') || ' of ' || "table" || ' refers to a missing row of ' || parent FROM pragma_foreign_key_check`,
	},
}

// sqliteCode is the extended result code of err, 0 for other errors.
func sqliteCode(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code()
}

// maxPattern is the longest pattern SQLite takes, in bytes. It is far above any value of XDS, so that a longer one matches
// nothing.
const maxPattern = 50000

// globPattern translates a pattern with '%' and, if underscore, '_' into one for GLOB. The empty pattern it gives for one
// that is too long matches nothing, because empty values are not stored.
func globPattern(p string, underscore bool) string {
	var b strings.Builder
	for _, r := range p {
		switch {
		case r == '%':
			b.WriteByte('*')
		case r == '_' && underscore:
			b.WriteByte('?')
		case r == '*' || r == '?' || r == '[':
			b.WriteByte('[')
			b.WriteRune(r)
			b.WriteByte(']')
		default:
			b.WriteRune(r)
		}
	}
	if b.Len() > maxPattern {
		return ""
	}
	return b.String()
}
