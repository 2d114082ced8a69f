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
	wantRefusal(t, store.ErrConflict, xds.XDSRegistryBusy, "registry-not-busy")
	other := errors.New("disk on fire")
	if got := storeError(other); got != other {
		t.Errorf("got %v, want the error as it is", got)
	}
}

// TestNoSpaceIsOutOfResources: so is a full disk.
func TestNoSpaceIsOutOfResources(t *testing.T) {
	t.Parallel()
	wantRefusal(t, store.ErrNoSpace, xds.XDSRegistryOutOfResources, "registry-space")
}

func wantRefusal(t *testing.T, cause error, code xds.ErrorCode, rule string) {
	t.Helper()
	var refusal xds.Errors
	err := storeError(fmt.Errorf("after 5 attempts: %w", cause))
	if !errors.As(err, &refusal) || len(refusal) != 1 || refusal[0].Code != code || refusal[0].Rule != rule || !errors.Is(refusal[0], cause) {
		t.Errorf("got %v, want %s by %s with its cause", err, code, rule)
	}
}
