package codes

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// syntaxFaults finds where a file stops being YAML. The library names at best the line where the innermost block began,
// which can be hundreds of lines before the mistake; so each item is read for itself, and those that fail are named.
func syntaxFaults(b []byte, whole error, f *faults) {
	found := false
	parts := items(b)
	if len(parts) > maxItems {
		parts = nil
	}
	for _, it := range parts {
		var n yaml.Node
		if err := yaml.Unmarshal(it.text, &n); err != nil {
			line, message := explain(err)
			// An error at the end of the item is named after the line that would follow.
			f.add(it.line+min(line, max(1, bytes.Count(it.text, []byte("\n"))))-1, 0, "%s", message)
			found = true
		}
	}
	if !found {
		line, message := explain(whole)
		f.add(line, 0, "here or below: %s", message)
	}
}

// maxItems is how many items are read for themselves: 100,000 take 2 seconds.
const maxItems = 100_000

// item is the lines of one list item or of one key, with the number of its first line.
type item struct {
	line int
	text []byte
}

// items cuts a file before each line that begins a list item or is not indented.
func items(b []byte) []item {
	var out []item
	for n, line := range bytes.SplitAfter(b, []byte("\n")) {
		begins := bytes.HasPrefix(bytes.TrimLeft(line, " "), []byte("- ")) ||
			len(bytes.TrimSpace(line)) > 0 && strings.IndexByte(" \t#", line[0]) < 0
		if begins || len(out) == 0 {
			out = append(out, item{line: n + 1})
		}
		last := &out[len(out)-1]
		last.text = append(last.text, line...)
	}
	return out
}

var lineOfError = regexp.MustCompile(`^line (\d+): `)

// explain takes an error of the library apart; without a line the first one is meant.
func explain(err error) (line int, message string) {
	message = strings.TrimPrefix(err.Error(), "yaml: ")
	m := lineOfError.FindStringSubmatch(message)
	if m == nil {
		return 1, "not YAML: " + message
	}
	line, _ = strconv.Atoi(m[1])
	return max(line, 1), "not YAML: " + message[len(m[0]):]
}
