package atna

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"dossier/iti"
)

var update = flag.Bool("update", false, "rewrite the recorded messages")

var at = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.FixedZone("", 3600))

var here = AuditSource{EnterpriseSiteID: "2.999.9.1", ID: "dossier", Types: []Code{ApplicationServer}}

// sample is a record of the transaction with what its row of the matrix has.
func sample(id string, r Role, o Outcome) *Record {
	rec := &Record{
		Transaction: iti.Transaction{ID: id, Name: "Transaction " + id}, Role: r, Time: at, Outcome: o, Source: here,
		Initiator:    Party{UserID: "http://www.w3.org/2005/08/addressing/anonymous", NetworkAccess: NetworkAccessPoint{"192.0.2.20", IPAddress}},
		Responder:    Party{UserID: "https://xds.example.org/xds/x", AlternativeUserID: "4711", NetworkAccess: NetworkAccessPoint{"xds.example.org", MachineName}},
		Users:        []User{{ID: "dr7", Name: "dr7<dr7@https://idp.example.org>", Roles: []Code{{Value: "MED", System: "2.999.6.1", Text: "Physician"}}}},
		PurposeOfUse: []Code{{Value: "TREATMENT", System: "2.16.840.1.113883.3.18.7.1", Text: "Treatment"}},
		MessageID:    "M-1", Patients: []string{"P-1^^^&2.999.1.1&ISO"},
	}
	if o != Success {
		rec.Description = "XDSRegistryError"
	}
	p := find(id)
	switch {
	case p.responder.id == Query:
		rec.Query = &QueryData{ID: "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d", Message: []byte("<query/>"), Home: "urn:oid:2.999.9.1"}
	case id == "ITI-62":
		rec.Removed = []string{"urn:uuid:00000000-0000-4000-8000-000000000001"}
	case id == "ITI-59":
		rec.Providers = []ProviderData{
			{UID: "uid=1", Action: Create}, {UID: "uid=2", Organization: true, Action: Update}, {UID: "uid=3", OldUID: "uid=0", Action: Execute},
			{UID: "uid=4", Action: Delete, Failed: true},
		}
	case p.reversed || id == "ITI-86":
		rec.Documents = []DocumentData{{UniqueID: "2.999.8.1", Repository: "2.999.1.2", Home: "urn:oid:2.999.9.1"}}
		if o == MinorFailure {
			rec.Documents = append(rec.Documents, DocumentData{UniqueID: "2.999.8.2", Repository: "2.999.1.2", Failed: true})
		}
	case p.responder.id == Import:
		rec.SubmissionSet = "2.999.7.55"
		if id == "ITI-92" {
			rec.Home = "urn:oid:2.999.9.1"
		}
	}
	return rec
}

// sampleRecords is every transaction in both roles with every outcome, and merges.
func sampleRecords() []*Record {
	var out []*Record
	for _, m := range matrix {
		for _, r := range []Role{Initiator, Responder} {
			for _, o := range []Outcome{Success, MinorFailure, SeriousFailure, MajorFailure} {
				out = append(out, sample(m.transaction, r, o))
			}
		}
		if m.pattern.instance != "" && m.pattern.responder.action == "" {
			merge := sample(m.transaction, Responder, Success)
			merge.Merged = "P-2^^^&2.999.1.1&ISO"
			out = append(out, merge)
		}
	}
	return out
}

// nodeEvents are those of D.4: what is no transaction.
func nodeEvents() []Event {
	n := Node{Source: here, Process: "4711", Account: "dossier", Host: NetworkAccessPoint{"xds.example.org", MachineName}}
	peer := Party{UserID: "CN=emr", NetworkAccess: NetworkAccessPoint{"192.0.2.20", IPAddress}}
	return []Event{
		n.Started(at), n.Stopped(at, Success), n.Stopped(at, MajorFailure), n.Recording(at, AuditRecordingStarted), n.Recording(at, AuditRecordingStopped),
		n.Alert(Alert{Type: NodeAuthentication, Time: at, Outcome: SeriousFailure, Peer: Party{NetworkAccess: peer.NetworkAccess}, Description: "certificate has expired"}),
		n.Alert(Alert{Type: MessageRefused, Time: at, Outcome: SeriousFailure, Peer: peer, Description: "env:Sender", Object: "https://xds.example.org/xds/registry"}),
		n.Alert(Alert{Type: SecurityConfiguration, Time: at, Peer: peer}),
		n.LogUsed(at, peer, "https://xds.example.org/audit", []string{"P-1^^^&2.999.1.1&ISO"}, Success),
		n.Authenticated(at, peer, Success), n.Authenticated(at, Party{}, SeriousFailure),
	}
}

// recorded lists the files of testdata with their lines, one message each.
func recorded() map[string][]byte {
	files := map[string][]byte{}
	for _, r := range sampleRecords() {
		for _, e := range r.Events() {
			name := r.Transaction.ID + ".xml"
			files[name] = append(Append(files[name], &e), '\n')
		}
	}
	for _, e := range nodeEvents() {
		files["node.xml"] = append(Append(files["node.xml"], &e), '\n')
	}
	return files
}

// TestRecordedMessages compares every message byte for byte.
func TestRecordedMessages(t *testing.T) {
	t.Parallel()
	for name, got := range recorded() {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from what was recorded:\n%s", name, got)
		}
	}
}

// TestSchema validates every message against the schema of DICOM PS3.15, edition 2017c.
func TestSchema(t *testing.T) {
	t.Parallel()
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("no xmllint on PATH: messages are not validated")
	}
	root := os.Getenv("DOSSIER_ORACLE")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "oracle")
	}
	schema := filepath.Join(root, "audit", "dicom2017c.xsd")
	if _, err := os.Stat(schema); err != nil {
		t.Skipf("no %s: messages are not validated", schema)
	}
	dir, args := t.TempDir(), []string{"--noout", "--schema", schema}
	n := 0
	for _, lines := range recorded() {
		for line := range bytes.Lines(lines) {
			n++
			name := filepath.Join(dir, strconv.Itoa(n)+".xml")
			if err := os.WriteFile(name, line, 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, name)
		}
	}
	if n < 250 {
		t.Errorf("only %d messages", n)
	}
	if out, err := exec.Command(lint, args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	bad := filepath.Join(dir, "bad.xml")
	if err := os.WriteFile(bad, []byte("<AuditMessage/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := exec.Command(lint, "--noout", "--schema", schema, bad).Run(); err == nil {
		t.Error("the schema takes an empty AuditMessage")
	}
}

// TestMatrix checks rows against the table of the Technical Framework as written down independently.
func TestMatrix(t *testing.T) {
	t.Parallel()
	for _, want := range []string{
		"ITI-8 I 110110 C source=initiator", "ITI-8 R 110110 C source=initiator", "ITI-18 I 110112 E source=initiator", "ITI-18 R 110112 E source=initiator",
		"ITI-41 I 110106 R source=initiator", "ITI-41 R 110107 C source=initiator", "ITI-42 R 110107 C source=initiator",
		"ITI-43 I 110107 C source=responder", "ITI-43 R 110106 R source=responder", "ITI-39 R 110106 R source=responder",
		"ITI-57 I 110106 U source=initiator", "ITI-57 R 110107 U source=initiator", "ITI-92 R 110107 U source=initiator",
		"ITI-46 I 110110 R source=initiator", "ITI-46 R 110110 U source=initiator", "ITI-61 R 110107 C source=initiator",
		"ITI-62 R 110110 D source=initiator", "ITI-86 I 110110 D source=initiator", "ITI-99 R 110100 E source=initiator",
	} {
		f := strings.Fields(want)
		r := Initiator
		if f[1] == "R" {
			r = Responder
		}
		e := sample(f[0], r, Success).Events()[0]
		source := "source=initiator"
		if !e.Participants[0].UserIsRequestor {
			source = "source=responder"
		}
		if got := strings.Join([]string{f[0], f[1], e.Identification.ID.Value, string(e.Identification.Action), source}, " "); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestSeveralEvents: who did what to whom is one event each (ITI TF-2: 3.20.7, 3.8.5.1, 3.43.6.1).
func TestSeveralEvents(t *testing.T) {
	t.Parallel()
	merge := sample("ITI-8", Responder, SeriousFailure)
	merge.Merged = "P-2^^^&2.999.1.1&ISO"
	if got := summary(merge); !slices.Equal(got, []string{"D 8 P-2^^^&2.999.1.1&ISO", "U 8 P-1^^^&2.999.1.1&ISO"}) {
		t.Errorf("merge: %q", got)
	}
	r := sample("ITI-43", Responder, MinorFailure)
	r.Patients = nil
	r.Documents = []DocumentData{{UniqueID: "a", Patient: "P-1"}, {UniqueID: "b", Patient: "P-2"}, {UniqueID: "c", Failed: true}, {UniqueID: "d", Patient: "P-1"}}
	if got := summary(r); !slices.Equal(got, []string{"R 0 P-1 a d", "R 0 P-2 b", "R 8 c"}) {
		t.Errorf("retrieve: %q", got)
	}
	if got := r.Events()[0].Identification.OutcomeDescription; got != "" {
		t.Errorf("success explains a failure: %q", got)
	}
	r.Outcome = MajorFailure
	for _, e := range r.Events() {
		if e.Identification.Outcome != MajorFailure {
			t.Errorf("outcome %d although nothing was delivered", e.Identification.Outcome)
		}
	}
}

func summary(r *Record) []string {
	var out []string
	for _, e := range r.Events() {
		words := []string{string(e.Identification.Action), strconv.Itoa(int(e.Identification.Outcome))}
		for _, o := range e.Objects {
			words = append(words, o.ID)
		}
		out = append(out, strings.Join(words, " "))
	}
	return out
}

func TestKeys(t *testing.T) {
	t.Parallel()
	e := sample("ITI-18", Responder, Success).Events()[0]
	k := e.Keys()
	if !slices.Equal(k.Patients, []string{"P-1^^^&2.999.1.1&ISO"}) {
		t.Errorf("patients %q", k.Patients)
	}
	if want := []string{"dr7", "dr7<dr7@https://idp.example.org>"}; !slices.Equal(k.Users, want) {
		t.Errorf("users %q, want %q", k.Users, want)
	}
}
