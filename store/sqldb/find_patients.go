package sqldb

import (
	"slices"

	"dossier/hl7v2"
	"dossier/xds/query"
)

// Classes selected by the codes x of their objects, for queries that name no patient. An object that has several of the
// codes wanted is selected by the least of them only, so that a limit counts objects.
var (
	entriesByEvent = class{documentEntries.kind, "event_code x JOIN object o ON o.seq = x.object JOIN document_entry c ON c.seq = o.seq" + ofPatient, documentEntries.is}
	foldersByCode  = class{folders.kind, "folder_code x JOIN object o ON o.seq = x.object JOIN folder c ON c.seq = o.seq" + ofPatient, folders.is}
)

// entriesOfMany is FindDocumentsForMultiplePatients, and with references FindDocumentsByReferenceIdForMultiplePatients. What
// the database starts from is an index in any case: that of the patients, of whole reference ids, or of one list of codes.
func entriesOfMany(ids []hl7v2.CX, f query.DocumentFilter, references [][]query.ReferenceID) (class, clause, clause) {
	events, rest := narrowest(f.EventCodes)
	from, with, by := documentEntries, clause(nil), func(*builder) {}
	switch {
	case len(ids) > 0 || len(references) > 0:
	case len(events) > 0:
		f.EventCodes = rest
		from, with = entriesByEvent, wanted(events)
		by = func(b *builder) { b.leastCode("event_code") }
	case len(f.ClassCode) > 0:
		with = wanted(f.ClassCode)
		by = func(b *builder) { b.codeWanted("c.class_scheme", "c.class_code") }
		f.ClassCode = nil
	case len(f.HealthcareFacilityTypeCode) > 0:
		with = wanted(f.HealthcareFacilityTypeCode)
		by = func(b *builder) { b.codeWanted("c.facility_scheme", "c.facility_code") }
		f.HealthcareFacilityTypeCode = nil
	}
	return from, with, func(b *builder) {
		b.ofRoots(ids, "'D'")
		by(b)
		b.entries(f, references)
	}
}

// foldersOfMany is FindFoldersForMultiplePatients.
func foldersOfMany(q query.FindFoldersForMultiplePatients) (class, clause, clause) {
	if first, rest := narrowest(q.Codes); len(q.Patients) == 0 && len(first) > 0 {
		return foldersByCode, wanted(first), func(b *builder) {
			b.ofRoots(nil, "'F'")
			b.leastCode("folder_code")
			b.folders(q.Status, q.LastUpdateTime, rest)
		}
	}
	return folders, nil, func(b *builder) {
		b.ofRoots(q.Patients, "'F'")
		b.folders(q.Status, q.LastUpdateTime, q.Codes)
	}
}

// narrowest takes the list with the fewest codes out of those that must all be met; an empty one says nothing.
func narrowest(lists query.AllOf) (first query.AnyOf, rest query.AllOf) {
	at := -1
	for i, l := range lists {
		if len(l) > 0 && (at < 0 || len(l) < len(lists[at])) {
			at = i
		}
	}
	if at < 0 {
		return nil, lists
	}
	return lists[at], slices.Concat(lists[:at], lists[at+1:])
}

// ofRoots is ofRoot for several patients; no ids select all patients.
func (b *builder) ofRoots(ids []hl7v2.CX, kind constant) {
	b.add("o.kind = ", kind)
	if len(ids) > 0 {
		b.add(" AND (r.authority, r.identifier) ")
		pairs(b, ids, func(id hl7v2.CX) (string, string) { return patientPair(id.Key()) })
	}
}

// wanted is the common table expression of the codes to start from.
func wanted(codes query.AnyOf) clause {
	return func(b *builder) {
		b.add("wanted (scheme, code) AS (VALUES ")
		for i := range round(len(codes)) {
			if i > 0 {
				b.add(", ")
			}
			c := codes[min(i, len(codes)-1)]
			b.add("(")
			b.bind(c.Scheme)
			b.add(", ")
			b.bind(c.Code)
			b.add(")")
		}
		b.add(")")
	}
}

// codeWanted adds that a single code is wanted, in the words of the indexes of migration 00003.
func (b *builder) codeWanted(scheme, code constant) {
	b.add(" AND (", code, " || '') IN (SELECT code FROM wanted) AND (", scheme, ", ", code, ") IN (SELECT scheme, code FROM wanted)")
}

// leastCode adds that a code x is wanted and that its object has no lesser one that is wanted too.
func (b *builder) leastCode(table constant) {
	b.add(" AND (x.scheme, x.code) IN (SELECT scheme, code FROM wanted) AND NOT EXISTS (SELECT 1 FROM ", table, ` y WHERE y.object = x.object
	AND (y.scheme, y.code) IN (SELECT scheme, code FROM wanted) AND (y.scheme < x.scheme OR y.scheme = x.scheme AND y.code < x.code))`)
}
