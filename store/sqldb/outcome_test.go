package sqldb

import (
	"context"
	"errors"
	"testing"
	"time"

	"dossier/internal/pgtest"
	"dossier/pix"
	"dossier/store"
	"dossier/store/storetest"
	"dossier/xds"
	"dossier/xds/query"
)

// TestLostCommit: a COMMIT whose answer is lost is looked up: the caller sees what happened, and it happened once.
func TestLostCommit(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fault{"unsent": unsent, "unanswered": unanswered, "hanging": hanging} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, address := startProxy(t, pgtest.URL(t))
			db := openURL(t, address)
			lostCommits(t, db, func() { p.fault.Store(int32(f)) }, f == unanswered)
		})
	}
}

func lostCommits(t *testing.T, db *DB, arm func(), committed bool) {
	ctx := t.Context()
	a, b := storetest.CX("A"), storetest.CX("B")
	if err := errors.Join(db.AddPatient(ctx, a), db.AddPatient(ctx, b)); err != nil {
		t.Fatal(err)
	}
	s := storetest.Submit(a)
	s.Document(s.Entry(), "content")
	runs := 0
	arm()
	err := db.Update(ctx, func(tx store.RegistryTx) error {
		runs++
		return tx.Register(ctx, s.Registration())
	})
	want := 2
	if committed {
		want = 1
	}
	if err != nil || runs != want {
		t.Errorf("Register: ran %d times, error %v; want %d times and nil", runs, err, want)
	}
	err = db.View(ctx, func(r store.RegistryReader) error {
		found, err := r.Find(ctx, query.GetAll{Patient: a}, false, 10)
		if len(found) != 3 {
			t.Errorf("Register: found %d objects, want SubmissionSet, entry and Association", len(found))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		name string
		do   func() error
	}{
		{"MergePatient", func() error { return db.MergePatient(ctx, pix.Merge{Survivor: b, Subsumed: a}) }},
		{"AddPatient", func() error { return db.AddPatient(ctx, storetest.CX("C")) }},
		{"Reserve", func() error {
			_, err := db.Reserve(ctx, store.Pending{SubmissionSet: "2.999.1", Reserved: time.Now(), Documents: []store.Document{storetest.Document("2.999.2", "x", b)}})
			return err
		}},
		{"Settle", func() error { return db.Settle(ctx, "2.999.1", true, nil) }},
	} {
		arm()
		if err := c.do(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if known, err := db.PatientKnown(ctx, storetest.CX("C").Key()); err != nil || !known {
		t.Errorf("AddPatient: known %v, error %v", known, err)
	}
	if docs, err := db.Documents(ctx, []xds.UniqueID{"2.999.2"}); err != nil || len(docs) != 1 {
		t.Errorf("Settle: %d documents, error %v", len(docs), err)
	}
}

// TestUnknownOutcome: when it cannot be found out, the error says so and claims nothing.
func TestUnknownOutcome(t *testing.T) {
	t.Parallel()
	p, address := startProxy(t, pgtest.URL(t))
	db := openURL(t, address)
	ctx := t.Context()
	p.fault.Store(int32(unanswered))
	err := db.Update(ctx, func(store.RegistryTx) error { return nil })
	if !errors.Is(err, store.ErrUnknown) {
		t.Errorf("a transaction that proves nothing: got %v, want ErrUnknown", err)
	}
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	a := storetest.CX("A")
	if err := db.AddPatient(ctx, a); err != nil {
		t.Fatal(err)
	}
	s := storetest.Submit(a)
	err = db.Update(short, func(tx store.RegistryTx) error {
		p.fault.Store(int32(unanswered))
		p.down.Store(true)
		return tx.Register(short, s.Registration())
	})
	if !errors.Is(err, store.ErrUnknown) || errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrUnavailable) {
		t.Errorf("nobody to ask: got %v, want ErrUnknown", err)
	}
}

// TestReusedTransaction: the id of a transaction that a crashed server forgot says nothing; a row that another transaction
// added neither.
func TestReusedTransaction(t *testing.T) {
	t.Parallel()
	db := openURL(t, pgtest.URL(t))
	ctx := t.Context()
	a := storetest.CX("A")
	if err := db.AddPatient(ctx, a); err != nil {
		t.Fatal(err)
	}
	var mine proof
	if err := db.update(ctx, func(tx *tx) error {
		err := tx.Register(ctx, storetest.Submit(a).Registration())
		mine = tx.proof
		return err
	}); err != nil {
		t.Fatal(err)
	}
	row, missing := mine.is, func(b *builder) { b.add("SELECT 1 FROM object WHERE uuid = 'none'") }
	rolledBack := errors.New("rolled back")
	var other proof
	if err := db.update(ctx, func(tx *tx) error {
		return errors.Join(tx.provable(ctx, row), rolledBack, func() error { other = tx.proof; return nil }())
	}); !errors.Is(err, rolledBack) {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		proof
		want bool
	}{
		{"committed, with its row", mine, true},
		{"committed, without the row", proof{mine.transaction, missing}, false},
		{"rolled back, with a row of another", other, false},
		{"of the future", proof{"900000000000", row}, false},
		{"too old to be known", proof{"3", row}, false},
	} {
		committed, over, err := db.committed(ctx, c.proof)
		if err != nil || !over || committed != c.want {
			t.Errorf("%s: committed %v, over %v, error %v", c.name, committed, over, err)
		}
	}
}
