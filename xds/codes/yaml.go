package codes

import (
	"bytes"
	"errors"
	"io"

	"go.yaml.in/yaml/v3"

	"dossier/xds"
)

// yamlFile reads our own format. It looks at the nodes and not at Go values, because only nodes have positions and keep
// values as they were written: decoded, 1.10 would be 1.1 and NO a boolean.
type yamlFile struct {
	faults *faults
	set    *Set
	first  map[Attribute]*yaml.Node // keys seen
}

func (s *Set) readYAML(b []byte, f *faults) {
	dec := yaml.NewDecoder(bytes.NewReader(b))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		f.add(1, 1, "expected attributes with lists of codes, found an empty file")
		return
	case err != nil:
		syntaxFaults(b, err, f)
		return
	}
	if err := dec.Decode(&second); err == nil {
		f.add(second.Line, second.Column, "expected one YAML document, found a second one")
		return
	} else if !errors.Is(err, io.EOF) {
		syntaxFaults(b, err, f)
		return
	}
	y := &yamlFile{faults: f, set: s, first: map[Attribute]*yaml.Node{}}
	y.root(doc.Content[0])
}

func (y *yamlFile) fault(n *yaml.Node, format string, args ...any) {
	y.faults.add(n.Line, n.Column, format, args...)
}

func (y *yamlFile) root(n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		y.fault(n, "expected attributes with lists of codes, got %s", kindOf(n))
		return
	}
	if len(n.Content) == 0 {
		y.fault(n, "expected at least one attribute, found none")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		d := define(key.Value)
		if d == nil || key.Kind != yaml.ScalarNode {
			y.fault(key, "expected an attribute among %s, got %s", knownNames(), shown(key))
			continue
		}
		if before := y.first[d.attribute]; before != nil {
			y.fault(key, "%s: expected one list, found a second one; the first is at line %d", d.attribute, before.Line)
			continue
		}
		y.first[d.attribute] = key
		y.list(d, n.Content[i+1])
	}
}

// list reads the values of one attribute.
func (y *yamlFile) list(d *definition, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		y.fault(n, "%s: expected a list, got %s", d.attribute, shown(n))
		return
	}
	if len(n.Content) == 0 {
		y.fault(n, "%s: expected at least one code; leave the attribute out to allow every code", d.attribute)
	}
	l := newList()
	y.set.lists[d.attribute] = l
	lines := make([]int, 0, len(n.Content))
	for _, item := range n.Content {
		c, ok := y.item(d, item)
		switch {
		case !ok:
		case l.add(c):
			lines = append(lines, item.Line)
		default:
			y.fault(item, "%s: %s is listed already, at line %d", d.attribute, show(c), lines[l.position[value{c.Code, c.Scheme}]])
		}
	}
}

// item reads one value: a mapping, or a scalar when there is nothing but the code.
func (y *yamlFile) item(d *definition, n *yaml.Node) (c xds.Code, ok bool) {
	form := "{code, scheme, display}"
	if d.plain() {
		form = "a value or {code, display}"
	}
	switch {
	case n.Kind == yaml.MappingNode:
		return y.mapping(d, form, n)
	case n.Kind == yaml.ScalarNode && d.plain():
		c.Code, ok = y.scalar(d, "code", n)
		return c, ok
	}
	y.fault(n, "%s: expected %s, got %s", d.attribute, form, shown(n))
	return c, false
}

func (y *yamlFile) mapping(d *definition, form string, n *yaml.Node) (c xds.Code, ok bool) {
	seen := map[string]bool{}
	ok = true
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, content := n.Content[i], n.Content[i+1]
		to := fieldOf(&c, d, key)
		if to == nil {
			y.fault(key, "%s: expected %s, got the key %s", d.attribute, form, shown(key))
			ok = false
			continue
		}
		if seen[key.Value] {
			y.fault(key, "%s: %s is given twice", d.attribute, key.Value)
			ok = false
			continue
		}
		seen[key.Value] = true
		text, good := y.scalar(d, key.Value, content)
		*to, ok = text, ok && good
	}
	if !seen["code"] {
		y.fault(n, "%s: expected %s, found no code", d.attribute, form)
		ok = false
	}
	if !seen["scheme"] && !d.plain() {
		y.fault(n, "%s: expected %s, found no scheme", d.attribute, form)
		ok = false
	}
	return c, ok
}

// fieldOf tells where the value of a key goes, nil for a key that the attribute does not have.
func fieldOf(c *xds.Code, d *definition, key *yaml.Node) *string {
	switch {
	case key.Kind != yaml.ScalarNode:
		return nil
	case key.Value == "code":
		return &c.Code
	case key.Value == "scheme" && !d.plain():
		return &c.Scheme
	case key.Value == "display":
		return &c.Display
	}
	return nil
}

// scalar reads one text as it was written.
func (y *yamlFile) scalar(d *definition, key string, n *yaml.Node) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		y.fault(n, "%s: expected a text for %s, got %s", d.attribute, key, shown(n))
		return "", false
	}
	if key == "display" {
		return n.Value, true
	}
	if problem := unusable(n.Value); problem != "" {
		y.fault(n, "%s: %s %s %s", d.attribute, key, quote(n.Value), problem)
		return "", false
	}
	return n.Value, true
}

// shown describes a node for an error.
func shown(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		return quote(n.Value)
	}
	return kindOf(n)
}

func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.AliasNode:
		return "an alias, which is not supported"
	case n.Tag == "!!null" && n.Value == "":
		return "nothing"
	case n.Tag == "!!null":
		return n.Value + ", which means nothing in YAML unless it is quoted"
	}
	return "the text " + quote(n.Value)
}
