package xmlwire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// reporter is the part of testing.TB that rapid's T has too.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// agreeWithStandardLibrary checks that encoding/xml reads the same names, attributes and text.
func agreeWithStandardLibrary(t reporter, d *Document) {
	t.Helper()
	root, err := standardTree(d.Bytes)
	switch {
	case err != nil && olderNameRules(err, d.Bytes):
		return
	case err != nil:
		t.Errorf("encoding/xml refuses %q: %v", d.Bytes, err)
		return
	}
	// encoding/xml leaves white space in attribute values as it was written.
	blank := strings.NewReplacer("\t", " ", "\n", " ").Replace
	if got, want := dumpAs(root, blank), dumpAs(d.Root, blank); got != want {
		t.Errorf("encoding/xml reads %q\n as %s\nnot %s", d.Bytes, got, want)
	}
}

// olderNameRules reports whether encoding/xml objects to a name: it has those of the second edition of XML 1.0.
func olderNameRules(err error, doc []byte) bool {
	ascii := !bytes.ContainsFunc(doc, func(r rune) bool { return r >= 0x80 })
	return !ascii && (strings.Contains(err.Error(), "invalid XML name") || strings.Contains(err.Error(), "expected element name") ||
		strings.Contains(err.Error(), "expected attribute name") || strings.Contains(err.Error(), "expected target name"))
}

// standardTree builds a tree from the tokens of encoding/xml.
func standardTree(doc []byte) (*Element, error) {
	dec := xml.NewDecoder(bytes.NewReader(doc))
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	root := &Element{}
	cur, last := root, map[*Element]*Element{}
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return root.First, nil
		}
		if err != nil {
			return nil, err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			e := &Element{Name: Name(tok.Name), Parent: cur}
			for _, a := range tok.Attr {
				if a.Name.Space != "xmlns" && a.Name != (xml.Name{Local: "xmlns"}) {
					e.Attrs = append(e.Attrs, Attr{Name(a.Name), a.Value})
				}
			}
			if before := last[cur]; before != nil {
				before.Next = e
			} else {
				cur.First = e
			}
			last[cur] = e
			cur = e
		case xml.EndElement:
			cur = cur.Parent
		case xml.CharData:
			cur.text += string(tok)
		}
	}
}

func TestAgreesWithStandardLibrary(t *testing.T) {
	t.Parallel()
	docs := []string{string(registerMessage(1))}
	for _, c := range acceptances {
		docs = append(docs, c.doc)
	}
	for _, doc := range docs {
		agreeWithStandardLibrary(t, mustParse(t, doc))
	}
}

// xmllintAccepts names the documents that libxml2 takes and this reader refuses, with the reason.
var xmllintAccepts = map[string]string{
	"DOCTYPE":                   "no DTD in SOAP (SOAP 1.2 part 1 section 5)",
	"DOCTYPE after declaration": "no DTD in SOAP",
	"external entity":           "no DTD in SOAP",
	"external subset":           "no DTD in SOAP",
	"parameter entity":          "no DTD in SOAP",
	"attribute default":         "no DTD in SOAP",
	"entity bomb":               "no DTD in SOAP",
	"version 1.1":               "libxml2 warns and goes on",
	"version 1.00":              "libxml2 warns and goes on",
	"NUL after root":            "libxml2 stops at a NUL",
}

// TestAgreesWithXmllint holds both tables against libxml2.
func TestAgreesWithXmllint(t *testing.T) {
	t.Parallel()
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not on PATH (Debian package libxml2-utils); the tables are not compared with libxml2")
	}
	var docs []string
	for _, c := range acceptances {
		docs = append(docs, c.doc)
	}
	for _, c := range refusals {
		docs = append(docs, c.doc)
	}
	objections := lint(t, xmllint, docs)
	for i, c := range acceptances {
		if objections[i] != "" {
			t.Errorf("%s: we accept %q, libxml2 does not: %s", c.name, c.doc, objections[i])
		}
	}
	for i, c := range refusals {
		objection := objections[len(acceptances)+i]
		if _, known := xmllintAccepts[c.name]; known != (objection == "") {
			t.Errorf("%s: we refuse %q; libxml2 says %q, and the list of differences %v", c.name, c.doc, objection, known)
		}
	}
}

// lint returns what libxml2 has against each document, "" for nothing. Its exit code does not know namespace errors,
// so its messages are read: "7.xml:1: parser error : ...".
func lint(t *testing.T, xmllint string, docs []string) []string {
	t.Helper()
	dir := t.TempDir()
	args := []string{"--nonet", "--noout"}
	for i, doc := range docs {
		name := strconv.Itoa(i) + ".xml"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(doc), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	cmd := exec.CommandContext(t.Context(), xmllint, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	objections := make([]string, len(docs))
	for line := range strings.Lines(string(out)) {
		file, message, _ := strings.Cut(line, ".xml:")
		if i, err := strconv.Atoi(file); err == nil && strings.Contains(message, " error : ") && objections[i] == "" {
			objections[i] = strings.TrimSpace(message)
		}
	}
	return objections
}
