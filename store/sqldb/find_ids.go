package sqldb

import (
	"dossier/xds"
	"dossier/xds/query"
)

// given is the common table expression "given" with the objects of the ids.
func given(c class, ids query.IDs) clause {
	return func(b *builder) {
		b.add("given (seq) AS (SELECT g.seq FROM object g WHERE ", c.is)
		if len(ids.UniqueIDs) > 0 {
			b.add(" AND g.unique_id ")
			in(b, ids.UniqueIDs, text)
		} else {
			b.add(" AND g.uuid ")
			in(b, ids.EntryUUIDs, text)
		}
		b.add(")")
	}
}

// within is true for the objects of a common table expression.
func within(set constant) clause {
	return func(b *builder) { b.add("o.seq IN (SELECT seq FROM ", set, ")") }
}

// touching is true for Associations of a status whose source or target is in a common table expression.
func touching(set constant, status []xds.Status) clause {
	return func(b *builder) {
		b.add("o.seq IN (SELECT a.seq FROM association a WHERE a.source IN (SELECT seq FROM ", set,
			") UNION SELECT a.seq FROM association a WHERE a.target IN (SELECT seq FROM ", set, "))")
		b.statuses(status)
	}
}

// linkStatus is a further condition on the Association a, which is not among the results itself.
func (b *builder) linkStatus(status []xds.Status) {
	if len(status) > 0 {
		b.add(" AND EXISTS (SELECT 1 FROM object l WHERE l.seq = a.seq AND l.status ")
		in(b, status, shortened)
		b.add(")")
	}
}

// members is true for what the given objects have as members, by Associations of a status.
func members(status []xds.Status) clause {
	return func(b *builder) {
		b.add("o.seq IN (SELECT a.target FROM association a WHERE a.type = 'HM' AND a.source IN (SELECT seq FROM given)")
		b.linkStatus(status)
		b.add(")")
	}
}

// containers is true for what has the given objects as members, by Associations of a status.
func containers(status []xds.Status) clause {
	return func(b *builder) {
		b.add("o.seq IN (SELECT a.source FROM association a WHERE a.type = 'HM' AND a.target IN (SELECT seq FROM given)")
		b.linkStatus(status)
		b.add(")")
	}
}

// memberEntries is true for the member DocumentEntries that pass the filter.
func memberEntries(f query.ContentFilter, status []xds.Status) clause {
	return func(b *builder) {
		members(status)(b)
		b.objectTypes("c.object_type", f.Types)
		b.code("c.format_scheme, c.format_code", f.FormatCode)
		b.codes("confidentiality_code", f.ConfidentialityCodes)
	}
}

func (f *finder) submissionSetsOf(q query.GetSubmissionSets) {
	with := func(b *builder) {
		given(anyClass, query.IDs{EntryUUIDs: q.EntryUUIDs})(b)
		b.add(`, link (seq, source) AS (SELECT a.seq, a.source FROM association a JOIN object s ON s.seq = a.source
	WHERE a.type = 'HM' AND s.kind = 'S' AND a.target IN (SELECT seq FROM given))`)
	}
	f.find(submissionSets, with, func(b *builder) { b.add("o.seq IN (SELECT source FROM link)") })
	f.find(associations, with, within("link"))
}

// submissionSetContents leaves out every Association that lacks one of its ends, and the membership of such a one.
func (f *finder) submissionSetContents(q query.GetSubmissionSetAndContents) {
	with := given(submissionSets, q.IDs)
	entries := memberEntries(q.ContentFilter, nil)
	f.find(submissionSets, with, within("given"))
	f.find(documentEntries, with, entries)
	f.find(folders, with, members(nil))
	f.find(associations, func(b *builder) {
		with(b)
		b.add(", inside (seq) AS (SELECT seq FROM given UNION ")
		numbers(documentEntries, entries)(b)
		b.add(" UNION ")
		numbers(folders, members(nil))(b)
		b.add(`), member (seq, target) AS (SELECT a.seq, a.target FROM association a WHERE a.type = 'HM' AND a.source IN (SELECT seq FROM given)),
linked (seq) AS (SELECT a.seq FROM association a WHERE a.seq IN (SELECT target FROM member)
	AND a.source IN (SELECT seq FROM inside) AND a.target IN (SELECT seq FROM inside))`)
	}, func(b *builder) {
		b.add(`o.seq IN (SELECT seq FROM linked UNION SELECT seq FROM member WHERE target IN (SELECT seq FROM inside)
	UNION SELECT seq FROM member WHERE target IN (SELECT seq FROM linked))`)
	})
}

func (f *finder) folderContents(q query.GetFolderAndContents) {
	with := given(folders, q.IDs)
	entries := memberEntries(q.ContentFilter, q.AssociationStatus)
	f.find(documentEntries, with, entries)
	f.find(folders, with, within("given"))
	f.find(associations, func(b *builder) {
		with(b)
		b.add(", inside (seq) AS (")
		numbers(documentEntries, entries)(b)
		b.add(")")
	}, func(b *builder) {
		b.add(`o.seq IN (SELECT a.seq FROM association a WHERE a.type = 'HM' AND a.source IN (SELECT seq FROM given)
	AND a.target IN (SELECT seq FROM inside))`)
		b.statuses(q.AssociationStatus)
	})
}

// related follows one step, and drops an Association when the type of one end is not asked for.
func (f *finder) related(q query.GetRelatedDocuments) {
	with := func(b *builder) {
		given(documentEntries, q.IDs)(b)
		b.add(`, link (seq, source, target) AS (SELECT a.seq, a.source, a.target
FROM association a JOIN document_entry s ON s.seq = a.source JOIN document_entry t ON t.seq = a.target
WHERE a.seq IN (SELECT seq FROM association WHERE source IN (SELECT seq FROM given)
	UNION SELECT seq FROM association WHERE target IN (SELECT seq FROM given)) AND a.type `)
		in(b, q.AssociationTypes, shortened)
		b.objectTypes("s.object_type", q.Types)
		b.objectTypes("t.object_type", q.Types)
		b.linkStatus(q.AssociationStatus)
		b.add(")")
	}
	f.find(documentEntries, with, func(b *builder) {
		b.add("o.seq IN (SELECT source FROM link UNION SELECT target FROM link)")
	})
	f.find(associations, with, within("link"))
}
