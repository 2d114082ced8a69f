package registry

import (
	"errors"
	"fmt"
	"testing"

	"dossier/store"
	"dossier/xds"
)

// TestConflictIsBusy: changes that collided again and again are not the sender's fault and not an internal error: it may
// send again. Everything else that the store says is none of the sender's business.
func TestConflictIsBusy(t *testing.T) {
	t.Parallel()
	var refusal xds.Errors
	err := storeError(fmt.Errorf("after 5 attempts: %w", store.ErrConflict))
	if !errors.As(err, &refusal) || len(refusal) != 1 || refusal[0].Code != xds.XDSRegistryBusy || refusal[0].Rule != "registry-not-busy" || !errors.Is(refusal[0], store.ErrConflict) {
		t.Errorf("got %v, want XDSRegistryBusy with its cause", err)
	}
	other := errors.New("disk on fire")
	if got := storeError(other); got != other {
		t.Errorf("got %v, want the error as it is", got)
	}
}
