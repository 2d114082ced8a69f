package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"dossier/internal/golden"
	"dossier/iti"
	"dossier/pix"
	"dossier/store"
	"dossier/xds"
	"dossier/xds/query"
)

// Races, decided by the Document Registry on the real store of every backend: many rounds without a wire in between, and
// some over TCP.

const racers = 64

// rounds is how often each race is run: DOSSIER_ROUNDS, or 200; the race detector, which makes all of it twenty times slower,
// sees as much in fewer.
func rounds(t testing.TB) int {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("DOSSIER_ROUNDS")); err == nil && n > 0 {
		return n
	}
	if raceDetector {
		return 8
	}
	return 200
}

// onBackends runs a race with a server of its own, which nobody listens to, on every backend.
func onBackends(t *testing.T, run func(t *testing.T, n *node)) {
	t.Parallel()
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			c := testConfig(t)
			b.use(t, c)
			c.Data = fastFolder(t)
			n, err := newNode(t.Context(), c, slog.New(slog.DiscardHandler), realWorld())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := n.close(); err != nil {
					t.Error(err)
				}
			})
			run(t, n)
		})
	}
}

// fastFolder is in memory where the machine has such a place: what a server answers and who wins a race do not depend on
// what a disk costs. What a disk may lose is for package store/blob and tools/crash to show.
func fastFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "dossier-test-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// attempt is one submission in the hands of the registry.
type attempt struct {
	*xds.Submission
	message byte
}

// try registers it and returns the codes of the refusal, joined; "" is a success.
func (n *node) try(ctx context.Context, a attempt) (codes string, repeated bool, err error) {
	x := n.frame.Begin(iti.RegisterDocumentSet, "test", "")
	x.Message[0] = a.message
	_, err = n.registry.Register(ctx, x, a.Submission, nil)
	var refused xds.Errors
	if errors.As(err, &refused) {
		return joinedCodes(refused), false, nil
	}
	return "", x.Repeated, err
}

func joinedCodes(errs xds.Errors) string {
	var out []string
	for _, e := range errs {
		if len(out) == 0 || out[len(out)-1] != string(e.Code) {
			out = append(out, string(e.Code))
		}
	}
	return strings.Join(out, " ")
}

// outcomes counts what became of attempts that started together.
type outcomes struct {
	mu       sync.Mutex
	byCode   map[string]int
	repeated int
}

// race lets all attempts start at the same moment.
func (n *node) race(t testing.TB, list []attempt, beside ...func()) *outcomes {
	t.Helper()
	o := &outcomes{byCode: map[string]int{}}
	var wg sync.WaitGroup
	start := make(chan struct{})
	for _, a := range list {
		wg.Go(func() {
			<-start
			codes, repeated, err := n.try(t.Context(), a)
			if err != nil {
				codes = err.Error()
			}
			o.mu.Lock()
			defer o.mu.Unlock()
			o.byCode[codes]++
			if repeated {
				o.repeated++
			}
		})
	}
	for _, f := range beside {
		wg.Go(func() { <-start; f() })
	}
	close(start)
	wg.Wait()
	return o
}

func (o *outcomes) want(t testing.TB, round int, want map[string]int) {
	t.Helper()
	if fmt.Sprint(o.byCode) != fmt.Sprint(want) {
		t.Errorf("round %d: got %v, want %v", round, o.byCode, want)
	}
}

// fresh is a correct submission of one document with ids of its own, read from its ebRIM as it comes from the wire.
func fresh(t testing.TB, id string, change func(m *xds.Submission)) attempt {
	t.Helper()
	m := registrable(demoSubmission(t, 1))
	m.SubmissionSets[0].UniqueID, m.DocumentEntries[0].UniqueID = xds.UniqueID("2.999.8.1."+id), xds.UniqueID("2.999.8.2."+id)
	if change != nil {
		change(m)
	}
	return attempt{Submission: xds.ReadSubmission(m.Build())}
}

// counted finds what a query finds, without its content.
func (n *node) counted(t testing.TB, q query.Query) []store.Object {
	t.Helper()
	var found []store.Object
	err := n.db.View(t.Context(), func(r store.RegistryReader) (err error) {
		found, err = r.Find(t.Context(), q, false, 10000)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return found
}

// TestRaceForASubmissionSet: one uniqueId, 64 parallel submissions of different content: one is registered, all of it, and
// 63 are told that it is a duplicate.
func TestRaceForASubmissionSet(t *testing.T) {
	onBackends(t, func(t *testing.T, n *node) {
		for round := range rounds(t) {
			list := make([]attempt, racers)
			for i := range list {
				list[i] = fresh(t, fmt.Sprintf("%d.%d", round, i), func(m *xds.Submission) {
					m.SubmissionSets[0].UniqueID = xds.UniqueID(fmt.Sprintf("2.999.8.3.%d", round))
				})
			}
			n.race(t, list).want(t, round, map[string]int{"": 1, "XDSDuplicateUniqueIdInRegistry": racers - 1})
			got := n.counted(t, query.GetSubmissionSetAndContents{IDs: query.IDs{UniqueIDs: []xds.UniqueID{xds.UniqueID(fmt.Sprintf("2.999.8.3.%d", round))}},
				ContentFilter: query.ContentFilter{Types: []xds.ObjectType{xds.Stable}}})
			if len(got) != 3 {
				t.Errorf("round %d: %d objects, want the SubmissionSet, its entry and their Association", round, len(got))
			}
		}
		if got := len(n.counted(t, query.GetAll{Patient: cx(t, "DEMO-1"), Types: []xds.ObjectType{xds.Stable}})); got != 3*rounds(t) {
			t.Errorf("%d objects in the registry, want 3 for each round", got)
		}
	})
}

// TestRaceOfReplacements: 64 replacements of one entry: one wins, the others are told that the entry is deprecated, and one
// entry is Approved.
func TestRaceOfReplacements(t *testing.T) {
	onBackends(t, func(t *testing.T, n *node) {
		approvedNow := query.FindDocuments{Patient: cx(t, "DEMO-1"), DocumentFilter: query.DocumentFilter{
			Status: []xds.Status{xds.Approved}, Types: []xds.ObjectType{xds.Stable}}}
		for round := range rounds(t) {
			target := newEntryUUID()
			first := fresh(t, fmt.Sprintf("%d", round), func(m *xds.Submission) {
				m.DocumentEntries[0].EntryUUID, m.Associations[0].Target = target, target
			})
			if codes, _, err := n.try(t.Context(), first); codes != "" || err != nil {
				t.Fatal(codes, err)
			}
			list := make([]attempt, racers)
			for i := range list {
				list[i] = fresh(t, fmt.Sprintf("%d.%d", round, i), func(m *xds.Submission) {
					m.Associations = append(m.Associations, &xds.Association{EntryUUID: "rplc", Type: xds.Replace, Source: "Document01", Target: target})
				})
			}
			n.race(t, list).want(t, round, map[string]int{"": 1, "XDSRegistryDeprecatedDocumentError": racers - 1})
			if got := len(n.counted(t, approvedNow)); got != round+1 {
				t.Errorf("%d Approved entries after %d rounds", got, round+1)
			}
		}
	})
}

// TestRaceOfRetransmissions: one message 64 times at once: registered once, answered 64 times with Success.
func TestRaceOfRetransmissions(t *testing.T) {
	onBackends(t, func(t *testing.T, n *node) {
		for round := range rounds(t) {
			list := make([]attempt, racers)
			for i := range list {
				list[i] = fresh(t, fmt.Sprint(round), nil)
				list[i].message = byte(round%255 + 1)
			}
			o := n.race(t, list)
			o.want(t, round, map[string]int{"": racers})
			if o.repeated != racers-1 {
				t.Errorf("round %d: %d answers were repeated, want all but one", round, o.repeated)
			}
		}
		if got := len(n.counted(t, query.GetAll{Patient: cx(t, "DEMO-1"), Types: []xds.ObjectType{xds.Stable}})); got != 3*rounds(t) {
			t.Errorf("%d objects in the registry, want 3 for each round", got)
		}
	})
}

// TestRaceOfRetransmissionsOverTCP does the same with ITI-41, its document and all, over as many connections.
func TestRaceOfRetransmissionsOverTCP(t *testing.T) {
	t.Parallel()
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, b)
			for round := range min(rounds(t), 5) {
				m := demoSubmission(t, 1)
				m.SubmissionSets[0].UniqueID, m.DocumentEntries[0].UniqueID = xds.UniqueID(s.oid()), xds.UniqueID(s.oid())
				request := []byte(provideAs(fmt.Sprint("urn:x:", round), m, "content"))
				var wg sync.WaitGroup
				var good atomic.Int64
				for range racers {
					wg.Go(func() {
						if answer, err := golden.Send(s.addr(), request); err == nil && successful(answer) {
							good.Add(1)
						}
					})
				}
				wg.Wait()
				if good.Load() != racers {
					t.Errorf("round %d: %d answers of Success, want all\n%s", round, good.Load(), s.log)
				}
				if got := s.find(t, getDocuments, "XDSDocumentEntryUniqueId", list(string(m.DocumentEntries[0].UniqueID))); len(got.DocumentEntries) != 1 {
					t.Errorf("round %d: %d entries, want 1", round, len(got.DocumentEntries))
				}
			}
		})
	}
}

// TestRaceWithAMerge: submissions for the subsumed id and queries run beside the merge. Each query sees all of it or
// nothing, and what was accepted is the survivor's.
func TestRaceWithAMerge(t *testing.T) {
	onBackends(t, func(t *testing.T, n *node) {
		for round := range rounds(t) {
			m := newMergeRace(t, n, round)
			m.run(t, round)
		}
	})
}

type mergeRace struct {
	*node
	from, to string
	early    []xds.EntryUUID // of the subsumed id, registered before
	list     []attempt
}

func newMergeRace(t testing.TB, n *node, round int) *mergeRace {
	t.Helper()
	m := &mergeRace{node: n, from: fmt.Sprintf("FROM-%d", round), to: fmt.Sprintf("TO-%d", round)}
	for _, id := range []string{m.from, m.to} {
		if err := n.db.AddPatient(t.Context(), cx(t, id)); err != nil {
			t.Fatal(err)
		}
	}
	of := func(patient, id string) attempt {
		return fresh(t, fmt.Sprintf("%d.%s", round, id), func(s *xds.Submission) {
			e := s.DocumentEntries[0]
			s.SubmissionSets[0].PatientID, e.PatientID = cx(t, patient), cx(t, patient)
			e.EntryUUID = newEntryUUID()
			s.Associations[0].Target = e.EntryUUID
		})
	}
	for i, patient := range []string{m.from, m.from, m.to} {
		a := of(patient, fmt.Sprintf("1%d", i))
		if codes, _, err := n.try(t.Context(), a); codes != "" || err != nil {
			t.Fatal(codes, err)
		}
		if patient == m.from {
			m.early = append(m.early, a.DocumentEntries[0].EntryUUID)
		}
	}
	for i := range 12 {
		m.list = append(m.list, of(m.from, fmt.Sprintf("2%d", i)))
	}
	return m
}

func (m *mergeRace) find(t testing.TB, patient string) query.FindDocuments {
	return query.FindDocuments{Patient: cx(t, patient), DocumentFilter: query.DocumentFilter{
		Status: []xds.Status{xds.Approved}, Types: []xds.ObjectType{xds.Stable}}}
}

func (m *mergeRace) run(t *testing.T, round int) {
	var done atomic.Bool
	merge := func() {
		defer done.Store(true)
		if err := m.db.MergePatient(t.Context(), pix.Merge{Survivor: cx(t, m.to), Subsumed: cx(t, m.from)}); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
	}
	watch := func() {
		merged := false
		for last := false; !last; {
			last = done.Load() // one look after the merge
			now := m.look(t, round)
			if merged && !now {
				t.Errorf("round %d: the merge was undone", round)
			}
			merged = now
		}
		if !merged {
			t.Errorf("round %d: the merge is not seen after it was acknowledged", round)
		}
	}
	o := m.race(t, m.list, merge, watch, watch)
	accepted, refused := o.byCode[""], o.byCode["XDSUnknownPatientId"]
	if accepted+refused != len(m.list) {
		t.Errorf("round %d: outcomes %v, want Success and XDSUnknownPatientId only", round, o.byCode)
	}
	if got := len(m.counted(t, m.find(t, m.to))); got != accepted+3 {
		t.Errorf("round %d: %d entries of the survivor, want %d: accepted ones and those before", round, got, accepted+3)
	}
	late := fresh(t, fmt.Sprintf("%d.3", round), func(s *xds.Submission) {
		s.SubmissionSets[0].PatientID, s.DocumentEntries[0].PatientID = cx(t, m.from), cx(t, m.from)
	})
	if codes, _, err := m.try(t.Context(), late); codes != "XDSUnknownPatientId" || err != nil {
		t.Errorf("round %d: after the merge: %q %v", round, codes, err)
	}
}

// look asks for both ids and for the entries by id, each in a query of its own and all of them in one state, and tells
// whether the merge is seen.
func (m *mergeRace) look(t testing.TB, round int) (merged bool) {
	early := map[xds.EntryUUID]bool{}
	for _, id := range m.early {
		early[id] = true
	}
	count := func(found []store.Object, err error) (n int, owners map[string]int) {
		owners = map[string]int{}
		for _, o := range found {
			if early[o.EntryUUID] {
				n++
				owners[o.Patient.ID]++
			}
		}
		if err != nil || len(owners) > 1 || n != 0 && n != len(early) {
			t.Errorf("round %d: a query sees %d of %d entries, of %v: %v", round, n, len(early), owners, err)
		}
		return n, owners
	}
	for _, id := range []string{m.from, m.to} {
		count(m.counted(t, m.find(t, id)), nil)
	}
	err := m.db.View(t.Context(), func(r store.RegistryReader) error {
		ask := func(q query.Query) (int, map[string]int) { return count(r.Find(t.Context(), q, false, 1000)) }
		from, _ := ask(m.find(t, m.from))
		to, _ := ask(m.find(t, m.to))
		_, owners := ask(query.GetDocuments{IDs: query.IDs{EntryUUIDs: m.early}})
		merged = to > 0
		if (from > 0) == merged || (owners[m.to] > 0) != merged {
			t.Errorf("round %d: one state has %d entries under the subsumed id, %d under the survivor, owners %v", round, from, to, owners)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return merged
}
