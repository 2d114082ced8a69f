package xmlwire

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"testing"
)

const (
	rimSpace = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
	lcmSpace = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"
	soapEnv  = "http://www.w3.org/2003/05/soap-envelope"
)

// registerMessage writes an envelope shaped like ITI-42 with so many DocumentEntries, without white space between
// elements, as most clients send it.
func registerMessage(entries int) []byte {
	w := NewWriter(nil)
	w.Start("s:Envelope").Attr("xmlns:s", soapEnv).Attr("xmlns:wsa", "http://www.w3.org/2005/08/addressing")
	w.Start("s:Header")
	w.Start("wsa:Action").Attr("s:mustUnderstand", "true").Text("urn:ihe:iti:2007:RegisterDocumentSet-b").End()
	w.Start("wsa:MessageID").Text("urn:uuid:5d8f8a3c-0000-4000-8000-00000000abcd").End()
	w.End().Start("s:Body").Start("lcm:SubmitObjectsRequest").Attr("xmlns:lcm", lcmSpace)
	w.Start("rim:RegistryObjectList").Attr("xmlns:rim", rimSpace)
	for i := range entries {
		writeEntry(w, fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-%012d", i))
	}
	return w.End().End().End().End().Bytes()
}

func writeEntry(w *Writer, id string) {
	w.Start("rim:ExtrinsicObject").Attr("id", id).Attr("mimeType", "text/xml").
		Attr("objectType", "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1").
		Attr("status", "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved")
	for _, s := range []string{"creationTime", "languageCode", "serviceStartTime", "serviceStopTime", "hash", "size", "repositoryUniqueId"} {
		writeSlot(w, s, "20260102030405")
	}
	writeSlot(w, "sourcePatientId", "SRC-0001^^^&2.999.1.2.3&ISO")
	writeSlot(w, "sourcePatientInfo", "PID-3|SRC-0001^^^&2.999.1.2.3&ISO", "PID-5|Müller^Anna^^^", "PID-7|19700101", "PID-8|F", "PID-11|Hauptstraße 1^^Wien^^1010^AT")
	w.Start("rim:Name").Start("rim:LocalizedString").Attr("xml:lang", "de-AT").Attr("value", "Entlassungsbrief <vorläufig>").End().End()
	for c := range 8 {
		writeClassification(w, id, c)
	}
	for c := range 2 {
		w.Start("rim:ExternalIdentifier").Attr("id", fmt.Sprintf("ei%d-%s", c, id)).Attr("registryObject", id).
			Attr("identificationScheme", "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427").Attr("value", "PAT-0001^^^&2.999.1&ISO")
		w.Start("rim:Name").Start("rim:LocalizedString").Attr("value", "XDSDocumentEntry.patientId").End().End().End()
	}
	w.End()
}

func writeSlot(w *Writer, name string, values ...string) {
	w.Start("rim:Slot").Attr("name", name).Start("rim:ValueList")
	for _, v := range values {
		w.Start("rim:Value").Text(v).End()
	}
	w.End().End()
}

func writeClassification(w *Writer, id string, c int) {
	w.Start("rim:Classification").Attr("id", fmt.Sprintf("cl%d-%s", c, id)).Attr("classifiedObject", id).
		Attr("classificationScheme", "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a").
		Attr("objectType", "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Classification").
		Attr("nodeRepresentation", "34133-9")
	writeSlot(w, "codingScheme", "2.16.840.1.113883.6.1")
	w.Start("rim:Name").Start("rim:LocalizedString").Attr("value", "Summarization of Episode Note").End().End().End()
}

func benchmarkParse(b *testing.B, doc []byte) {
	b.Run("xmlwire", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Parse(doc, Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encodingxml", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		b.ReportAllocs()
		for b.Loop() {
			dec := xml.NewDecoder(bytes.NewReader(doc))
			for {
				if _, err := dec.Token(); err == io.EOF {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

func BenchmarkParse12K(b *testing.B)  { benchmarkParse(b, registerMessage(2)) }
func BenchmarkParse400K(b *testing.B) { benchmarkParse(b, registerMessage(65)) }

func BenchmarkWrite400K(b *testing.B) {
	buf := registerMessage(65)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		w := NewWriter(buf[:0])
		w.Start("r")
		for range 65 {
			writeEntry(w, "urn:uuid:00000000-0000-4000-8000-000000000001")
		}
		w.End().Bytes()
	}
}

func TestBenchmarkMessageSizes(t *testing.T) {
	t.Parallel()
	for entries, want := range map[int]int{2: 12, 65: 400} {
		if kb := len(registerMessage(entries)) / 1000; kb < want*9/10 || kb > want*12/10 {
			t.Errorf("message of %d entries has %d KB, want about %d", entries, kb, want)
		}
	}
}
