package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dossier/internal/golden"
	"dossier/iti"
	"dossier/xds/query"
	"dossier/xds/validate"
)

const conformanceIntro = `# Conformance

What this server is held to, and where each point is shown. This page is generated from the tables that the server itself works
with; a test fails when it is stale. ` + "`go test ./cmd/dossier -run Conformance -update`" + ` writes it anew.

How to read it:

- **Rules** lists everything that a request of ITI-18, 41, 42, 43 and 51 can be refused for, in the order in which it is judged.
  Each refusal carries the name and the section, so that a codeContext leads here:
  ` + "`... [entry-class-code, ITI TF-3: 4.2.3.2.3, reference 0a1b2c3d-4e5f]`" + `. All problems of a submission come back together.
- **lenient** and **strict** say what becomes of a submission that breaks the rule with ` + "`registry.validation`" + ` lenient (the
  default) and strict: *reject* or *off*. The lenient profile rejects wherever the Technical Framework is clear; what it takes is
  what real sources send and other registries accept (xds/validate/testdata/lenient has an example of each). Several rules are judged in both profiles, but read
  values liberally in the lenient one: fractions and zones of times, namespaces and trailing separators in patient ids, ` + "`_`" + ` in
  language codes, values up to 4096 characters, identifiers without a Name.
- A rule that is not **fixed** can be set for itself, to roll it out or to live with a source that breaks it:

  ` + "```yaml" + `
  registry:
    rules:
      - {rule: code-in-affinity-domain, mode: log}  # stored; the log line of the exchange says noted=[code-in-affinity-domain=2]
      - {rule: entry-title, mode: warn}             # stored; the answer is Success with a RegistryError of severity Warning
      - {rule: slot-name, mode: reject}             # a rule of the strict profile, for a lenient registry
      - {rule: lid-is-id, mode: off}                # not judged
  ` + "```" + `

  The variable is ` + "`DOSSIER_REGISTRY_RULES=entry-title=warn,lid-is-id=off`" + `. A fixed rule protects what is stored (ids, uniqueIds,
  patients, references, documents) or asks for what an answer needs; configuration that turns one down is refused. With
  ` + "`registry.url`" + ` the registry elsewhere judges by its own configuration. ` + "`dossier rules`" + ` prints the table, ` + "`dossier validate --config FILE`" + `
  judges a message by a server's configuration.
- **shown by** names what breaks the rule and nothing else: a fixture, a recorded exchange below ` + "`testdata`" + ` (and how many more), or
  a test. The **example** is the codeContext that it gets.

`

// TestConformancePage: docs/conformance.md is what the tables say.
func TestConformancePage(t *testing.T) {
	t.Parallel()
	want := conformanceIntro + ruleSection(t) + codeSection(t) + querySection() + kitSection()
	file := filepath.Join("..", "..", "docs", "conformance.md")
	if golden.Update() {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := string(readFile(t, file)); got != want {
		t.Error("docs/conformance.md is stale; go test ./cmd/dossier -run Conformance -update writes it anew")
	}
}

func ruleSection(t *testing.T) string {
	shown, examples := ruleShown(t), ruleExamples(t)
	var b strings.Builder
	err := writeRulesMarkdown(&b, func(rule string) string {
		at := shown[rule]
		more := ""
		if n := len(at) - 2; n > 0 {
			more = fmt.Sprintf(" +%d", n)
		}
		var links []string
		for _, a := range at[:min(len(at), 2)] {
			path, test, _ := strings.Cut(a, " ")
			label := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(path, "testdata/"), "xds/validate/testdata/"), ".xml")
			if test != "" {
				label = test
			}
			links = append(links, "["+label+"](../"+path+")")
		}
		return strings.Join(links, " ") + more + " | " + examples[rule]
	})
	if err != nil {
		t.Fatal(err)
	}
	table := strings.Replace(b.String(), "| | shown by |\n", "| | shown by | example |\n", 1)
	table = strings.Replace(table, "---|\n", "---|---|\n", 1)
	return fmt.Sprintf("## Rules\n\n%d rules, %s.\n\n%s\n", len(allRules()), fixedCount(), table)
}

func fixedCount() string {
	fixed, letter := 0, 0
	for _, r := range allRules() {
		if r.Fixed {
			fixed++
		}
		if r.Lenient != r.Strict {
			letter++
		}
	}
	return fmt.Sprintf("%d of them fixed, %d for the strict profile alone", fixed, letter)
}

// ruleExamples is a codeContext for each rule that a fixture or a recorded exchange breaks.
func ruleExamples(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	take := func(rule, context string) {
		if _, there := out[rule]; !there && rule != "" {
			if r := []rune(context); len(r) > 200 {
				context = string(r[:200]) + "..."
			}
			out[rule] = "`" + strings.ReplaceAll(strings.ReplaceAll(context, "`", "'"), "|", `\|`) + "`"
		}
	}
	for _, r := range validate.Rules() {
		file := filepath.Join(filepath.FromSlash(ruleFixtures), r.Name+".xml")
		for _, e := range validate.Submission(fixtureSubmission(t, file), validate.Profile{Registry: true, Strict: true}).Problems {
			take(e.Rule, e.Context)
		}
	}
	for _, c := range cases(t) {
		for _, e := range toldBy(c.Response(t)) {
			take(e.rule, e.context)
		}
	}
	return out
}

// codeSection counts the recorded exchanges by transaction and code. A code that a transaction can send and that none shows is
// told to be shown by a test.
func codeSection(t *testing.T) string {
	transactions := []string{"ITI-18", "ITI-41", "ITI-42", "ITI-43", "ITI-51"}
	sent := map[string]map[string]int{}
	at := func(code string) map[string]int {
		if sent[code] == nil {
			sent[code] = map[string]int{}
		}
		return sent[code]
	}
	for _, r := range allRules() {
		for _, tx := range r.Transactions {
			at(string(r.Code))[tx] += 0
		}
	}
	for _, c := range cases(t) {
		tx, _, _ := strings.Cut(c.Name, "/")
		tx = strings.Replace(tx, "iti", "ITI-", 1)
		seen := map[string]bool{}
		for _, e := range toldBy(c.Response(t)) {
			if !seen[e.code] {
				seen[e.code] = true
				at(e.code)[tx]++
			}
		}
	}
	var b strings.Builder
	b.WriteString("## Error codes by transaction\n\nITI TF-3: Table 4.2.4.1-2. The number is that of the recorded exchanges with the code; *can* stands where the transaction can\n" +
		"send it and no exchange shows it: the same rule is shown in another transaction, or by a test that the table of rules names.\n" +
		"XDSRegistryError and XDSRepositoryError also stand for a failure of our own, with the text \"internal error\" and a reference.\n\n| code | " +
		strings.Join(transactions, " | ") + " |\n|---|---|---|---|---|---|\n")
	for _, code := range slices.Sorted(maps.Keys(sent)) {
		b.WriteString("| " + code + " |")
		for _, tx := range transactions {
			switch n, can := sent[code][tx]; {
			case n > 0:
				fmt.Fprintf(&b, " %d |", n)
			case can:
				b.WriteString(" can |")
			default:
				b.WriteString("  |")
			}
		}
		b.WriteString("\n")
	}
	return b.String() + "\n"
}

func querySection() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## Stored queries (%s, %s)\n\nA parameter is *required*, or one of a pair of which exactly one is given (*either-or*), or one of several of which at least one\nis given (*one of these*). *list* takes several values, any of which\n"+
		"matches; *AND* may be repeated, and each of its lists must match; *ignored* belongs to an option that this registry does not have.\n"+
		"Unknown parameters have no effect.\n\n", iti.RegistryStoredQuery.ID, iti.MultiPatientStoredQuery.ID)
	for _, d := range query.Catalogue() {
		fmt.Fprintf(&b, "### %s\n\n`%s`, %s\n\n| parameter | type | |\n|---|---|---|\n", d.Name, d.ID, d.Section)
		for _, p := range d.Parameters {
			var notes []string
			for _, n := range []struct {
				holds bool
				word  string
			}{{p.Required, "required"}, {p.Choice, "either-or"}, {p.Any, "one of these"}, {p.Multiple, "list"}, {p.And, "AND"}, {p.Ignored, "ignored"}} {
				if n.holds {
					notes = append(notes, n.word)
				}
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.Name, p.Type, strings.Join(notes, ", "))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func kitSection() string {
	var b strings.Builder
	b.WriteString("## Numbers of the NIST XDS toolkit\n\nEach number is a test of that name with messages of our own; `make conformance` runs them and prints the outcome. *reg* is the\n" +
		"Document Registry, *rep* the Document Repository, *reg_mpq* the Document Registry of the Multi-Patient Queries profile. Every number runs twice: as configured by default, and with strict validation\n" +
		"(reg) or with the registry in another process (rep). Numbers of options that Dossier does not have are absent.\n\n| number | actor | what it shows | test |\n|---|---|---|---|\n")
	for _, n := range testKit {
		fmt.Fprintf(&b, "| %s | %s | %s | `TestNIST_%s` |\n", n.number, n.actor, n.title, strings.ReplaceAll(n.number, ".", "_"))
	}
	return b.String()
}

// TestHalfOfTheWireCasesAreRefusals: of all recorded exchanges, at least every second one is a refusal or a fault.
func TestHalfOfTheWireCasesAreRefusals(t *testing.T) {
	t.Parallel()
	all := cases(t)
	refused := 0
	for _, c := range all {
		if !successful(c.Response(t)) {
			refused++
		}
	}
	t.Logf("%d recorded exchanges, %d of them refusals", len(all), refused)
	if 2*refused < len(all) {
		t.Errorf("%d of %d recorded exchanges are refusals", refused, len(all))
	}
}
