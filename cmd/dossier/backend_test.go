package main

import (
	"os"
	"testing"

	"dossier/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// backend is a kind of database. What a user can see is tested on each.
type backend struct {
	name string
	use  func(t testing.TB, c *Config) // makes a server with configuration c use an empty database of the kind
}

var backends = []backend{
	{"sqlite", func(_ testing.TB, c *Config) { c.Database = "" }},
	{"postgres", func(t testing.TB, c *Config) {
		if raceDetector {
			t.Skip("skipped: the race detector sees PostgreSQL in package store/sqldb, and here takes a quarter of an hour more")
		}
		c.Database = pgtest.URL(t)
	}},
}

// config is that of a test, with an empty database of the kind.
func (b backend) config(t testing.TB) *Config {
	t.Helper()
	c := testConfig(t)
	b.use(t, c)
	return c
}

// onEach runs a test on each kind of database.
func onEach(t *testing.T, test func(t *testing.T, b backend)) {
	t.Parallel()
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			test(t, b)
		})
	}
}
