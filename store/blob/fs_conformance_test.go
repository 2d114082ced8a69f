package blob_test

import (
	"os"
	"path/filepath"
	"testing"

	"dossier/store/blob"
	"dossier/store/storetest"
)

func TestFSConformance(t *testing.T) {
	t.Parallel()
	storetest.Blob(t, func(t *testing.T) blob.Store {
		dir := filepath.Join(t.TempDir(), "blobs")
		s, err := blob.OpenFS(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			left, err := os.ReadDir(filepath.Join(dir, "tmp"))
			if err != nil || len(left) != 0 {
				t.Errorf("tmp holds %v, %v; want nothing", left, err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	})
}
