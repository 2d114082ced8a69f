package sqldb

import (
	"dossier/hl7v2"
	"dossier/xds"
)

// Statuses and types are stored by one or a few letters. Other values, which an affinity domain may define for
// Associations, are stored as they are; all of them are URNs and so never look like one of these.
var short = map[string]string{
	string(xds.Approved): "A", string(xds.Deprecated): "D",
	string(xds.Stable): "S", string(xds.OnDemand): "O",
	string(xds.HasMember): "HM", string(xds.Replace): "RPLC", string(xds.Transform): "XFRM", string(xds.Append): "APND",
	string(xds.TransformAndReplace): "XFRM_RPLC", string(xds.Signs): "signs", string(xds.IsSnapshotOf): "IsSnapshotOf",
}

var long = func() map[string]string {
	m := make(map[string]string, len(short))
	for urn, s := range short {
		m[s] = urn
	}
	return m
}()

func shorten[T ~string](urn T) string {
	if s, ok := short[string(urn)]; ok {
		return s
	}
	return string(urn)
}

func expand[T ~string](s string) T {
	if urn, ok := long[s]; ok {
		return T(urn)
	}
	return T(s)
}

func shortenAll[T ~string](urns []T) []string {
	out := make([]string, len(urns))
	for i, u := range urns {
		out[i] = shorten(u)
	}
	return out
}

// submitted is a patient id as its sender wrote it.
func submitted(c hl7v2.CX) string {
	if c.Raw != "" {
		return c.Raw
	}
	return c.String()
}

// low is the search form of a time; nil when there is none.
func low(d hl7v2.DTM) any {
	if d == "" {
		return nil
	}
	return d.Low()
}
