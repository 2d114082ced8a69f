package validate

import (
	"regexp"
	"strconv"
	"strings"

	"dossier/hl7v2"
	"dossier/xds"
)

// format judges one value; it returns "" or what was expected and what came.
type format func(value string, p Profile) string

// parsed makes a format of a parser whose errors say both.
func parsed[T any](parse func(string) (T, error)) format {
	return func(v string, _ Profile) string {
		if _, err := parse(v); err != nil {
			return err.Error()
		}
		return ""
	}
}

// dtm: a fraction and a zone are taken and converted, unless strict.
func dtm(v string, p Profile) string {
	d, err := hl7v2.ParseDTM(v)
	switch {
	case err != nil:
		return err.Error()
	case p.Strict && string(d) != v:
		return expected("digits YYYY[MM[DD[hh[mm[ss]]]]] in UTC without fraction and zone", v)
	}
	return ""
}

// dtmToSecond wants all 14 digits of a strict sender. The registry sets the value itself, and the test kits of the field
// send whole days.
func dtmToSecond(v string, p Profile) string {
	if problem := dtm(v, p); problem != "" {
		return problem
	}
	if d, _ := hl7v2.ParseDTM(v); p.Strict && len(d) != 14 {
		return expected("14 digits YYYYMMDDhhmmss", v)
	}
	return ""
}

// cx: trailing separators, a namespace and further components are taken, unless strict.
func cx(v string, p Profile) string {
	c, err := hl7v2.ParseCX(v)
	switch {
	case err != nil:
		return err.Error()
	case p.Strict && c.String() != v:
		return expected("exactly ID^^^&OID&ISO", v)
	}
	return ""
}

func oid(v string, _ Profile) string {
	if !hl7v2.IsOID(v) {
		return expected("an OID of at most 64 characters", v)
	}
	return ""
}

func sha1Hex(v string, _ Profile) string {
	if len(v) != 40 || strings.Trim(v, "0123456789abcdefABCDEF") != "" {
		return expected("a SHA-1 of 40 hexadecimal digits", v)
	}
	return ""
}

func byteCount(v string, _ Profile) string {
	if _, err := strconv.ParseUint(v, 10, 63); err != nil {
		return expected("a number of bytes in decimal digits", v)
	}
	return ""
}

var (
	languageTag = regexp.MustCompile(`^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$`)
	mimeType    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*$`)
)

// language: an underscore for the hyphen is taken, unless strict.
func language(v string, p Profile) string {
	tag := v
	if !p.Strict {
		tag = strings.ReplaceAll(v, "_", "-")
	}
	if !languageTag.MatchString(tag) {
		return expected("a language tag of RFC 5646 such as en-US", v)
	}
	return ""
}

func availability(v string, _ Profile) string {
	const online, offline = "urn:ihe:iti:2010:DocumentAvailability:Online", "urn:ihe:iti:2010:DocumentAvailability:Offline"
	if v != online && v != offline {
		return expected(online+" or "+offline, v)
	}
	return ""
}

// documentUniqueID: an opaque string of at most 128 characters; one with a caret is OID^extension.
func documentUniqueID(v string, _ Profile) string {
	if len(v) > 128 || strings.ContainsFunc(v, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
		return expected("at most 128 printable ASCII characters", v)
	}
	root, extension, split := strings.Cut(v, "^")
	if split && (!hl7v2.IsOID(root) || extension == "" || len(extension) > 16) {
		return expected("OID^extension with an extension of 1 to 16 characters", v)
	}
	return ""
}

// recipient is XON|XCN|XTN, each of which may be empty, but not all.
func recipient(v string, _ Profile) string {
	fields := strings.Split(v, "|")
	if len(fields) > 3 || strings.Trim(v, "| ") == "" {
		return expected("organisation|person|telecommunication with at least one of them", v)
	}
	for i, f := range []format{parsed(hl7v2.ParseXON), parsed(hl7v2.ParseXCN), parsed(hl7v2.ParseXTN)} {
		if i >= len(fields) || strings.TrimSpace(fields[i]) == "" {
			continue
		}
		if problem := f(fields[i], Profile{}); problem != "" {
			return problem
		}
	}
	return ""
}

// codedString is free text, or Code^^^&OID&ISO.
func codedString(v string, _ Profile) string {
	if !strings.Contains(v, "^") {
		return ""
	}
	if _, err := hl7v2.ParseCX(v); err != nil {
		return expected("free text or Code^^^&OID&ISO", v)
	}
	return ""
}

func approved(v string) bool { return v == "" || v == string(xds.Approved) }
