package storetest

import (
	"fmt"
	"slices"

	"dossier/store"
	"dossier/xds"
	"dossier/xds/query"
)

// choose gives the predicate of the objects that a query returns.
func (m *Model) choose(q query.Query) func(*ModelObject) bool {
	switch q := q.(type) {
	case query.FindDocuments:
		return func(o *ModelObject) bool { return o.of(q.Patient) && o.passes(q.DocumentFilter) }
	case query.FindDocumentsByReferenceID:
		return func(o *ModelObject) bool {
			return o.of(q.Patient) && o.passes(q.DocumentFilter) && referencesIn(q.ReferenceIDs, o.Entry.ReferenceIDs)
		}
	case query.FindSubmissionSets:
		return func(o *ModelObject) bool {
			return o.of(q.Patient) && o.Kind == store.SubmissionSet && o.hasStatus(q.Status) &&
				(len(q.SourceIDs) == 0 || slices.Contains(q.SourceIDs, o.Set.SourceID)) && inTimes(q.SubmissionTime, o.Set.SubmissionTime) &&
				authorLike(q.AuthorPerson, o.Set.Authors) && codeIn(q.ContentType, o.Set.ContentTypeCode)
		}
	case query.FindFolders:
		return func(o *ModelObject) bool {
			return o.of(q.Patient) && o.Kind == store.Folder && o.hasStatus(q.Status) &&
				inTimes(q.LastUpdateTime, o.Updated) && codesIn(q.Codes, o.Folder.Codes)
		}
	case query.FindDocumentsForMultiplePatients:
		return func(o *ModelObject) bool { return o.ofAny(q.Patients) && o.passes(q.DocumentFilter) }
	case query.FindDocumentsByReferenceIDForMultiplePatients:
		return func(o *ModelObject) bool {
			return o.ofAny(q.Patients) && o.passes(q.DocumentFilter) && referencesIn(q.ReferenceIDs, o.Entry.ReferenceIDs)
		}
	case query.FindFoldersForMultiplePatients:
		return func(o *ModelObject) bool {
			return o.ofAny(q.Patients) && o.Kind == store.Folder && o.hasStatus(q.Status) &&
				inTimes(q.LastUpdateTime, o.Updated) && codesIn(q.Codes, o.Folder.Codes)
		}
	case query.GetAll:
		return m.all(q)
	case query.GetDocuments:
		return func(o *ModelObject) bool { return o.Kind == store.DocumentEntry && o.named(q.IDs) }
	case query.GetFolders:
		return func(o *ModelObject) bool { return o.Kind == store.Folder && o.named(q.IDs) }
	case query.GetAssociations:
		return touches(func(o *ModelObject) bool { return slices.Contains(q.EntryUUIDs, o.ID) }, q.AssociationStatus, m)
	case query.GetDocumentsAndAssociations:
		entry := func(o *ModelObject) bool { return o.Kind == store.DocumentEntry && o.named(q.IDs) }
		return either(entry, touches(entry, q.AssociationStatus, m))
	case query.GetSubmissionSets:
		return m.submissionSets(q)
	case query.GetSubmissionSetAndContents:
		return m.submissionSetContents(q)
	case query.GetFolderAndContents:
		return m.folderContents(q)
	case query.GetFoldersForDocument:
		return func(o *ModelObject) bool {
			return o.Kind == store.Folder && m.some(func(a *ModelObject) bool {
				return a.is(xds.HasMember) && a.counts(q.AssociationStatus) && a.Association.Source == o.ID && m.target(a).Kind == store.DocumentEntry && m.target(a).named(q.IDs)
			})
		}
	case query.GetRelatedDocuments:
		return m.related(q)
	}
	panic(fmt.Sprintf("storetest: unknown query %T", q))
}

type predicate = func(*ModelObject) bool

func either(a, b predicate) predicate {
	return func(o *ModelObject) bool { return a(o) || b(o) }
}

// touches is true for Associations of a status with an end that p is true for.
func touches(p predicate, status []xds.Status, m *Model) predicate {
	return func(o *ModelObject) bool {
		return o.Kind == store.Association && o.counts(status) && (p(m.source(o)) || p(m.target(o)))
	}
}

func (m *Model) some(p predicate) bool              { return slices.ContainsFunc(m.Objects, p) }
func (m *Model) source(a *ModelObject) *ModelObject { return m.Object(a.Association.Source) }
func (m *Model) target(a *ModelObject) *ModelObject { return m.Object(a.Association.Target) }
func (o *ModelObject) is(t xds.AssociationType) bool {
	return o.Kind == store.Association && o.Association.Type == t
}

func (o *ModelObject) named(ids query.IDs) bool {
	return slices.Contains(ids.EntryUUIDs, o.ID) || o.UniqueID != "" && slices.Contains(ids.UniqueIDs, o.UniqueID)
}

// passes applies the filters of FindDocuments.
func (o *ModelObject) passes(f query.DocumentFilter) bool {
	if o.Kind != store.DocumentEntry {
		return false
	}
	e := o.Entry
	return o.hasStatus(f.Status) && slices.Contains(f.Types, e.ObjectType) && o.hasAvailability(f.Availability) &&
		codeIn(f.ClassCode, e.ClassCode) && codeIn(f.TypeCode, e.TypeCode) && codeIn(f.PracticeSettingCode, e.PracticeSettingCode) &&
		codeIn(f.HealthcareFacilityTypeCode, e.HealthcareFacilityTypeCode) && codeIn(f.FormatCode, e.FormatCode) &&
		codesIn(f.EventCodes, e.EventCodes) && codesIn(f.ConfidentialityCodes, e.ConfidentialityCodes) &&
		(e.ObjectType == xds.OnDemand || inTimes(f.CreationTime, e.CreationTime)) &&
		(e.ServiceStartTime == "" || inTimes(f.ServiceStartTime, e.ServiceStartTime)) &&
		(e.ServiceStopTime == "" || inTimes(f.ServiceStopTime, e.ServiceStopTime)) &&
		authorLike(f.AuthorPerson, e.Authors)
}

func (o *ModelObject) passesContent(f query.ContentFilter) bool {
	return o.Kind == store.DocumentEntry && slices.Contains(f.Types, o.Entry.ObjectType) &&
		codeIn(f.FormatCode, o.Entry.FormatCode) && codesIn(f.ConfidentialityCodes, o.Entry.ConfidentialityCodes)
}

func (m *Model) all(q query.GetAll) predicate {
	own := func(o *ModelObject) bool {
		switch {
		case !o.of(q.Patient):
			return false
		case o.Kind == store.SubmissionSet:
			return o.hasStatus(q.SubmissionSetStatus)
		case o.Kind == store.Folder:
			return o.hasStatus(q.FolderStatus)
		}
		return o.hasStatus(q.DocumentStatus) &&
			o.passesContent(query.ContentFilter{FormatCode: q.FormatCode, ConfidentialityCodes: q.ConfidentialityCodes, Types: q.Types})
	}
	return either(own, touches(own, q.AssociationStatus, m))
}

func (m *Model) submissionSets(q query.GetSubmissionSets) predicate {
	link := func(a *ModelObject) bool {
		return a.is(xds.HasMember) && m.source(a).Kind == store.SubmissionSet && slices.Contains(q.EntryUUIDs, a.Association.Target)
	}
	return either(link, func(o *ModelObject) bool {
		return o.Kind == store.SubmissionSet && m.some(func(a *ModelObject) bool { return link(a) && a.Association.Source == o.ID })
	})
}

func (m *Model) submissionSetContents(q query.GetSubmissionSetAndContents) predicate {
	set := func(o *ModelObject) bool { return o.Kind == store.SubmissionSet && o.named(q.IDs) }
	member := func(o *ModelObject) bool {
		return m.some(func(a *ModelObject) bool {
			return a.is(xds.HasMember) && a.Association.Target == o.ID && set(m.source(a))
		})
	}
	objects := func(o *ModelObject) bool {
		return set(o) || member(o) && (o.Kind == store.Folder || o.passesContent(q.ContentFilter))
	}
	between := func(o *ModelObject) bool {
		return o.Kind == store.Association && objects(m.source(o)) && objects(m.target(o))
	}
	linked := func(o *ModelObject) bool { return member(o) && between(o) }
	return either(objects, func(o *ModelObject) bool {
		return linked(o) || o.is(xds.HasMember) && set(m.source(o)) && (between(o) || linked(m.target(o)))
	})
}

func (m *Model) folderContents(q query.GetFolderAndContents) predicate {
	folder := func(o *ModelObject) bool { return o.Kind == store.Folder && o.named(q.IDs) }
	link := func(a *ModelObject) bool {
		return a.is(xds.HasMember) && a.counts(q.AssociationStatus) && folder(m.source(a)) && m.target(a).passesContent(q.ContentFilter)
	}
	return either(folder, either(link, func(o *ModelObject) bool {
		return m.some(func(a *ModelObject) bool { return link(a) && a.Association.Target == o.ID })
	}))
}

func (m *Model) related(q query.GetRelatedDocuments) predicate {
	link := func(a *ModelObject) bool {
		if a.Kind != store.Association || !a.counts(q.AssociationStatus) || !slices.Contains(q.AssociationTypes, a.Association.Type) {
			return false
		}
		source, target := m.source(a), m.target(a)
		for _, end := range []*ModelObject{source, target} {
			if end.Kind != store.DocumentEntry || !slices.Contains(q.Types, end.Entry.ObjectType) {
				return false
			}
		}
		return source.named(q.IDs) || target.named(q.IDs)
	}
	return either(link, func(o *ModelObject) bool {
		return m.some(func(a *ModelObject) bool {
			return link(a) && (a.Association.Source == o.ID || a.Association.Target == o.ID)
		})
	})
}
