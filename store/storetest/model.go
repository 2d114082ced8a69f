package storetest

import (
	"slices"

	"golang.org/x/text/unicode/norm"

	"dossier/hl7v2"
	"dossier/store"
	"dossier/xds"
	"dossier/xds/query"
)

// Model is a registry in memory, written for plainness: every query walks over all objects and asks what the
// specification asks. It takes registrations on trust.
type Model struct {
	Patients []*ModelPatient
	Objects  []*ModelObject // in order of registration
}

// ModelPatient is a known patient id.
type ModelPatient struct {
	CX   hl7v2.CX
	Into *ModelPatient // nil while active
}

// Root is the surviving id.
func (p *ModelPatient) Root() *ModelPatient {
	for p.Into != nil {
		p = p.Into
	}
	return p
}

// ModelObject is a registered object; exactly one of the last four is set.
type ModelObject struct {
	Kind        store.Kind
	ID          xds.EntryUUID
	UniqueID    xds.UniqueID
	Patient     *ModelPatient // nil for Associations
	SubmittedAs string
	Status      xds.Status
	Updated     hl7v2.DTM
	Home        xds.HomeCommunityID
	Fragment    []byte
	Entry       *xds.DocumentEntry
	Set         *xds.SubmissionSet
	Folder      *xds.Folder
	Association *xds.Association
}

// Add makes a patient id known.
func (m *Model) Add(id hl7v2.CX) { m.Patients = append(m.Patients, &ModelPatient{CX: id}) }

// Merge subsumes one active id in another.
func (m *Model) Merge(survivor, subsumed hl7v2.CX) {
	m.patient(subsumed).Into = m.patient(survivor)
}

func (m *Model) patient(id hl7v2.CX) *ModelPatient {
	for _, p := range m.Patients {
		if p.CX.Equal(id) {
			return p
		}
	}
	return nil
}

// Object returns the object of that id, or nil.
func (m *Model) Object(id xds.EntryUUID) *ModelObject {
	for _, o := range m.Objects {
		if o.ID == id {
			return o
		}
	}
	return nil
}

// Register adds the objects and applies the effects.
func (m *Model) Register(r *store.Registration) {
	for _, id := range slices.Concat(r.Deprecate, r.DeprecateAlso) {
		m.Object(id).Status = xds.Deprecated
	}
	for _, id := range r.Touch {
		m.Object(id).Updated = r.Now
	}
	add := func(o ModelObject, id xds.EntryUUID, patient *hl7v2.CX, unique xds.UniqueID, home xds.HomeCommunityID, fragment []byte) {
		o.ID, o.UniqueID, o.Home, o.Fragment, o.Status = id, unique, home, fragment, xds.Approved
		if patient != nil {
			o.Patient, o.SubmittedAs = m.patient(*patient), patient.Raw
		}
		m.Objects = append(m.Objects, &o)
	}
	s := r.SubmissionSet
	add(ModelObject{Kind: store.SubmissionSet, Set: s}, s.EntryUUID, &s.PatientID, s.UniqueID, s.HomeCommunityID, s.Fragment())
	for _, e := range r.Entries {
		add(ModelObject{Kind: store.DocumentEntry, Entry: e}, e.EntryUUID, &e.PatientID, e.UniqueID, e.HomeCommunityID, e.Fragment())
	}
	for _, f := range r.Folders {
		add(ModelObject{Kind: store.Folder, Folder: f, Updated: r.Now}, f.EntryUUID, &f.PatientID, f.UniqueID, f.HomeCommunityID, f.Fragment())
	}
	for _, a := range r.Associations {
		add(ModelObject{Kind: store.Association, Association: a}, a.EntryUUID, nil, "", "", a.Fragment())
	}
}

// Find answers a query as store.RegistryReader.Find does without a limit.
func (m *Model) Find(q query.Query, leaf bool) []store.Object {
	chosen := m.choose(q)
	var out []store.Object
	for _, kind := range []store.Kind{store.SubmissionSet, store.DocumentEntry, store.Folder, store.Association} {
		for _, o := range m.Objects {
			if o.Kind == kind && chosen(o) {
				out = append(out, o.result(leaf))
			}
		}
	}
	return out
}

func (o *ModelObject) result(leaf bool) store.Object {
	r := store.Object{Kind: o.Kind, EntryUUID: o.ID, Volatile: xds.Volatile{
		Status: o.Status, Version: 1, Home: o.Home, PatientID: o.SubmittedAs, LastUpdateTime: o.Updated,
	}}
	if leaf {
		r.Fragment = o.Fragment
	}
	if o.Patient != nil {
		root := o.Patient.Root()
		r.Patient = root.CX.Key()
		if root != o.Patient {
			r.Volatile.PatientID = root.CX.String()
		}
	}
	return r
}

// of tells whether the object belongs to the patient of a query. An id that was subsumed has nothing.
func (o *ModelObject) of(id hl7v2.CX) bool {
	return o.Patient != nil && o.Patient.Root().CX.Equal(id)
}

// ofAny is of for several patients; no ids are all patients.
func (o *ModelObject) ofAny(ids []hl7v2.CX) bool {
	return len(ids) == 0 || slices.ContainsFunc(ids, o.of)
}

// hasAvailability reads what was never set as Online; an empty list is no filter.
func (o *ModelObject) hasAvailability(list []xds.Availability) bool {
	return len(list) == 0 || slices.Contains(list, xds.Online)
}

// counts tells whether an Association has one of the statuses; an empty list is no filter.
func (o *ModelObject) counts(list []xds.Status) bool { return len(list) == 0 || o.hasStatus(list) }

func (o *ModelObject) hasStatus(list []xds.Status) bool { return slices.Contains(list, o.Status) }

// codeIn tells whether one of the codes of the object is in the list; an empty list is no filter.
func codeIn(list query.AnyOf, codes ...xds.Code) bool {
	if len(list) == 0 {
		return true
	}
	for _, c := range codes {
		for _, want := range list {
			if c.Code == want.Code && c.Scheme == want.Scheme {
				return true
			}
		}
	}
	return false
}

func codesIn(lists query.AllOf, codes []xds.Code) bool {
	for _, list := range lists {
		if !codeIn(list, codes...) {
			return false
		}
	}
	return true
}

func inTimes(t query.Times, d hl7v2.DTM) bool {
	return (t.From == "" || d.Low() >= t.From.Low()) && (t.To == "" || d.Low() < t.To.Low())
}

// like is LIKE of ITI TF-2: 3.18.4.1.2.3.5 on characters, without an escape character.
func like(pattern, value []rune, underscore bool) bool {
	switch {
	case len(pattern) == 0:
		return len(value) == 0
	case pattern[0] == '%':
		return like(pattern[1:], value, underscore) || len(value) > 0 && like(pattern, value[1:], underscore)
	case len(value) == 0:
		return false
	case pattern[0] == '_' && underscore, pattern[0] == value[0]:
		return like(pattern[1:], value[1:], underscore)
	}
	return false
}

func authorLike(patterns []string, authors []xds.Author) bool {
	if len(patterns) == 0 {
		return true
	}
	for _, a := range authors {
		for _, p := range patterns {
			if a.Person != "" && like([]rune(norm.NFC.String(p)), []rune(norm.NFC.String(a.Person)), true) {
				return true
			}
		}
	}
	return false
}

func referencesIn(lists [][]query.ReferenceID, ids []string) bool {
	for _, list := range lists {
		if !slices.ContainsFunc(ids, func(id string) bool {
			return slices.ContainsFunc(list, func(r query.ReferenceID) bool {
				return r.Value == id || r.Pattern && like([]rune(r.Value), []rune(id), false)
			})
		}) {
			return false
		}
	}
	return true
}
