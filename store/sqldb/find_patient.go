package sqldb

import (
	"slices"

	"golang.org/x/text/unicode/norm"

	"dossier/hl7v2"
	"dossier/xds"
	"dossier/xds/query"
)

// ofRoot selects the objects of a patient and of all ids that were merged into it. An id that was merged into another is
// no root and has no objects.
func (b *builder) ofRoot(id hl7v2.CX, kind constant) {
	k := id.Key()
	b.add("r.authority = ")
	b.bind(k.Authority)
	b.add(" AND r.identifier = ")
	b.bind(k.ID)
	b.add(" AND o.kind = ", kind)
}

func (b *builder) statuses(list []xds.Status) {
	if len(list) > 0 {
		b.add(" AND o.status ")
		in(b, list, shortened)
	}
}

// availabilities reads what was never set as Online.
func (b *builder) availabilities(list []xds.Availability) {
	if len(list) == 0 {
		return
	}
	if slices.Contains(list, xds.Online) {
		list = append(slices.Clone(list), "")
	}
	b.add(" AND o.availability ")
	in(b, list, text)
}

func (b *builder) objectTypes(column constant, list []xds.ObjectType) {
	if len(list) > 0 {
		b.add(" AND ", column, " ")
		in(b, list, shortened)
	}
}

func shortened[T ~string](urn T) any { return shorten(urn) }

// entriesOf is FindDocuments, and with references FindDocumentsByReferenceId.
func entriesOf(id hl7v2.CX, f query.DocumentFilter, references [][]query.ReferenceID) clause {
	return func(b *builder) {
		b.ofRoot(id, "'D'")
		b.entries(f, references)
	}
}

// entries adds the filters of DocumentEntries to a condition.
func (b *builder) entries(f query.DocumentFilter, references [][]query.ReferenceID) {
	b.statuses(f.Status)
	b.availabilities(f.Availability)
	b.objectTypes("c.object_type", f.Types)
	b.code("c.class_scheme, c.class_code", f.ClassCode)
	b.code("c.type_scheme, c.type_code", f.TypeCode)
	b.code("c.practice_scheme, c.practice_code", f.PracticeSettingCode)
	b.code("c.facility_scheme, c.facility_code", f.HealthcareFacilityTypeCode)
	b.code("c.format_scheme, c.format_code", f.FormatCode)
	b.codes("event_code", f.EventCodes)
	b.codes("confidentiality_code", f.ConfidentialityCodes)
	b.times("c.creation_time", "c.object_type = 'O'", f.CreationTime)
	b.times("c.service_start", "c.service_start IS NULL", f.ServiceStartTime)
	b.times("c.service_stop", "c.service_stop IS NULL", f.ServiceStopTime)
	b.authors(f.AuthorPerson)
	for _, anyOf := range references {
		b.references(anyOf)
	}
}

func setsOf(q query.FindSubmissionSets) clause {
	return func(b *builder) {
		b.ofRoot(q.Patient, "'S'")
		b.statuses(q.Status)
		if len(q.SourceIDs) > 0 {
			b.add(" AND c.source_id ")
			in(b, q.SourceIDs, text)
		}
		b.times("c.submission_time", "", q.SubmissionTime)
		b.authors(q.AuthorPerson)
		b.code("c.content_scheme, c.content_code", q.ContentType)
	}
}

func foldersOf(q query.FindFolders) clause {
	return func(b *builder) {
		b.ofRoot(q.Patient, "'F'")
		b.folders(q.Status, q.LastUpdateTime, q.Codes)
	}
}

// folders adds the filters of Folders to a condition.
func (b *builder) folders(status []xds.Status, updated query.Times, codes query.AllOf) {
	b.statuses(status)
	b.times("o.updated", "", updated)
	b.codes("folder_code", codes)
}

func (b *builder) authors(patterns []string) {
	if len(patterns) == 0 {
		return
	}
	normal := make([]string, len(patterns))
	for i, p := range patterns {
		normal[i] = norm.NFC.String(p)
	}
	b.add(" AND ")
	b.patterns("author", normal, true)
}

// references filters by one list of reference ids, of which one must be there. Full ids are looked up, patterns tried on
// what the entry has.
func (b *builder) references(anyOf []query.ReferenceID) {
	var exact, patterns []string
	for _, r := range anyOf {
		if r.Pattern {
			patterns = append(patterns, r.Value)
		} else {
			exact = append(exact, r.Value)
		}
	}
	if len(anyOf) == 0 {
		return
	}
	b.add(" AND (")
	if len(exact) > 0 {
		b.add("o.seq IN (SELECT object FROM reference_id WHERE value ")
		in(b, exact, text)
		b.add(")")
	}
	if len(exact) > 0 && len(patterns) > 0 {
		b.add(" OR ")
	}
	if len(patterns) > 0 {
		b.patterns("reference_id", patterns, false)
	}
	b.add(")")
}

// all is GetAll. The Associations are those of the objects that the query selects, whatever their other ends are.
func (f *finder) all(q query.GetAll) {
	sets := setsOf(query.FindSubmissionSets{Patient: q.Patient, Status: q.SubmissionSetStatus})
	entries := entriesOf(q.Patient, query.DocumentFilter{
		Status: q.DocumentStatus, FormatCode: q.FormatCode, ConfidentialityCodes: q.ConfidentialityCodes, Types: q.Types,
	}, nil)
	folderList := foldersOf(query.FindFolders{Patient: q.Patient, Status: q.FolderStatus})
	f.find(submissionSets, nil, sets)
	f.find(documentEntries, nil, entries)
	f.find(folders, nil, folderList)
	f.find(associations, func(b *builder) {
		b.add("hit (seq) AS (")
		numbers(submissionSets, sets)(b)
		b.add(" UNION ALL ")
		numbers(documentEntries, entries)(b)
		b.add(" UNION ALL ")
		numbers(folders, folderList)(b)
		b.add(")")
	}, touching("hit", q.AssociationStatus))
}

// numbers selects the seq of the objects of a class that meet the condition.
func numbers(c class, where clause) clause {
	return func(b *builder) {
		b.add("SELECT o.seq FROM ", c.from, " WHERE ")
		where(b)
	}
}
