package sqldb

import (
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dossier/store"
)

// TestForbearance: who waits in vain waits less and less often, and is as patient as before when it was worth it.
func TestForbearance(t *testing.T) {
	t.Parallel()
	var f forbearance
	waits := 0
	for range 1000 {
		if f.wait() {
			waits++
			f.tried()
		}
	}
	if waits < 10 || waits > 25 {
		t.Errorf("waited %d times of 1000 in vain", waits)
	}
	for !f.wait() {
	}
	f.rewarded()
	if !f.wait() {
		t.Error("does not wait after it was worth it")
	}
}

// TestRecordingsGather: recordings that are announced share commits, none is lost, and nobody waits long for who never comes.
func TestRecordingsGather(t *testing.T) {
	t.Parallel()
	var coming, statements atomic.Int64
	db, err := OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "dossier.db"), Options{
		Coming: func() int { return int(coming.Load()) }, Statement: func() { statements.Add(1) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	record := func() {
		if err := db.Record(t.Context(), store.AuditMessage{Message: []byte("m")}); err != nil {
			t.Error(err)
		}
	}
	record()
	before := statements.Load()
	record()
	alone := statements.Load() - before
	before = statements.Load()
	const rounds, together = 20, 8
	for range rounds {
		coming.Store(together)
		var wg sync.WaitGroup
		for range together {
			wg.Go(func() { coming.Add(-1); record() })
		}
		wg.Wait()
	}
	if n := statements.Load() - before; n > rounds*together*alone*3/4 {
		t.Errorf("%d statements for %d recordings; one alone takes %d", n, rounds*together, alone)
	}
	coming.Store(1000)
	started := time.Now()
	for range 100 {
		record()
	}
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("100 recordings took %v", took)
	}
	found, err := db.SearchAudit(t.Context(), store.AuditQuery{})
	if err != nil || len(found) != 2+rounds*together+100 {
		t.Errorf("%d messages, %v", len(found), err)
	}
}
