package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"

	"dossier/xds"
	"dossier/xds/validate"
)

// RuleConfig sets the mode of one rule. A list of these and no map, because viper puts the keys of maps into lower case
// and cuts them at delimiters.
type RuleConfig struct {
	Rule string `yaml:"rule"` // a name of dossier rules
	Mode string `yaml:"mode"` // off, log, warn or reject
}

// profile is how the registry judges submissions.
func (c *RegistryConfig) profile() validate.Profile {
	p := validate.Profile{Registry: true, Strict: c.Validation == "strict", Modes: map[string]xds.Mode{}}
	for _, r := range c.Rules {
		p.Modes[r.Rule] = xds.Mode(r.Mode)
	}
	return p
}

// checkRules finds what is wrong with the modes that an operator chose.
func checkRules(chosen []RuleConfig) []error {
	rules := allRules()
	modes := []string{string(xds.ModeOff), string(xds.ModeLog), string(xds.ModeWarn), string(xds.ModeReject)}
	var errs []error
	seen := map[string]bool{}
	for i, c := range chosen {
		fail := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("registry.rules[%d]: %s", i, fmt.Sprintf(format, args...)))
		}
		if !slices.Contains(modes, c.Mode) {
			fail("mode: expected %s, got %q", strings.Join(modes, ", "), c.Mode)
		}
		at := slices.IndexFunc(rules, func(r ruleRow) bool { return r.Rule == c.Rule })
		switch {
		case at < 0:
			fail("rule: expected a name of dossier rules, got %q; did you mean %q?", c.Rule, nearest(c.Rule, ruleNames(rules)))
		case seen[c.Rule]:
			fail("rule: expected each rule once, got %q twice", c.Rule)
		case rules[at].Fixed && c.Mode != string(xds.ModeReject):
			fail("%s is fixed: expected mode reject, got %q; what breaks it would harm what is stored, or could not be answered (%s)", c.Rule, c.Mode, rules[at].Cite)
		}
		seen[c.Rule] = true
	}
	return errs
}

func ruleNames(rules []ruleRow) []string {
	names := make([]string, len(rules))
	for i, r := range rules {
		names[i] = r.Rule
	}
	return names
}

// nearest is the name with the fewest letters to change, the first of them in the alphabet.
func nearest(name string, names []string) string {
	best, fewest := "", 1<<20
	for _, n := range slices.Sorted(slices.Values(names)) {
		if d := edits(strings.ToLower(name), strings.ToLower(n)); d < fewest {
			best, fewest = n, d
		}
	}
	return best
}

// edits is Levenshtein's distance.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// rulesOfText reads DOSSIER_REGISTRY_RULES: rule=mode, with commas between.
func rulesOfText() mapstructure.DecodeHookFuncType {
	return func(from, to reflect.Type, value any) (any, error) {
		if from.Kind() != reflect.String || to != reflect.TypeFor[[]RuleConfig]() {
			return value, nil
		}
		var out []RuleConfig
		for item := range strings.FieldsFuncSeq(value.(string), func(r rune) bool { return r == ',' || r == ' ' }) {
			rule, mode, _ := strings.Cut(item, "=")
			out = append(out, RuleConfig{rule, mode})
		}
		return out, nil
	}
}
