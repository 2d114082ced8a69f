package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"dossier/pix/hl7v3"
)

// elsewhere lists the error codes that need a broken environment, which no recorded exchange has, with the test that
// shows each.
var elsewhere = map[string]struct{ file, test, why string }{
	"XDSRegistryBusy":             {"xds/registry/busy_test.go", "TestConflictIsBusy", "changes that collide again and again"},
	"XDSRegistryNotAvailable":     {"cmd/dossier/conversation_test.go", "TestRemoteRegistry", "a registry elsewhere that is gone"},
	"XDSRegistryOutOfResources":   {"tools/crash/full_test.go", "TestDiskFull", "a disk without space for metadata"},
	"XDSRepositoryBusy":           {"xds/repository/busy_test.go", "TestRemoteBusy", "a registry elsewhere whose answer was lost"},
	"XDSRepositoryOutOfResources": {"cmd/dossier/node_test.go", "TestLimits", "a document above the limit"},
}

// TestEveryErrorCodeHasACase: each code that the server can send stands in a recorded answer, or is listed above.
func TestEveryErrorCodeHasACase(t *testing.T) {
	t.Parallel()
	var answers []byte
	for _, c := range cases(t) {
		answers = append(answers, c.Response(t)...)
	}
	codes := errorCodes(t)
	if len(codes) < 20 {
		t.Errorf("found only %d error codes in xds/errors.go: %q", len(codes), codes)
	}
	for _, code := range codes {
		recorded := bytes.Contains(answers, []byte(`errorCode="`+code+`"`))
		switch _, listed := elsewhere[code]; {
		case !recorded && !listed:
			t.Errorf("%s stands in no recorded answer", code)
		case recorded && listed:
			t.Errorf("%s stands in a recorded answer; take it off the list of codes shown elsewhere", code)
		}
	}
	for code, at := range elsewhere {
		if f := parse(t, at.file); !declares(f, at.test) {
			t.Errorf("%s: there is no %s in %s", code, at.test, at.file)
		}
		if !slices.Contains(slices.Collect(maps.Values(codes)), code) {
			t.Errorf("%s is no error code any more", code)
		}
	}
}

// TestEveryDetailCodeHasACase: each code of an acknowledgementDetail that HL7 v3 answers can have stands in a recorded one. Our own
// failures are shown by TestV3InternalError.
func TestEveryDetailCodeHasACase(t *testing.T) {
	t.Parallel()
	var answers []byte
	for _, c := range cases(t) {
		answers = append(answers, c.Response(t)...)
	}
	for _, code := range []string{
		hl7v3.UnknownKey, hl7v3.RequiredMissing, hl7v3.DataTypeError, hl7v3.NotInCodeSystem, hl7v3.ConstraintViolated,
		hl7v3.UnsupportedProcessID, hl7v3.UnsupportedMode,
	} {
		for _, level := range []string{"CE", "AE"} {
			wanted := regexp.MustCompile(`<acknowledgement><typeCode code="` + level + `"/>.*<acknowledgementDetail typeCode="E"><code code="` + code + `"`)
			onlyOnce := code == hl7v3.UnsupportedProcessID && level == "AE" || code == hl7v3.UnsupportedMode && level == "CE"
			if !onlyOnce && !wanted.Match(answers) {
				t.Errorf("%s stands in no recorded answer with %s", code, level)
			}
		}
	}
}

// TestErrorCodesAreUsed: a code that no line of the server mentions is one that it does not send.
func TestErrorCodesAreUsed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	err := filepath.WalkDir(filepath.Join("..", "..", "xds"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		ast.Inspect(parse(t, path), func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				used[s.Sel.Name] = true
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range errorCodes(t) {
		if !used[name] {
			t.Errorf("xds.%s is declared and never sent", name)
		}
	}
}

// errorCodes reads the constants of type ErrorCode: name to value.
func errorCodes(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, d := range parse(t, "xds/errors.go").Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, spec := range g.Specs {
			v := spec.(*ast.ValueSpec)
			typ, ok := v.Type.(*ast.Ident)
			if !ok || typ.Name != "ErrorCode" {
				continue
			}
			for i, name := range v.Names {
				value, err := strconv.Unquote(v.Values[i].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				out[name.Name] = value
			}
		}
	}
	return out
}

// parse reads a Go file; its name is relative to the root of the repository unless it starts with a dot.
func parse(t *testing.T, name string) *ast.File {
	t.Helper()
	if !strings.HasPrefix(name, ".") {
		name = filepath.Join("..", "..", filepath.FromSlash(name))
	}
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func declares(f *ast.File, function string) bool {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == function {
			return true
		}
	}
	return false
}
