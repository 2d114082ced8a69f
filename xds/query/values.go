package query

import (
	"errors"
	"strings"

	"dossier/hl7v2"
	"dossier/xds"
)

// readCode reads code^^codingScheme, split at the first ^^, because a code may hold anything else; a display name
// between the two is passed over (ITI TF-2: 3.18.4.1.2.3.4).
func readCode(s string) (xds.Code, error) {
	code, scheme, ok := strings.Cut(s, "^^")
	if part := strings.SplitN(s, "^", 3); !ok && len(part) == 3 {
		code, scheme = part[0], part[2]
	}
	code, scheme = trim(code), trim(scheme)
	if code == "" || scheme == "" || strings.HasSuffix(code, "^") || strings.HasPrefix(scheme, "^") {
		return xds.Code{}, errors.New("expected code^^codingScheme, got " + quoted(s))
	}
	return xds.Code{Code: code, Scheme: scheme}, nil
}

const uuidPrefix = "urn:uuid:"

// readUUID takes any case, blanks anywhere and a missing prefix.
func readUUID(s string) (xds.EntryUUID, bool) {
	id := squeeze(s)
	if len(id) == 36 {
		id = uuidPrefix + id
	}
	if !xds.IsUUID(id) {
		return "", false
	}
	return xds.EntryUUID(strings.ToLower(id)), true
}

func readEntryUUID(s string) (xds.EntryUUID, error) {
	id, ok := readUUID(s)
	if !ok {
		return "", errors.New("expected a UUID, written urn:uuid: and 36 characters, got " + quoted(s))
	}
	return id, nil
}

func readUniqueID(s string) (xds.UniqueID, error) { return xds.UniqueID(trim(s)), nil }

func readText(s string) (string, error) { return trim(s), nil }

// readPattern keeps blanks at the ends: they are part of what is compared.
func readPattern(s string) (string, error) { return s, nil }

func readReferenceID(s string) (ReferenceID, error) {
	// Exact and LIKE both stand in the Technical Framework. Ids contain '_', so only '%' makes a pattern.
	s = trim(s)
	return ReferenceID{s, strings.Contains(s, "%")}, nil
}

func readTime(s string) (hl7v2.DTM, error) {
	d, err := hl7v2.ParseDTM(s)
	return hl7v2.DTM(d.Low()), err
}

const oasisPrefix = "urn:oasis:names:tc:ebxml-regrep:"

// readStatus takes the URN, the word alone, and the word behind another of ebRIM's prefixes: ResponseStatusType stands
// in an example of the Technical Framework. Other values are not understood.
func readStatus(s string) (xds.Status, bool) {
	s = squeeze(s)
	word := s[strings.LastIndexByte(s, ':')+1:]
	if word != s && !hasPrefixFold(s, oasisPrefix) {
		return "", false
	}
	switch {
	case strings.EqualFold(word, "Approved"):
		return xds.Approved, true
	case strings.EqualFold(word, "Deprecated"):
		return xds.Deprecated, true
	}
	return "", false
}

// readAvailability takes the URN or the word alone.
func readAvailability(s string) (xds.Availability, bool) {
	s = squeeze(s)
	for _, a := range []xds.Availability{xds.Online, xds.Offline} {
		if strings.EqualFold(s, string(a)) || strings.EqualFold(s, string(a)[strings.LastIndexByte(string(a), ':')+1:]) {
			return a, true
		}
	}
	return "", false
}

// readObjectType takes the UUID of a kind of DocumentEntry or its name.
func readObjectType(s string) (xds.ObjectType, bool) {
	switch word := strings.ToLower(squeeze(s)); word {
	case "stable":
		return xds.Stable, true
	case "on-demand", "ondemand":
		return xds.OnDemand, true
	}
	id, _ := readUUID(s)
	t := xds.ObjectType(id)
	return t, t == xds.Stable || t == xds.OnDemand
}

// associationPrefixes are the beginnings of association types that are met, right or wrong, before a name of IHE or ebRIM.
var associationPrefixes = []string{
	"urn:ihe:iti:2007:AssociationType:", "urn:ihe:iti:2010:AssociationType:", oasisPrefix + "AssociationType:",
}

var associations = []xds.AssociationType{
	xds.HasMember, xds.Replace, xds.Transform, xds.Append, xds.TransformAndReplace, xds.Signs, xds.IsSnapshotOf,
	xds.UpdateAvailabilityStatus, xds.SubmitAssociation,
}

// readAssociationType takes URNs and short names. A URN of somebody else is passed on: it matches nothing here, or what a
// national extension has registered.
func readAssociationType(s string) (xds.AssociationType, error) {
	s = squeeze(s)
	name := s
	for _, p := range associationPrefixes {
		if hasPrefixFold(s, p) {
			name = s[len(p):]
		}
	}
	for _, t := range associations {
		if strings.EqualFold(name, string(t)[strings.LastIndexByte(string(t), ':')+1:]) {
			return t, nil
		}
	}
	if !strings.Contains(s, ":") {
		return "", errors.New("expected the URN of an association type, got " + quoted(s))
	}
	return xds.AssociationType(s), nil
}

// squeeze drops blanks, which no identifier has: pretty-printers and one example of the Technical Framework put them in.
func squeeze(s string) string {
	if !strings.ContainsFunc(s, blank) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if blank(r) {
			return -1
		}
		return r
	}, s)
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func trim(s string) string { return strings.TrimFunc(s, blank) }
