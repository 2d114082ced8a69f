package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"dossier/ebrim"
	"dossier/iti"
	"dossier/soap"
	"dossier/xds"
)

// stopwatch is a transport that times one call at a time: from the first byte of the request to the last of the answer. It
// reads the answer to its end and hands its first bytes on, so that nothing else of the client counts.
type stopwatch struct {
	transport *http.Transport
	took      time.Duration
	read      int64 // bytes of the last answer's body

	kept bytes.Buffer
	rest []byte
}

// keep is how much of an answer is handed on: enough for every message whose content is looked at.
const keep = 16 << 20

func newStopwatch() *stopwatch {
	return &stopwatch{
		transport: &http.Transport{DisableCompression: true, WriteBufferSize: 64 << 10, ReadBufferSize: 64 << 10},
		rest:      make([]byte, 256<<10),
	}
}

// RoundTrip implements http.RoundTripper.
func (s *stopwatch) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Del("Accept-Encoding") // gzip is no part of the comparison
	start := time.Now()
	resp, err := s.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	s.kept.Reset()
	s.read, err = s.drain(resp.Body)
	s.took = time.Since(start)
	if closed := resp.Body.Close(); err == nil {
		err = closed
	}
	if err == nil && resp.ContentLength >= 0 && resp.ContentLength != s.read {
		err = fmt.Errorf("answer of %d bytes, announced were %d", s.read, resp.ContentLength)
	}
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(s.kept.Bytes()))
	return resp, nil
}

func (s *stopwatch) drain(body io.Reader) (int64, error) {
	n, err := s.kept.ReadFrom(io.LimitReader(body, keep))
	if err != nil {
		return n, err
	}
	more, err := io.CopyBuffer(onlyWriter{}, body, s.rest)
	return n + more, err
}

// onlyWriter drops everything; io.Discard would bring its own buffer of 8 KB.
type onlyWriter struct{}

func (onlyWriter) Write(p []byte) (int, error) { return len(p), nil }

// client sends transactions and checks that they succeeded.
type client struct {
	clock *stopwatch
	soap  *soap.Client
}

func newClient() *client {
	clock := newStopwatch()
	return &client{clock, &soap.Client{HTTP: &http.Client{Transport: clock}}}
}

func (c *client) close() { c.clock.transport.CloseIdleConnections() }

// call sends one message and gives its answer to check.
func (c *client) call(ctx context.Context, url string, call soap.Call, check func(*soap.Reply) error) (time.Duration, error) {
	reply, err := c.soap.Call(ctx, url, call)
	if err != nil {
		return 0, err
	}
	defer reply.Close()
	return c.clock.took, check(reply)
}

// register is ITI-42.
func (c *client) register(ctx context.Context, s *server, m *submission) (time.Duration, error) {
	m.announce()
	body := ebrim.AppendSubmitObjectsRequest(nil, m.Build())
	return c.call(ctx, s.registry, soap.Call{Action: iti.RegisterDocumentSet.Action, Body: []soap.Segment{{XML: body}}}, succeeded)
}

// provide is ITI-41 with one document for each DocumentEntry.
func (c *client) provide(ctx context.Context, s *server, m *submission, contents ...content) (time.Duration, error) {
	buf := ebrim.AppendSubmitObjectsRequest([]byte(`<xds:ProvideAndRegisterDocumentSetRequest xmlns:xds="`+xds.NS+`">`), m.Build())
	var body []soap.Segment
	for i, e := range m.DocumentEntries {
		x := contents[i]
		buf = fmt.Appendf(buf, `<xds:Document id="%s">`, e.EntryUUID)
		body = append(body, soap.Segment{XML: buf}, soap.Segment{Document: &soap.Document{
			ContentType: e.MimeType, Size: x.size, Open: func() (io.ReadCloser, error) { return io.NopCloser(x.reader()), nil },
		}})
		buf = []byte("</xds:Document>")
	}
	body = append(body, soap.Segment{XML: append(buf, "</xds:ProvideAndRegisterDocumentSetRequest>"...)})
	return c.call(ctx, s.repository, soap.Call{Action: iti.ProvideAndRegisterDocumentSet.Action, MTOM: true, Body: body}, succeeded)
}

// retrieve is ITI-43 of one document.
func (c *client) retrieve(ctx context.Context, s *server, id xds.UniqueID, size int64) (time.Duration, error) {
	return c.call(ctx, s.repository, retrieveCall(id), func(reply *soap.Reply) error {
		if err := succeeded(reply); err != nil {
			return err
		}
		if c.clock.read < size {
			return fmt.Errorf("answer of %d bytes to a request for a document of %d", c.clock.read, size)
		}
		return nil
	})
}

func retrieveCall(id xds.UniqueID) soap.Call {
	body := fmt.Sprintf(`<xds:RetrieveDocumentSetRequest xmlns:xds="%s"><xds:DocumentRequest><xds:RepositoryUniqueId>%s</xds:RepositoryUniqueId>`+
		`<xds:DocumentUniqueId>%s</xds:DocumentUniqueId></xds:DocumentRequest></xds:RetrieveDocumentSetRequest>`, xds.NS, repository, id)
	return soap.Call{Action: iti.RetrieveDocumentSet.Action, MTOM: true, Body: []soap.Segment{{XML: []byte(body)}}}
}

// succeeded finds the RegistryResponse, the answer itself or in it, and wants Success.
func succeeded(reply *soap.Reply) error {
	e := reply.Body
	if !e.Is(ebrim.NSRs, "RegistryResponse") {
		e = e.Child(ebrim.NSRs, "RegistryResponse")
	}
	if e == nil {
		return fmt.Errorf("expected rs:RegistryResponse, got {%s}%s", reply.Body.Name.Space, reply.Body.Name.Local)
	}
	r, ok := ebrim.DecodeRegistryResponse(e)
	if !ok || r.Status != ebrim.StatusSuccess {
		return fmt.Errorf("expected Success, got %+v", r)
	}
	return nil
}
