package repository

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"dossier/internal/actor"
	"dossier/store"
	"dossier/store/blob"
	"dossier/store/sqldb"
	"dossier/xds"
)

// elsewhere is a registry at the other end of a wire that can break.
type elsewhere struct {
	problems xds.Errors
	unknown  bool
	err      error
	has      map[xds.UniqueID]string
	asked    int
	ids      []string // MessageIDs of the submissions
	during   func()   // runs while a submission is there
}

func (e *elsewhere) Submit(_ context.Context, _ *xds.Submission, id string) (xds.Errors, bool, error) {
	e.ids = append(e.ids, id)
	if e.during != nil {
		e.during()
	}
	return e.problems, e.unknown, e.err
}

func (e *elsewhere) Registered(context.Context, string, []xds.UniqueID) (map[xds.UniqueID]string, error) {
	e.asked++
	if e.has == nil {
		return nil, errors.New("still not there")
	}
	return e.has, nil
}

func newRemote(t *testing.T, e *elsewhere) (*Remote, *sqldb.DB, *time.Time) {
	t.Helper()
	db, err := sqldb.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "x.db"), sqldb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return &Remote{Registry: e, Documents: db, RepositoryUniqueID: "2.999.1", Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}, db, &now
}

func digest(t *testing.T, content string) blob.Digest {
	t.Helper()
	fs, err := blob.OpenFS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer fs.Close()
	d, err := blob.Receive(t.Context(), fs, bytes.NewReader([]byte(content)), 100)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func submission(id xds.UniqueID) *xds.Submission {
	return &xds.Submission{SubmissionSets: []*xds.SubmissionSet{{UniqueID: id}}}
}

func readable(t *testing.T, db *sqldb.DB, id xds.UniqueID) bool {
	t.Helper()
	found, err := db.Documents(t.Context(), []xds.UniqueID{id})
	if err != nil {
		t.Fatal(err)
	}
	_, ok := found[id]
	return ok
}

func TestRemoteRegister(t *testing.T) {
	t.Parallel()
	refusal := xds.Errors{{Code: "Theirs", Context: "their words", Relayed: true}}
	for name, c := range map[string]struct {
		registry elsewhere
		set      xds.UniqueID
		want     xds.ErrorCode // "" is success
		readable bool
		pending  int
	}{
		"registered":         {set: "s", readable: true},
		"with a warning":     {set: "s", registry: elsewhere{problems: xds.Errors{{Code: "W", Warning: true, Relayed: true}}}, readable: true},
		"refused":            {set: "s", registry: elsewhere{problems: refusal}, want: "Theirs"},
		"never reached":      {set: "s", registry: elsewhere{err: errors.New("connection refused")}, want: xds.XDSRegistryNotAvailable},
		"answer lost":        {set: "s", registry: elsewhere{err: errors.New("EOF"), unknown: true}, want: xds.XDSRegistryNotAvailable, pending: 1},
		"no SubmissionSet":   {want: xds.XDSRepositoryMetadataError},
		"success with error": {set: "s", registry: elsewhere{problems: xds.Errors{{Code: "Odd", Relayed: true}}}, want: "Odd"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, db, _ := newRemote(t, &c.registry)
			doc := store.Document{UniqueID: "d", Digest: digest(t, "content"), MimeType: "text/plain"}
			_, err := r.Register(t.Context(), &actor.Exchange{}, submission(c.set), []store.Document{doc})
			var got xds.Errors
			if errors.As(err, &got); c.want == "" && err != nil || c.want != "" && (len(got) == 0 || got[0].Code != c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if readable(t, db, "d") != c.readable {
				t.Errorf("readable: %v, want %v", !c.readable, c.readable)
			}
			pending, err := db.Pending(t.Context(), r.Now().Add(time.Hour))
			if err != nil || len(pending) != c.pending {
				t.Errorf("%d reservations, want %d: %v", len(pending), c.pending, err)
			}
			used, err := db.Referenced(t.Context(), []blob.Ref{doc.Digest.Ref})
			if err != nil || used[doc.Digest.Ref] != (c.readable || c.pending > 0) {
				t.Errorf("bytes kept: %v, %v", used, err)
			}
		})
	}
}

// TestRemoteResolve: a reservation is settled by what the registry has, and kept while it cannot be asked.
func TestRemoteResolve(t *testing.T) {
	t.Parallel()
	content := "content"
	for name, c := range map[string]struct {
		has      func(hash string) map[xds.UniqueID]string
		readable bool
		pending  int
	}{
		"registered":             {func(h string) map[xds.UniqueID]string { return map[xds.UniqueID]string{"d": h} }, true, 0},
		"not registered":         {func(string) map[xds.UniqueID]string { return map[xds.UniqueID]string{} }, false, 0},
		"registered other bytes": {func(string) map[xds.UniqueID]string { return map[xds.UniqueID]string{"d": "00"} }, false, 0},
		"not reached":            {func(string) map[xds.UniqueID]string { return nil }, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := &elsewhere{err: errors.New("EOF"), unknown: true}
			r, db, now := newRemote(t, e)
			doc := store.Document{UniqueID: "d", Digest: digest(t, content), MimeType: "text/plain"}
			if _, err := r.Register(t.Context(), &actor.Exchange{}, submission("s"), []store.Document{doc}); err == nil {
				t.Fatal("an unknown outcome is no success")
			}
			e.has = c.has(doc.Digest.SHA1Hex())
			if err := r.Resolve(t.Context(), 10*time.Minute); err != nil || e.asked != 0 {
				t.Fatalf("asked %d times while the registry may still be at work: %v", e.asked, err)
			}
			*now = now.Add(11 * time.Minute)
			if err := r.Resolve(t.Context(), 10*time.Minute); err != nil {
				t.Fatal(err)
			}
			if readable(t, db, "d") != c.readable {
				t.Errorf("readable: %v, want %v", !c.readable, c.readable)
			}
			pending, err := db.Pending(t.Context(), now.Add(time.Hour))
			if err != nil || len(pending) != c.pending {
				t.Errorf("%d reservations, want %d: %v", len(pending), c.pending, err)
			}
		})
	}
}
