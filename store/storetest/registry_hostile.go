package storetest

import (
	"context"
	"errors"
	"strings"

	"dossier/ebrim"
	"dossier/store"
	"dossier/xds"
	"dossier/xds/query"
)

// hostile are texts that have broken registries: SQL, patterns, templates, formats, and characters that databases treat in
// their own way.
var hostile = []string{
	"'", "''", "'''", `"`, "`", `\`, `\'`, `\\'`, "';", "'--", "' --", "'/*", "*/", "' OR '1'='1", "' OR 1=1 --", "') OR ('1'='1", "1 OR 1=1",
	"'; DROP TABLE object; --", "'); DELETE FROM patient; --", "x'; UPDATE object SET status='D'; --", "' UNION SELECT fragment FROM folder --",
	"' AND (SELECT count(*) FROM object) > 0 --", "' AND randomblob(1000000000) --", "'; SELECT pg_sleep(60); --", "'||(SELECT cx FROM patient)||'",
	"$1", "$$x$$", "?", "?1", ":a", "@a", "%s", "%n", "{0}", "${jndi:x}", "{{.}}", "<!--", "]]>", "&amp;", "&#39;", "%27", "%00", `\0`, `\x27`,
	"%", "%%", "_", "%_%", "*", "?*[", "[", "[^a]", "[a-", "{", "^", "^^", "^^^", "a^b", "a^^b", "a^b^c", "&", "a^^^&2.999&ISO", "~", "|",
	"(", ")", "()", "((", "))", ",", ",,", "','", "a,b", "null", "NULL", "true", "0", "-1", "1e309", "9223372036854775808", "NaN", "0x27", "2024-13-99",
	"\u2019", "\u02bc", "\uff07", "\x00", "\u00a0", "\ufeff", "\u202e", "\ufffd", "\U0001f4a9", "e\u0301", "\xff", "\xbf\x27", "\x1a", "\t", "\r\n",
	"../../etc/passwd", "urn:uuid:", "urn:uuid:'", "urn:oid:'", strings.Repeat("'", 999), strings.Repeat("(", 999), strings.Repeat("%", 999),
	strings.Repeat("a%", 9999), strings.Repeat("x", 70000),
}

// hostileParameters sends each of them in every parameter of every query: quoted as it has to be, in the place of a code, a
// scheme and an id, and raw. What comes back is a refusal in the words of the registry, or an answer; never an error of the
// database.
func hostileParameters(w *world) {
	id := w.patient("A")
	s := Submit(id)
	s.Entry()
	s.Folder()
	w.register(s)
	before := w.show(w.objects(all(id), true))
	refused, answered := 0, 0
	err := w.Registry.View(context.Background(), func(r store.RegistryReader) error {
		for _, d := range query.Catalogue() {
			for _, p := range d.Parameters {
				for _, value := range hostileValues() {
					q, err := parseWith(d, p, value)
					if err != nil {
						if _, ok := errors.AsType[xds.Errors](err); !ok {
							w.Errorf("%s %s %.60q: got %v, want a refusal by xds.Errors", d.Name, p.Name, value, err)
						}
						refused++
						continue
					}
					if _, err := r.Find(context.Background(), q, true, 100); err != nil {
						w.Fatalf("%s %s %.60q: %v", d.Name, p.Name, value, err)
					}
					answered++
				}
			}
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	if after := w.show(w.objects(all(id), true)); after != before {
		w.Errorf("the registry had %s and has %s", before, after)
	}
	if refused < 1000 || answered < 1000 {
		w.Errorf("%d refused and %d answered, want many of both", refused, answered)
	}
}

// hostileValues writes each text as a value of every kind, and as it is.
func hostileValues() (list []string) {
	for _, text := range hostile {
		quoted := query.Quote(text)
		inner := quoted[1 : len(quoted)-1]
		list = append(list, "("+quoted+")", "('"+inner+"^^2.999')", "('a^^"+inner+"')", "'"+inner+"^^^&2.999.10.1&ISO'", text, "('"+text+"')")
	}
	return list
}

// example is a legal value of each type.
var example = map[query.Type]string{
	query.TypePatientID: "'A^^^&" + Authority + "&ISO'", query.TypeCode: "('a^^2.999')", query.TypeTime: "2024", query.TypePattern: "('%')",
	query.TypeText: "'2.999.1'", query.TypeUUID: "'urn:uuid:00000000-0000-4000-8000-000000000001'", query.TypeStatus: "('Approved')",
	query.TypeAvailability: "('Online')", query.TypeObjectType: "('Stable')", query.TypeAssociationType: "('RPLC')", query.TypeReferenceID: "('a')",
	query.TypeNumber: "1",
}

// parseWith reads a query with one parameter and what it requires besides.
func parseWith(d query.Definition, p query.Parameter, value string) (query.Query, error) {
	request := &ebrim.AdhocQueryRequest{ReturnType: ebrim.ReturnLeafClass, QueryID: d.ID, Slots: []ebrim.Slot{{Name: p.Name, Values: []string{value}}}}
	chosen := p.Choice
	for _, other := range d.Parameters {
		if other.Name == p.Name || !(other.Required || other.Any || other.Choice && !chosen) {
			continue
		}
		chosen = chosen || other.Choice
		request.Slots = append(request.Slots, ebrim.Slot{Name: other.Name, Values: []string{example[other.Type]}})
	}
	if d.MultiPatient {
		return query.ParseMultiPatient(request)
	}
	return query.Parse(request)
}
