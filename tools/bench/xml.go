package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"runtime"

	"dossier/ebrim"
	"dossier/internal/xmlwire"
)

// xml compares the strict reader, which builds a tree, with the tokens of encoding/xml, which keep nothing.
func (b *bench) xml(ctx context.Context) error {
	for _, entries := range []int{1, 50} {
		message := b.envelope(entries)
		ours := func() error {
			_, err := xmlwire.Parse(message, xmlwire.Limits{})
			return err
		}
		theirs := func() error { return tokens(message) }
		c, err := alternate(ctx, b.plan, b.most, timed(ours), timed(theirs))
		if err != nil {
			return err
		}
		name := fmt.Sprintf("xmlwire.Parse, ITI-42 of %s", sizeText(int64(len(message))))
		b.table.add(name, "encoding/xml Token (a peer, no limit)", c, int64(len(message)), goalXML)
		b.table.note("%s: %.0f allocations, the tree included (goal at 12 KB: at most %d); encoding/xml %.0f", name, allocations(ours), goalAllocations, allocations(theirs))
	}
	return nil
}

// envelope is an ITI-42 request as the wire has it.
func (b *bench) envelope(entries int) []byte {
	s := b.ids.submission(patient("XML", 1), entries)
	s.announce()
	w := xmlwire.NewWriter(nil)
	w.Start("s:Envelope").Attr("xmlns:s", "http://www.w3.org/2003/05/soap-envelope").Attr("xmlns:wsa", "http://www.w3.org/2005/08/addressing")
	w.Start("s:Header").Start("wsa:Action").Attr("s:mustUnderstand", "true").Text("urn:ihe:iti:2007:RegisterDocumentSet-b").End()
	w.Start("wsa:MessageID").Text("urn:uuid:5d8f8a3c-0000-4000-8000-00000000abcd").End().End()
	head := w.Start("s:Body").Pending()
	return append(ebrim.AppendSubmitObjectsRequest(head, s.Build()), "</s:Body></s:Envelope>"...)
}

func tokens(message []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(message))
	for {
		if _, err := dec.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// allocations counts those of one call.
func allocations(fn func() error) float64 {
	const calls = 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		_ = fn() // ran without an error before
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / calls
}
