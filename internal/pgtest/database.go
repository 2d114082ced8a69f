package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	_ "github.com/lib/pq" // the driver "postgres"
)

// shared is the cluster of the test process.
var shared struct {
	once    sync.Once
	cluster *Cluster
	err     error
}

var databases atomic.Int64

// idle are databases that earlier tests had, emptied.
var idle struct {
	sync.Mutex
	names []string
}

// Main runs the tests and then removes the cluster, if one was started. For TestMain of every package that uses URL.
func Main(m *testing.M) int {
	code := m.Run()
	if shared.cluster != nil {
		if err := shared.cluster.remove(); err != nil {
			fmt.Println("pgtest:", err)
			code = max(code, 1)
		}
	}
	return code
}

// URL returns the URL of a database in the cluster of the test process that no other test uses meanwhile and in which no
// table has a row. It may have the tables of an earlier test: to make a database costs far more than to empty one.
func URL(t testing.TB) string {
	t.Helper()
	c := sharedCluster(t)
	name := takeIdle()
	if name == "" {
		name = c.database(t)
	}
	t.Cleanup(func() {
		if err := c.execute(name, empty); err != nil {
			t.Errorf("pgtest: %v", err)
			return
		}
		idle.Lock()
		defer idle.Unlock()
		idle.names = append(idle.names, name)
	})
	return c.url(name)
}

// Fresh is URL with a new database, for tests of the schema itself.
func Fresh(t testing.TB) string {
	t.Helper()
	c := sharedCluster(t)
	name := c.database(t)
	t.Cleanup(func() {
		if err := c.execute("postgres", "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return c.url(name)
}

func sharedCluster(t testing.TB) *Cluster {
	t.Helper()
	shared.once.Do(func() { shared.cluster, shared.err = create(false) })
	if errors.Is(shared.err, errMissing) {
		t.Skip(shared.err)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.cluster
}

func takeIdle() string {
	idle.Lock()
	defer idle.Unlock()
	n := len(idle.names) - 1
	if n < 0 {
		return ""
	}
	name := idle.names[n]
	idle.names = idle.names[:n]
	return name
}

// empty ends connections that a test left behind, deletes all rows but goose's list of migrations, and restarts sequences.
const empty = `DO $$ DECLARE x record; BEGIN
	PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
	SET LOCAL session_replication_role = replica; -- foreign keys do not care for the order
	FOR x IN SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') AND relname NOT LIKE 'goose%' LOOP
		IF x.relkind = 'S' THEN
			PERFORM setval(x.relname::regclass, 1, false);
		ELSE
			EXECUTE format('DELETE FROM %I', x.relname);
		END IF;
	END LOOP;
END $$`

// URL makes an empty database in this cluster and returns its URL.
func (c *Cluster) URL(t testing.TB) string {
	t.Helper()
	return c.url(c.database(t))
}

func (c *Cluster) database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", databases.Add(1))
	if err := c.execute("postgres", "CREATE DATABASE "+name); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return name
}

func (c *Cluster) url(database string) string {
	return fmt.Sprintf("postgres://dossier:%s@127.0.0.1:%d/%s?sslmode=disable", c.password, c.port, database)
}

// execute runs an administrative statement; its text is this package's.
func (c *Cluster) execute(database, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	db, err := sql.Open("postgres", c.url(database))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, statement)
	return errors.Join(err, db.Close())
}
