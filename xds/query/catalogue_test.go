package query_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"dossier/xds/query"
)

func TestCatalogue(t *testing.T) {
	t.Parallel()
	all := query.Catalogue()
	if len(all) != 17 {
		t.Errorf("got %d stored queries, want 17", len(all))
	}
	ids, id := map[string]bool{}, regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	for i, d := range all {
		if !id.MatchString(d.ID) || ids[d.ID] {
			t.Errorf("%s: id %s is malformed or taken", d.Name, d.ID)
		}
		ids[d.ID] = true
		if d.Section == "" || i > 0 && d.Section == all[i-1].Section && !d.MultiPatient {
			t.Errorf("%s: section %q", d.Name, d.Section)
		}
		if of51 := strings.Contains(d.Section, ": 3.51."); of51 != d.MultiPatient || of51 != strings.HasSuffix(d.Name, "ForMultiplePatients") {
			t.Errorf("%s: section %q and MultiPatient %v contradict each other or the name", d.Name, d.Section, d.MultiPatient)
		}
		names, choices := map[string]bool{}, 0
		for _, p := range d.Parameters {
			if !strings.HasPrefix(p.Name, "$") || names[p.Name] || p.Type == "" {
				t.Errorf("%s: parameter %+v has a bad name, is there twice or has no type", d.Name, p)
			}
			if p.And && !p.Multiple || p.Required && (p.Choice || p.Any || p.Ignored) {
				t.Errorf("%s: parameter %+v contradicts itself", d.Name, p)
			}
			names[p.Name] = true
			if p.Choice {
				choices++
			}
		}
		if choices != 0 && choices != 2 {
			t.Errorf("%s: got %d parameters to choose from, want a pair", d.Name, choices)
		}
	}
}

func TestCatalogueIsACopy(t *testing.T) {
	t.Parallel()
	all := query.Catalogue()
	all[0].Name, all[0].Parameters[0].Name = "x", "x"
	d, _ := query.Lookup("GetDocuments")
	d.Parameters[0].Required = true
	again, _ := query.Lookup("GetDocuments")
	if f := query.Catalogue()[0]; f.Name != "FindDocuments" || f.Parameters[0].Name != "$XDSDocumentEntryPatientId" || again.Parameters[0].Required {
		t.Errorf("got %s %v %v, want the catalogue unchanged", f.Name, f.Parameters[0], again.Parameters[0])
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	for _, d := range query.Catalogue() {
		for _, s := range []string{d.Name, strings.ToUpper(d.Name), " " + strings.ToLower(d.Name) + "\n", d.ID, " " + strings.ToUpper(d.ID), strings.TrimPrefix(d.ID, "urn:uuid:")} {
			got, ok := query.Lookup(s)
			if !ok || got.Name != d.Name || !reflect.DeepEqual(got.Parameters, d.Parameters) {
				t.Errorf("%q: got %s, %v, want %s", s, got.Name, ok, d.Name)
			}
		}
	}
	for _, s := range []string{"", "FindDocument", "$FindDocuments", "urn:uuid:", "3d1bdb10-39a2-11de-89c2-2f44d94eaa9e", "FindDocumentsForMultiplePatient"} {
		if d, ok := query.Lookup(s); ok {
			t.Errorf("%q: got %s, want none", s, d.Name)
		}
	}
}

func TestParameter(t *testing.T) {
	t.Parallel()
	d, _ := query.Lookup("FindDocuments")
	p, ok := d.Parameter("$XDSDocumentEntryEventCodeList")
	if want := (query.Parameter{Name: p.Name, Type: query.TypeCode, Multiple: true, And: true}); !ok || p != want {
		t.Errorf("got %+v, %v, want %+v", p, ok, want)
	}
	if p, ok := d.Parameter("$xdsDocumentEntryEventCodeList"); ok {
		t.Errorf("got %+v, want none", p)
	}
}
