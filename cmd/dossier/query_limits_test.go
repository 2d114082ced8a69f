package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dossier/ebrim"
	"dossier/iti"
)

// TestQueryLimits: limits.objects is the ceiling of a LeafClass answer and a tenth of that of an ObjectRef answer, by ITI-18 and
// ITI-51. At the ceiling everything comes, above it XDSTooManyResults alone (ITI TF-3: Table 4.2.4.1-2).
func TestQueryLimits(t *testing.T) {
	t.Parallel()
	s := newConfiguredSite(t, backends[0], func(c *Config) { c.Limits.Objects = 2 })
	s.admit(t, nistPatient, nistOther)
	d := s.draft(t, nistPatient)
	d.entry("1")
	d.entry("2")
	s.accepted(t, d)
	find18 := func(returnType string) *ebrim.AdhocQueryResponse {
		return s.ask(t, findDocuments, returnType, ofPatient("XDSDocumentEntry", nistPatient, statusApproved)...)
	}
	find51 := func(returnType string) *ebrim.AdhocQueryResponse {
		return s.askBy(t, iti.MultiPatientStoredQuery, findDocumentsForMultiplePatients, returnType, ofPatients("XDSDocumentEntry", nistPatient, nistOther)...)
	}
	byCode := func(returnType string) *ebrim.AdhocQueryResponse {
		return s.askBy(t, iti.MultiPatientStoredQuery, findDocumentsForMultiplePatients, returnType,
			"XDSDocumentEntryClassCode", codeList("class-0"), "XDSDocumentEntryStatus", statusApproved)
	}
	all := map[string]func(string) *ebrim.AdhocQueryResponse{"ITI-18": find18, "ITI-51": find51, "ITI-51 by code": byCode}
	comes := func(want int, returnType string) {
		t.Helper()
		for name, find := range all {
			r := find(returnType)
			wantSuccess(t, r.Status, r.Errors)
			if n := len(r.Objects.ExtrinsicObjects) + len(r.Objects.ObjectRefs); n != want {
				t.Errorf("%s %s: got %d objects, want %d", name, returnType, n, want)
			}
		}
	}
	tooMany := func(returnType, limit string) {
		t.Helper()
		for name, find := range all {
			r := find(returnType)
			wantFailure(t, r.Status, r.Errors, "XDSTooManyResults")
			if n := len(r.Objects.ExtrinsicObjects) + len(r.Objects.ObjectRefs); n != 0 {
				t.Errorf("%s %s: %d objects beside the failure", name, returnType, n)
			}
			advises := strings.Contains(r.Errors[0].Context, "ask for ObjectRef")
			if !strings.Contains(r.Errors[0].Context, "at most "+limit+" objects") || advises != (returnType == ebrim.ReturnLeafClass) {
				t.Errorf("%s %s: got %q, want the limit %s and what to do", name, returnType, r.Errors[0].Context, limit)
			}
		}
	}
	comes(2, ebrim.ReturnLeafClass)
	more := s.draft(t, nistOther) // of the other patient, whom ITI-18 leaves out
	more.entry("3")
	s.accepted(t, more)
	delete(all, "ITI-18")
	tooMany(ebrim.ReturnLeafClass, "2")
	comes(3, ebrim.ReturnObjectRef)
	many := s.draft(t, nistPatient)
	for i := range 17 {
		many.entry(fmt.Sprint("more ", i))
	}
	s.accepted(t, many)
	comes(20, ebrim.ReturnObjectRef)
	last := s.draft(t, nistPatient)
	last.entry("one too many")
	last.entry("and one for ITI-18")
	s.accepted(t, last)
	all["ITI-18"] = find18
	tooMany(ebrim.ReturnLeafClass, "2")
	tooMany(ebrim.ReturnObjectRef, "20")
}

// TestLongQueries: lists beyond every use are refused in words, at a cost that the message itself has.
func TestLongQueries(t *testing.T) {
	t.Parallel()
	s := newSite(t, backends[0])
	uuids := make([]string, 100_000)
	for i := range uuids {
		uuids[i] = fmt.Sprintf("'urn:uuid:00000000-0000-4000-8000-%012x'", i)
	}
	for name, c := range map[string]struct{ value, code, text string }{
		"100,000 values":          {"(" + strings.Join(uuids, ",") + ")", syntaxError, "at most 10000 values"},
		"100,000 values, a slot":  {strings.Join(uuids, "\n"), syntaxError, "at most 10000 values"},
		"10 MB in one value":      {"'" + strings.Repeat("x", 10<<20) + "'", syntaxError, "at most 65536 bytes"},
		"10 MB of commas":         {strings.Repeat(",", 10<<20), missingParam, "expected a value"},
		"10 MB of parentheses":    {strings.Repeat("(", 10<<20), missingParam, "expected a value"},
		"10 MB without its end":   {"'" + strings.Repeat("''", 5<<20), syntaxError, "expected a closing quote"},
		"10 MB of empty strings":  {strings.Repeat("'',", 3<<20), missingParam, "expected a value"},
		"100,000 malformed UUIDs": {strings.Repeat("x,", 100_000), syntaxError, "at most 10000 values"},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			r := s.ask(t, getAssociations, ebrim.ReturnObjectRef, "uuid", c.value)
			wantFailure(t, r.Status, r.Errors, c.code)
			if !strings.Contains(r.Errors[0].Context, c.text) || len(r.Errors[0].Context) > 512 {
				t.Errorf("got %.600q, want %q in it", r.Errors[0].Context, c.text)
			}
			t.Log(time.Since(began))
		})
	}
}

// TestQueryCommandMultiPatient: dossier query sends the queries of ITI-51 under their own action.
func TestQueryCommandMultiPatient(t *testing.T) {
	t.Parallel()
	s := newSite(t, backends[0])
	s.admit(t, nistPatient, nistOther)
	for _, p := range []string{nistPatient, nistOther} {
		d := s.draft(t, p)
		d.entry("of " + p)
		s.accepted(t, d)
	}
	found := queryJSON(t, "--to", s.registry(), "FindDocumentsForMultiplePatients", approved,
		"$XDSDocumentEntryPatientId="+patientText(nistPatient)+","+patientText(nistOther))
	if len(found) != 2 || found[0].PatientID == found[1].PatientID {
		t.Errorf("got %v, want a document of each patient", found)
	}
	found = queryJSON(t, "--refs", "--to", s.registry(), "FindDocumentsForMultiplePatients", approved, "$XDSDocumentEntryClassCode=class-0^^"+codeScheme)
	if len(found) != 2 {
		t.Errorf("got %v, want two ids", found)
	}
	if _, _, err := command(t.Context(), "query", "--to", s.registry(), "FindDocumentsForMultiplePatients", approved); err == nil || !strings.Contains(err.Error(), missingParam) {
		t.Errorf("nothing given: got %v, want %s", err, missingParam)
	}
	log := s.log.String()
	for _, want := range []string{"transaction=ITI-51", "query=FindDocumentsForMultiplePatients"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
}
