package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"dossier/ebrim"
	"dossier/iti"
	"dossier/xds/query"
)

// audit measures what the audit trail costs, how fast it is forwarded and how fast it is searched.
func (b *bench) audit(ctx context.Context) error {
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{{"cost of audit", b.auditCosts}, {"forwarding", b.auditForward}, {"search", b.auditSearch}} {
		progress(part.name)
		if err := part.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

func (b *bench) auditCosts(ctx context.Context) error {
	if b.unaudited == "" {
		b.table.note("cost of audit: skipped: no -unaudited program")
		return nil
	}
	if err := b.auditCost(ctx, "SQLite", "", ""); err != nil || b.postgresURL == "" {
		return err
	}
	with, err := b.createDatabase(ctx, "audited")
	if err != nil {
		return err
	}
	without, err := b.createDatabase(ctx, "unaudited")
	if err != nil {
		return err
	}
	return b.auditCost(ctx, "PostgreSQL", with, without)
}

// auditCost compares the throughput of several clients with that of a program which was built without the trail.
func (b *bench) auditCost(ctx context.Context, kind, with, without string) (err error) {
	on, err := b.startAs(ctx, filepath.Join(b.dir, kind+"-audited"), setup{b.binary, with, b.configuration()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, on.stop()) }()
	off, err := b.startAs(ctx, filepath.Join(b.dir, kind+"-unaudited"), setup{b.unaudited, without, b.configuration()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, off.stop()) }()
	c := newClient()
	defer c.close()
	for i := range writers {
		for _, s := range []*server{on, off} {
			if _, err := c.register(ctx, s, b.ids.submission(patient(groupRegister, i), 10)); err != nil {
				return err
			}
		}
	}
	find, register := make([][]operation, 2), make([][]operation, 2)
	for i, s := range []*server{on, off} {
		for n := range severalClients {
			p := &poster{http: &http.Client{Transport: &http.Transport{DisableCompression: true}}, url: s.registry}
			defer p.http.CloseIdleConnections()
			find[i] = append(find[i], p.finds(n))
			register[i] = append(register[i], p.registers(b, n+severalClients))
		}
	}
	// Queries first: registrations add to what they find.
	for _, x := range []struct {
		name string
		of   [][]operation
	}{{"ITI-18 FindDocuments, LeafClass, 10 results", find}, {"ITI-42 of 1 document", register}} {
		began := [2]time.Duration{on.processor(), off.processor()}
		result, err := abreast(ctx, b.plan, x.of[0], x.of[1])
		if err != nil {
			return err
		}
		with := (on.processor() - began[0]) / time.Duration(len(result.server))
		without := (off.processor() - began[1]) / time.Duration(len(result.limit))
		b.table.note("%s: %s: the server's processor time for each is %s, without audit %s: a part of %.2f", kind, x.name, text(with), text(without),
			float64(without)/float64(max(with, 1)))
		b.table.addRates(fmt.Sprintf("%s: %s, %d clients", kind, x.name, severalClients), "the same without audit", result, goalAudited)
	}
	return nil
}

// poster is a client that does as little as it can: it shares the cores with the server.
type poster struct {
	http   *http.Client
	url    string
	answer bytes.Buffer
}

// post sends a message and checks that the answer says Success.
func (p *poster) post(ctx context.Context, body []byte) (time.Duration, error) {
	start := time.Now()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/soap+xml; charset=UTF-8")
	resp, err := p.http.Do(r)
	if err != nil {
		return 0, err
	}
	p.answer.Reset()
	_, err = io.Copy(&p.answer, resp.Body)
	took := time.Since(start)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return 0, err
	}
	if head := p.answer.Bytes(); !bytes.Contains(head[:min(len(head), 2000)], []byte("ResponseStatusType:Success")) {
		return 0, fmt.Errorf("expected Success, got %.2000s", head)
	}
	return took, nil
}

// finds asks for the ten documents of a patient of groupRegister.
func (p *poster) finds(n int) operation {
	definition, ok := query.Lookup("FindDocuments")
	if !ok {
		return failing(errors.New("no stored query FindDocuments"))
	}
	request, err := query.Encode(definition, []query.Param{
		{Name: "$XDSDocumentEntryPatientId", Value: query.Quote(patient(groupRegister, n).String())}, {Name: "$XDSDocumentEntryStatus", Value: "Approved"},
	})
	if err != nil {
		return failing(err)
	}
	body := wrapped(iti.RegistryStoredQuery.Action, uuid.NewString(), ebrim.AppendAdhocQueryRequest(nil, request))
	return func(ctx context.Context) (time.Duration, error) { return p.post(ctx, body) }
}

func failing(err error) operation {
	return func(context.Context) (time.Duration, error) { return 0, err }
}

// registers adds a document to a patient of groupRegister, each time another one.
func (p *poster) registers(b *bench, n int) operation {
	m := b.ids.submission(patient(groupRegister, n), 1)
	m.announce()
	message := uuid.NewString()
	text := string(wrapped(iti.RegisterDocumentSet.Action, message, ebrim.AppendSubmitObjectsRequest(nil, m.Build())))
	set, e := m.SubmissionSets[0], m.DocumentEntries[0]
	run, next := b.ids.oid(), 0
	return func(ctx context.Context) (time.Duration, error) {
		next += 2
		body := strings.NewReplacer(
			message, uuid.NewString(), string(set.EntryUUID), string(entryUUID()), string(e.EntryUUID), string(entryUUID()),
			string(m.Associations[0].EntryUUID), string(entryUUID()),
			string(set.UniqueID)+`"`, fmt.Sprintf(`%s.%d"`, run, next), string(e.UniqueID)+`"`, fmt.Sprintf(`%s.%d"`, run, next+1),
		).Replace(text)
		return p.post(ctx, []byte(body))
	}
}

// wrapped is a body in its envelope.
func wrapped(action, message string, body []byte) []byte {
	head := fmt.Sprintf(`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://www.w3.org/2005/08/addressing"><s:Header>`+
		`<wsa:Action s:mustUnderstand="true">%s</wsa:Action><wsa:MessageID>urn:uuid:%s</wsa:MessageID></s:Header><s:Body>`, action, message)
	return append(append([]byte(head), body...), "</s:Body></s:Envelope>"...)
}
