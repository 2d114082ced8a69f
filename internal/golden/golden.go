package golden

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the recorded answers")

// Update tells whether recorded answers are to be rewritten.
func Update() bool { return *update }

// Case is one recorded exchange.
type Case struct {
	Name    string // "iti42/unknown-patient"
	Dir     string
	Wire    string // "http" or "hl7": the extension of its files
	After   []Before
	Request []byte
}

// Before is a case that another one needs to have happened.
type Before struct {
	Name    string
	Refused bool // it changes nothing
}

// Load reads all cases below root, two folders deep, in the order of their names.
func Load(t *testing.T, root string) []Case {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "*", "*", "request.*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases below %s: %v", root, err)
	}
	var out []Case
	for _, f := range files {
		dir := filepath.Dir(f)
		c := Case{
			Name: filepath.Base(filepath.Dir(dir)) + "/" + filepath.Base(dir), Dir: dir,
			Wire: strings.TrimPrefix(filepath.Ext(f), "."), Request: read(t, f),
		}
		if after, err := os.ReadFile(filepath.Join(dir, "after")); err == nil {
			for _, name := range strings.Fields(string(after)) {
				name, refused := strings.CutPrefix(name, "!")
				c.After = append(c.After, Before{name, refused})
			}
		}
		if _, err := os.Stat(filepath.Join(dir, "case.md")); err != nil {
			t.Errorf("%s: a case says in case.md what it shows: %v", c.Name, err)
		}
		out = append(out, c)
	}
	return out
}

// Response reads the recorded answer.
func (c Case) Response(t *testing.T) []byte {
	t.Helper()
	return read(t, c.response())
}

func (c Case) response() string { return filepath.Join(c.Dir, "response."+c.Wire) }

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Check compares an answer with the recorded one, or records it.
func (c Case) Check(t *testing.T, answer []byte) {
	t.Helper()
	c.check(t, "the answer", c.response(), answer)
}

// Audit reads the recorded audit messages, one line each.
func (c Case) Audit(t *testing.T) []byte {
	t.Helper()
	return read(t, c.audit())
}

// CheckAudit compares the audit messages of the exchange, one line each, with the recorded ones, or records them.
func (c Case) CheckAudit(t *testing.T, lines []byte) {
	t.Helper()
	c.check(t, "the audit", c.audit(), lines)
}

func (c Case) audit() string { return filepath.Join(c.Dir, "audit.xml") }

func (c Case) check(t *testing.T, what, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := read(t, file); !bytes.Equal(got, want) {
		t.Errorf("%s: %s differs from what was recorded\n--- got\n%s\n--- want\n%s\n--- first difference at byte %d", c.Name, what, got, want, firstDifference(got, want))
	}
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
