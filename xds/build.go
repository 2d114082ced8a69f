package xds

import (
	"strconv"
	"strings"

	"dossier/ebrim"
	"dossier/hl7v2"
)

// Build renders a submission that was put together here, by the client, as ebRIM objects. Ids may be symbolic.
func (s *Submission) Build() *ebrim.RegistryObjectList {
	l := &ebrim.RegistryObjectList{}
	for _, e := range s.DocumentEntries {
		l.ExtrinsicObjects = append(l.ExtrinsicObjects, e.Build())
	}
	for _, set := range s.SubmissionSets {
		l.RegistryPackages = append(l.RegistryPackages, set.Build())
	}
	for _, f := range s.Folders {
		l.RegistryPackages = append(l.RegistryPackages, f.Build())
	}
	for _, a := range s.Associations {
		l.Associations = append(l.Associations, a.Build())
	}
	return l
}

// Build renders the entry; empty attributes are left out.
func (e *DocumentEntry) Build() *ebrim.ExtrinsicObject {
	b := newBuilder(string(e.EntryUUID), e.Title, e.Comments)
	b.slot(SlotCreationTime, string(e.CreationTime))
	b.slot(SlotHash, e.Hash)
	b.slot(SlotLanguageCode, e.LanguageCode)
	b.slot(SlotLegalAuthenticator, e.LegalAuthenticator)
	b.slot(SlotRepositoryUniqueID, e.RepositoryUniqueID)
	b.slot(SlotServiceStartTime, string(e.ServiceStartTime))
	b.slot(SlotServiceStopTime, string(e.ServiceStopTime))
	if e.Size >= 0 {
		b.slot(SlotSize, strconv.FormatInt(e.Size, 10))
	}
	b.slot(SlotSourcePatientID, cxText(e.SourcePatientID))
	b.slot(SlotSourcePatientInfo, e.SourcePatientInfo...)
	b.slot(SlotURI, e.URI)
	b.slot(SlotReferenceIDList, e.ReferenceIDs...)
	for _, a := range e.Authors {
		b.author(SchemeEntryAuthor, a)
	}
	b.code(SchemeClassCode, e.ClassCode)
	b.code(SchemeConfidentialityCode, e.ConfidentialityCodes...)
	b.code(SchemeEventCodeList, e.EventCodes...)
	b.code(SchemeFormatCode, e.FormatCode)
	b.code(SchemeHealthcareFacilityTypeCode, e.HealthcareFacilityTypeCode)
	b.code(SchemePracticeSettingCode, e.PracticeSettingCode)
	b.code(SchemeTypeCode, e.TypeCode)
	b.identifier(SchemeEntryPatientID, cxText(e.PatientID))
	b.identifier(SchemeEntryUniqueID, string(e.UniqueID))
	o := &ebrim.ExtrinsicObject{RegistryObject: b.object, MimeType: e.MimeType}
	o.ObjectType, o.Home = string(e.ObjectType), string(e.HomeCommunityID)
	return o
}

// Build renders the SubmissionSet.
func (s *SubmissionSet) Build() *ebrim.RegistryPackage {
	b := newBuilder(string(s.EntryUUID), s.Title, s.Comments)
	b.slot(SlotSubmissionTime, string(s.SubmissionTime))
	b.slot(SlotIntendedRecipient, s.IntendedRecipients...)
	for _, a := range s.Authors {
		b.author(SchemeSubmissionSetAuthor, a)
	}
	b.code(SchemeContentTypeCode, s.ContentTypeCode)
	b.node(NodeSubmissionSet)
	b.identifier(SchemeSubmissionSetUniqueID, string(s.UniqueID))
	b.identifier(SchemeSubmissionSetSourceID, s.SourceID)
	b.identifier(SchemeSubmissionSetPatientID, cxText(s.PatientID))
	b.object.Home = string(s.HomeCommunityID)
	return &ebrim.RegistryPackage{RegistryObject: b.object}
}

// Build renders the Folder.
func (f *Folder) Build() *ebrim.RegistryPackage {
	b := newBuilder(string(f.EntryUUID), f.Title, f.Comments)
	b.slot(SlotLastUpdateTime, string(f.LastUpdateTime))
	b.code(SchemeFolderCodeList, f.Codes...)
	b.node(NodeFolder)
	b.identifier(SchemeFolderUniqueID, string(f.UniqueID))
	b.identifier(SchemeFolderPatientID, cxText(f.PatientID))
	b.object.Home = string(f.HomeCommunityID)
	return &ebrim.RegistryPackage{RegistryObject: b.object}
}

// Build renders the Association.
func (a *Association) Build() *ebrim.Association {
	o := &ebrim.Association{Type: string(a.Type), Source: string(a.Source), Target: string(a.Target)}
	o.ID = string(a.EntryUUID)
	if a.SubmissionSetStatus != "" {
		o.Slots = []ebrim.Slot{{Name: SlotSubmissionSetStatus, Values: []string{a.SubmissionSetStatus}}}
	}
	return o
}

// builder collects the parts of one object and numbers its classifications and identifiers.
type builder struct {
	object ebrim.RegistryObject
	parts  int
}

func newBuilder(id, title, comments string) *builder {
	b := &builder{object: ebrim.RegistryObject{ID: id}}
	if title != "" {
		b.object.Name = ebrim.InternationalString{{Value: title}}
	}
	if comments != "" {
		b.object.Description = ebrim.InternationalString{{Value: comments}}
	}
	return b
}

func (b *builder) part() string {
	b.parts++
	return strings.TrimPrefix(b.object.ID, uuidPrefix) + "-" + strconv.Itoa(b.parts)
}

func (b *builder) slot(name string, values ...string) {
	b.object.Slots = appendSlot(b.object.Slots, name, values)
}

func appendSlot(slots []ebrim.Slot, name string, values []string) []ebrim.Slot {
	var kept []string
	for _, v := range values {
		if v != "" {
			kept = append(kept, v)
		}
	}
	if len(kept) == 0 {
		return slots
	}
	return append(slots, ebrim.Slot{Name: name, Values: kept})
}

func (b *builder) code(scheme string, codes ...Code) {
	for _, c := range codes {
		if c == (Code{}) {
			continue
		}
		b.object.Classifications = append(b.object.Classifications, &ebrim.Classification{
			ID: b.part(), Scheme: scheme, ClassifiedObject: b.object.ID, NodeRepresentation: c.Code,
			Slots: []ebrim.Slot{{Name: SlotCodingScheme, Values: []string{c.Scheme}}},
			Name:  ebrim.InternationalString{{Value: c.Display}},
		})
	}
}

func (b *builder) node(node string) {
	b.object.Classifications = append(b.object.Classifications, &ebrim.Classification{ID: b.part(), Node: node, ClassifiedObject: b.object.ID})
}

func (b *builder) author(scheme string, a Author) {
	c := &ebrim.Classification{ID: b.part(), Scheme: scheme, ClassifiedObject: b.object.ID, HasNodeRepresentation: true}
	c.Slots = appendSlot(c.Slots, SlotAuthorPerson, []string{a.Person})
	c.Slots = appendSlot(c.Slots, SlotAuthorInstitution, a.Institutions)
	c.Slots = appendSlot(c.Slots, SlotAuthorRole, a.Roles)
	c.Slots = appendSlot(c.Slots, SlotAuthorSpecialty, a.Specialties)
	c.Slots = appendSlot(c.Slots, SlotAuthorTelecommunication, a.Telecoms)
	b.object.Classifications = append(b.object.Classifications, c)
}

func (b *builder) identifier(scheme, value string) {
	if value == "" {
		return
	}
	b.object.ExternalIdentifiers = append(b.object.ExternalIdentifiers, &ebrim.ExternalIdentifier{
		ID: b.part(), Scheme: scheme, RegistryObject: b.object.ID, Value: value,
		Name: ebrim.InternationalString{{Value: IdentifierNames[scheme]}},
	})
}

// cxText gives a patient id in the form of XDS, "" for none.
func cxText(c hl7v2.CX) string {
	if c.ID == "" {
		return ""
	}
	return c.String()
}
