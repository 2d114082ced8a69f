package hl7v2

import "strings"

// CXi is one value of referenceIdList: an identifier of something that a document refers to
// (ITI TF-3: 4.2.3.2.28 and Table 4.2.3.1.7-2). Two CXi match when their String is equal.
type CXi struct {
	ID              string
	Authority       HD
	TypeCode        string // urn:ihe:iti:xds:2013:order and the like; local codes are legal
	HomeCommunityID string // component 6, added by a later change proposal; with urn:oid:
}

// ParseCXi reads ID^^^authority^type[^home]. Id and type are required; the authority may be left out, be a
// namespace, or be &id&type.
func ParseCXi(s string) (CXi, error) {
	r := Repetition{strings.TrimSpace(s), StandardSeparators()}
	c := CXi{TypeCode: r.trimmed(5), HomeCommunityID: r.trimmed(6)}
	var err error
	if c.ID, err = r.identifier("CXi"); err != nil {
		return CXi{}, err
	}
	if c.Authority, err = r.hd("CXi", 4); err != nil {
		return CXi{}, err
	}
	bad := func(where, want, got string) (CXi, error) {
		return CXi{}, &FormatError{Type: "CXi", Where: where, Want: want, Got: got}
	}
	switch {
	case r.trimmed(2) != "":
		return bad("component 2", "nothing", r.trimmed(2))
	case r.trimmed(3) != "":
		return bad("component 3", "nothing", r.trimmed(3))
	case c.TypeCode == "":
		return bad("component 5", "an identifier type code, such as urn:ihe:iti:xds:2013:order", "")
	case !printable(c.TypeCode):
		return bad("component 5", "printable characters", c.TypeCode)
	case c.HomeCommunityID != "" && !isHome(c.HomeCommunityID):
		return bad("component 6", "a homeCommunityId written urn:oid:OID", c.HomeCommunityID)
	}
	return c, nil
}

func isHome(s string) bool {
	oid, found := strings.CutPrefix(s, "urn:oid:")
	return found && IsOID(oid)
}

// String gives the strict form with HL7 escapes; the namespace is dropped beside a universal id.
func (c CXi) String() string {
	s := Escape(c.ID) + "^^^" + c.Authority.xds() + "^" + Escape(c.TypeCode) + "^" + Escape(c.HomeCommunityID)
	return strings.TrimRight(s, "^")
}
