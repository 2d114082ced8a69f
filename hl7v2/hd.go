package hl7v2

import (
	"fmt"
	"strings"
)

// HD names an assigning authority, an application or a facility: by a local namespace, by a universal id with
// its type, or by both (ITI TF-2: Appendix E). The zero HD means that none was named.
type HD struct{ Namespace, UniversalID, UniversalIDType string }

// IsZero reports whether nothing is named.
func (h HD) IsZero() bool { return h == HD{} }

// IsOID reports whether the universal id is an OID of type ISO.
func (h HD) IsOID() bool { return h.UniversalIDType == "ISO" && IsOID(h.UniversalID) }

// String gives namespace&id&type with HL7 escapes and without trailing separators.
func (h HD) String() string { return h.join("&") }

func (h HD) join(sep string) string {
	return strings.TrimRight(Escape(h.Namespace)+sep+Escape(h.UniversalID)+sep+Escape(h.UniversalIDType), sep)
}

// xds gives the form inside XDS metadata, which has no namespace: &OID&ISO. An authority known by its namespace
// alone keeps it, as nothing else names it.
func (h HD) xds() string {
	if h.UniversalID != "" {
		h.Namespace = ""
	}
	return h.String()
}

// key is a comparable name of the authority: the bare OID, else type:id, else :namespace. The three cannot meet,
// because an OID starts with a digit and a type holds letters and digits only.
func (h HD) key() string {
	switch {
	case h.UniversalID == "" && h.Namespace == "":
		return ""
	case h.UniversalID == "":
		return ":" + h.Namespace
	case h.UniversalIDType == "ISO":
		return h.UniversalID
	}
	return strings.ToUpper(h.UniversalIDType) + ":" + h.UniversalID
}

// newHD checks the parts of an HD that stood in component n of a value of type typ. Only the type ISO is
// normalised: lower case, or missing beside an OID (both are frequent and can mean nothing else).
func newHD(typ string, n int, part [4]string) (HD, error) {
	h := HD{part[0], part[1], part[2]}
	bad := func(sub int, want string) (HD, error) {
		where := fmt.Sprintf("component %d.%d", n, sub)
		return HD{}, &FormatError{Type: typ, Where: where, Want: want, Got: part[sub-1]}
	}
	if strings.EqualFold(h.UniversalIDType, "ISO") || h.UniversalIDType == "" && IsOID(h.UniversalID) {
		h.UniversalIDType = "ISO"
	}
	for i, p := range part {
		if !printable(p) {
			return bad(i+1, "printable characters")
		}
	}
	switch {
	case part[3] != "":
		return bad(4, "nothing after namespace, universal id and type")
	case h.UniversalID == "" && h.UniversalIDType != "":
		return bad(2, "a universal id beside the type "+h.UniversalIDType)
	case h.UniversalID != "" && h.UniversalIDType == "":
		return bad(3, "the universal id type, such as ISO")
	case h.UniversalIDType == "ISO" && !IsOID(h.UniversalID):
		return bad(2, "an OID (digits and dots, at most 64 characters)")
	case !alphanumeric(h.UniversalIDType):
		return bad(3, "a universal id type of HL7 table 0301, such as ISO")
	}
	return h, nil
}

// needOID refuses authorities that XDS metadata cannot carry.
func needOID(typ string, n int, h HD) error {
	if h.IsOID() {
		return nil
	}
	return &FormatError{Type: typ, Where: fmt.Sprintf("component %d", n),
		Want: "an assigning authority written &OID&ISO", Got: h.String()}
}

func alphanumeric(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < 'a' || c > 'z') && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return true
}
