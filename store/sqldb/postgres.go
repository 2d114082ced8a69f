package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// What a connection asks for unless the URL says otherwise. The server ends what hangs, so that its locks are free again. No statement here
// is worth the start of a compiler or of parallel workers, which takes longer.
const (
	connectTimeout    = "5"     // seconds
	statementTimeout  = "60000" // milliseconds
	idleInTransaction = "20000" // milliseconds
)

// waitForConnection is the longest wait for one of the pool when all are in use.
const waitForConnection = 10 * time.Second

// OpenPostgres connects to the PostgreSQL database (13 or newer, encoding UTF8) at the URL and brings its schema up to date.
// The URL is that of lib/pq: postgres://user:password@host/database?sslmode=verify-full, also with several hosts, of which
// the one that accepts writes is used. Errors do not contain the password.
//
// Writing transactions are READ COMMITTED and hold what they decide on by locking patients (tx.hold); reading ones see one
// snapshot (REPEATABLE READ). What depends on uniqueIds alone is decided by primary keys.
func OpenPostgres(ctx context.Context, address string, o Options) (*DB, error) {
	connector, err := postgresConnector(address)
	if err != nil {
		return nil, fmt.Errorf("sqldb: %w", err)
	}
	n := max(8, 4*runtime.GOMAXPROCS(0)) // more writers than cores, because most of them wait for the disk
	db := newDB(&postgresDialect, o)
	db.writer = db.newPool(sql.OpenDB(connector), "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", n)
	db.reader = db.newPool(sql.OpenDB(connector), "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", n)
	db.writer.wait, db.reader.wait = waitForConnection, waitForConnection
	if err := db.preparePostgres(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// preparePostgres checks the database and migrates it, one program at a time.
func (db *DB) preparePostgres(ctx context.Context) error {
	err := db.update(ctx, func(t *tx) error {
		var encoding string
		var version int
		b := t.builder()
		b.add("SELECT current_setting('server_encoding'), current_setting('server_version_num')::int")
		err := t.query(ctx, "open", b, func(rows *sql.Rows) error { return rows.Scan(&encoding, &version) })
		switch {
		case err != nil:
			return err
		case encoding != "UTF8":
			return fmt.Errorf("sqldb: the database has encoding %s, expected UTF8", encoding)
		case version < 130000:
			return fmt.Errorf("sqldb: PostgreSQL %d is too old, expected 13 or newer", version/10000)
		}
		return nil
	})
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
	if err != nil {
		return fmt.Errorf("sqldb: migrate: %w", err)
	}
	if err := db.migrate(ctx, goose.WithSessionLocker(locker)); err != nil {
		return err
	}
	return db.identify(ctx)
}

// identify reads the identity of the database; the first program that opens it gives it one.
func (db *DB) identify(ctx context.Context) error {
	return db.update(ctx, func(t *tx) error {
		t.repeatable = true
		b := t.builder()
		b.add("INSERT INTO database_id (one, id) VALUES (1, gen_random_uuid()::text) ON CONFLICT DO NOTHING")
		if _, err := t.exec(ctx, "identity", b); err != nil {
			return err
		}
		b = t.builder()
		b.add("SELECT id FROM database_id WHERE one = 1")
		return t.query(ctx, "identity", b, func(rows *sql.Rows) error { return rows.Scan(&db.id) })
	})
}

// postgresConnector reads the URL. Parsers quote what they cannot read, which may be the password; then the reason is left out.
func postgresConnector(address string) (*pq.Connector, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("the address of the database is no URL of the form postgres://user:password@host/database")
	}
	spreadHosts(u)
	config, err := pq.NewConfig(u.String())
	if err != nil {
		return nil, fmt.Errorf("the address of the database: %w", redacted(u, err))
	}
	given := u.Query()
	if !given.Has("connect_timeout") && config.ConnectTimeout == 0 {
		config.ConnectTimeout, _ = time.ParseDuration(connectTimeout + "s") // a constant
	}
	if len(config.Multi) > 0 && config.TargetSessionAttrs == "" {
		config.TargetSessionAttrs = pq.TargetSessionAttrsReadWrite
	}
	if config.ApplicationName == "" {
		config.ApplicationName = "dossier"
	}
	if config.Runtime == nil {
		config.Runtime = map[string]string{}
	}
	for name, value := range map[string]string{"jit": "off", "max_parallel_workers_per_gather": "0", "statement_timeout": statementTimeout, "idle_in_transaction_session_timeout": idleInTransaction} {
		if _, ok := config.Runtime[name]; !ok {
			config.Runtime[name] = value
		}
	}
	config.BinaryParameters = true
	c, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, fmt.Errorf("the address of the database: %w", redacted(u, err))
	}
	c.Dialer(&postgresDialer{net.Dialer{Control: giveUpSilence, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: silence / 2, Interval: silence / 10, Count: 5,
	}}})
	return c, nil
}

// spreadHosts moves a list of hosts, host1:port1,host2:port2, to the parameters: lib/pq looks for it there only.
func spreadHosts(u *url.URL) {
	if !strings.Contains(u.Host, ",") {
		return
	}
	var hosts, ports []string
	for _, address := range strings.Split(u.Host, ",") {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			host, port = strings.Trim(address, "[]"), "5432"
		}
		hosts, ports = append(hosts, host), append(ports, port)
	}
	q := u.Query()
	q.Set("host", strings.Join(hosts, ","))
	q.Set("port", strings.Join(ports, ","))
	u.Host, u.RawQuery = "", q.Encode()
}

// redacted is err, or less of it when it quotes the password.
func redacted(u *url.URL, err error) error {
	password, _ := u.User.Password()
	for _, secret := range []string{password, u.Query().Get("password")} {
		if secret != "" && strings.Contains(err.Error(), secret) {
			return errors.New("it is not valid")
		}
	}
	return err
}

// silence is how long the other end may be gone without a word before a connection counts as broken.
const silence = 20 * time.Second

type postgresDialer struct{ net.Dialer }

// DialTimeout implements pq.Dialer.
func (d *postgresDialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

var postgresDialect = dialect{
	migrations: goose.DialectPostgres,
	migration:  postgresMigration,

	firstSeq:    "SELECT nextval('object_number'), pg_current_xact_id()::text",
	nextPatient: "nextval('patient_number')",
	samePatient: "currval('patient_number')",
	share:       " ORDER BY id FOR SHARE",
	exclusive:   " ORDER BY id FOR NO KEY UPDATE", // lets foreign keys be checked
	transaction: "SELECT pg_current_xact_id()::text",
	outcome:     postgresOutcome,
	unhurried:   "SET LOCAL statement_timeout = 0",

	together: true,

	match:      " LIKE ",
	pattern:    likePattern,
	parameters: 65535,

	violated: func(err error) bool { return postgresCode(err) == pqerror.UniqueViolation },
	busy: func(err error) bool {
		code := postgresCode(err)
		return code == pqerror.TRSerializationFailure || code == pqerror.TRDeadlockDetected || code == pqerror.LockNotAvailable
	},
	lost: postgresLost,
	full: func(err error) bool { return postgresCode(err) == pqerror.DiskFull }, // the server stops itself when an fsync fails

	checks: []constant{
		"SELECT 'index ' || indexrelid::regclass::text || ' is not valid' FROM pg_index WHERE NOT indisvalid",
		"SELECT 'constraint ' || conname || ' is not valid' FROM pg_constraint WHERE NOT convalidated",
		"SELECT checksum_failures || ' pages with a wrong checksum were read' FROM pg_stat_database WHERE datname = current_database() AND checksum_failures > 0",
	},
}

// postgresOutcome asks for a transaction's fate. One with a greater id than a new one has is unknown to this server: it
// crashed before it wrote anything of it to its disk.
func postgresOutcome(b *builder, transaction string) {
	b.add("SELECT CASE WHEN ")
	b.bind(transaction)
	b.add("::text::xid8 < pg_current_xact_id() THEN pg_xact_status(")
	b.bind(transaction)
	b.add("::text::xid8) ELSE 'aborted' END")
}

// postgresCode is the SQLSTATE of err, "" for other errors.
func postgresCode(err error) pqerror.Code {
	var e *pq.Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}

// postgresLost tells whether a connection broke or cannot be had: the server is away, starting, stopping, full, or became a
// standby that takes no writes.
func postgresLost(err error) bool {
	if code := postgresCode(err); code != "" {
		switch code {
		case pqerror.AdminShutdown, pqerror.CrashShutdown, pqerror.CannotConnectNow, pqerror.TooManyConnections, pqerror.ReadOnlySQLTransaction,
			pqerror.IdleInTransactionSessionTimeout:
			return true
		}
		return strings.HasPrefix(string(code), "08")
	}
	var network *net.OpError
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, &network)
}

// likePattern translates a pattern with '%' and, if underscore, '_' into one for LIKE.
func likePattern(p string, underscore bool) string {
	if underscore {
		return strings.ReplaceAll(p, `\`, `\\`)
	}
	return strings.NewReplacer(`\`, `\\`, `_`, `\_`).Replace(p)
}
