package main

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"dossier/ebrim"
	"dossier/internal/golden"
	"dossier/internal/xmlwire"
	"dossier/xds"
	"dossier/xds/validate"
)

// offTheWire lists the rules that no recorded exchange breaks alone, with the test that shows each and asserts its name.
var offTheWire = map[string]struct{ file, test, why string }{
	"code-in-affinity-domain":    {"cmd/dossier/codes_test.go", "TestCodesAreRestricted", "needs a file of code sets"},
	"patient-index-available":    {"testdata/external/iti42/patient-index-down", "", "the patient index is elsewhere and does not answer"},
	"local-id-resolved":          {"cmd/dossier/mpi_local_test.go", "TestResolveLocalIDs", "registry.resolveLocalIds is off by default"},
	"local-id-single":            {"cmd/dossier/mpi_local_test.go", "TestResolveLocalIDs", "registry.resolveLocalIds is off by default"},
	"unique-id-object-type":      {"xds/registry/rules_test.go", "TestPlanRulesOffTheWire", "On-Demand entries come by ITI-61"},
	"folder-approved":            {"xds/registry/rules_test.go", "TestPlanRulesOffTheWire", "nothing deprecates a Folder yet"},
	"replacement-folder-patient": {"xds/registry/rules_test.go", "TestPlanRulesOffTheWire", "members of a Folder are of its patient"},
	"registry-not-busy":          {"xds/registry/busy_test.go", "TestConflictIsBusy", "changes that collide again and again"},
	"registry-space":             {"xds/registry/busy_test.go", "TestNoSpaceIsOutOfResources", "a full disk"},
	"document-limit":             {"xds/repository/rules_test.go", "TestStoreErrors", "a document above the limit"},
	"document-space":             {"xds/repository/rules_test.go", "TestStoreErrors", "a full disk"},
	"document-same-length":       {"testdata/iti41/other-bytes", "", "other bytes of another length break document-same-bytes too"},
	"submission-set-tracked":     {"xds/repository/rules_test.go", "TestRemoteTracks", "a registry elsewhere"},
	"document-tracked":           {"xds/repository/rules_test.go", "TestRemoteTracks", "a registry elsewhere"},
	"repository-not-busy":        {"xds/repository/busy_test.go", "TestRemoteBusy", "a registry elsewhere whose answer was lost"},
	"registry-available":         {"xds/repository/busy_test.go", "TestRemoteBusy", "a registry elsewhere that is gone"},
	"failure-named":              {"xds/registry/rules_test.go", "TestRelayedFailureIsNamed", "a registry elsewhere"},
	"query-limits":               {"xds/query/refuse_test.go", "TestLimits", "10,001 values"},
	"result-limit":               {"cmd/dossier/node_test.go", "TestLimits", "more objects than the limit"},
	"document-intact":            {"cmd/dossier/node_test.go", "TestDamageIsNeverDelivered", "damaged storage"},
}

const ruleFixtures = "../../xds/validate/testdata/rules"

// ruleShown says where each rule is seen at work: its fixture, the recorded exchanges that break it alone, or a test.
func ruleShown(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	fixtures, err := filepath.Glob(filepath.Join(filepath.FromSlash(ruleFixtures), "*.xml"))
	if err != nil || len(fixtures) < 90 {
		t.Fatalf("%d fixtures: %v", len(fixtures), err)
	}
	for _, f := range fixtures {
		name := strings.TrimSuffix(filepath.Base(f), ".xml")
		rule, _, _ := strings.Cut(name, ".")
		for _, e := range validate.Submission(fixtureSubmission(t, f), validate.Profile{Registry: true, Strict: true}).Problems {
			if e.Rule != rule {
				t.Errorf("fixture %s breaks %s", name, e.Rule)
			}
		}
		if name == rule {
			out[rule] = append(out[rule], "xds/validate/testdata/rules/"+name+".xml")
		}
	}
	for _, c := range cases(t) {
		errs := toldBy(c.Response(t))
		if len(errs) > 0 && !slices.ContainsFunc(errs, func(e told) bool { return e.rule != errs[0].rule }) {
			out[errs[0].rule] = append(out[errs[0].rule], "testdata/"+c.Name)
		}
	}
	for rule, at := range offTheWire {
		out[rule] = append(out[rule], strings.TrimSuffix(at.file+" "+at.test, " "))
	}
	return out
}

func fixtureSubmission(t *testing.T, file string) *xds.Submission {
	t.Helper()
	doc, err := xmlwire.Parse(readFile(t, file), xmlwire.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	list, ok := ebrim.DecodeSubmitObjectsRequest(doc.Root)
	if !ok {
		t.Fatalf("%s is no SubmitObjectsRequest", file)
	}
	return xds.ReadSubmission(list)
}

// TestEveryRuleIsShown walks the whole table: each rule has a fixture, a recorded exchange or a test that breaks it alone.
func TestEveryRuleIsShown(t *testing.T) {
	t.Parallel()
	shown := ruleShown(t)
	for _, r := range allRules() {
		if len(shown[r.Rule]) == 0 {
			t.Errorf("%s: no fixture in %s, no recorded exchange that breaks it alone, no entry in offTheWire", r.Rule, ruleFixtures)
		}
		delete(shown, r.Rule)
	}
	for rule, where := range shown {
		t.Errorf("%s is no rule; shown by %q", rule, where)
	}
	for rule, at := range offTheWire {
		if at.test == "" {
			answer := readFile(t, filepath.Join("..", "..", filepath.FromSlash(at.file), "response.http"))
			if !slices.ContainsFunc(toldBy(answer), func(e told) bool { return e.rule == rule }) {
				t.Errorf("%s: not in the answer of %s", rule, at.file)
			}
			continue
		}
		if !mentions(parse(t, at.file), at.test, rule) {
			t.Errorf("%s: there is no %s in %s that asserts its name", rule, at.test, at.file)
		}
	}
}

// mentions tells whether a test holds a string with the rule's name.
func mentions(f *ast.File, test, rule string) bool {
	word := regexp.MustCompile(`\b` + rule + `\b`)
	found := false
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); !ok || fn.Name.Name != test {
			continue
		}
		ast.Inspect(d, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && word.MatchString(lit.Value) {
				found = true
			}
			return !found
		})
	}
	return found
}

// TestRuleTable: names once, every field well-formed, no fixed rule that a profile skips.
func TestRuleTable(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	cite := regexp.MustCompile(`^(ITI TF-[23]: (Table )?[0-9]+(\.[0-9]+)+(-[0-9]+)?|ebRIM 3\.0: \w+)$`)
	codes := errorCodes(t)
	divergences := string(readFile(t, filepath.Join("..", "..", "docs", "divergences.md")))
	seen := map[string]bool{}
	fixed := 0
	for _, r := range allRules() {
		if r.Lenient == xds.ModeOff && !strings.Contains(divergences, "`"+r.Rule+"`") {
			t.Errorf("docs/divergences.md does not list %s among the rules of the strict profile", r.Rule)
		}
		if !name.MatchString(r.Rule) || len(r.Rule) > 40 || seen[r.Rule] {
			t.Errorf("name %q: want kebab-case, short and once", r.Rule)
		}
		seen[r.Rule] = true
		known := false
		for _, code := range codes {
			known = known || code == string(r.Code)
		}
		if !cite.MatchString(r.Cite) || !known || len(r.Transactions) == 0 {
			t.Errorf("%+v", r)
		}
		if r.Fixed {
			fixed++
		}
		if r.Strict != xds.ModeReject || r.Fixed && r.Lenient != xds.ModeReject {
			t.Errorf("%s: a strict registry judges every rule, every registry the fixed ones: %+v", r.Rule, r)
		}
	}
	if len(seen) < 150 || fixed == 0 || fixed == len(seen) {
		t.Errorf("%d rules, %d fixed", len(seen), fixed)
	}
	for _, declared := range declaredRules(t) {
		if !seen[declared] {
			t.Errorf("rule %s is declared and in no table", declared)
		}
	}
}

// declaredRules finds the names in composite literals of xds.Rule.
func declaredRules(t *testing.T) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(filepath.Join("..", "..", "xds"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		ast.Inspect(parse(t, path), func(n ast.Node) bool {
			pair, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			key, isName := pair.Key.(*ast.Ident)
			lit, isText := pair.Value.(*ast.BasicLit)
			if isName && isText && key.Name == "Name" && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil && regexp.MustCompile(`^[a-z]+(-[a-z]+)+$`).MatchString(s) {
					out = append(out, s)
				}
			}
			return true
		})
		return nil
	})
	if err != nil || len(out) < 40 {
		t.Fatalf("%d rules found: %v", len(out), err)
	}
	return out
}

// TestNoRuleIsAnonymous: no package of the transactions makes an error without a rule, but for the one internal error.
func TestNoRuleIsAnonymous(t *testing.T) {
	t.Parallel()
	allowed := map[string]bool{ // what is no refusal of ours, or the end of a list that was cut
		"xds/rule.go": true, "xds/findings.go": true, "xds/registry/client.go": true,
	}
	err := filepath.WalkDir(filepath.Join("..", "..", "xds"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		name := strings.TrimPrefix(filepath.ToSlash(path), "../../")
		if !allowed[name] && (bytes.Contains(readFile(t, path), []byte("&xds.Error{")) || bytes.Contains(readFile(t, path), []byte("xds.Errors{{"))) {
			t.Errorf("%s makes an error without a Rule", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRulesCommand(t *testing.T) {
	t.Parallel()
	n := len(allRules())
	text := mustCommand(t, "rules")
	if strings.Count(text, "\n") != n+1 || !strings.Contains(text, "patient-known") {
		t.Errorf("text: %d lines for %d rules", strings.Count(text, "\n"), n)
	}
	var rows []ruleRow
	if err := json.Unmarshal([]byte(mustCommand(t, "rules", "--json")), &rows); err != nil || len(rows) != n {
		t.Errorf("json: %d rows, %v", len(rows), err)
	}
	if md := mustCommand(t, "rules", "--markdown"); strings.Count(md, "\n") != n+2 || !strings.Contains(md, "| `slot-name` | ITI-41 ITI-42 | XDSRegistryMetadataError | ITI TF-3: 4.2.3.1 | off | reject |  |") {
		t.Errorf("markdown: %s", md)
	}
	if _, _, err := command(t.Context(), "rules", "--json", "--markdown"); err == nil {
		t.Error("both formats at once")
	}
}

// asRegister makes an ITI-42 of a fixture.
func asRegister(t *testing.T, file string) []byte {
	t.Helper()
	text := string(readFile(t, file))
	if _, rest, declared := strings.Cut(text, "?>"); declared {
		text = rest
	}
	return golden.FillLength([]byte(onRegistry(envelope(actionRegister, strings.TrimSpace(text)))))
}

// TestMetadataRulesOnTheWire sends the fixture of every metadata rule to a strict registry: each is refused by its rule, next
// to whatever the registry's own content adds.
func TestMetadataRulesOnTheWire(t *testing.T) {
	t.Parallel()
	conf := testConfig(t)
	conf.Registry.Validation = "strict"
	s := startServer(t, conf, testWorld())
	for _, r := range validate.Rules() {
		answer, err := golden.Send(s.addr(), asRegister(t, filepath.Join(filepath.FromSlash(ruleFixtures), r.Name+".xml")))
		if err != nil {
			t.Fatal(err)
		}
		errs := toldBy(answer)
		at := slices.IndexFunc(errs, func(e told) bool { return e.rule == r.Name })
		if at < 0 || errs[at].code != string(r.Code) || errs[at].section != r.Cite || errs[at].reference == "" || errs[at].location == "" || successful(answer) {
			t.Errorf("%s: %s", r.Name, answer)
		}
		for _, e := range errs {
			if e.rule != r.Name && e.section == "" {
				t.Errorf("%s: %+v", r.Name, e)
			}
		}
	}
}
