package repository

import (
	"errors"
	"fmt"
	"testing"

	"dossier/internal/actor"
	"dossier/store"
	"dossier/store/blob"
	"dossier/xds"
)

// onlyRule fails unless an error refuses by one rule.
func onlyRule(t *testing.T, err error, rule xds.Rule) {
	t.Helper()
	var problems xds.Errors
	if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Rule != rule.Name || problems[0].Code != rule.Code {
		t.Errorf("got %v, want %s", err, rule.Name)
	}
}

// TestStoreErrors: a document that is too large is the sender's business, a full disk is not, and neither is an internal
// error.
func TestStoreErrors(t *testing.T) {
	t.Parallel()
	d := &document{id: "Document01"}
	for name, err := range map[string]error{"document-limit": blob.ErrTooLarge, "document-space": blob.ErrNoSpace} {
		rule := map[string]xds.Rule{"document-limit": documentLimit, "document-space": documentSpace}[name]
		onlyRule(t, storeError(fmt.Errorf("write: %w", err), d, 10), rule)
	}
	other := errors.New("disk on fire")
	if got := storeError(other, d, 10); got != other {
		t.Errorf("got %v, want the error as it is", got)
	}
}

// TestRemoteTracks: what could not be followed up is refused before the registry elsewhere hears of it
// (submission-set-tracked, document-tracked).
func TestRemoteTracks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set, document xds.UniqueID
		want          xds.Rule
	}{
		"submission-set-tracked": {"", "d", submissionSetTracked},
		"document-tracked":       {"s", "", documentTracked},
	} {
		far := &elsewhere{err: errors.New("asked all the same")}
		r, _, _ := newRemote(t, far)
		s := submission(c.set)
		s.DocumentEntries = []*xds.DocumentEntry{{UniqueID: c.document, Symbol: "Document01"}}
		_, err := r.Register(t.Context(), &actor.Exchange{}, s, []store.Document{{UniqueID: c.document, Digest: digest(t, name)}})
		onlyRule(t, err, c.want)
	}
}
