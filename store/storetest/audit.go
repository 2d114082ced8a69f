package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dossier/atna"
	"dossier/hl7v2"
	"dossier/iti"
	"dossier/store"
)

// AuditBackend is what the suite of the audit trail needs.
type AuditBackend interface {
	store.Audit
	store.AuditChain
	store.AuditCursors
	store.AuditIndex
	store.Registry
}

// Audit runs the suite of the audit trail; open returns an empty one.
func Audit(t *testing.T, open func(t *testing.T) AuditBackend) {
	for name, test := range map[string]func(*testing.T, AuditBackend){
		"search":              auditSearch,
		"search in parts":     auditParts,
		"with a change":       auditWithChange,
		"many at a time":      auditMany,
		"received":            auditReceived,
		"chain":               auditChain,
		"several link":        auditLinkers,
		"checkpoints":         auditCheckpoints,
		"time stamps":         auditStamps,
		"large messages":      auditLarge,
		"cursors":             auditCursors,
		"a cursor forgotten":  auditForgotten,
		"expiry":              auditExpiry,
		"expiry waits":        auditExpiryWaits,
		"hostile search keys": auditHostile,
		"several types":       auditTypes,
		"index":               auditIndex,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

var auditStart = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// auditMessage is the n-th message: its patient, user, transaction, outcome and time depend on n.
func auditMessage(n int) store.AuditMessage {
	r := &atna.Record{
		Transaction: []iti.Transaction{iti.RegistryStoredQuery, iti.RetrieveDocumentSet, iti.ProvideAndRegisterDocumentSet}[n%3], Role: atna.Responder,
		Time: auditStart.Add(time.Duration(n) * time.Second), Outcome: []atna.Outcome{atna.Success, atna.SeriousFailure}[n%2],
		Source: atna.AuditSource{ID: "dossier"}, Users: []atna.User{{ID: fmt.Sprintf("dr%d", n%5), Name: "a<b@c>"}},
		Patients: []string{fmt.Sprintf("P%d^^^NS&2.999.1.1&ISO", n%4)},
	}
	e := r.Events()[0]
	return store.AuditMessage{Exchange: fmt.Sprintf("ref-%d", n), Event: &e, Message: atna.Append(nil, &e)}
}

func record(t *testing.T, b AuditBackend, n int) {
	t.Helper()
	for i := range n {
		if err := b.Record(t.Context(), auditMessage(i)); err != nil {
			t.Fatal(err)
		}
	}
}

// exchanges are the references of what a search finds.
func exchanges(t *testing.T, b AuditBackend, q store.AuditQuery) []string {
	t.Helper()
	found, err := b.SearchAudit(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range found {
		out = append(out, m.Exchange)
	}
	return out
}

func patientKey(id string) hl7v2.PatientKey {
	return hl7v2.PatientKey{ID: id, Authority: "2.999.1.1"}
}

func auditSearch(t *testing.T, b AuditBackend) {
	record(t, b, 12)
	for name, c := range map[string]struct {
		query store.AuditQuery
		want  func(n int) bool
	}{
		"all":              {store.AuditQuery{}, func(int) bool { return true }},
		"patient":          {store.AuditQuery{Patients: []hl7v2.PatientKey{patientKey("P1")}}, func(n int) bool { return n%4 == 1 }},
		"patients":         {store.AuditQuery{Patients: []hl7v2.PatientKey{patientKey("P1"), patientKey("P2"), patientKey("P1")}}, func(n int) bool { return n%4 == 1 || n%4 == 2 }},
		"another patient":  {store.AuditQuery{Patients: []hl7v2.PatientKey{{ID: "P1", Authority: "2.999.9"}}}, func(int) bool { return false }},
		"user":             {store.AuditQuery{Users: []string{"dr3"}}, func(n int) bool { return n%5 == 3 }},
		"user within XUA":  {store.AuditQuery{Users: []string{"b"}}, func(int) bool { return true }},
		"patient and user": {store.AuditQuery{Patients: []hl7v2.PatientKey{patientKey("P1")}, Users: []string{"dr4"}}, func(n int) bool { return n%4 == 1 && n%5 == 4 }},
		"time": {store.AuditQuery{From: auditStart.Add(3 * time.Second), To: auditStart.Add(6 * time.Second)},
			func(n int) bool { return n >= 3 && n < 6 }},
		"patient and time": {store.AuditQuery{Patients: []hl7v2.PatientKey{patientKey("P0")}, From: auditStart.Add(time.Second)}, func(n int) bool { return n%4 == 0 && n > 0 }},
		"transaction":      {store.AuditQuery{Types: []string{"ITI-18"}}, func(n int) bool { return n%3 == 0 }},
		"event":            {store.AuditQuery{EventIDs: []string{"110106", "110107"}}, func(n int) bool { return n%3 != 0 }},
		"action":           {store.AuditQuery{Actions: []atna.Action{atna.Create}}, func(n int) bool { return n%3 == 2 }},
		"outcome":          {store.AuditQuery{Outcomes: []atna.Outcome{atna.SeriousFailure}}, func(n int) bool { return n%2 == 1 }},
		"exchange":         {store.AuditQuery{Exchanges: []string{"ref-7"}}, func(n int) bool { return n == 7 }},
		"source":           {store.AuditQuery{Sources: []string{"other"}}, func(int) bool { return false }},
		"unparsed":         {store.AuditQuery{Unparsed: true}, func(int) bool { return false }},
	} {
		var want []string
		for n := 11; n >= 0; n-- {
			if c.want(n) {
				want = append(want, fmt.Sprintf("ref-%d", n))
			}
		}
		if got := exchanges(t, b, c.query); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	found, err := b.SearchAudit(t.Context(), store.AuditQuery{Exchanges: []string{"ref-7"}})
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	if m, want := found[0], auditMessage(7); string(m.Message) != string(want.Message) || m.Event.Identification.Time != want.Event.Identification.Time || m.Stored().IsZero() {
		t.Errorf("got %+v", m)
	}
}

func auditParts(t *testing.T, b AuditBackend) {
	record(t, b, 10)
	same := auditMessage(9)
	same.Exchange = "ref-9 again" // the same time
	if err := b.Record(t.Context(), same); err != nil {
		t.Fatal(err)
	}
	for _, q := range []store.AuditQuery{{Limit: 1}, {Limit: 3}, {Limit: 4, Patients: []hl7v2.PatientKey{patientKey("P1"), patientKey("P2")}}} {
		whole := q
		whole.Limit = 0
		want := exchanges(t, b, whole)
		var got []string
		for {
			found, err := b.SearchAudit(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if len(found) == 0 {
				break
			}
			if len(found) > q.Limit {
				t.Fatalf("%d found, limit %d", len(found), q.Limit)
			}
			for _, m := range found {
				got = append(got, m.Exchange)
			}
			last := found[len(found)-1]
			q.Before = &store.AuditPlace{Time: last.Event.Identification.Time, ID: last.ID}
		}
		if !slices.Equal(got, want) {
			t.Errorf("in parts of %d: %q, want %q", q.Limit, got, want)
		}
	}
}

var errChange = errors.New("refused by the test")

// auditWithChange: committed with the change or not at all, once, also when the store runs the change again.
func auditWithChange(t *testing.T, b AuditBackend) {
	update := func(name string, fn func(attempt int) error) (stored bool, err error) {
		m := auditMessage(0)
		ctx := atna.Attach(t.Context(), &atna.Attachment{Exchange: name, Events: func() []atna.Event { return []atna.Event{*m.Event} }, Stored: func() { stored = true }})
		attempt := 0
		err = b.Update(ctx, func(store.RegistryTx) error {
			attempt++
			return fn(attempt)
		})
		return stored, err
	}
	if stored, err := update("changed", func(int) error { return nil }); err != nil || !stored {
		t.Errorf("stored %v, %v", stored, err)
	}
	if stored, err := update("refused", func(int) error { return errChange }); !errors.Is(err, errChange) || stored {
		t.Errorf("stored %v, %v", stored, err)
	}
	if stored, err := update("again", func(attempt int) error {
		if attempt < 3 {
			return store.ErrConflict
		}
		return nil
	}); err != nil || !stored {
		t.Errorf("stored %v, %v", stored, err)
	}
	if stored, err := update("lost", func(int) error { return store.ErrConflict }); !errors.Is(err, store.ErrConflict) || stored {
		t.Errorf("stored %v, %v", stored, err)
	}
	if got := exchanges(t, b, store.AuditQuery{}); !slices.Equal(got, []string{"again", "changed"}) {
		t.Errorf("got %q", got)
	}
}

func auditMany(t *testing.T, b AuditBackend) {
	const callers, each = 8, 25
	var wg sync.WaitGroup
	var failed atomic.Int64
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				m := auditMessage(c*each + i)
				if b.Record(t.Context(), m, m) != nil {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	got := exchanges(t, b, store.AuditQuery{})
	if len(got) != 2*callers*each || failed.Load() > 0 {
		t.Errorf("%d messages, %d failed", len(got), failed.Load())
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Record(cancelled, auditMessage(0)); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// auditReceived: what comes again is one, what cannot be parsed is kept, and our own may say the same twice.
func auditReceived(t *testing.T, b AuditBackend) {
	good, raw := auditMessage(1), store.AuditMessage{Peer: "192.0.2.1", Message: []byte("\x00\xffnot \r\n XML")}
	good.Peer = "192.0.2.1"
	elsewhere := good
	elsewhere.Peer = "192.0.2.2"
	if err := b.Record(t.Context(), good, raw, good); err != nil {
		t.Fatal(err)
	}
	if err := b.Record(t.Context(), raw, elsewhere, auditMessage(1), auditMessage(1)); err != nil {
		t.Fatal(err)
	}
	all, err := b.SearchAudit(t.Context(), store.AuditQuery{})
	if err != nil || len(all) != 4 {
		t.Fatalf("%d messages, %v", len(all), err)
	}
	odd, err := b.SearchAudit(t.Context(), store.AuditQuery{Unparsed: true})
	if err != nil || len(odd) != 1 || string(odd[0].Message) != string(raw.Message) || odd[0].Event != nil || odd[0].Peer != "192.0.2.1" {
		t.Errorf("%+v, %v", odd, err)
	}
}

// auditHostile: keys are values, whatever they hold.
func auditHostile(t *testing.T, b AuditBackend) {
	for _, key := range []string{"' OR 1=1 --", "%", "*", "_", "\x00", "é\"\\", "a\r\nb"} {
		m := auditMessage(0)
		m.Event.Participants[1].UserID = key
		m.Exchange = "x"
		m.Message = atna.Append(nil, m.Event)
		if err := b.Record(t.Context(), m); err != nil {
			t.Fatalf("%q: %v", key, err)
		}
		if got := exchanges(t, b, store.AuditQuery{Users: []string{key}}); len(got) != 1 {
			t.Errorf("%q: found %d", key, len(got))
		}
	}
}

// auditTypes: an event with several type codes is found by each of them, and by nothing that only looks like one.
func auditTypes(t *testing.T, b AuditBackend) {
	record(t, b, 3)
	m := auditMessage(1)
	m.Exchange = "several"
	m.Event.Identification.Types = []atna.Code{{Value: "ITI-18"}, {Value: "a%b'"}, {Value: "110127"}}
	m.Message = atna.Append(nil, m.Event)
	if err := b.Record(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string][]string{
		"ITI-18": {"several", "ref-0"}, "a%b'": {"several"}, "110127": {"several"}, "ITI-43": {"ref-1"},
		"110": nil, "iti-18": nil, "ITI-1": nil, "%": nil, "": nil,
	} {
		if got := exchanges(t, b, store.AuditQuery{Types: []string{kind, "none"}}); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", kind, got, want)
		}
	}
	indexed(t, b)
}

// auditIndex: what was stored is found by what it says, however odd that is, and a chain that is cut off leaves nothing behind.
func auditIndex(t *testing.T, b AuditBackend) {
	record(t, b, 30)
	odd := auditMessage(1)
	odd.Event.Participants = append(odd.Event.Participants, atna.ActiveParticipant{UserID: "\x00\xff\uffff'\r\n"}, atna.ActiveParticipant{UserID: strings.Repeat("ä", 5000)})
	odd.Event.Objects = append(odd.Event.Objects, atna.PatientObject("\x00^^^&2.999&ISO"), atna.PatientObject("no\xffCX^^^^^^^^^"), atna.PatientObject("P1^^^&2.999.1.1&ISO"))
	odd.Event.Identification.Types = append(odd.Event.Identification.Types, atna.Code{Value: "\x01"})
	odd.Event.Identification.Time = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	odd.Message = atna.Append(nil, odd.Event)
	odd.Event, _, _ = atna.Decode(odd.Message)
	for _, peer := range []string{"", "192.0.2.1"} {
		odd.Peer = peer
		if err := b.Record(t.Context(), odd, store.AuditMessage{Peer: "192.0.2.1", Message: []byte("bytes")}); err != nil {
			t.Fatal(err)
		}
	}
	indexed(t, b)
	if err := b.AddCheckpoint(t.Context(), checkpoint(linkAll(t, b), auditStart)); err != nil {
		t.Fatal(err)
	}
	indexed(t, b)
	if n, err := b.Expire(t.Context(), auditStart.Add(time.Hour)); err != nil || n != 33 {
		t.Fatalf("%d expired, %v", n, err)
	}
	record(t, b, 1)
	indexed(t, b)
}

// indexed finds nothing wrong, looking at a few at a time.
func indexed(t *testing.T, b AuditBackend) {
	t.Helper()
	if ids, err := b.OutsideChain(t.Context()); err != nil || len(ids) > 0 {
		t.Errorf("outside the chain: %v, %v", ids, err)
	}
	all, err := b.SearchAudit(t.Context(), store.AuditQuery{})
	if err != nil {
		t.Fatal(err)
	}
	looks := 0
	for after := int64(0); ; looks++ {
		faults, last, err := b.CheckIndex(t.Context(), after, 4)
		if err != nil || len(faults) > 0 {
			t.Fatalf("%+v, %v", faults, err)
		}
		if last == 0 {
			break
		}
		after = last
	}
	if looks != (len(all)+3)/4 {
		t.Errorf("%d messages, looked %d times at 4", len(all), looks)
	}
	rows := 0
	for after := (store.AuditKey{}); ; {
		faults, last, n, err := b.CheckPatients(t.Context(), after, 3)
		if err != nil || len(faults) > 0 {
			t.Fatalf("%+v, %v", faults, err)
		}
		if n == 0 {
			break
		}
		rows, after = rows+n, last
	}
	if rows == 0 {
		t.Error("no patient in the index")
	}
}
