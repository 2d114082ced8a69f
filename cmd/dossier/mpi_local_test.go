package main

import (
	"fmt"
	"strings"
	"testing"

	"dossier/hl7v2"
	"dossier/internal/golden"
	"dossier/xds"
)

// The scene of local ids: who has which, at a server with a patient index.
const (
	local2     = "LOC-2^^^&2.999.2.1&ISO" // of nobody in the affinity domain
	localTwo   = "LOC-3^^^&2.999.2.1&ISO" // of two there
	localNone  = "LOC-9^^^&2.999.2.1&ISO" // of nobody at all
	affinity1  = "AFF-1^^^&2.999.1.1&ISO"
	notAllowed = "X^^^&2.999.77&ISO" // of a domain that is not configured
)

func feedLocals(t *testing.T, index *testServer) {
	t.Helper()
	adt(t, index, "A28", "PID|||"+local1+"~"+affinity1+"||Thill^Luc\rPV1||N")
	adt(t, index, "A28", "PID|||"+local2+"||Weber^Anna\rPV1||N")
	adt(t, index, "A28", "PID|||"+localTwo+"~AFF-3^^^&2.999.1.1&ISO~AFF-4^^^&2.999.1.1&ISO||Kremer^Jos\rPV1||N")
}

// localSubmission is an ITI-42 of one entry and one folder for the patient.
func localSubmission(t *testing.T, patient string) *xds.Submission {
	t.Helper()
	id, err := hl7v2.ParseCX(patient)
	if err != nil {
		t.Fatal(err)
	}
	m := registrable(demoSubmission(t, 1))
	m.SubmissionSets[0].PatientID, m.DocumentEntries[0].PatientID, m.DocumentEntries[0].SourcePatientID = id, id, id
	m.Folders = []*xds.Folder{{EntryUUID: "Folder01", PatientID: id, UniqueID: "2.999.5.2000", Title: "folder", Codes: []xds.Code{{Code: "c", Scheme: "2.999.9", Display: "Code"}}}}
	m.Associations = append(m.Associations,
		&xds.Association{EntryUUID: "asf", Type: xds.HasMember, Source: "Set", Target: "Folder01"},
		&xds.Association{EntryUUID: "asfd", Type: xds.HasMember, Source: "Folder01", Target: "Document01"},
		&xds.Association{EntryUUID: "asfs", Type: xds.HasMember, Source: "Set", Target: "asfd"})
	return m
}

// register sends it under a MessageID and returns the answer.
func register(t *testing.T, s *testServer, id string, m *xds.Submission) string {
	t.Helper()
	answer, err := golden.Send(s.addr(), []byte(onRegistry(identified("urn:uuid:"+id, envelope(actionRegister, submitRequest(m))))))
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

const anyUUID = "6c1d2f51-5a5e-4d3c-9a43-0a6f7d6f7c01"

// refusedID is an id under which nothing can be submitted.
type refusedID struct{ what, patient, code, rule string }

// resolves walks through what a server does with local ids, whoever resolves them: index is the server with the patient index.
func resolves(t *testing.T, s, index *testServer, refusals []refusedID) {
	t.Helper()
	feedLocals(t, index)
	for _, c := range refusals {
		answer := register(t, s, anyUUID, localSubmission(t, c.patient))
		if strings.Count(answer, "errorCode=") != 1 || !strings.Contains(answer, `errorCode="`+c.code+`"`) || !strings.Contains(answer, "["+c.rule+",") {
			t.Errorf("%s: want %s by %s alone, got\n%s", c.what, c.code, c.rule, answer)
		}
	}
	before := len(s.auditTrail(t))
	message := localSubmission(t, local1)
	if answer := register(t, s, anyUUID, message); !successful([]byte(answer)) {
		t.Fatal(answer)
	}
	trail := string(auditLines(s.auditTrail(t)[before:]))
	if _, of42, _ := strings.Cut(trail, `csd-code="ITI-42"`); !strings.Contains(of42, `ParticipantObjectID="`+strings.ReplaceAll(affinity1, "&", "&amp;")+`"`) {
		t.Errorf("the audit trail does not name the patient by the id of the affinity domain:\n%s", trail)
	}
	found, err := golden.Send(s.addr(), []byte(query18(storedQuery(getAllQuery, "LeafClass", "$patientId", "'"+affinity1+"'",
		"$XDSDocumentEntryStatus", statusApproved, "$XDSSubmissionSetStatus", statusApproved, "$XDSFolderStatus", statusApproved))))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(found), "&amp;", "&")
	if n := strings.Count(text, `value="`+affinity1+`"`); n != 3 {
		t.Errorf("%d objects have the id of the affinity domain, want 3:\n%s", n, found)
	}
	if n := strings.Count(text, local1); n != 1 || !strings.Contains(text, "<rim:Value>"+local1) {
		t.Errorf("the local id stands in %d places, want sourcePatientId alone:\n%s", n, found)
	}
	if rows := queryJSON(t, "--to", s.registry(), "FindDocuments", "$XDSDocumentEntryPatientId="+local1, approved); len(rows) != 0 {
		t.Errorf("%d documents are found by the local id", len(rows))
	}
	// The same message again is what it was, also when the ids have been taken apart since; another one is refused.
	adt(t, index, "A37", "PID|||"+local1+"\rPV1||N\rPID|||"+affinity1+"\rPV1||N")
	if s != index {
		s.node.mpi.Invalidate(message.SubmissionSets[0].PatientID) // its notification is another test
	}
	if answer := register(t, s, anyUUID, localSubmission(t, local1)); !successful([]byte(answer)) {
		t.Errorf("retransmission: %s", answer)
	}
	message.SubmissionSets[0].UniqueID, message.DocumentEntries[0].UniqueID, message.Folders[0].UniqueID = "2.999.5.77", "2.999.5.78", "2.999.5.79"
	if answer := register(t, s, strings.Replace(anyUUID, "6c", "7c", 1), message); !strings.Contains(answer, "local-id-resolved") {
		t.Errorf("after the unlink: %s", answer)
	}
}

const getAllQuery = "urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3"

// TestResolveLocalIDs: with registry.resolveLocalIds, an id of a configured domain stands for that of the affinity domain, be the
// patient index here or elsewhere; without it, it is unknown.
func TestResolveLocalIDs(t *testing.T) {
	t.Parallel()
	refusals := []refusedID{
		{"nobody's", localNone, "XDSUnknownPatientId", "local-id-resolved"},
		{"of nobody in the affinity domain", local2, "XDSUnknownPatientId", "local-id-resolved"},
		{"of two there", localTwo, "XDSRegistryMetadataError", "local-id-single"},
		{"of a domain that is not configured", notAllowed, "XDSUnknownPatientId", "patient-known"},
	}
	t.Run("embedded", func(t *testing.T) {
		onEach(t, func(t *testing.T, b backend) {
			c := withDomains(b.config(t))
			c.Registry.ResolveLocalIDs = true
			s := startServer(t, c, realWorld())
			resolves(t, s, s, refusals)
		})
	})
	t.Run("off", func(t *testing.T) {
		t.Parallel()
		s := startServer(t, goldenConfig(t), realWorld())
		feedLocals(t, s)
		if answer := register(t, s, anyUUID, localSubmission(t, local1)); !strings.Contains(answer, "XDSUnknownPatientId") || !strings.Contains(answer, "[patient-known,") {
			t.Error(answer)
		}
	})
	for _, protocol := range []string{mpiV2, mpiV3} {
		t.Run("external "+protocol, func(t *testing.T) {
			t.Parallel()
			p := startPair(t, protocol, func(c *Config) { c.Registry.ResolveLocalIDs = true })
			resolves(t, p.s, p.mpi, refusals)
		})
	}
}

// TestResolveLocalIDsOfARepository: a repository whose registry is elsewhere leaves ids as they are, and the registry resolves; the
// documents can be retrieved either way.
func TestResolveLocalIDsOfARepository(t *testing.T) {
	t.Parallel()
	c := goldenConfig(t)
	c.Registry.ResolveLocalIDs = true
	central := startServer(t, c, realWorld())
	feedLocals(t, central)
	c = goldenConfig(t)
	c.Registry.URL, c.Repository.ID = central.registry(), "2.999.1.8"
	for name, s := range map[string]*testServer{"here": central, "apart": startServer(t, c, realWorld())} {
		in := submitJSON(t, "--to", s.repository(), "--patient", local1, documents(t)[0])
		last := s.lastAudit(t)
		if out := mustCommand(t, "retrieve", "--to", s.repository(), "--registry", "none", "--repository", s.node.config.Repository.ID, "--document", in.Documents[0].UniqueID); out != string(readFile(t, documents(t)[0])) {
			t.Errorf("%s: came back with other bytes", name)
		}
		want := affinity1 // here the document is the patient's as the registry knows him; apart, as the source named him
		if name == "apart" {
			want = local1
		}
		if trail := string(auditLines(s.auditAfter(t, last))); !strings.Contains(trail, `ParticipantObjectID="`+strings.ReplaceAll(want, "&", "&amp;")+`"`) {
			t.Errorf("%s: the retrieval is not recorded for %s:\n%s", name, want, trail)
		}
		if _, _, err := command(t.Context(), "submit", "--to", s.repository(), "--patient", localNone, documents(t)[0]); err == nil || !strings.Contains(err.Error(), "local-id-resolved") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if rows := queryJSON(t, "--to", central.registry(), "FindDocuments", "$XDSDocumentEntryPatientId="+affinity1, approved); len(rows) != 2 {
		t.Errorf("%d documents, want 2", len(rows))
	}
	if err := central.stop(); err != nil {
		t.Fatal(err)
	}
	mustCommand(t, "verify", "--data", central.node.config.Data) // index, registry and documents agree on the patient
}

// TestRememberedIDs: a resolved id is remembered until a notification (ITI-10, ITI-46) or a merge says that it may be another
// one's; the MPI tells this server of changes by itself.
func TestRememberedIDs(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol string) {
		var n int
		p := startPair(t, protocol, func(c *Config) { c.Registry.ResolveLocalIDs = true })
		adt(t, p.mpi, "A28", "PID|||"+local1+"~"+affinity1+"||Thill^Luc\rPV1||N")
		adt(t, p.mpi, "A28", "PID|||AFF-2^^^&2.999.1.1&ISO||Weber^Anna\rPV1||N")
		submit := func(what string, asks bool) {
			t.Helper()
			before := p.gate.seen.Load()
			n++
			m := localSubmission(t, local1)
			m.SubmissionSets[0].UniqueID, m.DocumentEntries[0].UniqueID = xds.UniqueID(fmt.Sprint("2.999.8.", n)), xds.UniqueID(fmt.Sprint("2.999.9.", n))
			m.Folders[0].UniqueID = xds.UniqueID(fmt.Sprint("2.999.7.", n))
			if answer := register(t, p.s, fmt.Sprintf("6c1d2f51-5a5e-4d3c-9a43-%012d", n), m); !successful([]byte(answer)) {
				t.Fatalf("%s: %s", what, answer)
			}
			if got := p.gate.seen.Load() != before; got != asks {
				t.Errorf("%s: the MPI was asked: %v, want %v", what, got, asks)
			}
		}
		submit("first", true)
		submit("remembered", false)
		tell := func(ids ...string) {
			t.Helper()
			if protocol == mpiV2 {
				adt(t, p.s, "A31", "PID|||"+strings.Join(ids, "~")+"|| \rPV1||N")
				return
			}
			notifyV3(t, p.s, ids...)
		}
		tell("OTHER^^^&2.999.2.2&ISO", "MPI-1^^^&2.999.66&ISO")
		submit("after a notification of others", false)
		tell(local1)
		submit("after a notification of the local id", true)
		tell(affinity1)
		submit("after one of the id of the affinity domain", true)
		submit("remembered again", false)
		// The MPI merges, and feeds the registry, which is how a registry hears of it.
		const merge = "PID|||AFF-2^^^&2.999.1.1&ISO\rMRG|" + affinity1
		adt(t, p.mpi, "A40", merge)
		feed := []string{"feed", "--to", p.s.feed()}
		if protocol == mpiV3 {
			feed = []string{"feed", "--to", p.s.registry()}
		}
		mustCommand(t, append(feed, "--patient", "AFF-2^^^&2.999.1.1&ISO")...)
		mustCommand(t, append(feed, "--patient", "AFF-2^^^&2.999.1.1&ISO", "--merge", affinity1)...)
		submit("after the merge", true)
		p.stored(t, "AFF-2^^^&2.999.1.1&ISO", n)
	})
}

// notifyV3 sends an ITI-46.
func notifyV3(t *testing.T, s *testServer, ids ...string) {
	t.Helper()
	var list string
	for _, id := range ids {
		cx, err := hl7v2.ParseCX(id)
		if err != nil {
			t.Fatal(err)
		}
		list += `<id root="` + cx.Authority.UniversalID + `" extension="` + cx.ID + `"/>`
	}
	body := strings.Replace(string(golden.Body(readFile(t, "../../testdata/external/iti46/notified/request.http"))), `<id root="2.999.2.1" extension="A-1"/>`, list, 1)
	answer, err := golden.Send(s.addr(), []byte(post("/pix/consumer", simpleType, body)))
	if err != nil || !successful(answer) {
		t.Fatalf("%v %s", err, answer)
	}
}

// TestMPITellsItself: two servers of this program, wired as PIX Manager and Consumer: the one notifies, the other asks anew.
func TestMPITellsItself(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol string) {
		p := startPair(t, protocol, func(c *Config) { c.Registry.ResolveLocalIDs = true })
		if err := p.mpi.stop(); err != nil {
			t.Fatal(err)
		}
		address := p.s.feed()
		if protocol == mpiV3 {
			address = "http://" + p.s.addr() + "/pix/consumer"
		}
		c := notifyConfig(t, PIXConsumerConfig{Name: "registry", Address: address, Device: "2.999.1.3"})
		c.PIX.Device = "2.999.1.30"
		p.mpi = startServer(t, c, realWorld())
		p.gate.to = p.mpi.feed()
		if protocol == mpiV3 {
			p.gate.to = p.mpi.addr()
		}
		adt(t, p.mpi, "A28", "PID|||"+local1+"~"+affinity1+"||Thill^Luc\rPV1||N")
		told := func(n int) func() bool {
			return func() bool {
				return strings.Count(p.s.log.String(), "transaction=ITI-10 ")+strings.Count(p.s.log.String(), "transaction=ITI-46 ") >= n
			}
		}
		waitFor(t, told(1))
		p.accepted(t, "linked", local1)
		p.stored(t, affinity1, 1)
		if p.s.node.mpi.Remembered() != 1 {
			t.Error("the id is not remembered")
		}
		adt(t, p.mpi, "A37", "PID|||"+local1+"\rPV1||N\rPID|||"+affinity1+"\rPV1||N")
		waitFor(t, told(3)) // one for each of the two people
		p.refused(t, "unlinked", local1, "XDSUnknownPatientId", "local-id-resolved")
	})
}

// TestResolveWithoutMPI: a local id that cannot be resolved because the MPI does not answer is not called unknown; one that is
// remembered goes on.
func TestResolveWithoutMPI(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol string) {
		p := startPair(t, protocol, func(c *Config) { c.Registry.ResolveLocalIDs = true })
		feedLocals(t, p.mpi)
		p.accepted(t, "first", local1)
		p.gate.way.Store(gateBreak)
		p.accepted(t, "remembered", local1)
		p.accepted(t, "by the id of the affinity domain", affinity1)
		p.refused(t, "not remembered", local2, "XDSRegistryError", "patient-index-available")
		p.stored(t, affinity1, 3)
	})
}
