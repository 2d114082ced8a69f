package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/ebrim"
	"dossier/iti"
	"dossier/xds"
)

// scene is the stored query data of the test kit (12346 and 12374) in our own shape: one patient with everything that
// queries tell apart, and a second one who must never get into the first one's answers. Every object has a short name;
// an Association is called "type source>target", and one whose target is an Association has that name in brackets.
//
// Patient A: documents d1 to d9 and d12, Folders f1 and f2, SubmissionSets s1 to s10 and s13.
//
//	s1  d1, d2                      s6  d6 XFRM d3
//	s2  d3 in the new f1            s7  d7 signs d1
//	s3  d1 into f1                  s8  d8 in the new f2
//	s4  d4 RPLC d2                  s9  d9 XFRM_RPLC d8, which brings d9 into f2
//	s5  d5 APND d1                  s10 d1 by Reference
//	                                s13 d12 with the uniqueId and hash of d1
//
// Patient B: s11 with d11 in f3, and s12 with d10 and, by Reference, d6 of patient A.
type scene struct {
	*site
	drafts  []*draft
	entries map[string]*xds.DocumentEntry
	folders map[string]*xds.Folder
	sets    map[string]*xds.SubmissionSet
	names   map[string]string // of every object, by entryUUID
	links   []string          // names of all Associations that there must be
}

const (
	patientA = "NIST-A"
	patientB = "NIST-B"

	accession = "ACC-1^^^&2.999.4&ISO^urn:ihe:iti:xds:2013:accession"
	order     = "ORD_7^^^&2.999.4&ISO^urn:ihe:iti:xds:2013:order"
)

func newScene(t testing.TB, s *site) *scene {
	t.Helper()
	s.admit(t, patientA, patientB)
	c := &scene{site: s, entries: map[string]*xds.DocumentEntry{}, folders: map[string]*xds.Folder{}, sets: map[string]*xds.SubmissionSet{}, names: map[string]string{}}
	c.begin(t)
	c.change(t)
	c.finish(t)
	c.otherPatient(t)
	c.learnLinks(t)
	return c
}

// begin submits s1 to s3.
func (c *scene) begin(t testing.TB) {
	s1 := c.set(t, "s1", patientA, func(s *xds.SubmissionSet) {
		s.SourceID, s.SubmissionTime, s.ContentTypeCode = "2.999.6.7", "20230501", code("ct-lab")
		s.Authors = []xds.Author{{Person: "^Young^Ann"}, {Person: "12^O'Neill^Tim"}}
	})
	c.entry(s1, "d1", func(e *xds.DocumentEntry) {
		e.ClassCode, e.TypeCode, e.FormatCode, e.HealthcareFacilityTypeCode, e.PracticeSettingCode = code("class-1"), code("type-1"), code("format-1"), code("facility-1"), code("practice-1")
		e.EventCodes = []xds.Code{code("event-1"), code("event-2")}
		e.CreationTime, e.ServiceStartTime, e.ServiceStopTime = "20041224", "200412230800", "200412230801"
		e.Authors = append(e.Authors, xds.Author{Person: "9^O'Brien^Sean"})
		e.ReferenceIDs = []string{accession, order}
	})
	c.entry(s1, "d2", func(e *xds.DocumentEntry) { e.ClassCode, e.CreationTime = code("class-2"), "20050301" })
	c.submit(t, s1)
	s2 := c.set(t, "s2", patientA)
	d3 := c.entry(s2, "d3", func(e *xds.DocumentEntry) {
		e.ClassCode, e.TypeCode, e.FormatCode, e.PracticeSettingCode = code("class-2"), code("type-1"), code("format-2"), code("practice-2")
		e.ConfidentialityCodes = []xds.Code{code("conf-N"), code("conf-R")}
		e.EventCodes = []xds.Code{code("event-1")}
		e.CreationTime, e.ServiceStartTime, e.ServiceStopTime = "20060615120000", "", ""
		e.Authors = []xds.Author{{Person: "^Brandt, MD^Eva"}}
		e.ReferenceIDs = []string{accession}
	})
	f1 := c.folder(s2, "f1", "fc-1", "fc-2")
	s2.member(f1, d3)
	c.submit(t, s2)
	s3 := c.set(t, "s3", patientA)
	s3.member(f1, c.entries["d1"])
	c.submit(t, s3)
}

// change submits s4 to s7: one relationship each.
func (c *scene) change(t testing.TB) {
	for _, r := range []struct {
		set, entry string
		typ        xds.AssociationType
		target     string
		change     func(*xds.DocumentEntry)
	}{
		{"s4", "d4", xds.Replace, "d2", func(e *xds.DocumentEntry) {
			e.ClassCode, e.CreationTime, e.ServiceStartTime, e.ServiceStopTime = code("class-2"), "200506011530", "20050601", "200506011500"
		}},
		{"s5", "d5", xds.Append, "d1", func(e *xds.DocumentEntry) { e.CreationTime = "2005" }},
		{"s6", "d6", xds.Transform, "d3", func(e *xds.DocumentEntry) { e.ConfidentialityCodes = []xds.Code{code("conf-V")} }},
		{"s7", "d7", xds.Signs, "d1", func(e *xds.DocumentEntry) { e.EventCodes = nil }},
	} {
		d := c.set(t, r.set, patientA)
		e := c.entry(d, r.entry, r.change)
		d.relate(r.typ, e.EntryUUID, c.entries[r.target].EntryUUID)
		c.submit(t, d)
	}
}

// finish submits s8 to s10 and s13.
func (c *scene) finish(t testing.TB) {
	s8 := c.set(t, "s8", patientA)
	s8.member(c.folder(s8, "f2", "fc-2"), c.entry(s8, "d8"))
	c.submit(t, s8)
	s9 := c.set(t, "s9", patientA)
	s9.relate(xds.TransformAndReplace, c.entry(s9, "d9").EntryUUID, c.entries["d8"].EntryUUID)
	c.submit(t, s9)
	c.links = append(c.links, "HasMember f2>d9", "HasMember s9>[HasMember f2>d9]")
	s10 := c.set(t, "s10", patientA)
	s10.reference(c.entries["d1"])
	c.submit(t, s10)
	s13 := c.set(t, "s13", patientA)
	c.entry(s13, "d12", func(e *xds.DocumentEntry) {
		d1 := c.entries["d1"]
		e.UniqueID, e.Hash, e.Size = d1.UniqueID, d1.Hash, d1.Size
	})
	c.submit(t, s13)
}

func (c *scene) otherPatient(t testing.TB) {
	s11 := c.set(t, "s11", patientB)
	s11.member(c.folder(s11, "f3", "fc-1"), c.entry(s11, "d11", func(e *xds.DocumentEntry) { e.ClassCode, e.ReferenceIDs = code("class-1"), []string{accession} }))
	c.submit(t, s11)
	s12 := c.set(t, "s12", patientB)
	c.entry(s12, "d10")
	s12.reference(c.entries["d6"])
	c.submit(t, s12)
}

func (c *scene) set(t testing.TB, name, patient string, change ...func(*xds.SubmissionSet)) *draft {
	d := c.draft(t, patient)
	set := d.SubmissionSet()
	set.Title = name
	for _, f := range change {
		f(set)
	}
	c.sets[name], c.names[string(set.EntryUUID)] = set, name
	return d
}

func (c *scene) entry(d *draft, name string, change ...func(*xds.DocumentEntry)) *xds.DocumentEntry {
	e := d.entry(name, change...)
	c.entries[name], c.names[string(e.EntryUUID)] = e, name
	return e
}

func (c *scene) folder(d *draft, name string, codes ...string) *xds.Folder {
	f := d.folder(name, codes...)
	c.folders[name], c.names[string(f.EntryUUID)] = f, name
	return f
}

// submit registers a draft; the next one comes an hour later.
func (c *scene) submit(t testing.TB, d *draft) {
	t.Helper()
	c.accepted(t, d)
	c.later(time.Hour)
	c.drafts = append(c.drafts, d)
	for _, a := range d.Associations {
		name := c.linkName(a)
		c.names[string(a.EntryUUID)] = name
		c.links = append(c.links, name)
	}
}

func (c *scene) linkName(a *xds.Association) string {
	target := c.names[string(a.Target)]
	if strings.Contains(target, " ") {
		target = "[" + target + "]"
	}
	return last(string(a.Type)) + " " + c.names[string(a.Source)] + ">" + target
}

// learnLinks names the Associations that the registry made.
func (c *scene) learnLinks(t testing.TB) {
	t.Helper()
	for range 2 { // those between objects first, then those whose target is an Association
		for _, a := range c.find(t, getAssociations, "uuid", list(slices.Collect(keys(c.names))...)).Associations {
			if c.names[string(a.EntryUUID)] == "" && c.names[string(a.Target)] != "" {
				c.names[string(a.EntryUUID)] = c.linkName(a)
			}
		}
	}
}

func keys(m map[string]string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// touching lists the Associations that have one of these objects at an end.
func (c *scene) touching(objects ...string) []string {
	var out []string
	for _, l := range c.links {
		_, ends, _ := strings.Cut(l, " ")
		source, target, _ := strings.Cut(ends, ">")
		if slices.Contains(objects, source) || slices.Contains(objects, target) {
			out = append(out, l)
		}
	}
	return out
}

// uuid gives entryUUIDs by name.
func (c *scene) uuid(names ...string) []string {
	var out []string
	for _, name := range names {
		for id, n := range c.names {
			if n == name {
				out = append(out, id)
			}
		}
	}
	return out
}

// uniqueID gives the uniqueId of a document, Folder or SubmissionSet.
func (c *scene) uniqueID(name string) string {
	switch {
	case c.entries[name] != nil:
		return string(c.entries[name].UniqueID)
	case c.folders[name] != nil:
		return string(c.folders[name].UniqueID)
	}
	return string(c.sets[name].UniqueID)
}

// probe is one query with the names of what it must find, or the codes it must be refused with.
type probe struct {
	name   string
	params []string // name without "$" and value in turn
	want   []string
	codes  []string
}

// run asks each for LeafClass and for ObjectRef. Both name the same objects, none twice.
func (c *scene) run(t *testing.T, query string, probes []probe) {
	t.Helper()
	c.runBy(t, iti.RegistryStoredQuery, query, probes)
}

// runBy is run by ITI-18 or ITI-51.
func (c *scene) runBy(t *testing.T, tx iti.Transaction, query string, probes []probe) {
	t.Helper()
	for _, p := range probes {
		t.Run(p.name, func(t *testing.T) {
			leaf, refs := c.askBy(t, tx, query, ebrim.ReturnLeafClass, p.params...), c.askBy(t, tx, query, ebrim.ReturnObjectRef, p.params...)
			if p.codes != nil {
				wantFailure(t, leaf.Status, leaf.Errors, p.codes...)
				wantFailure(t, refs.Status, refs.Errors, p.codes...)
				p.want = nil
			} else {
				wantSuccess(t, leaf.Status, leaf.Errors)
				wantSuccess(t, refs.Status, refs.Errors)
			}
			c.wantObjects(t, "LeafClass", leafIDs(t, leaf.Objects), p.want)
			c.wantObjects(t, "ObjectRef", refIDs(t, refs.Objects), p.want)
		})
	}
}

func (c *scene) wantObjects(t testing.TB, what string, ids, want []string) {
	t.Helper()
	var got []string
	for _, id := range ids {
		name := c.names[id]
		if name == "" {
			name = "unknown " + id
		}
		got = append(got, name)
	}
	wantSame(t, what, "objects", got, want)
}

func leafIDs(t testing.TB, l *ebrim.RegistryObjectList) []string {
	t.Helper()
	var out []string
	for _, o := range l.ExtrinsicObjects {
		out = append(out, o.ID)
	}
	for _, o := range l.RegistryPackages {
		out = append(out, o.ID)
	}
	for _, o := range l.Associations {
		out = append(out, o.ID)
	}
	if len(l.ObjectRefs)+len(l.Classifications)+len(l.Other) > 0 {
		t.Errorf("LeafClass answer with ObjectRefs %v, Classifications %v, %v", l.ObjectRefs, l.Classifications, l.Other)
	}
	return out
}

func refIDs(t testing.TB, l *ebrim.RegistryObjectList) []string {
	t.Helper()
	var out []string
	for _, r := range l.ObjectRefs {
		out = append(out, r.ID)
	}
	if n := len(l.ExtrinsicObjects) + len(l.RegistryPackages) + len(l.Associations); n > 0 {
		t.Errorf("ObjectRef answer with %d whole objects", n)
	}
	return out
}

// hit and miss make probes; miss finds nothing, refuses is refused with codes.
func hit(name string, params []string, want ...string) probe {
	return probe{name: name, params: params, want: want}
}
func miss(name string, params []string) probe { return probe{name: name, params: params} }
func refuses(name string, params []string, codes ...string) probe {
	return probe{name: name, params: params, codes: codes}
}

// with adds parameters to those that a query needs.
func with(base []string, more ...string) []string { return append(slices.Clone(base), more...) }

// checkScene compares every object of one patient with what was submitted.
func (c *scene) checkScene(t *testing.T, patient string) {
	for _, d := range c.drafts {
		if d.patient.ID != patient {
			continue
		}
		t.Run(d.SubmissionSet().Title, func(t *testing.T) { c.checkDraft(t, d) })
	}
}

func TestNIST_12346(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		c := newScene(t, s)
		c.checkScene(t, patientA)
		c.wantStatus(t, xds.Deprecated, c.entries["d2"], c.entries["d8"])
		if got, want := len(c.names), len(c.entries)+len(c.folders)+len(c.sets)+len(c.links); got != want {
			t.Errorf("there are %d objects, want %d: %s", got, want, fmt.Sprint(c.names))
		}
	})
}

func TestNIST_12374(t *testing.T) {
	conform(t, func(t *testing.T, s *site) { newScene(t, s).checkScene(t, patientB) })
}
