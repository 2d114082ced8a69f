package pgtest

import (
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const abandon = "DOSSIER_TEST_ABANDON" // set in the process that dies without stopping its cluster

func TestMain(m *testing.M) {
	if os.Getenv(abandon) != "" {
		c, err := create(false)
		if err != nil {
			os.Stdout.WriteString("error " + err.Error())
			os.Exit(1)
		}
		os.Stdout.WriteString(c.dir)
		panic("abandoned")
	}
	os.Exit(Main(m))
}

func value(t *testing.T, url, query string) (v string) {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(query).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestURL: no test sees what another one stored.
func TestURL(t *testing.T) {
	t.Parallel()
	for range 2 {
		t.Run("", func(t *testing.T) {
			url := URL(t)
			value(t, url, "CREATE TABLE IF NOT EXISTS x (a int); CREATE SEQUENCE IF NOT EXISTS n; SELECT 1")
			if got := value(t, url, "SELECT nextval('n') || ' ' || count(*) FROM x"); got != "1 0" {
				t.Errorf("got %s", got)
			}
			value(t, url, "INSERT INTO x VALUES (1); SELECT 1")
		})
	}
}

// TestFresh: there is no table.
func TestFresh(t *testing.T) {
	t.Parallel()
	one, two := Fresh(t), Fresh(t)
	value(t, one, "CREATE TABLE x (a int); SELECT 1")
	if got := value(t, two, "SELECT count(*) FROM pg_class WHERE relname = 'x'"); got != "0" {
		t.Errorf("a new database has the table of another")
	}
	if got := value(t, two, "SHOW server_encoding"); got != "UTF8" {
		t.Errorf("encoding %s", got)
	}
}

// TestRestart: what is stored stays, and the address too.
func TestRestart(t *testing.T) {
	t.Parallel()
	c := New(t)
	url := c.URL(t)
	value(t, url, "CREATE TABLE x (a int); INSERT INTO x VALUES (7); SELECT 1")
	for _, mode := range []string{Fast, Immediate} {
		if err := c.Restart(mode); err != nil {
			t.Fatal(err)
		}
		if got := value(t, url, "SELECT a FROM x"); got != "7" {
			t.Errorf("after a restart: got %s", got)
		}
	}
	if got := value(t, url, "SHOW fsync"); got != "on" {
		t.Errorf("fsync is %s", got)
	}
	if err := errors.Join(c.Stop(Fast)); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Ping(); err == nil {
		t.Error("a stopped server answers")
	}
}

// TestAbandoned: a process that ends without a word leaves neither server nor files.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	URL(t) // skips where there is no PostgreSQL
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), abandon+"=1")
	out, err := cmd.Output()
	dir := string(out)
	if err == nil || !filepath.IsAbs(dir) {
		t.Fatalf("got %v and %q", err, dir)
	}
	for range 100 {
		if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("%s is still there", filepath.Base(dir))
}

// TestMissing: without the tools a test says what is missing.
func TestMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if complete(t.TempDir()) {
		t.Error("an empty folder has all tools")
	}
	if _, err := tools(); err != nil && (!errors.Is(err, errMissing) || !strings.Contains(err.Error(), "initdb")) {
		t.Errorf("got %v, want the name of the tool", err)
	}
}
