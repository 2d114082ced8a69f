package validate_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dossier/ebrim"
	"dossier/internal/xmlwire"
	"dossier/xds"
	"dossier/xds/validate"
)

var update = flag.Bool("update", false, "rewrite testdata/rules and testdata/lenient from the tables")

// An edit changes the lines of a correct message: one line holds one Slot, Classification or ExternalIdentifier. Each
// works on the first line that contains the fragment.
type edit struct {
	fragment string
	apply    func(line string) []string
}

func drop(fragment string) edit {
	return edit{fragment, func(string) []string { return nil }}
}

func swap(fragment, old, new string) edit {
	return edit{fragment, func(line string) []string {
		if !strings.Contains(line, old) {
			panic("no " + old + " in " + line)
		}
		return []string{strings.Replace(line, old, new, 1)}
	}}
}

func after(fragment string, text ...string) edit {
	return edit{fragment, func(line string) []string { return append([]string{line}, text...) }}
}

// value replaces the first value of a Slot.
func value(slot, v string) edit {
	return edit{`<rim:Slot name="` + slot + `">`, func(line string) []string {
		head, rest, _ := strings.Cut(line, "<rim:Value>")
		_, tail, _ := strings.Cut(rest, "</rim:Value>")
		return []string{head + "<rim:Value>" + v + "</rim:Value>" + tail}
	}}
}

// also adds a second value to a Slot.
func also(slot, v string) edit {
	return swap(`<rim:Slot name="`+slot+`">`, "</rim:ValueList>", "<rim:Value>"+v+"</rim:Value></rim:ValueList>")
}

func edited(t testing.TB, base string, edits []edit) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", base+".xml"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(b), "\n")
	for _, e := range edits {
		at := -1
		for i, l := range lines {
			if strings.Contains(l, e.fragment) {
				at = i
				break
			}
		}
		if at < 0 {
			t.Fatalf("%s.xml has no line with %q", base, e.fragment)
		}
		lines = append(lines[:at:at], append(e.apply(lines[at]), lines[at+1:]...)...)
	}
	return []byte(strings.Join(lines, "\n"))
}

// fixture gives the committed file, which has to be what the table makes of the base; -update writes it.
func fixture(t *testing.T, path, base string, edits []edit) []byte {
	t.Helper()
	want := edited(t, base, edits)
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test -update writes it", err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%s is not what the table makes; go test -update rewrites it", path)
	}
	return got
}

// onlyFixtures fails when the folder holds a file that no case made.
func onlyFixtures(t *testing.T, dir string, known map[string]bool) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !known[strings.TrimSuffix(f.Name(), ".xml")] {
			t.Errorf("%s/%s belongs to no case", dir, f.Name())
		}
	}
}

// read maps a message as the registry does.
func read(t testing.TB, message []byte) *xds.Submission {
	t.Helper()
	s, err := parse(message)
	if err != nil {
		t.Fatal(err)
	}
	if s == nil {
		t.Fatal("not a SubmitObjectsRequest")
	}
	return s
}

// parse gives nil, nil for XML that is no submission.
func parse(message []byte) (*xds.Submission, error) {
	doc, err := xmlwire.Parse(bytes.Clone(message), xmlwire.Limits{})
	if err != nil {
		return nil, err
	}
	list, ok := ebrim.DecodeSubmitObjectsRequest(doc.Root)
	if !ok {
		return nil, nil
	}
	return xds.ReadSubmission(list), nil
}

// judge gives what refuses a submission or is remarked on it.
func judge(s *xds.Submission, p validate.Profile) xds.Errors {
	return validate.Submission(s, p).Problems
}
