package xds

import (
	"strconv"
	"strings"

	"dossier/ebrim"
	"dossier/hl7v2"
)

// ReadSubmission maps the objects of a SubmitObjectsRequest. It never fails: a value it cannot read stays empty in the
// typed field and package validate reports it from the ebRIM object. Classifications at the top level of the list are
// moved into the object that they classify, because markers of SubmissionSets and Folders may stand in either place
// (ITI TF-3: 4.2.1.2).
func ReadSubmission(list *ebrim.RegistryObjectList) *Submission {
	s := &Submission{List: list}
	adoptClassifications(list)
	normalizeSchemes(list)
	for _, o := range list.ExtrinsicObjects {
		s.DocumentEntries = append(s.DocumentEntries, ReadDocumentEntry(o))
	}
	for _, p := range list.RegistryPackages {
		switch set, folder := marked(p, NodeSubmissionSet), marked(p, NodeFolder); {
		case set && !folder:
			s.SubmissionSets = append(s.SubmissionSets, ReadSubmissionSet(p))
		case folder && !set:
			s.Folders = append(s.Folders, ReadFolder(p))
		default:
			s.Ambiguous = append(s.Ambiguous, p)
		}
	}
	for _, a := range list.Associations {
		s.Associations = append(s.Associations, ReadAssociation(a))
	}
	return s
}

// adoptClassifications leaves only those at the top level whose object is not in the message.
func adoptClassifications(list *ebrim.RegistryObjectList) {
	if len(list.Classifications) == 0 {
		return
	}
	objects := map[string]*ebrim.RegistryObject{}
	for _, o := range list.ExtrinsicObjects {
		objects[NormalizeID(o.ID)] = &o.RegistryObject
	}
	for _, o := range list.RegistryPackages {
		objects[NormalizeID(o.ID)] = &o.RegistryObject
	}
	for _, o := range list.Associations {
		objects[NormalizeID(o.ID)] = &o.RegistryObject
	}
	var orphans []*ebrim.Classification
	for _, c := range list.Classifications {
		if o := objects[NormalizeID(c.ClassifiedObject)]; o != nil {
			o.Classifications = append(o.Classifications, c)
		} else {
			orphans = append(orphans, c)
		}
	}
	list.Classifications = orphans
}

// normalizeSchemes lower-cases the UUIDs by which attributes are told apart; some senders write them in upper case.
func normalizeSchemes(list *ebrim.RegistryObjectList) {
	normalize := func(o *ebrim.RegistryObject) {
		for _, c := range o.Classifications {
			c.Scheme, c.Node = NormalizeID(c.Scheme), NormalizeID(c.Node)
		}
		for _, x := range o.ExternalIdentifiers {
			x.Scheme = NormalizeID(x.Scheme)
		}
	}
	for _, o := range list.ExtrinsicObjects {
		normalize(&o.RegistryObject)
	}
	for _, o := range list.RegistryPackages {
		normalize(&o.RegistryObject)
	}
	for _, o := range list.Associations {
		normalize(&o.RegistryObject)
	}
}

func marked(p *ebrim.RegistryPackage, node string) bool {
	for _, c := range p.Classifications {
		if strings.EqualFold(c.Node, node) {
			return true
		}
	}
	return false
}

// ReadDocumentEntry maps one ExtrinsicObject.
func ReadDocumentEntry(o *ebrim.ExtrinsicObject) *DocumentEntry {
	slot := func(name string) string { return ebrim.Value(o.Slots, name) }
	return &DocumentEntry{
		Authors:                    authors(&o.RegistryObject, SchemeEntryAuthor),
		AvailabilityStatus:         Status(o.Status),
		ClassCode:                  code(&o.RegistryObject, SchemeClassCode),
		Comments:                   o.Description.First(),
		ConfidentialityCodes:       codes(&o.RegistryObject, SchemeConfidentialityCode),
		CreationTime:               dtm(slot(SlotCreationTime)),
		EntryUUID:                  EntryUUID(NormalizeID(o.ID)),
		EventCodes:                 codes(&o.RegistryObject, SchemeEventCodeList),
		FormatCode:                 code(&o.RegistryObject, SchemeFormatCode),
		Hash:                       strings.ToLower(slot(SlotHash)),
		HealthcareFacilityTypeCode: code(&o.RegistryObject, SchemeHealthcareFacilityTypeCode),
		HomeCommunityID:            HomeCommunityID(o.Home),
		LanguageCode:               slot(SlotLanguageCode),
		LegalAuthenticator:         slot(SlotLegalAuthenticator),
		LogicalID:                  EntryUUID(NormalizeID(o.LID)),
		MimeType:                   o.MimeType,
		ObjectType:                 ObjectType(strings.ToLower(o.ObjectType)),
		PatientID:                  patient(&o.RegistryObject, SchemeEntryPatientID),
		PracticeSettingCode:        code(&o.RegistryObject, SchemePracticeSettingCode),
		ReferenceIDs:               ebrim.Values(o.Slots, SlotReferenceIDList),
		RepositoryUniqueID:         slot(SlotRepositoryUniqueID),
		ServiceStartTime:           dtm(slot(SlotServiceStartTime)),
		ServiceStopTime:            dtm(slot(SlotServiceStopTime)),
		Size:                       size(slot(SlotSize)),
		SourcePatientID:            cx(slot(SlotSourcePatientID)),
		SourcePatientInfo:          ebrim.Values(o.Slots, SlotSourcePatientInfo),
		Title:                      o.Name.First(),
		TypeCode:                   code(&o.RegistryObject, SchemeTypeCode),
		UniqueID:                   uniqueID(&o.RegistryObject, SchemeEntryUniqueID),
		URI:                        strings.Join(ebrim.Values(o.Slots, SlotURI), ""),
		Version:                    version(o.VersionName),
		Symbol:                     o.ID,
		Object:                     o,
	}
}

// ReadSubmissionSet maps one RegistryPackage.
func ReadSubmissionSet(o *ebrim.RegistryPackage) *SubmissionSet {
	set := &SubmissionSet{
		Authors:            authors(&o.RegistryObject, SchemeSubmissionSetAuthor),
		AvailabilityStatus: Status(o.Status),
		Comments:           o.Description.First(),
		ContentTypeCode:    code(&o.RegistryObject, SchemeContentTypeCode),
		EntryUUID:          EntryUUID(NormalizeID(o.ID)),
		HomeCommunityID:    HomeCommunityID(o.Home),
		IntendedRecipients: ebrim.Values(o.Slots, SlotIntendedRecipient),
		PatientID:          patient(&o.RegistryObject, SchemeSubmissionSetPatientID),
		SubmissionTime:     dtm(ebrim.Value(o.Slots, SlotSubmissionTime)),
		Title:              o.Name.First(),
		UniqueID:           uniqueID(&o.RegistryObject, SchemeSubmissionSetUniqueID),
		Symbol:             o.ID,
		Object:             o,
	}
	if x := o.Identifier(SchemeSubmissionSetSourceID); x != nil {
		set.SourceID = x.Value
	}
	return set
}

// ReadFolder maps one RegistryPackage.
func ReadFolder(o *ebrim.RegistryPackage) *Folder {
	return &Folder{
		AvailabilityStatus: Status(o.Status),
		Codes:              codes(&o.RegistryObject, SchemeFolderCodeList),
		Comments:           o.Description.First(),
		EntryUUID:          EntryUUID(NormalizeID(o.ID)),
		HomeCommunityID:    HomeCommunityID(o.Home),
		LastUpdateTime:     dtm(ebrim.Value(o.Slots, SlotLastUpdateTime)),
		LogicalID:          EntryUUID(NormalizeID(o.LID)),
		PatientID:          patient(&o.RegistryObject, SchemeFolderPatientID),
		Title:              o.Name.First(),
		UniqueID:           uniqueID(&o.RegistryObject, SchemeFolderUniqueID),
		Version:            version(o.VersionName),
		Symbol:             o.ID,
		Object:             o,
	}
}

// ReadAssociation maps one Association.
func ReadAssociation(o *ebrim.Association) *Association {
	return &Association{
		AvailabilityStatus:  Status(o.Status),
		EntryUUID:           EntryUUID(NormalizeID(o.ID)),
		Source:              EntryUUID(NormalizeID(o.Source)),
		Target:              EntryUUID(NormalizeID(o.Target)),
		SubmissionSetStatus: ebrim.Value(o.Slots, SlotSubmissionSetStatus),
		Type:                AssociationType(o.Type),
		Symbol:              o.ID,
		SourceSymbol:        o.Source,
		TargetSymbol:        o.Target,
		Object:              o,
	}
}

func authors(o *ebrim.RegistryObject, scheme string) []Author {
	var out []Author
	for _, c := range o.Classified(scheme) {
		out = append(out, Author{
			Person:       ebrim.Value(c.Slots, SlotAuthorPerson),
			Institutions: ebrim.Values(c.Slots, SlotAuthorInstitution),
			Roles:        ebrim.Values(c.Slots, SlotAuthorRole),
			Specialties:  ebrim.Values(c.Slots, SlotAuthorSpecialty),
			Telecoms:     ebrim.Values(c.Slots, SlotAuthorTelecommunication),
		})
	}
	return out
}

func codes(o *ebrim.RegistryObject, scheme string) []Code {
	var out []Code
	for _, c := range o.Classified(scheme) {
		out = append(out, Code{Code: c.NodeRepresentation, Scheme: ebrim.Value(c.Slots, SlotCodingScheme), Display: c.Name.First()})
	}
	return out
}

func code(o *ebrim.RegistryObject, scheme string) Code {
	if all := codes(o, scheme); len(all) > 0 {
		return all[0]
	}
	return Code{}
}

func patient(o *ebrim.RegistryObject, scheme string) hl7v2.CX {
	if x := o.Identifier(scheme); x != nil {
		return cx(x.Value)
	}
	return hl7v2.CX{}
}

func uniqueID(o *ebrim.RegistryObject, scheme string) UniqueID {
	if x := o.Identifier(scheme); x != nil {
		return UniqueID(x.Value)
	}
	return ""
}

func cx(s string) hl7v2.CX {
	c, err := hl7v2.ParseCX(s)
	if err != nil {
		return hl7v2.CX{}
	}
	return c
}

func dtm(s string) hl7v2.DTM {
	d, err := hl7v2.ParseDTM(s)
	if err != nil {
		return ""
	}
	return d
}

func size(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

func version(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0
	}
	return n
}
