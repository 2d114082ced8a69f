//go:build linux

package crash

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"dossier/hl7v2"
	"dossier/internal/failpoint"
	"dossier/xds"
)

// points are the places at which the server can be made to die, with what must not be torn there and the steps that reach
// it. The names are those in the source.
var points = map[string]struct{ at, reachedBy string }{
	"blob.write.before":        {"a piece of a document, before it is in the temporary file", "ITI-41"},
	"blob.write.after":         {"written, not durable", "ITI-41"},
	"blob.fsync.before":        {"all pieces written", "ITI-41"},
	"blob.fsync.after":         {"content durable, without its name", "ITI-41"},
	"blob.fanout.after":        {"the folders that are to hold the name are durable", "ITI-41"},
	"blob.rename.before":       {"closed, still a temporary file", "ITI-41"},
	"blob.rename.after":        {"named, the name not durable", "ITI-41"},
	"blob.folder.fsync.before": {"the same, outside of the lock", "ITI-41"},
	"blob.folder.fsync.after":  {"the document is durable and nobody names it", "ITI-41"},
	"blob.remove.before":       {"the sweep has found a blob that nobody names", "sweep"},
	"blob.remove.after":        {"the blob is gone", "sweep"},
	"sqldb.begin.before":       {"a connection is chosen", "A04 A40 ITI-18 ITI-41 ITI-42 ITI-43 sweep"},
	"sqldb.begin.after":        {"the transaction is open", "A04 A40 ITI-18 ITI-41 ITI-42 ITI-43 sweep"},
	"sqldb.statement.before":   {"each statement that changes something, the audit trail of a query too", "A04 A40 ITI-18 ITI-41 ITI-42 ITI-43"},
	"sqldb.statement.after":    {"the same, done and not committed", "A04 A40 ITI-18 ITI-41 ITI-42 ITI-43"},
	"sqldb.merge.half":         {"patients point to the survivor, the merge is not noted", "A40"},
	"sqldb.commit.before":      {"all statements done", "A04 A40 ITI-18 ITI-41 ITI-42 ITI-43 sweep"},
	"sqldb.commit.after":       {"committed, nobody told", "A04 A40 ITI-18 ITI-41 ITI-42 ITI-43 sweep"},
	"mllp.answer.before":       {"the acknowledgement is written, not sent", "A04 A40"},
	"mllp.answer.sent":         {"the acknowledgement is sent", "A04 A40"},
	"soap.response.before":     {"the answer is made, no byte of it sent", "ITI-18 ITI-41 ITI-42 ITI-43"},
	"soap.response.begun":      {"its first bytes are handed over", "ITI-18 ITI-41 ITI-42 ITI-43"},
	"soap.response.sent":       {"its last byte is handed over", "ITI-18 ITI-41 ITI-42 ITI-43"},
}

// TestPointsAreKnown compares the table with the calls in the source: each name is a literal, stands at one place only and
// is in the table.
func TestPointsAreKnown(t *testing.T) {
	t.Parallel()
	found := map[string]token.Position{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		f, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			fn, ok := call.Fun.(*ast.SelectorExpr)
			if pkg, isName := identOf(fn, ok); !isName || pkg != "failpoint" || fn.Sel.Name != "Hit" {
				return true
			}
			at := files.Position(call.Pos())
			literal, ok := call.Args[0].(*ast.BasicLit)
			if !ok {
				t.Errorf("%v: the name of a fail-point must be a literal", at)
				return true
			}
			name, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Error(err)
			}
			if other, twice := found[name]; twice {
				t.Errorf("%v: fail-point %s is at %v too", at, name, other)
			}
			found[name] = at
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, at := range found {
		if _, ok := points[name]; !ok {
			t.Errorf("%v: fail-point %s is not in the table", at, name)
		}
	}
	for name := range points {
		if _, ok := found[name]; !ok {
			t.Errorf("fail-point %s is in the table and not in the source", name)
		}
	}
}

func identOf(fn *ast.SelectorExpr, ok bool) (string, bool) {
	if !ok {
		return "", false
	}
	x, ok := fn.X.(*ast.Ident)
	if !ok {
		return "", false
	}
	return x.Name, true
}

// TestPlainBuildHasNoPoints: the program that is shipped does not know the variable, and says so instead of ignoring it.
func TestPlainBuildHasNoPoints(t *testing.T) {
	t.Parallel()
	_, err := run(t, program(t, false), t.TempDir(), []string{failpoint.Variable + "=blob.fsync.before"}, "serve")
	if err == nil || !strings.Contains(err.Error(), "exit status 2") || !strings.Contains(err.Error(), failpoint.Variable+" is not a configuration key") {
		t.Errorf("got %v, want a refusal of the variable", err)
	}
	if failpoint.Enabled {
		t.Error("the tests themselves are built with the tag failpoint")
	}
}

// step is one thing that a server, or the program, is killed in. prepare runs on a server without fail-points.
type step struct {
	name    string
	prepare func(c *client, w *wire) bool
	run     func(t *testing.T, c *client, w *wire)
	end     string // the last point that it reaches
}

var steps = []step{
	{"A04", nothing, func(_ *testing.T, c *client, w *wire) { c.admittedA = c.outcome(w.admit(c.a)) }, "mllp.answer.sent"},
	{"A40", (*client).both, func(_ *testing.T, c *client, w *wire) { c.merge(w) }, "mllp.answer.sent"},
	{"ITI-41", (*client).both, func(_ *testing.T, c *client, w *wire) { c.everything(w) }, "soap.response.sent"},
	{"ITI-42", (*client).both, func(_ *testing.T, c *client, w *wire) { c.register(w, c.a, 2) }, "soap.response.sent"},
	{"ITI-18", (*client).both, func(t *testing.T, c *client, w *wire) {
		if s, err := w.getAll(c.a); err == nil && len(s.SubmissionSets) == 0 {
			t.Error("ITI-18 was answered without what is there")
		}
	}, "soap.response.sent"},
	{"ITI-43", (*client).both, func(t *testing.T, c *client, w *wire) {
		e := c.sent[0].entries[0]
		if got, err := w.retrieve([]xds.UniqueID{e.unique}); err == nil && !bytes.Equal(got[e.unique], e.content) {
			t.Error("ITI-43 was answered with other bytes")
		}
	}, "soap.response.sent"},
}

func nothing(*client, *wire) bool { return true }

// both makes both patients known and submits something for each.
func (c *client) both(w *wire) bool {
	return c.begin(w) && c.one(w, c.a) && c.one(w, c.b)
}

// one submits one document and nothing else.
func (c *client) one(w *wire, patient hl7v2.CX) bool {
	m, s := c.submission(patient, 1, true)
	s.acknowledged = c.outcome(w.provide(m, [][]byte{s.entries[0].content}))
	return s.acknowledged
}

// everything is a submission that needs every kind of statement: two documents, a Folder, a replacement.
func (c *client) everything(w *wire) {
	m, s := c.submission(c.a, 2, true)
	s.entries[1].content = randomBytes(c.rng, 300_000) // two pieces
	m.DocumentEntries[1].Size, m.DocumentEntries[1].Hash = 300_000, hashOf(s.entries[1].content)
	c.fileInFolder(m, s, c.a)
	if target := c.earlier(c.a); target != "" {
		c.relate(m, s, xds.Replace, target)
		c.forget(target)
	}
	s.acknowledged = c.outcome(w.provide(m, [][]byte{s.entries[0].content, s.entries[1].content}))
}

// rig is a data folder that is killed in again and again.
type rig struct {
	*tally
	path, data string
	round      int
}

func newRig(t *testing.T) *rig {
	return &rig{tally: &tally{}, path: program(t, true), data: memoryDir(t)}
}

func (r *rig) client() *client {
	r.round++
	return newClient(fmt.Sprintf("P%d", r.round), newRand(1, uint64(r.round)))
}

// session runs do on a server without an armed point.
func (r *rig) session(t *testing.T, do func(w *wire)) {
	t.Helper()
	s := start(t, r.path, r.data, nil)
	w := connect(s)
	do(w)
	w.close()
	s.kill() // SIGTERM would only add what TestKill shows already
}

// trace counts the points that the step reaches, beside those of a start.
func (r *rig) trace(t *testing.T, step step) (idle, reached map[string]int) {
	t.Helper()
	c := r.client()
	r.session(t, func(w *wire) { r.mustPrepare(t, step, c, w) })
	s := start(t, r.path, r.data, []string{failpoint.Variable + "=trace"})
	idle = hits(s.log.String())
	w := connect(s)
	step.run(t, c, w)
	w.close()
	for range 2000 { // the client has its answer before the server has reached the last point
		if reached = hits(s.log.String()); reached[step.end] > idle[step.end] {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	for name, n := range idle {
		reached[name] -= n
	}
	maps.DeleteFunc(reached, func(_ string, n int) bool { return n == 0 })
	s.kill()
	r.count(t, c)
	return idle, reached
}

func (r *rig) mustPrepare(t *testing.T, step step, c *client, w *wire) {
	t.Helper()
	if !step.prepare(c, w) {
		t.Fatalf("%s: preparation failed: %v", step.name, c.refusals)
	}
}

// hits counts the lines that a build with fail-points writes when it traces.
func hits(log string) map[string]int {
	out := map[string]int{}
	for line := range strings.Lines(log) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "failpoint "); ok {
			out[name]++
		}
	}
	return out
}

// TestEveryFailPoint kills the server at each hit of each point of each step and compares what is there afterwards.
func TestEveryFailPoint(t *testing.T) {
	t.Parallel()
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			idle, reached := r.trace(t, step)
			wantReached(t, step.name, reached)
			var last *client
			for _, name := range slices.Sorted(maps.Keys(reached)) {
				for hit := range reached[name] {
					last = r.killAt(t, step, last, name, idle[name]+hit+1)
				}
			}
			r.session(t, func(w *wire) { r.compare(t, w, last) })
			r.swept, r.findings = clean(t, r.path, r.data)
			r.orphans = sweep(t, r.path, r.data)
			t.Logf("%s: %d points; %v", step.name, len(reached), r.tally)
		})
	}
}

// wantReached compares what a step reaches with the table.
func wantReached(t *testing.T, step string, reached map[string]int) {
	t.Helper()
	for name, p := range points {
		if want := slices.Contains(strings.Fields(p.reachedBy), step); want != (reached[name] > 0) {
			t.Errorf("%s hits %s %d times, the table says reached: %v", step, name, reached[name], want)
		}
	}
}

// killAt compares what the kill before has left, prepares a client, and kills the server at the n-th hit of a point.
func (r *rig) killAt(t *testing.T, step step, last *client, name string, n int) *client {
	t.Helper()
	c := r.client()
	r.session(t, func(w *wire) {
		if last != nil {
			r.compare(t, w, last)
		}
		r.mustPrepare(t, step, c, w)
	})
	s := start(t, r.path, r.data, []string{fmt.Sprintf("%s=%s:%d", failpoint.Variable, name, n)})
	w := connect(s)
	step.run(t, c, w)
	w.close()
	r.kills++
	if !s.died(time.Minute) {
		t.Errorf("%s:%d: the server lives on, or ended by another cause: %v", name, n, s.err)
		s.kill()
	}
	if len(c.refusals) > 0 {
		t.Errorf("%s:%d: %v", name, n, c.refusals)
	}
	r.count(t, c)
	return c
}

// TestEveryFailPointOfSweep does the same with dossier sweep: what documents name stays.
func TestEveryFailPointOfSweep(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	keep := r.client()
	r.session(t, func(w *wire) {
		if !keep.both(w) {
			t.Fatal(keep.refusals)
		}
	})
	orphan := func() {
		r.session(t, func(w *wire) {
			c := r.client() // its patient is unknown: the documents are stored, the submission is refused
			if c.one(w, c.a); len(c.refusals) != 1 {
				t.Fatalf("a submission for an unknown patient: %v, want a refusal", c.refusals)
			}
		})
	}
	orphan()
	if n := blobFiles(t, r.data); n != 3 {
		t.Fatalf("%d blobs, want 3", n)
	}
	stderr := runStderr(t, r.path, r.data, []string{failpoint.Variable + "=trace"}, "sweep")
	reached := hits(stderr)
	wantReached(t, "sweep", reached)
	for _, name := range slices.Sorted(maps.Keys(reached)) {
		for hit := range reached[name] {
			orphan()
			runKilled(t, r.path, r.data, []string{fmt.Sprintf("%s=%s:%d", failpoint.Variable, name, hit+1)}, "sweep")
			r.kills++
		}
	}
	r.session(t, func(w *wire) { r.compare(t, w, keep) })
	r.swept, r.findings = clean(t, r.path, r.data)
	r.count(t, keep)
	t.Logf("sweep: %d points; %v", len(reached), r.tally)
	if n := blobFiles(t, r.data); n != 2 {
		t.Errorf("%d blobs after the sweep, want 2", n)
	}
}
