package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dossier/hl7v2"
)

// rowV2 is a row of the tables that HL7 v2 is built by: trigger events, conditions and their answers, parameters, known pitfalls.
// Each has a recorded exchange, and the exchange has the answer of the row.
type rowV2 struct {
	row, exchange string
	ack           string // MSA-1; "" is no answer
	code          string // of the first ERR
	status        string // QAK-2
}

func rowsV2() []rowV2 {
	return []rowV2{
		// ITI TF-2: 3.8.4.1.2, trigger events of the feed
		{"A01 creates", "iti8/a01", "AA", "", ""},
		{"A04 creates", "iti8/a04", "AA", "", ""},
		{"A05 creates", "iti8/a05", "AA", "", ""},
		{"A08 updates", "iti8/a08", "AA", "", ""},
		{"A40 merges", "iti8/a40", "AA", "", ""},
		{"EVN and PV1 left out", "iti8/no-evn", "AA", "", ""},
		{"PID-3 missing", "iti8/no-pid-3", "AE", "101", ""},
		{"PID missing", "iti8/no-pid", "AE", "101", ""},
		{"PID-5 missing", "iti8/no-name", "AA", "", ""},
		{"PID-7 is no date", "iti8/birth-date", "AE", "102", ""},
		{"PID-8 is not in table 0001", "iti8/sex", "AE", "103", ""},
		{"PID-6 and PID-18", "iti8/account", "AA", "", ""},
		{"PID-3 repeats over domains", "iti8/a05", "AA", "", ""},
		// ITI TF-2: 3.8.4.1.3, 3.8.4.2, failures of the feed
		{"unknown trigger", "iti8/unknown-trigger", "AR", "201", ""},
		{"not ADT", "iti8/not-adt", "AR", "200", ""},
		{"wrong version", "iti8/wrong-version", "AR", "203", ""},
		{"wrong processing id", "iti8/processing-id", "AR", "202", ""},
		{"sender not authorised", "iti8/source", "AE", "204", ""},
		{"sender not authorised, A08", "iti8/source-a08", "AE", "204", ""},
		{"sender not authorised, A40", "iti8/source-a40", "AE", "204", ""},
		{"no PID-3 with a known authority", "iti8/no-affinity-domain", "AE", "204", ""},
		{"A08 of an unknown patient", "iti8/a08-unknown", "AA", "", ""},
		{"A40 of an unknown patient", "iti8/a40-unknown-subsumed", "AE", "204", ""},
		{"A40 into an unknown patient", "iti8/a40-unknown-survivor", "AE", "204", ""},
		{"A40 of an id into itself", "iti8/a40-same", "AE", "204", ""},
		{"several patients in A04", "iti8/two-patients", "AE", "100", ""},
		{"several pairs in A40", "iti8/a40-two-pairs", "AE", "100", ""},
		// the merge rules of a registry
		{"rule 1, subsumed", "iti8/a40-other-domain-subsumed", "AE", "204", ""},
		{"rule 1, survivor", "iti8/a40-other-domain-survivor", "AE", "204", ""},
		{"rule 2", "iti8/a40-same", "AE", "204", ""},
		{"rule 3", "iti8/a40-subsumed-elsewhere", "AE", "204", ""},
		{"rule 3, the same pair", "iti8/a40-again", "AE", "204", ""},
		{"rule 4", "iti8/a40-subsumed-survivor", "AE", "204", ""},
		{"rule 5", "iti8/a40-unknown-survivor", "AE", "204", ""},
		{"merges chain", "iti8/a40-chain", "AA", "", ""},
		// ITI TF-2: 3.9.4.2.2.6
		{"case 1, ids found", "iti9/found", "AA", "", "OK"},
		{"case 2, nothing in the wanted domains", "iti9/none", "AA", "", "NF"},
		{"case 2, nothing at all", "iti9/alone", "AA", "", "NF"},
		{"case 3, unknown id", "iti9/unknown-patient", "AE", "204", "AE"},
		{"case 4, unknown domain", "iti9/unknown-domain", "AE", "204", "AE"},
		{"case 5, unknown wanted domain", "iti9/unknown-wanted", "AE", "204", "AE"},
		{"case 5, two of them", "iti9/unknown-wanted-two", "AE", "204", "AE"},
		{"case 6, several ids of a domain", "iti9/several", "AA", "", "OK"},
		{"QPD-1 of another name", "iti9/other-name", "AA", "", "OK"},
		{"QPD-1 empty", "iti9/name-empty", "AA", "", "OK"},
		{"QPD-2 missing", "iti9/no-tag", "AE", "101", "AE"},
		{"QPD-3 missing", "iti9/no-id", "AE", "101", "AE"},
		{"QPD-3 twice", "iti9/two-ids", "AE", "204", "AE"},
		{"QPD-4 by namespace or OID", "iti9/wanted-full", "AA", "", "OK"},
		{"RCP-1 is not I", "iti9/deferred", "AE", "103", "AE"},
		{"RCP missing", "iti9/no-rcp", "AA", "", "OK"},
		{"another trigger event", "iti9/unknown-event", "AR", "201", ""},
		{"version 2.3.1", "iti9/old-version", "AR", "203", ""},
		// ITI TF-2: 3.21.4.1, 3.21.4.2
		{"case 1, matches", "iti21/name", "AA", "", "OK"},
		{"case 2, ids of some domains", "iti21/domain", "AA", "", "OK"},
		{"case 2, patients without one", "iti21/domain-left-out", "AA", "", "OK"},
		{"case 3, unknown domain", "iti21/domain-unknown", "AE", "204", "AE"},
		{"no match", "iti21/nobody", "AA", "", "NF"},
		{"too loose", "iti21/too-loose", "AE", "207", "AE"},
		{"@PID.3", "iti21/id", "AA", "", "OK"},
		{"@PID.3.4 whole", "iti21/id-whole-authority", "AA", "", "OK"},
		{"@PID.3.4.1", "iti21/id-namespace", "AA", "", "OK"},
		{"@PID.3.4 with escaped separators", "iti21/id-escaped-authority", "AA", "", "OK"},
		{"@PID.3.1 alone", "iti21/id-without-authority", "AE", "101", "AE"},
		{"@PID.5.1, @PID.7.1", "iti21/family-alone", "AA", "", "OK"},
		{"@PID.5.2", "iti21/given", "AA", "", "OK"},
		{"@PID.6", "iti21/mother", "AA", "", "OK"},
		{"@PID.7", "iti21/birth-date", "AA", "", "OK"},
		{"@PID.7 with a time", "iti21/birth-date-time", "AA", "", "OK"},
		{"two values of one field", "iti21/field-twice", "AE", "102", "AE"},
		{"@PID.7 is no date", "iti21/birth-date-wrong", "AE", "102", "AE"},
		{"@PID.8", "iti21/sex", "AA", "", "NF"},
		{"@PID.11", "iti21/address", "AA", "", "OK"},
		{"@PID.13", "iti21/phone", "AA", "", "OK"},
		{"@PID.18", "iti21/account", "AA", "", "OK"},
		{"@PID.18.1 alone", "iti21/account-without-authority", "AE", "101", "AE"},
		{"another parameter", "iti21/unsearched-field", "AA", "", "OK"},
		{"unknown parameter", "iti21/unknown-parameter", "AE", "103", "AE"},
		{"wildcard", "iti21/wildcard", "AA", "", "OK"},
		{"RCP-1 is not I", "iti21/deferred", "AE", "103", "AE"},
		{"RCP-2", "iti21/first", "AA", "", "OK"},
		{"RCP-2 is no quantity", "iti21/quantity", "AE", "102", "AE"},
		{"RCP-2 in lines", "iti21/quantity-unit", "AE", "103", "AE"},
		{"continuation", "iti21/second", "AA", "", "OK"},
		{"continuation of another query", "iti21/second-of-another-query", "AE", "204", "AE"},
		{"unknown pointer", "iti21/pointer-unknown", "AE", "204", "AE"},
		{"pointer of another sender", "iti21/pointer-of-another", "AE", "204", "AE"},
		{"cancellation", "iti21/cancel", "AA", "", ""},
		{"after the cancellation", "iti21/cancelled", "AE", "204", "AE"},
		{"cancellation of nothing", "iti21/cancel-no-tag", "AE", "101", ""},
		// ITI TF-2: 3.30.4
		{"A28", "iti30/a28", "AA", "", ""},
		{"A28 without PID-5", "iti30/a28-no-name", "AE", "101", ""},
		{"A28 not authorised", "iti30/a28-source", "AE", "204", ""},
		{"A31", "iti30/a31", "AA", "", ""},
		{"A31 unknown", "iti30/a31-unknown", "AE", "204", ""},
		{"A31 not authorised", "iti30/a31-source", "AE", "204", ""},
		{"A40", "iti30/a40", "AA", "", ""},
		{"A40 without MRG", "iti30/a40-no-mrg", "AE", "101", ""},
		{"A40 across domains", "iti30/a40-two-domains", "AE", "204", ""},
		{"A40 not authorised", "iti30/a40-source", "AE", "204", ""},
		{"A47", "iti30/a47", "AA", "", ""},
		{"A47 without MRG", "iti30/a47-no-mrg", "AE", "101", ""},
		{"A47 to an id in use", "iti30/a47-taken", "AE", "205", ""},
		{"A47 across domains", "iti30/a47-two-domains", "AE", "204", ""},
		{"A47 not authorised", "iti30/a47-source", "AE", "204", ""},
		{"A24", "iti30/a24", "AA", "", ""},
		{"A24 with one PID", "iti30/a24-one-pid", "AE", "100", ""},
		{"A24 with three PID", "iti30/a24-three", "AE", "100", ""},
		{"A24 unknown", "iti30/a24-unknown", "AE", "204", ""},
		{"A24 not authorised", "iti30/a24-source", "AE", "204", ""},
		{"A24 of an unlinked pair", "iti30/a24-apart", "AE", "206", ""},
		{"A37", "iti30/a37", "AA", "", ""},
		{"A37 with one PID", "iti30/a37-one-pid", "AE", "100", ""},
		{"A37 unknown", "iti30/a37-unknown", "AE", "204", ""},
		{"A37 not authorised", "iti30/a37-source", "AE", "204", ""},
		{"version 2.3.1", "iti30/a28-old-version", "AR", "203", ""},
		{"unknown trigger", "iti30/unknown-trigger", "AR", "201", ""},
		// ITI TF-2: C.2, messages and frames
		{"MSH-9 missing", "iti8/no-type", "AR", "101", ""},
		{"MSH-10 missing", "iti8/no-control-id", "AR", "101", ""},
		{"MSH-11 missing", "iti8/no-processing-id", "AR", "101", ""},
		{"MSH-12 missing", "iti8/no-version", "AR", "101", ""},
		{"MSH missing", "iti8/not-hl7", "AR", "100", ""},
		{"MSH-18 Latin-1", "iti8/latin-1", "AA", "", ""},
		{"MSH-18 UTF-8", "iti8/utf-8", "AA", "", ""},
		{"MSH-18 missing, UTF-8", "iti8/utf-8-unannounced", "AA", "", ""},
		{"MSH-18 missing, Latin-1", "iti8/latin-1-unannounced", "AA", "", ""},
		{"MSH-18 is wrong", "iti8/charset-wrong", "AE", "102", ""},
		{"MSH-18 is unknown", "iti8/charset-unknown", "AE", "103", ""},
		{"other delimiters", "iti8/delimiters", "AA", "", ""},
		{"escapes", "iti8/escapes", "AA", "", ""},
		{"CRLF", "iti8/line-feeds", "AA", "", ""},
		{"two messages on a connection", "iti8/two-messages", "AA", "", ""},
		{"batch", "iti8/batch", "AR", "100", ""},
		{"second MSH", "iti8/two-msh", "AE", "100", ""},
		{"no 0x0B", "iti8/no-start-block", "", "", ""},
		{"no 0x1C", "iti8/no-end-block", "", "", ""},
		{"no 0x0D", "iti8/bad-end", "", "", ""},
		{"0x0B within", "iti8/start-inside", "", "", ""},
		// pitfalls that are met in the wild
		{"authority by namespace", "iti8/namespace-only", "AA", "", ""},
		{"type of the authority missing or in lower case", "iti8/type-lower-case", "AA", "", ""},
		{"A40 with ADT_A40 in MSH-9", "iti8/a40-structure-name", "AA", "", ""},
		{"A40 with PD1", "iti8/a40-pd1", "AA", "", ""},
		{"MRG-1 without authority", "iti8/a40-no-authority", "AE", "204", ""},
		{"A40 sent again", "iti8/a40-retransmission", "AA", "", ""},
		{"A40 and back", "iti8/a40-cycle", "AE", "204", ""},
		{"value with an escaped separator", "iti21/escaped-value", "AA", "", "NF"},
		{"value with a separator that was not escaped", "iti21/unescaped-value", "AA", "", "NF"},
		{"birth date of a year and a month", "iti30/a28-unknown-day", "AA", "", ""},
	}
}

// TestRowsV2: each row has its exchange, and each exchange the answer of its row.
func TestRowsV2(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range rowsV2() {
		seen[r.exchange] = true
		b, err := os.ReadFile(filepath.Join("..", "..", "testdata", filepath.FromSlash(r.exchange), "response.hl7"))
		if err != nil {
			t.Errorf("%s: %v", r.row, err)
			continue
		}
		if r.ack == "" {
			if len(b) > 0 {
				t.Errorf("%s: %s is answered", r.row, r.exchange)
			}
			continue
		}
		first, _, _ := strings.Cut(strings.TrimPrefix(string(b), "\x0b"), "\x1c")
		msg, err := hl7v2.ParseMessage([]byte(first))
		if err != nil {
			t.Errorf("%s: %v", r.row, err)
			continue
		}
		code := msg.Field("ERR", 3).Component(1)
		if code == "" {
			code = msg.Field("ERR", 1).Repetition(1).Subcomponent(4, 1)
		}
		if got := (rowV2{r.row, r.exchange, msg.Field("MSA", 1).Text(), code, msg.Field("QAK", 2).Text()}); got != r {
			t.Errorf("%s: %s has %+v, want %+v", r.row, r.exchange, got, r)
		}
	}
	for _, name := range []string{"linked", "unlinked", "national", "merged", "changed"} { // ITI TF-2: 3.10.4.1
		if _, err := os.Stat(filepath.Join("..", "..", "testdata", "iti10", name, "notices.hl7")); err != nil {
			t.Error(err)
		}
	}
	if len(seen) < 120 {
		t.Errorf("%d exchanges, want far more", len(seen))
	}
}
