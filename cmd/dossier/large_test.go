package main

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"dossier/internal/golden"
	"dossier/xds"
)

// TestLargeAnswerIsStreamed stops reading in the middle of an answer of 1,000 LeafClass results: what the server holds then
// is less than a megabyte more than before, and whoever asks meanwhile is answered.
//
// It is not parallel, because it looks at the memory of the whole process.
func TestLargeAnswerIsStreamed(t *testing.T) {
	s := startServer(t, testConfig(t), realWorld())
	const each, sets = 50, 20
	for n := range sets {
		m := registrable(demoSubmission(t, each))
		m.SubmissionSets[0].UniqueID = xds.UniqueID(fmt.Sprintf("2.999.6.%d", n))
		for i, e := range m.DocumentEntries {
			e.EntryUUID, e.UniqueID = newEntryUUID(), xds.UniqueID(fmt.Sprintf("2.999.7.%d.%d", n, i))
			e.Comments = fmt.Sprintf("%0900d", n*each+i) // 7 MB in all, as entries of real life have
			m.Associations[i].Target = e.EntryUUID
		}
		answer, err := golden.Send(s.addr(), []byte(onRegistry(envelope(actionRegister, submitRequest(m)))))
		if err != nil || !bytes.Contains(answer, []byte("ResponseStatusType:Success")) {
			t.Fatalf("%v %.500s", err, answer)
		}
	}
	ask := golden.FillLength([]byte(post(registryPath, simpleType, envelope(actionQuery,
		storedQuery(findDocuments, "LeafClass", "$XDSDocumentEntryPatientId", demoPatient, "$XDSDocumentEntryStatus", statusApproved)))))
	whole, err := golden.Send(s.addr(), ask) // fills pools and caches
	if err != nil || bytes.Count(whole, []byte("<rim:ExtrinsicObject ")) != each*sets {
		t.Fatalf("%v %d bytes", err, len(whole))
	}
	size := len(whole)
	whole = nil
	before := live()
	conn := s.dial(t)
	if _, err := conn.Write(ask); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, size/10)); err != nil {
		t.Fatal(err)
	}
	// The server goes on until the buffers of the connection are full; what it holds then is what a slow reader costs.
	grown := live() - before
	for range 20 {
		time.Sleep(20 * time.Millisecond)
		grown = min(grown, live()-before)
	}
	t.Logf("%d bytes of answer, live heap %+d bytes in its middle", size, grown)
	if size < 6_000_000 {
		t.Errorf("an answer of %d bytes is too small to show anything", size)
	}
	if grown > 1<<20 {
		t.Errorf("in the middle of the answer the server holds %d bytes more, want at most 1 MiB", grown)
	}
	if got := queryJSON(t, "--refs", "--to", s.registry(), "FindDocuments", "$XDSDocumentEntryPatientId=DEMO-1^^^&2.999.1.1&ISO", approved); len(got) != each*sets {
		t.Errorf("beside it: %d results, want %d", len(got), each*sets)
	}
}

// live is what is in use after everything else was collected.
func live() int64 {
	var m runtime.MemStats
	for range 2 { // a pool gives its buffers up in two collections
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
