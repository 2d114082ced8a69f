package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dossier/hl7v2"
	"dossier/internal/pgtest"
	"dossier/pix"
	"dossier/store/storetest"
)

// TestSearchKeysMigration turns the search keys of a database into those of schema 5, migrates, and compares with what they were.
func TestSearchKeysMigration(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) *DB{
		"SQLite":     func(t *testing.T) *DB { return openFile(t, filepath.Join(t.TempDir(), "dossier.db")) },
		"PostgreSQL": func(t *testing.T) *DB { return openURL(t, pgtest.URL(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			old := oldSearchKeys(t, db)
			want := searchKeys(t, db)
			text, err := migrations.ReadFile("migrations/00006_search_keys.sql")
			if err != nil {
				t.Fatal(err)
			}
			if db.dialect.migration != nil {
				text = []byte(db.dialect.migration(string(text)))
			}
			statements := []string{"DELETE FROM identity_key WHERE substr(value, 1, 3) IN ('fg|', 'gf|', 'bf|')"}
			for _, k := range old {
				statements = append(statements, "INSERT INTO identity_key (value, identity) VALUES ("+k+")")
			}
			_, up, _ := strings.Cut(string(text), "-- +goose Up\n")
			for s := range strings.SplitSeq(strings.TrimSpace(up), ";\n") {
				statements = append(statements, strings.TrimSuffix(s, ";"))
			}
			for _, s := range statements {
				if _, err := db.writer.db.ExecContext(t.Context(), s); err != nil {
					t.Fatalf("%v\n%s", err, s)
				}
			}
			if got := searchKeys(t, db); !slices.Equal(got, want) || len(want) < 20 {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

// oldSearchKeys stores people and gives the search keys that schema 5 had for them, as SQL.
func oldSearchKeys(t *testing.T, db *DB) (out []string) {
	t.Helper()
	long := strings.Repeat("jà", 30)
	for n, d := range []pix.Demographics{
		{Names: []pix.Name{{Family: "Müller", Given: "Zoé"}}, BirthDate: "19800615"},
		{Names: []pix.Name{{Family: "Müller", Given: "Zoé"}, {Family: "Da Silva", Given: "Ana Maria"}}, BirthDate: "198006151230"},
		{Names: []pix.Name{{Family: long, Given: long + "x"}}, BirthDate: "1980"},
		{Names: []pix.Name{{Given: "Jean"}}, BirthDate: "198001"},
		{Names: []pix.Name{{Family: "O'Neill"}}},
		{BirthDate: "19700101"},
		{},
	} {
		f := pix.Feed{Event: pix.EventCreate, Demographics: d, IDs: []hl7v2.CX{{ID: fmt.Sprint(n), Authority: hl7v2.HD{UniversalID: storetest.HospitalB}}}}
		if err := db.Identities(storetest.Policy()).Apply(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		old := map[string]bool{}
		add := func(kind, text string) {
			if text != "" {
				old[kind+text] = true
			}
		}
		fold := map[string]string{"Müller": "muller", "Zoé": "zo", "Da Silva": "da silva", "Ana Maria": "ana maria", "Jean": "jean", "O'Neill": "oneill",
			long: strings.Repeat("ja", 30), long + "x": strings.Repeat("ja", 30) + "x"}
		for _, n := range d.Names {
			add("sf|", fold[n.Family])
			add("sg|", fold[n.Given])
		}
		add("sb|", string(d.BirthDate))
		for k := range old {
			out = append(out, fmt.Sprintf("'%s', (SELECT seq FROM identity WHERE identifier = '%d')", k, n))
		}
	}
	return out
}

func searchKeys(t *testing.T, db *DB) (out []string) {
	t.Helper()
	err := db.view(t.Context(), func(tx *tx) error {
		b := tx.builder()
		b.add("SELECT value, identity FROM identity_key ORDER BY value, identity")
		return tx.query(context.Background(), "keys", b, func(rows *sql.Rows) error {
			var value string
			var identity int64
			err := rows.Scan(&value, &identity)
			out = append(out, fmt.Sprint(value, " ", identity))
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
