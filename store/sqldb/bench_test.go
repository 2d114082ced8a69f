package sqldb_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"testing"

	"dossier/hl7v2"
	"dossier/store"
	"dossier/store/sqldb"
	"dossier/store/storetest"
	"dossier/xds"
	"dossier/xds/query"
)

const (
	benchEntries = 10000
	manyEntries  = 100 // of the one patient who has more than 10
)

// filled is a registry of 10^4 entries: patient P0 has 100, all others 10.
func filled(b *testing.B) (db *sqldb.DB, path string) {
	b.Helper()
	ctx := context.Background()
	path = filepath.Join(b.TempDir(), "dossier.db")
	db, err := sqldb.OpenSQLite(ctx, path, sqldb.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	for p, entries := 0, 0; entries < benchEntries; p++ {
		id := storetest.CX(fmt.Sprintf("P%d", p))
		if err := db.AddPatient(ctx, id); err != nil {
			b.Fatal(err)
		}
		n := 10
		if p == 0 {
			n = manyEntries
		}
		register(b, db, submission(id, n))
		entries += n
	}
	return db, path
}

// submission has entries of about 7.5 kB, the size of a well filled DocumentEntry.
func submission(p hl7v2.CX, n int) *store.Registration {
	s := storetest.Submit(p)
	for range n {
		s.Entry(func(e *xds.DocumentEntry) {
			e.Authors = []xds.Author{{Person: "8842^Okafor^Lena^^^Dr^^^&2.999.4.7&ISO", Institutions: []string{"North Clinic^^^^^^^^^2.999.4.1"}, Roles: []string{"ATT^^^&2.999.5.3&ISO"}}}
			e.EventCodes = []xds.Code{{Code: "chest", Scheme: "2.999.20.1", Display: "Chest"}}
			e.ServiceStartTime, e.ServiceStopTime = "202406110800", "202406110810"
			e.SourcePatientID, e.SourcePatientInfo = p, []string{"PID-5|Moreau^Ines^^^", "PID-7|19790305", "PID-8|F"}
			e.ReferenceIDs = []string{"1^^^&2.999.7.1&ISO^urn:ihe:iti:xds:2013:order"}
		})
	}
	return s.Registration()
}

func register(tb testing.TB, db *sqldb.DB, r *store.Registration) {
	tb.Helper()
	ctx := context.Background()
	if err := db.Update(ctx, func(tx store.RegistryTx) error { return tx.Register(ctx, r) }); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkFindDocuments compares a query with the bare SELECT of the same fragments, its limit.
func BenchmarkFindDocuments(b *testing.B) {
	db, path := filled(b)
	bare, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro")
	if err != nil {
		b.Fatal(err)
	}
	defer bare.Close()
	limit, err := bare.Prepare("SELECT c.fragment FROM document_entry c WHERE c.seq > ? AND c.seq <= ?")
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	for _, c := range []struct {
		patient string
		n       int
		from    int
	}{{"P1", 10, 1 + manyEntries*2 + 1}, {"P0", manyEntries, 1}} {
		q := query.FindDocuments{Patient: storetest.CX(c.patient), DocumentFilter: query.DocumentFilter{
			Status: []xds.Status{xds.Approved}, Types: []xds.ObjectType{xds.Stable},
		}}
		find := func(b *testing.B, q query.FindDocuments, leaf bool) {
			b.ReportAllocs()
			for b.Loop() {
				err := db.View(ctx, func(r store.RegistryReader) error {
					found, err := r.Find(ctx, q, leaf, 1000)
					if len(found) != c.n {
						b.Fatalf("found %d, want %d", len(found), c.n)
					}
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		b.Run(fmt.Sprintf("limit/%d", c.n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rows, err := limit.Query(c.from, c.from+c.n)
				if err != nil {
					b.Fatal(err)
				}
				n := 0
				for rows.Next() {
					var fragment []byte
					if err := rows.Scan(&fragment); err != nil {
						b.Fatal(err)
					}
					n++
				}
				if rows.Close(); n != c.n {
					b.Fatalf("found %d, want %d", n, c.n)
				}
			}
		})
		b.Run(fmt.Sprintf("leaf/%d", c.n), func(b *testing.B) { find(b, q, true) })
		b.Run(fmt.Sprintf("ref/%d", c.n), func(b *testing.B) { find(b, q, false) })
		q.ClassCode = query.AnyOf{{Code: "report", Scheme: "2.999.20.1"}}
		q.ConfidentialityCodes = query.AllOf{{{Code: "N", Scheme: "2.999.20.1"}}}
		q.CreationTime.From = "2020"
		q.AuthorPerson = []string{"%Okafor%"}
		b.Run(fmt.Sprintf("filters/%d", c.n), func(b *testing.B) { find(b, q, true) })
	}
}

// BenchmarkRegister is one durable transaction per operation.
func BenchmarkRegister(b *testing.B) {
	for _, n := range []int{1, 10, 50} {
		b.Run(fmt.Sprintf("%d", n), func(b *testing.B) {
			db := open(b)
			p := storetest.CX("P")
			if err := db.AddPatient(b.Context(), p); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				r := submission(p, n)
				b.StartTimer()
				register(b, db, r)
			}
		})
	}
}
