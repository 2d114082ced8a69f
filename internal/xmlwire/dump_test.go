package xmlwire

import (
	"fmt"
	"slices"
	"strings"
)

// dump writes a tree so that two trees dump alike exactly when their names, attributes, text and order are equal.
func dump(e *Element) string {
	return dumpAs(e, func(s string) string { return s })
}

// dumpAs dumps with namespaces and attribute values as value gives them.
func dumpAs(e *Element, value func(string) string) string {
	var sb strings.Builder
	dumpTo(&sb, e, value)
	return sb.String()
}

func dumpTo(sb *strings.Builder, e *Element, value func(string) string) {
	fmt.Fprintf(sb, "<{%s}%s", value(e.Name.Space), e.Name.Local)
	var attrs []string
	for _, a := range e.Attrs {
		attrs = append(attrs, fmt.Sprintf(" {%s}%s=%q", value(a.Name.Space), a.Name.Local, value(a.Value)))
	}
	slices.Sort(attrs)
	fmt.Fprintf(sb, "%s %q", strings.Join(attrs, ""), e.Text())
	for c := range e.Children() {
		dumpTo(sb, c, value)
	}
	sb.WriteByte('>')
}
