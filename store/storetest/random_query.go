package storetest

import (
	"dossier/hl7v2"
	"dossier/store"
	"dossier/xds"
	"dossier/xds/query"

	"pgregory.net/rapid"
)

// unless draws a filter with a chance of leaving it out, in percent.
func unless[T any](r *random, percent int, draw func() T) (none T) {
	if r.chance(percent) {
		return none
	}
	return draw()
}

func (r *random) anyOf(unset int) query.AnyOf {
	return unless(r, unset, func() query.AnyOf { return append(some(r, 2, someCodes), pick(r, someCodes)) })
}

func (r *random) allOf(unset int) query.AllOf {
	return unless(r, unset, func() query.AllOf {
		list := query.AllOf{r.anyOf(0)}
		if r.chance(40) {
			list = append(list, r.anyOf(0))
		}
		return list
	})
}

func (r *random) times(unset int) query.Times {
	return unless(r, unset, func() query.Times { return query.Times{From: pick(r, someTimes), To: pick(r, someTimes)} })
}

func (r *random) likes(unset int) []string {
	return unless(r, unset, func() []string { return append(some(r, 1, someLikes), pick(r, someLikes)) })
}

func (r *random) sources() []string {
	return unless(r, 50, func() []string { return []string{pick(r, someSources)} })
}

func (r *random) status() []xds.Status {
	return pick(r, [][]xds.Status{approved, approved, anyState, {xds.Deprecated}})
}

func (r *random) types() []xds.ObjectType {
	return pick(r, [][]xds.ObjectType{stable, anyType, {xds.OnDemand}})
}

func (r *random) references() (list [][]query.ReferenceID) {
	for range rapid.IntRange(1, 2).Draw(r.T, "references") {
		var anyOf []query.ReferenceID
		for range rapid.IntRange(1, 2).Draw(r.T, "reference") {
			if r.chance(40) {
				anyOf = append(anyOf, query.ReferenceID{Value: pick(r, someRefLike), Pattern: true})
			} else {
				anyOf = append(anyOf, query.ReferenceID{Value: pick(r, someRefs)})
			}
		}
		list = append(list, anyOf)
	}
	return list
}

// filter draws the filters of FindDocuments: with most of them unset, or time ranges alone.
func (r *random) filter(codes bool) query.DocumentFilter {
	f := query.DocumentFilter{Status: r.status(), Types: r.types()}
	if !codes {
		f.CreationTime, f.ServiceStartTime, f.ServiceStopTime = r.times(30), r.times(50), r.times(50)
		return f
	}
	f.ClassCode, f.TypeCode, f.FormatCode = r.anyOf(70), r.anyOf(80), r.anyOf(80)
	f.PracticeSettingCode, f.HealthcareFacilityTypeCode = r.anyOf(80), r.anyOf(80)
	f.Availability = pick(r, [][]xds.Availability{nil, nil, nil, {xds.Online}, {xds.Offline}, {xds.Online, xds.Offline}})
	f.EventCodes, f.ConfidentialityCodes, f.AuthorPerson = r.allOf(70), r.allOf(70), r.likes(60)
	return f
}

// ownCodes are codes that no other run has.
func (r *random) ownCodes() []xds.Code {
	return []xds.Code{code("own" + r.suffix), code("its own" + r.suffix)}
}

// ownFilter draws filters that may do without patients: they have codes of this run, all in one place or in several.
func (r *random) ownFilter() query.DocumentFilter {
	f := r.filter(r.chance(30))
	own := query.AnyOf(append(some(r, 2, someCodes), r.ownCodes()...))
	switch rapid.IntRange(0, 3).Draw(r.T, "own") {
	case 0:
		f.ClassCode = r.ownCodes()
	case 1:
		f.HealthcareFacilityTypeCode = r.ownCodes()
	case 2:
		f.EventCodes = append(f.EventCodes, r.ownCodes())
	default:
		f.ClassCode, f.EventCodes = own, append(query.AllOf{own}, r.ownCodes()[:1])
	}
	return f
}

// patients draws some of this run, active and subsumed, and perhaps an unknown one.
func (r *random) patients() (list []hl7v2.CX) {
	for _, p := range append(some(r, 2, r.model.Patients), pick(r, r.model.Patients)) {
		list = append(list, p.CX)
	}
	if r.chance(30) {
		list = append(list, CX("nobody"))
	}
	return list
}

func (r *random) updated() query.Times {
	return query.Times{From: pick(r, []hl7v2.DTM{"", "20240101", "20240102"}), To: pick(r, []hl7v2.DTM{"", "20240102", "2025"})}
}

func (r *random) linkStatus() []xds.Status {
	return pick(r, [][]xds.Status{approved, approved, nil, anyState, {xds.Deprecated}})
}

// someIDs draws ids of objects of any class, and one of none.
func (r *random) someIDs() []xds.EntryUUID {
	list := []xds.EntryUUID{UUID()}
	for range rapid.IntRange(0, 4).Draw(r.T, "ids") {
		if len(r.model.Objects) > 0 {
			list = append(list, pick(r, r.model.Objects).ID)
		}
	}
	return list
}

// ids draws up to n ids of one sort.
func (r *random) ids(n int) query.IDs {
	var out query.IDs
	unique := r.chance(50)
	for range n {
		if len(r.model.Objects) == 0 {
			break
		}
		o := pick(r, r.model.Objects)
		switch {
		case !unique:
			out.EntryUUIDs = append(out.EntryUUIDs, o.ID)
		case o.UniqueID != "":
			out.UniqueIDs = append(out.UniqueIDs, o.UniqueID)
		}
	}
	if len(out.EntryUUIDs)+len(out.UniqueIDs) == 0 {
		out.EntryUUIDs = []xds.EntryUUID{UUID()}
	}
	return out
}

// idOf draws the id of an object of this class, if there is one.
func (r *random) idOf(kind store.Kind) query.IDs {
	var of []*ModelObject
	for _, o := range r.model.Objects {
		if o.Kind == kind {
			of = append(of, o)
		}
	}
	if len(of) == 0 {
		return query.IDs{EntryUUIDs: []xds.EntryUUID{UUID()}}
	}
	o := pick(r, of)
	if r.chance(50) {
		return query.IDs{UniqueIDs: []xds.UniqueID{o.UniqueID}}
	}
	return query.IDs{EntryUUIDs: []xds.EntryUUID{o.ID}}
}
