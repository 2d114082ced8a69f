package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"dossier/ebrim"
	"dossier/iti"
	"dossier/soap"
	"dossier/xds"
)

// site is a whole server on one backend, with a clock that the test moves. The repository may be a server of its own.
type site struct {
	*testServer // the registry, and the repository unless it is elsewhere
	storage     *testServer
	clock       atomic.Int64 // seconds since 1970
	counter     atomic.Int64
}

// siteStart is what the clock shows first.
var siteStart = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func newSite(t testing.TB, b backend) *site { return newConfiguredSite(t, b, func(*Config) {}) }

// newStrictSite reads metadata without any liberty.
func newStrictSite(t testing.TB, b backend) *site {
	return newConfiguredSite(t, b, func(c *Config) { c.Registry.Validation = "strict" })
}

// newApartSite has its repository in another process, which reaches the registry by ITI-42.
func newApartSite(t testing.TB, b backend) *site {
	t.Helper()
	s := newSite(t, b)
	s.storage = s.start(t, b, func(c *Config) { c.Registry.URL = s.registry() })
	return s
}

func newConfiguredSite(t testing.TB, b backend, change func(*Config)) *site {
	t.Helper()
	s := &site{}
	s.clock.Store(siteStart.Unix())
	s.testServer = s.start(t, b, change)
	s.storage = s.testServer
	return s
}

func (s *site) start(t testing.TB, b backend, change func(*Config)) *testServer {
	t.Helper()
	c := b.config(t)
	change(c)
	return startServer(t, c, world{newID: uuid.NewString, now: func() time.Time { return time.Unix(s.clock.Load(), 0).UTC() }})
}

// repository is the URL of ITI-41 and ITI-43.
func (s *site) repository() string { return s.storage.repository() }

// later moves the clock.
func (s *site) later(d time.Duration) { s.clock.Add(int64(d / time.Second)) }

// now is the clock as metadata show it.
func (s *site) now() string { return time.Unix(s.clock.Load(), 0).UTC().Format("20060102150405") }

// oid gives a new OID of the arc for examples.
func (s *site) oid() string { return fmt.Sprintf("2.999.7.%d", s.counter.Add(1)) }

// patientText is the id of a patient of the test domain, as metadata and queries have it.
func patientText(id string) string { return id + "^^^&" + demoDomain + "&ISO" }

// admit makes patients known by ITI-8.
func (s *site) admit(t testing.TB, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if got := strings.TrimSpace(mustCommand(t, "feed", "--to", s.feed(), "--patient", patientText(id))); got != "AA" {
			t.Fatalf("ITI-8 for %s: %s", id, got)
		}
	}
}

// call sends one message and checks the frame of the answer.
func call(t testing.TB, url string, tx iti.Transaction, body ...soap.Segment) *soap.Reply {
	t.Helper()
	reply, err := plainClient().Call(t.Context(), url, soap.Call{Action: tx.Action, MTOM: tx.MTOM, Body: body})
	if err != nil {
		t.Fatalf("%s: %v", tx.ID, err)
	}
	t.Cleanup(func() { reply.Close() })
	if reply.Action != tx.Reply {
		t.Errorf("%s: answered with action %q, want %q", tx.ID, reply.Action, tx.Reply)
	}
	return reply
}

// register is ITI-42.
func (s *site) register(t testing.TB, l *ebrim.RegistryObjectList) *ebrim.RegistryResponse {
	t.Helper()
	return s.registerText(t, ebrim.AppendSubmitObjectsRequest(nil, l))
}

func (s *site) registerText(t testing.TB, body []byte) *ebrim.RegistryResponse {
	t.Helper()
	return registryAnswer(t, call(t, s.registry(), iti.RegisterDocumentSet, soap.Segment{XML: body}))
}

func registryAnswer(t testing.TB, reply *soap.Reply) *ebrim.RegistryResponse {
	t.Helper()
	r, ok := ebrim.DecodeRegistryResponse(reply.Body)
	if !ok || !reply.Body.Is(ebrim.NSRs, "RegistryResponse") {
		t.Fatalf("got {%s}%s, want rs:RegistryResponse", reply.Body.Name.Space, reply.Body.Name.Local)
	}
	checkResponse(t, r.Status, r.Errors)
	return r
}

// provide is ITI-41 over MTOM. contents are the documents by the id of their entry; a nil one has no xds:Document, and one
// whose id no entry has goes without metadata.
func (s *site) provide(t testing.TB, l *ebrim.RegistryObjectList, contents map[string][]byte) *ebrim.RegistryResponse {
	t.Helper()
	xml := []byte(`<xds:ProvideAndRegisterDocumentSetRequest xmlns:xds="` + xds.NS + `">`)
	xml = ebrim.AppendSubmitObjectsRequest(xml, l)
	var body []soap.Segment
	for _, id := range sortedKeys(contents) {
		content := contents[id]
		xml = append(xml, `<xds:Document id="`+id+`">`...)
		body = append(body, soap.Segment{XML: xml}, soap.Segment{Document: &soap.Document{
			Size: int64(len(content)), Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(string(content))), nil },
		}})
		xml = []byte("</xds:Document>")
	}
	body = append(body, soap.Segment{XML: append(xml, "</xds:ProvideAndRegisterDocumentSetRequest>"...)})
	return registryAnswer(t, call(t, s.repository(), iti.ProvideAndRegisterDocumentSet, body...))
}

func sortedKeys(m map[string][]byte) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// ask is ITI-18; params are names without "$" and values in turn. A name may come again, and a value of several lines is
// as many rim:Value elements.
func (s *site) ask(t testing.TB, id, returnType string, params ...string) *ebrim.AdhocQueryResponse {
	t.Helper()
	return s.askBy(t, iti.RegistryStoredQuery, id, returnType, params...)
}

// askBy is ask by ITI-18 or ITI-51.
func (s *site) askBy(t testing.TB, tx iti.Transaction, id, returnType string, params ...string) *ebrim.AdhocQueryResponse {
	t.Helper()
	q := &ebrim.AdhocQueryRequest{ReturnType: returnType, QueryID: id}
	for i := 0; i+1 < len(params); i += 2 {
		q.Slots = append(q.Slots, ebrim.Slot{Name: "$" + params[i], Values: strings.Split(params[i+1], "\n")})
	}
	reply := call(t, s.registry(), tx, soap.Segment{XML: ebrim.AppendAdhocQueryRequest(nil, q)})
	r, ok := ebrim.DecodeAdhocQueryResponse(reply.Body)
	if !ok {
		t.Fatalf("got {%s}%s, want query:AdhocQueryResponse", reply.Body.Name.Space, reply.Body.Name.Local)
	}
	checkResponse(t, r.Status, r.Errors)
	return r
}

// find is ITI-18 for LeafClass that has to succeed.
func (s *site) find(t testing.TB, id string, params ...string) *xds.Submission {
	t.Helper()
	r := s.ask(t, id, ebrim.ReturnLeafClass, params...)
	wantSuccess(t, r.Status, r.Errors)
	return xds.ReadSubmission(r.Objects)
}

// delivered is one DocumentResponse of ITI-43.
type delivered struct {
	repository, document, mimeType string
	content                        []byte
}

// retrieve is ITI-43 over MTOM; ids are repository and document in turn.
func (s *site) retrieve(t testing.TB, ids ...string) (*ebrim.RegistryResponse, []delivered) {
	t.Helper()
	reply := call(t, s.repository(), iti.RetrieveDocumentSet, soap.Segment{XML: []byte(retrieveRequest(ids...))})
	head := reply.Body.Child(ebrim.NSRs, "RegistryResponse")
	if !reply.Body.Is(xds.NS, "RetrieveDocumentSetResponse") || head == nil {
		t.Fatalf("got {%s}%s, want xds:RetrieveDocumentSetResponse with rs:RegistryResponse", reply.Body.Name.Space, reply.Body.Name.Local)
	}
	r, ok := ebrim.DecodeRegistryResponse(head)
	if !ok {
		t.Fatal("rs:RegistryResponse without status")
	}
	checkResponse(t, r.Status, r.Errors)
	parts := readParts(t, reply)
	var out []delivered
	for e := range reply.Body.Children() {
		if !e.Is(xds.NS, "DocumentResponse") {
			continue
		}
		text := func(name string) string {
			if c := e.Child(xds.NS, name); c != nil {
				return c.Text()
			}
			t.Errorf("DocumentResponse without %s", name)
			return ""
		}
		d := delivered{repository: text("RepositoryUniqueId"), document: text("DocumentUniqueId"), mimeType: text("mimeType")}
		href, _ := soap.Include(e.Child(xds.NS, "Document"))
		for id, content := range parts {
			if soap.MatchContentID(href, id) {
				d.content = content
			}
		}
		if d.content == nil {
			t.Errorf("document %s: no MIME part for %q", d.document, href)
		}
		out = append(out, d)
	}
	return r, out
}

func readParts(t testing.TB, reply *soap.Reply) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for {
		p, err := reply.Parts.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		out[p.ContentID] = append([]byte{}, content...)
	}
}
