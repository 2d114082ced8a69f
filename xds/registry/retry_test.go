package registry

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dossier/internal/actor"
	"dossier/store/sqldb"
	"dossier/store/storetest"
	"dossier/xds"
)

// opinion is a code set with a mind of its own.
type opinion struct{ problems xds.Errors }

func (o *opinion) Problems(*xds.Submission) xds.Errors { return o.problems }

// TestStoredOutcome: a retransmission gets the warnings of the first answer with its reference, whatever is thought of the
// submission by now; another message with the SubmissionSet is judged by what is thought now.
func TestStoredOutcome(t *testing.T) {
	t.Parallel()
	db, err := sqldb.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "x.db"), sqldb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	patient := storetest.CX("A")
	if err := db.AddPatient(t.Context(), patient); err != nil {
		t.Fatal(err)
	}
	mind := &opinion{xds.Errors{{Code: "XDSRegistryMetadataError", Context: "an old code", Rule: "code-known"}}}
	n := 0
	r := &Registry{Store: db, Codes: mind, Now: time.Now, NewUUID: func() string { n++; return fmt.Sprintf("%08x-0000-4000-8000-00000000000f", n) }}
	draft := storetest.Submit(patient)
	draft.Set.UniqueID = "2.999.1"
	draft.Entry(func(e *xds.DocumentEntry) { e.EntryUUID, e.SourcePatientID = "d", patient })
	submit := func(message byte, reference string) (*actor.Exchange, string) {
		x := &actor.Exchange{Message: [32]byte{message}, Reference: reference}
		warnings, err := r.Register(t.Context(), x, xds.ReadSubmission(draft.Build()), nil)
		out := "success"
		var refused xds.Errors
		if errors.As(err, &refused) {
			out, warnings = "refused", refused
		} else if err != nil {
			t.Fatal(err)
		}
		for _, w := range x.Stamp(warnings) {
			out += fmt.Sprintf(" %s %v %s %s %s", w.Code, w.Warning, w.Context, w.Rule, w.Reference)
		}
		return x, out
	}
	r.Profile.Modes = map[string]xds.Mode{"code-known": xds.ModeWarn}
	const want = "success XDSRegistryMetadataError true an old code code-known first"
	if x, got := submit(1, "first"); got != want || x.Repeated {
		t.Fatalf("first: %s, repeated %v", got, x.Repeated)
	}
	r.Profile.Modes = nil
	for _, now := range []xds.Errors{mind.problems, nil, {{Code: "XDSRegistryMetadataError", Context: "no code at all"}}} {
		mind.problems = now
		if x, got := submit(1, "second"); got != want || !x.Repeated {
			t.Errorf("again: got %q, repeated %v, want %q", got, x.Repeated, want)
		}
	}
	x, got := submit(2, "third")
	if x.Repeated || !strings.HasPrefix(got, "refused XDSRegistryMetadataError false no code at all  third ") || !strings.Contains(got, " XDSDuplicateUniqueIdInRegistry ") {
		t.Errorf("another message: repeated %v, %s", x.Repeated, got)
	}
	if x, got := submit(0, "fourth"); x.Repeated || !strings.HasPrefix(got, "refused ") {
		t.Errorf("one that cannot be known: %s", got)
	}
}
