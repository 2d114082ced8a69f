package main

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"dossier/hl7v2"
	"dossier/store"
	"dossier/store/sqldb"
	"dossier/xds"
)

const (
	groupGrowth = "GROWTH"
	perPatient  = 10
)

// growth measures whether an operation slows down as the registry grows: the same on a server with few DocumentEntries and
// on one with many, in turns. It loads them by the server's own store, many submissions in one transaction.
func (b *bench) growth(ctx context.Context) (err error) {
	small := &grown{bench: b, data: filepath.Join(b.dir, "grown-small")}
	if err := small.load(ctx, b.levels[0], 1); err != nil {
		return err
	}
	if err := small.size(); err != nil {
		return err
	}
	few, err := b.start(ctx, small.data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, few.stop()) }()
	large := &grown{bench: b, data: filepath.Join(b.dir, "grown-large")}
	for _, n := range b.levels[1:] {
		if free, err := freeBytes(b.dir); err != nil || free < int64(n)*4*kb {
			b.table.note("growth to %d: skipped: %d MB free on the disk of the temporary folder (%v)", n, free/mb, err)
			return nil
		}
		if err := large.load(ctx, n, perPatient); err != nil {
			return err
		}
		if err := b.compareGrown(ctx, few, small, large); err != nil {
			return err
		}
	}
	return nil
}

// compareGrown measures both servers in turns.
func (b *bench) compareGrown(ctx context.Context, few *server, small, large *grown) (err error) {
	many, err := b.start(ctx, large.data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, many.stop()) }()
	c := newClient()
	defer c.close()
	find := func(s *server, g *grown) operation {
		return func(ctx context.Context) (time.Duration, error) {
			return c.findDocuments(ctx, s, g.patient(), perPatient)
		}
	}
	register := func(s *server, g *grown) operation {
		return func(ctx context.Context) (time.Duration, error) {
			return c.register(ctx, s, b.ids.submission(patient(groupRegister, rand.IntN(writers)), 1))
		}
	}
	for _, o := range []struct {
		name string
		of   func(*server, *grown) operation
	}{{"ITI-18 FindDocuments, LeafClass, 10 results", find}, {"ITI-42 of 1 document", register}} {
		result, err := alternate(ctx, b.plan, b.most, o.of(many, large), o.of(few, small))
		if err != nil {
			return err
		}
		b.table.add(fmt.Sprintf("%s, among %d", o.name, large.entries), fmt.Sprintf("the same among %d", small.entries), result, 0, goalGrowth)
	}
	return nil
}

// grown is a data folder whose registry is loaded without a server.
type grown struct {
	*bench
	data     string
	entries  int
	patients int
}

func (g *grown) patient() hl7v2.CX { return patient(groupGrowth, rand.IntN(g.patients)) }

func (g *grown) database() string { return filepath.Join(g.data, "dossier.db") }

// load adds DocumentEntries up to n, ten for each patient, so many in one submission.
func (g *grown) load(ctx context.Context, n, each int) (err error) {
	if err := os.MkdirAll(g.data, 0o700); err != nil {
		return err
	}
	db, err := sqldb.OpenSQLite(ctx, g.database(), sqldb.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	const batch = 100 // patients in one transaction
	for g.entries < n {
		first := g.patients
		for g.entries < n && g.patients < first+batch {
			if err := db.AddPatient(ctx, patient(groupGrowth, g.patients)); err != nil {
				return err
			}
			g.patients++
			g.entries += perPatient
		}
		err := db.Update(ctx, func(tx store.RegistryTx) error {
			for p := first; p < g.patients; p++ {
				for range perPatient / each {
					if err := tx.Register(ctx, g.registration(patient(groupGrowth, p), each)); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// loadOf adds n DocumentEntries of one patient.
func (g *grown) loadOf(ctx context.Context, of hl7v2.CX, n int) (err error) {
	if err := os.MkdirAll(g.data, 0o700); err != nil {
		return err
	}
	db, err := sqldb.OpenSQLite(ctx, g.database(), sqldb.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.AddPatient(ctx, of); err != nil {
		return err
	}
	return db.Update(ctx, func(tx store.RegistryTx) error { return tx.Register(ctx, g.registration(of, n)) })
}

// registration is what the server makes of an ITI-41.
func (g *grown) registration(of hl7v2.CX, n int) *store.Registration {
	m := g.ids.submission(of, n)
	m.announce()
	read := xds.ReadSubmission(m.Build())
	read.Resolve(uuid.NewString)
	r := &store.Registration{SubmissionSet: read.SubmissionSet(), Entries: read.DocumentEntries, Associations: read.Associations, Now: "20260102030405"}
	for _, e := range read.DocumentEntries {
		d := store.Document{UniqueID: e.UniqueID, MimeType: e.MimeType, Patient: e.PatientID}
		d.Digest.SHA1, d.Digest.SHA256 = sha1.Sum([]byte(e.UniqueID)), sha256.Sum256([]byte(e.UniqueID))
		d.Digest.Size = e.Size
		r.Documents = append(r.Documents, d)
	}
	return r
}

// size adds the bytes on disk for one entry to the table: submissions of one document, indexes and the repository's index
// included, after everything is in the main file.
func (g *grown) size() error {
	info, err := os.Stat(g.database())
	if err != nil {
		return err
	}
	per := info.Size() / int64(g.entries)
	g.table.rows = append(g.table.rows, row{
		figure: "bytes on disk for a DocumentEntry, SQLite", n: fmt.Sprint(g.entries), p50: fmt.Sprintf("%d B", per),
		limit: "its ebRIM, unpacked", limitP50: fmt.Sprintf("%d B", g.plainSize()), goal: fmt.Sprintf("%d B", goalEntryBytes), judgement: judge(per <= goalEntryBytes),
	})
	return nil
}

// plainSize is what the fragments of one submission of one document take as text.
func (g *grown) plainSize() (n int) {
	r := g.registration(patient(groupGrowth, 0), 1)
	for _, e := range r.Entries {
		n += len(e.Fragment())
	}
	for _, a := range r.Associations {
		n += len(a.Fragment())
	}
	return n + len(r.SubmissionSet.Fragment())
}
