package main

import (
	"bytes"
	"strings"
	"testing"

	"dossier/ebrim"
	"dossier/xds"
)

const (
	nistPatient = "NIST-1"
	nistOther   = "NIST-2"
)

func TestNIST_11990(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		symbols := s.draft(t, nistPatient)
		symbols.entry("one")
		s.accepted(t, symbols.symbolic())
		s.checkDraft(t, symbols)
		uuids := s.draft(t, nistPatient)
		uuids.entry("two")
		s.accepted(t, uuids)
		s.checkDraft(t, uuids)
		kit := s.draft(t, nistPatient)
		kit.SubmissionSet().Comments = ""
		kit.entry("three", func(e *xds.DocumentEntry) {
			e.Comments, e.Authors[0].Person, e.URI, e.LanguageCode = "", "^Smith^Gerald^^^", "http://", "en-us"
			e.ClassCode.Scheme = "Local class codes"
		})
		r := s.registerText(t, kitShape(kit.symbolic().Build()))
		wantSuccess(t, r.Status, r.Errors)
		s.checkDraft(t, kit)
	})
}

// kitShape writes a submission as the test kit does: markers outside of their packages, objectType on every object, an
// empty Description beside every Name, ObjectRefs of what is mentioned.
func kitShape(l *ebrim.RegistryObjectList) []byte {
	for _, p := range l.RegistryPackages {
		p.ObjectType = ebrim.ObjectTypeRegistryPackage
		marker := func(c *ebrim.Classification) bool { return c.Node != "" }
		l.Classifications = append(l.Classifications, without(p.Classifications, func(c *ebrim.Classification) bool { return !marker(c) })...)
		p.Classifications = without(p.Classifications, marker)
	}
	for _, o := range l.ExtrinsicObjects {
		for _, c := range o.Classifications {
			c.ObjectType = ebrim.ObjectTypeClassification
		}
		for _, x := range o.ExternalIdentifiers {
			x.ObjectType = ebrim.ObjectTypeExternalIdentifier
		}
	}
	for _, a := range l.Associations {
		a.ObjectType = ebrim.ObjectTypeAssociation
	}
	for _, id := range []string{string(xds.Stable), xds.NodeSubmissionSet, xds.SchemeClassCode} {
		l.ObjectRefs = append(l.ObjectRefs, ebrim.ObjectRef{ID: id})
	}
	text := ebrim.AppendSubmitObjectsRequest(nil, l)
	return bytes.ReplaceAll(text, []byte("</rim:Name>"), []byte("</rim:Name><rim:Description/>"))
}

func TestNIST_11991(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		d := s.draft(t, nistPatient)
		d.entry("one")
		d.entry("two", func(e *xds.DocumentEntry) { e.MimeType = "application/pdf" })
		s.accepted(t, d.symbolic())
		s.checkDraft(t, d)
		got := s.find(t, getSubmissionSetAndContents, "XDSSubmissionSetUniqueId", str(string(d.SubmissionSet().UniqueID)))
		if len(got.SubmissionSets) != 1 || len(got.DocumentEntries) != 2 || len(got.Associations) != 2 {
			t.Errorf("%d SubmissionSets, %d DocumentEntries, %d Associations", len(got.SubmissionSets), len(got.DocumentEntries), len(got.Associations))
		}
		for _, a := range got.Associations {
			if a.Type != xds.HasMember || a.SubmissionSetStatus != xds.Original || a.Source != got.SubmissionSets[0].EntryUUID {
				t.Errorf("Association %+v", a.Object)
			}
		}
	})
}

// registered submits one document.
func (s *site) registered(t testing.TB, patient, title string) *xds.DocumentEntry {
	t.Helper()
	d := s.draft(t, patient)
	e := d.entry(title)
	s.accepted(t, d)
	return e
}

// related is a submission of one document with an Association to a registered one.
func (s *site) related(t testing.TB, typ xds.AssociationType, target *xds.DocumentEntry, title string) (*draft, *xds.DocumentEntry) {
	t.Helper()
	d := s.draft(t, target.PatientID.ID)
	e := d.entry(title)
	d.relate(typ, e.EntryUUID, target.EntryUUID)
	return d, e
}

// mustRelate submits it.
func (s *site) mustRelate(t testing.TB, typ xds.AssociationType, target *xds.DocumentEntry, title string) *xds.DocumentEntry {
	t.Helper()
	d, e := s.related(t, typ, target, title)
	s.accepted(t, d)
	s.checkDraft(t, d)
	return e
}

const deprecatedTarget = "XDSRegistryDeprecatedDocumentError"

func TestNIST_11992(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		old := s.registered(t, nistPatient, "old")
		now := s.mustRelate(t, xds.Replace, old, "new")
		s.wantStatus(t, xds.Deprecated, old)
		s.wantStatus(t, xds.Approved, now)
		again, _ := s.related(t, xds.Replace, old, "again")
		s.refused(t, again, deprecatedTarget)
		nothing := *old
		nothing.EntryUUID = newEntryUUID()
		lost, _ := s.related(t, xds.Replace, &nothing, "replaces nothing")
		s.refused(t, lost, "UnresolvedReferenceException")
		s.wantStatus(t, xds.Approved, now)
	})
}

// dependent replaces a document on which another hangs, and tries to hang one on what is replaced.
func dependent(typ xds.AssociationType) func(t *testing.T, s *site) {
	return func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		old := s.registered(t, nistPatient, "old")
		hanging := s.mustRelate(t, typ, old, "hanging")
		s.wantStatus(t, xds.Approved, old, hanging)
		now := s.mustRelate(t, xds.Replace, old, "new")
		s.wantStatus(t, xds.Deprecated, old, hanging)
		s.wantStatus(t, xds.Approved, now)
		for _, target := range []*xds.DocumentEntry{old, hanging} {
			late, _ := s.related(t, typ, target, "late")
			s.refused(t, late, deprecatedTarget)
		}
		s.mustRelate(t, typ, now, "hangs on the new one")
		s.wantStatus(t, xds.Approved, now)
	}
}

func TestNIST_11993(t *testing.T) { conform(t, dependent(xds.Append)) }

func TestNIST_11994(t *testing.T) { conform(t, dependent(xds.Transform)) }

func TestNIST_11995(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		old := s.registered(t, nistPatient, "old")
		addendum := s.mustRelate(t, xds.Append, old, "addendum")
		now := s.mustRelate(t, xds.TransformAndReplace, old, "new")
		s.wantStatus(t, xds.Deprecated, old, addendum)
		s.wantStatus(t, xds.Approved, now)
		again, _ := s.related(t, xds.TransformAndReplace, old, "again")
		s.refused(t, again, deprecatedTarget)
	})
}

func TestNIST_11996(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		d := s.draft(t, "NOBODY")
		d.entry("one")
		s.refused(t, d, "XDSUnknownPatientId")
		folder := s.draft(t, "NOBODY")
		folder.folder("folder", "fc")
		s.refused(t, folder, "XDSUnknownPatientId")
		s.admit(t, "NOBODY")
		s.accepted(t, d)
	})
}

func TestNIST_11997(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient, nistOther)
		d := s.draft(t, nistPatient)
		d.entry("of the other", func(e *xds.DocumentEntry) { e.PatientID = cx(t, nistOther) })
		s.refused(t, d, "XDSPatientIdDoesNotMatch")
		two := s.draft(t, nistPatient)
		two.entry("right")
		two.entry("of the other", func(e *xds.DocumentEntry) { e.PatientID = cx(t, nistOther) })
		s.refused(t, two, "XDSPatientIdDoesNotMatch")
		folder := s.draft(t, nistPatient)
		folder.folder("of the other", "fc").PatientID = cx(t, nistOther)
		s.refused(t, folder, "XDSPatientIdDoesNotMatch")
		// The test kit itself sends two ids that nobody has fed, and looks for XDSPatientIdDoesNotMatch among the codes.
		for _, ids := range [][2]string{{"NOBODY", "NOBODY-ELSE"}, {"NOBODY", nistPatient}, {nistPatient, "NOBODY"}} {
			d := s.draft(t, ids[0])
			d.entry("one of them unknown", func(e *xds.DocumentEntry) { e.PatientID = cx(t, ids[1]) })
			s.refused(t, d, "XDSPatientIdDoesNotMatch", "XDSUnknownPatientId")
		}
	})
}

func TestNIST_11998(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient, nistOther)
		old := s.registered(t, nistPatient, "old")
		for _, typ := range []xds.AssociationType{xds.Replace, xds.TransformAndReplace, xds.Append, xds.Transform, xds.Signs} {
			d := s.draft(t, nistOther)
			d.relate(typ, d.entry("of the other").EntryUUID, old.EntryUUID)
			s.refused(t, d, "XDSPatientIdDoesNotMatch")
			s.wantStatus(t, xds.Approved, old)
		}
	})
}

func TestNIST_11998a(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		slot := func(name string) func(*ebrim.ExtrinsicObject) {
			return func(o *ebrim.ExtrinsicObject) {
				o.Slots = without(o.Slots, func(s ebrim.Slot) bool { return s.Name == name })
			}
		}
		coded := func(scheme string) func(*ebrim.ExtrinsicObject) {
			return func(o *ebrim.ExtrinsicObject) {
				o.Classifications = without(o.Classifications, func(c *ebrim.Classification) bool { return c.Scheme == scheme })
			}
		}
		identified := func(scheme string) func(*ebrim.ExtrinsicObject) {
			return func(o *ebrim.ExtrinsicObject) {
				o.ExternalIdentifiers = without(o.ExternalIdentifiers, func(x *ebrim.ExternalIdentifier) bool { return x.Scheme == scheme })
			}
		}
		for _, c := range []struct {
			section string
			remove  func(*ebrim.ExtrinsicObject)
		}{
			{"classCode", coded(xds.SchemeClassCode)},
			{"confidentialityCode", coded(xds.SchemeConfidentialityCode)},
			{"creationTime", slot(xds.SlotCreationTime)},
			{"formatCode", coded(xds.SchemeFormatCode)},
			{"healthcareFacilityTypeCode", coded(xds.SchemeHealthcareFacilityTypeCode)},
			{"languageCode", slot(xds.SlotLanguageCode)},
			{"practiceSettingCode", coded(xds.SchemePracticeSettingCode)},
			{"sourcePatientId", slot(xds.SlotSourcePatientID)},
			{"typeCode", coded(xds.SchemeTypeCode)},
			// What follows is required as well and has no section in the test kit.
			{"hash", slot(xds.SlotHash)},
			{"size", slot(xds.SlotSize)},
			{"repositoryUniqueId", slot(xds.SlotRepositoryUniqueID)},
			{"patientId", identified(xds.SchemeEntryPatientID)},
			{"uniqueId", identified(xds.SchemeEntryUniqueID)},
			{"objectType", func(o *ebrim.ExtrinsicObject) { o.ObjectType = "" }},
			{"mimeType", func(o *ebrim.ExtrinsicObject) { o.MimeType = "" }},
		} {
			t.Run(c.section, func(t *testing.T) {
				d := s.draft(t, nistPatient)
				d.entry("incomplete")
				l := d.Build()
				c.remove(l.ExtrinsicObjects[0])
				r := s.register(t, l)
				wantFailure(t, r.Status, r.Errors, "XDSRegistryMetadataError")
				if len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Context, c.section) {
					t.Errorf("the answer names not just %s: %+v", c.section, r.Errors)
				}
				s.absent(t, d)
			})
		}
	})
}

func without[T any](in []T, drop func(T) bool) []T {
	var out []T
	for _, x := range in {
		if !drop(x) {
			out = append(out, x)
		}
	}
	return out
}

func TestNIST_12004(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		first := s.registered(t, nistPatient, "first")
		again := func(change func(*xds.DocumentEntry)) *draft {
			d := s.draft(t, nistPatient)
			d.entry("again", func(e *xds.DocumentEntry) {
				e.UniqueID, e.Hash, e.Size = first.UniqueID, first.Hash, first.Size
				change(e)
			})
			return d
		}
		s.accepted(t, again(func(*xds.DocumentEntry) {}))
		s.accepted(t, again(func(e *xds.DocumentEntry) { e.Hash = strings.ToUpper(e.Hash) }))
		s.refused(t, again(func(e *xds.DocumentEntry) { e.Hash = strings.Repeat("0a", 20) }), "XDSNonIdenticalHash")
		s.refused(t, again(func(e *xds.DocumentEntry) { e.Size++ }), "XDSNonIdenticalSize")
		s.refused(t, again(func(e *xds.DocumentEntry) { e.Hash, e.Size = strings.Repeat("0a", 20), 1 }), "XDSNonIdenticalHash", "XDSNonIdenticalSize")
		set := s.draft(t, nistPatient)
		set.entry("other document")
		set.SubmissionSet().UniqueID = first.UniqueID
		s.refused(t, set, "XDSDuplicateUniqueIdInRegistry")
		if got := s.find(t, getDocuments, "XDSDocumentEntryUniqueId", list(string(first.UniqueID))); len(got.DocumentEntries) != 3 {
			t.Errorf("the uniqueId has %d DocumentEntries, want 3", len(got.DocumentEntries))
		}
		s.wantStatus(t, xds.Approved, first)
	})
}

func TestNIST_12084(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		old := s.registered(t, nistPatient, "old")
		d := s.draft(t, nistPatient)
		good := d.entry("good")
		d.entry("without languageCode", func(e *xds.DocumentEntry) { e.LanguageCode = "" })
		d.member(d.folder("folder", "fc"), good)
		d.relate(xds.Replace, good.EntryUUID, old.EntryUUID)
		s.refused(t, d, "XDSRegistryMetadataError")
		// Refused by the state of the registry, after everything else of it was found correct.
		late := s.draft(t, nistPatient)
		good = late.entry("good")
		late.member(late.folder("folder", "fc"), good)
		late.relate(xds.Replace, good.EntryUUID, old.EntryUUID)
		late.relate(xds.Append, late.entry("hangs on nothing").EntryUUID, newEntryUUID())
		s.refused(t, late, "UnresolvedReferenceException")
		s.wantStatus(t, xds.Approved, old)
		all := s.find(t, getAll, "patientId", str(patientText(nistPatient)), "XDSDocumentEntryStatus", bothStatus,
			"XDSSubmissionSetStatus", bothStatus, "XDSFolderStatus", bothStatus)
		if len(all.DocumentEntries) != 1 || len(all.SubmissionSets) != 1 || len(all.Folders) != 0 || len(all.Associations) != 1 {
			t.Errorf("there are %d DocumentEntries, %d SubmissionSets, %d Folders, %d Associations; want the first submission alone",
				len(all.DocumentEntries), len(all.SubmissionSets), len(all.Folders), len(all.Associations))
		}
	})
}

const bothStatus = "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved','urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated')"

func TestNIST_12370(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		for _, typ := range []xds.AssociationType{xds.Replace, xds.Transform, xds.Append, xds.TransformAndReplace} {
			old := s.registered(t, nistPatient, "old")
			d, _ := s.related(t, typ, old, "new")
			l := d.Build()
			explain(l.Associations[1])
			r := s.register(t, l)
			wantSuccess(t, r.Status, r.Errors)
			s.checkAssociation(t, l.Associations[1])
		}
		d := s.draft(t, nistPatient)
		d.entry("one")
		l := d.Build()
		explain(l.Associations[0])
		s.refusedList(t, d, l, "XDSRegistryMetadataError")
		old := s.registered(t, nistPatient, "old")
		d, _ = s.related(t, xds.Replace, old, "new")
		l = d.Build()
		explain(l.Associations[1])
		explain(l.Associations[1])
		s.refusedList(t, d, l, "XDSRegistryMetadataError")
	})
}

func TestNIST_12379(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		d := s.draft(t, nistPatient)
		d.member(d.folder("folder", "fc"), d.entry("one"))
		l := d.Build()
		extra := ebrim.Slot{Name: "urn:oid:2.999.4.7", Values: []string{"first value", "second <&> 'value'"}}
		for _, o := range []*ebrim.RegistryObject{&l.ExtrinsicObjects[0].RegistryObject, &l.RegistryPackages[0].RegistryObject, &l.RegistryPackages[1].RegistryObject, &l.Associations[0].RegistryObject} {
			o.Slots = append(o.Slots, extra)
		}
		r := s.register(t, l)
		wantSuccess(t, r.Status, r.Errors)
		if len(r.Errors) != 0 {
			t.Errorf("warnings although everything is stored: %+v", r.Errors)
		}
		checkReturned(t, &l.ExtrinsicObjects[0].RegistryObject, &s.document(t, d.DocumentEntries[0].EntryUUID).Object.RegistryObject, string(xds.Stable))
		got := s.find(t, getSubmissionSetAndContents, "XDSSubmissionSetEntryUUID", str(string(d.SubmissionSet().EntryUUID)))
		checkReturned(t, &l.RegistryPackages[0].RegistryObject, &got.SubmissionSets[0].Object.RegistryObject, ebrim.ObjectTypeRegistryPackage)
		checkReturned(t, &l.RegistryPackages[1].RegistryObject, &got.Folders[0].Object.RegistryObject, ebrim.ObjectTypeRegistryPackage)
		s.checkAssociation(t, l.Associations[0])
	})
}

func TestNIST_15806(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		first := s.draft(t, nistPatient)
		first.member(first.folder("folder", "fc"), first.entry("first"))
		s.accepted(t, first)
		entry, folder, set := first.DocumentEntries[0].EntryUUID, first.Folders[0].EntryUUID, first.SubmissionSet().EntryUUID
		for name, id := range map[string]xds.EntryUUID{
			"DocumentEntry": entry, "in upper case": "urn:uuid:" + xds.EntryUUID(strings.ToUpper(string(entry[len("urn:uuid:"):]))),
			"Folder": folder, "SubmissionSet": set, "Association": first.Associations[0].EntryUUID,
		} {
			t.Run(name, func(t *testing.T) {
				d := s.draft(t, nistPatient)
				e := d.entry("second")
				e.EntryUUID, d.Associations[0].Target = id, id
				r := s.register(t, d.Build())
				wantFailure(t, r.Status, r.Errors, "XDSRegistryMetadataError")
				if got := s.find(t, getDocuments, "XDSDocumentEntryUniqueId", list(string(e.UniqueID))); len(got.DocumentEntries) != 0 {
					t.Error("the second submission was stored")
				}
			})
		}
		s.checkDraft(t, first)
	})
}

// explain gives an Association a documentation Classification (ITI TF-3: 4.2.2.2.6).
func explain(a *ebrim.Association) {
	a.Classifications = append(a.Classifications, &ebrim.Classification{
		ID: string(newEntryUUID()), Scheme: xds.SchemeAssociationDocumentation, ClassifiedObject: a.ID, NodeRepresentation: "reason", HasNodeRepresentation: true,
		Slots: []ebrim.Slot{{Name: xds.SlotCodingScheme, Values: []string{codeScheme}}}, Name: ebrim.InternationalString{{Value: "Reason"}},
	})
}
