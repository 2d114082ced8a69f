package repository

import (
	"errors"
	"testing"

	"dossier/internal/actor"
	"dossier/store"
	"dossier/xds"
)

// TestRemoteBusy: while nobody knows what became of a submission, the same one and other bytes under its uniqueId have to
// wait; other submissions go on.
func TestRemoteBusy(t *testing.T) {
	t.Parallel()
	far := &elsewhere{err: errors.New("EOF"), unknown: true}
	r, db, _ := newRemote(t, far)
	register := func(set, id xds.UniqueID, content string) error {
		_, err := r.Register(t.Context(), &actor.Exchange{}, submission(set), []store.Document{{UniqueID: id, Digest: digest(t, content), MimeType: "text/plain"}})
		return err
	}
	broken := func(err error) string {
		var problems xds.Errors
		if errors.As(err, &problems) && len(problems) == 1 {
			return string(problems[0].Code) + "/" + problems[0].Rule
		}
		return ""
	}
	const gone, busy = "XDSRegistryNotAvailable/registry-available", "XDSRepositoryBusy/repository-not-busy"
	if err := register("s", "d", "content"); broken(err) != gone {
		t.Fatalf("the answer is lost: %v", err)
	}
	*far = elsewhere{}
	if err := register("s", "d", "content"); broken(err) != busy {
		t.Errorf("the same submission: %v", err)
	}
	if err := register("s2", "d", "other"); broken(err) != busy {
		t.Errorf("other bytes under the same uniqueId: %v", err)
	}
	if readable(t, db, "d") {
		t.Error("the document can be read before its outcome is known")
	}
	if err := register("s3", "d3", "content"); err != nil {
		t.Errorf("another submission: %v", err)
	}
}
