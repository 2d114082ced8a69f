package query_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"dossier/ebrim"
	"dossier/xds/query"
)

func encode(t *testing.T, name string, params ...query.Param) (*ebrim.AdhocQueryRequest, error) {
	t.Helper()
	d, ok := query.Lookup(name)
	if !ok {
		t.Fatalf("no stored query %s", name)
	}
	return query.Encode(d, params)
}

func TestEncodePlain(t *testing.T) {
	t.Parallel()
	got, err := encode(t, "FindDocuments",
		query.Param{"$XDSDocumentEntryPatientId", patient},
		query.Param{"$XDSDocumentEntryStatus", "Approved"},
		query.Param{"XDSDocumentEntryTypeCode", "8716-3^^" + loinc + ",a^b^2.999"},
		query.Param{"xdsdocumententryclasscode", "Children's^^2.999"},
		query.Param{"$XDSDocumentEntryCreationTimeFrom", "2024"},
		query.Param{"$XDSDocumentEntryCreationTimeTo", "'20240701'"},
		query.Param{"$XDSDocumentEntryStatus", "deprecated"},
		query.Param{"$XDSDocumentEntryType", "Stable,On-Demand"},
		query.Param{"$XDSDocumentEntryAuthorPerson", "'%Okafor, A%'"},
		query.Param{"$XDSDocumentEntryFormatCode", ""},
		query.Param{"$MetadataLevel", "1"},
		query.Param{"$homeCommunityId", " urn:oid:2.999.3 "},
	)
	want := &ebrim.AdhocQueryRequest{
		ReturnType: "LeafClass", QueryID: "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d", Home: "urn:oid:2.999.3",
		Slots: []ebrim.Slot{
			slot("$XDSDocumentEntryPatientId", "'"+patient+"'"),
			slot("$XDSDocumentEntryStatus", "('"+urnApproved+"','"+urnDeprecated+"')"),
			slot("$XDSDocumentEntryTypeCode", "('8716-3^^"+loinc+"','a^^2.999')"),
			slot("$XDSDocumentEntryClassCode", "('Children''s^^2.999')"),
			slot("$XDSDocumentEntryCreationTimeFrom", "2024"),
			slot("$XDSDocumentEntryCreationTimeTo", "20240701"),
			slot("$XDSDocumentEntryType", "('urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1','urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248')"),
			slot("$XDSDocumentEntryAuthorPerson", "('%Okafor, A%')"),
			slot("$MetadataLevel", "1"),
		},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
}

func TestEncodeValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ query, name, value, want string }{
		{"GetDocuments", "XDSDocumentEntryEntryUUID", strings.ToUpper(docUUID), "('" + docUUID + "')"},
		{"GetDocuments", "XDSDocumentEntryEntryUUID", docUUID[9:], "('" + docUUID + "')"},
		{"GetDocuments", "XDSDocumentEntryEntryUUID", "Document01", "('Document01')"}, // a tester may want to be refused
		{"GetDocuments", "XDSDocumentEntryUniqueId", "2.999.1^a,'b,c'", "('2.999.1^a','b,c')"},
		{"GetRelatedDocuments", "AssociationTypes", "RPLC,urn:x:y", "('urn:ihe:iti:2007:AssociationType:RPLC','urn:x:y')"},
		{"GetRelatedDocuments", "AssociationTypes", "nonsense", "('nonsense')"},
		{"GetAll", "XDSFolderStatus", "('" + urnApproved + "')", "('" + urnApproved + "')"},
		{"GetAll", "XDSFolderStatus", "Submitted", "('Submitted')"},
		{"GetAll", "XDSDocumentEntryFormatCode", "urn:x", "('urn:x')"},
		{"GetAll", "XDSDocumentEntryFormatCode", `"a,b^^2.999"`, "('a,b^^2.999')"},
		{"FindFolders", "XDSFolderLastUpdateTimeTo", "tomorrow", "'tomorrow'"},
		{"FindFolders", "XDSFolderLastUpdateTimeTo", "20240101120000+0100", "20240101120000+0100"},
		{"FindSubmissionSets", "XDSSubmissionSetAuthorPerson", "O'Brien%", "('O''Brien%')"},
	} {
		got, err := encode(t, c.query, query.Param{c.name, c.value})
		if want := []ebrim.Slot{slot("$"+c.name, c.want)}; err != nil || !reflect.DeepEqual(got.Slots, want) {
			t.Errorf("%s=%s: got %q, %v, want %q", c.name, c.value, got.Slots, err, want)
		}
	}
}

func TestEncodeAnd(t *testing.T) {
	t.Parallel()
	const name = "$XDSFolderCodeList"
	got, err := encode(t, "FindFolders", query.Param{name, "a^^1.2"}, query.Param{name, "(b^^1.2, c^^1.2)"}, query.Param{name, "d^^1.2"}, query.Param{name, "('e^^1.2')"})
	want := []ebrim.Slot{slot(name, "('a^^1.2','d^^1.2')"), slot(name, "('b^^1.2','c^^1.2')"), slot(name, "('e^^1.2')")}
	if err != nil || !reflect.DeepEqual(got.Slots, want) {
		t.Errorf("got %q, %v, want %q", got.Slots, err, want)
	}

	got, err = encode(t, "FindFolders", query.Param{"XDSFolderStatus", "('Approved')"}, query.Param{"XDSFolderStatus", "(Deprecated)"})
	want = []ebrim.Slot{slot("$XDSFolderStatus", "('"+urnApproved+"','"+urnDeprecated+"')")}
	if err != nil || !reflect.DeepEqual(got.Slots, want) {
		t.Errorf("without AND: got %q, %v, want %q", got.Slots, err, want)
	}
}

// A rim:Value has at most 256 characters where its values allow it.
func TestEncodeSplits(t *testing.T) {
	t.Parallel()
	var uuids []string
	for i := range 12 {
		uuids = append(uuids, fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-%012x", i))
	}
	for n, want := range map[int]int{247: 1, 248: 2} { // 256 characters with the first
		got, err := encode(t, "GetDocuments", query.Param{"XDSDocumentEntryUniqueId", strings.Repeat("é", n) + ",bb"})
		if err != nil || len(got.Slots[0].Values) != want {
			t.Errorf("%d and 2 characters: got %q, %v, want %d Values", n, got.Slots, err, want)
		}
	}
	long := strings.Repeat("é", 300)
	got, err := encode(t, "GetDocuments", query.Param{"XDSDocumentEntryEntryUUID", strings.Join(uuids, ",")}, query.Param{"XDSDocumentEntryUniqueId", "a," + long + ",b"})
	if err != nil || len(got.Slots) != 2 || len(got.Slots[0].Values) != 3 {
		t.Fatalf("got %q, %v, want twelve UUIDs in three Values", got.Slots, err)
	}
	for _, v := range got.Slots[0].Values {
		if len(v) > 256 || !strings.HasPrefix(v, "('urn:") || !strings.HasSuffix(v, "')") {
			t.Errorf("got %q of %d characters, want a list of at most 256", v, len(v))
		}
	}
	if want := []string{"('a')", "('" + long + "')", "('b')"}; !reflect.DeepEqual(got.Slots[1].Values, want) {
		t.Errorf("got %q, want %q", got.Slots[1].Values, want)
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	for text, p := range map[string]query.Param{
		`expected a parameter of FindFolders, got "$XDSDocumentEntryStatus"`:                                  {"$XDSDocumentEntryStatus", "Approved"},
		`expected a parameter of FindFolders, got ""`:                                                         {"", "x"},
		`$XDSFolderPatientId: expected one value, got 2 (a value with commas has to be quoted)`:               {"$XDSFolderPatientId", "a,b"},
		`$XDSFolderCodeList: at character 1: expected a closing quote for the value, got "'a"`:                {"$XDSFolderCodeList", "'a"},
		`$XDSFolderStatus: at character 4: expected a comma, a closing parenthesis or the end after a quoted`: {"$XDSFolderStatus", "'a'b"},
	} {
		if _, err := encode(t, "FindFolders", p); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v: got %v, want %s", p, err, text)
		}
	}
	_, err := encode(t, "FindFolders", query.Param{"x", "1"}, query.Param{"y", "1"})
	if err == nil || strings.Count(err.Error(), "expected") != 2 {
		t.Errorf("got %v, want both problems", err)
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{"": "''", "a": "'a'", "it's": "'it''s'", "'": "''''", `"`: `'"'`} {
		if got := query.Quote(s); got != want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
	}
}
