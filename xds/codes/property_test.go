package codes_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dossier/ebrim"
	"dossier/internal/xmlwire"
	"dossier/xds"
	"dossier/xds/codes"
)

func isPlain(a codes.Attribute) bool { return a == codes.MimeType || a == codes.LanguageCode }

// drawLists makes code sets: at least one list, each with at least one value.
func drawLists(t *rapid.T) map[codes.Attribute][]xds.Code {
	out := map[codes.Attribute][]xds.Code{}
	// Few characters, so that codes resemble each other; such that YAML and XML are fond of.
	text := rapid.StringMatching(`[aAbB0-3.,:#&<>"'{}\[\]~*!|%@ä-]([aA0-3.,:# &<>"'{}\[\]\\ä-]{0,6}[aA0-3:#'"}ä-])?`)
	for _, a := range rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, len(all), rapid.ID).Draw(t, "attributes") {
		seen := map[xds.Code]bool{}
		for range rapid.IntRange(1, 5).Draw(t, "codes") {
			c := xds.Code{Code: text.Draw(t, "code")}
			if !isPlain(a) {
				c.Scheme = rapid.SampledFrom([]string{"2.999.1", "2.999.2", "urn:oid:2.999.1"}).Draw(t, "scheme")
			}
			if seen[c] {
				continue
			}
			seen[c] = true
			if rapid.Bool().Draw(t, "has display") {
				c.Display = text.Draw(t, "display")
			}
			out[a] = append(out[a], c)
		}
	}
	return out
}

// asYAML writes our own format with every value quoted.
func asYAML(lists map[codes.Attribute][]xds.Code) string {
	var b strings.Builder
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	for a, list := range lists {
		fmt.Fprintf(&b, "%s:\n", a)
		for _, c := range list {
			switch {
			case isPlain(a) && c.Display == "":
				fmt.Fprintf(&b, "  - %s\n", quote(c.Code))
			case isPlain(a):
				fmt.Fprintf(&b, "  - {display: %s, code: %s}\n", quote(c.Display), quote(c.Code))
			default:
				fmt.Fprintf(&b, "  - code: %s\n    scheme: %s\n    display: %s\n", quote(c.Code), quote(c.Scheme), quote(c.Display))
			}
		}
	}
	return b.String()
}

// asXML writes codes.xml.
func asXML(lists map[codes.Attribute][]xds.Code) string {
	w := xmlwire.NewWriter(nil).Start("Codes")
	for a, list := range lists {
		w.Start("CodeType").Attr("name", string(a))
		for _, c := range list {
			w.Start("Code").Attr("code", c.Code).Attr("codingScheme", c.Scheme).Attr("display", c.Display).End()
		}
		w.End()
	}
	return string(w.End().Bytes())
}

// carrying is a submission with one coded value.
func carrying(a codes.Attribute, c xds.Code) *xds.Submission {
	s := &xds.Submission{DocumentEntries: []*xds.DocumentEntry{{Symbol: "it"}}}
	e := s.DocumentEntries[0]
	switch a {
	case codes.ClassCode:
		e.ClassCode = c
	case codes.ConfidentialityCode:
		e.ConfidentialityCodes = []xds.Code{c}
	case codes.EventCodeList:
		e.EventCodes = []xds.Code{c}
	case codes.FormatCode:
		e.FormatCode = c
	case codes.HealthcareFacilityTypeCode:
		e.HealthcareFacilityTypeCode = c
	case codes.LanguageCode:
		e.LanguageCode = c.Code
	case codes.MimeType:
		e.MimeType = c.Code
	case codes.PracticeSettingCode:
		e.PracticeSettingCode = c
	case codes.TypeCode:
		e.TypeCode = c
	case codes.ContentTypeCode:
		s = &xds.Submission{SubmissionSets: []*xds.SubmissionSet{{Symbol: "it", ContentTypeCode: c}}}
	case codes.CodeList:
		s = &xds.Submission{Folders: []*xds.Folder{{Symbol: "it", Codes: []xds.Code{c}}}}
	case codes.Documentation:
		o := &ebrim.Association{}
		o.Classifications = []*ebrim.Classification{{Scheme: xds.SchemeAssociationDocumentation, NodeRepresentation: c.Code,
			Name: ebrim.InternationalString{{Value: c.Display}}, Slots: []ebrim.Slot{{Name: xds.SlotCodingScheme, Values: []string{c.Scheme}}}}}
		s = &xds.Submission{Associations: []*xds.Association{{Symbol: "it", Object: o}}}
	}
	return s
}

// mutate changes code or scheme, never to nothing.
func mutate(t *rapid.T, c xds.Code, plain bool) xds.Code {
	kind := rapid.IntRange(0, 5).Draw(t, "mutation")
	switch {
	case kind == 0 && !plain:
		c.Scheme += "1"
	case kind == 1 && !plain:
		c.Scheme = ""
	case kind == 2 && len(c.Code) > 1:
		c.Code = c.Code[:len(c.Code)-1]
	case kind == 3:
		c.Code = " " + c.Code
	case kind == 4 && strings.ToLower(c.Code) != c.Code:
		c.Code = strings.ToLower(c.Code)
	default:
		c.Code += strconv.Itoa(rapid.IntRange(0, 9).Draw(t, "digit"))
	}
	return c
}

// TestEveryCodePassesNoOtherDoes: what was put in a file, in either format, comes out of it and is what submissions may carry;
// any change of a code or scheme is refused at its attribute and object, unless it makes another listed one.
func TestEveryCodePassesNoOtherDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lists := drawLists(t)
		for _, file := range []string{asYAML(lists), asXML(lists)} {
			set, err := codes.Load("f", []byte(file))
			if err != nil {
				t.Fatalf("%v\n%s", err, file)
			}
			for _, a := range all {
				if got := set.Codes(a); !slices.Equal(got, lists[a]) {
					t.Fatalf("%s: got %q, want %q\n%s", a, got, lists[a], file)
				}
				for _, c := range lists[a] {
					judge(t, set, a, c, lists[a])
				}
			}
		}
	})
}

func judge(t *rapid.T, set *codes.Set, a codes.Attribute, c xds.Code, list []xds.Code) {
	shown := c
	shown.Display = rapid.SampledFrom([]string{"", c.Display, "other"}).Draw(t, "shown")
	if got := set.Problems(carrying(a, shown)); got != nil || !set.Has(a, c) {
		t.Fatalf("%s %q is refused: %v", a, c, got)
	}
	wrong := mutate(t, shown, isPlain(a))
	if slices.ContainsFunc(list, func(l xds.Code) bool { return l.Code == wrong.Code && l.Scheme == wrong.Scheme }) {
		return
	}
	got := set.Problems(carrying(a, wrong))
	if len(got) != 1 || got[0].Location != "it" || !strings.HasPrefix(got[0].Context, string(a)+": expected ") || set.Has(a, wrong) {
		t.Fatalf("%s %q in place of %q: got %v", a, wrong, c, got)
	}
	if wrong.Code == c.Code && !strings.Contains(got[0].Context, "did you mean "+strings.TrimSuffix(strconv.Quote(c.Code+"^^"), `"`)) {
		t.Fatalf("no suggestion for the same code in another scheme: %v", got)
	}
	if n := strings.Count(got[0].Context, `" or "`) + strings.Count(got[0].Context, `) or "`); n > 2 {
		t.Fatalf("%d suggestions: %v", n+1, got)
	}
}
