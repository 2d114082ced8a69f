package sqldb

import (
	"context"
	"database/sql"
	"fmt"

	"golang.org/x/text/unicode/norm"

	"dossier/store"
	"dossier/xds"
)

func (g *registration) submissionSet(ctx context.Context) error {
	s := g.SubmissionSet
	seq := g.seqs[s.EntryUUID]
	codec, packed := g.db.pack(s.Fragment())
	_, err := g.insert(ctx, "submission_set (seq, source_id, submission_time, content_code, content_scheme, codec, fragment)", "",
		[]any{seq, s.SourceID, low(s.SubmissionTime), s.ContentTypeCode.Code, s.ContentTypeCode.Scheme, codec, packed}, 7)
	if err != nil {
		return err
	}
	return g.narrow(ctx, "author (object, n, value)", authors(nil, seq, s.Authors), 3)
}

func (g *registration) entries(ctx context.Context) error {
	var values, persons, references, events, confidentiality []any
	for _, e := range g.Entries {
		seq := g.seqs[e.EntryUUID]
		codec, packed := g.db.pack(e.Fragment())
		values = append(values, seq, shorten(e.ObjectType), e.ClassCode.Code, e.ClassCode.Scheme, e.TypeCode.Code, e.TypeCode.Scheme,
			e.PracticeSettingCode.Code, e.PracticeSettingCode.Scheme, e.HealthcareFacilityTypeCode.Code, e.HealthcareFacilityTypeCode.Scheme,
			e.FormatCode.Code, e.FormatCode.Scheme, low(e.CreationTime), low(e.ServiceStartTime), low(e.ServiceStopTime), codec, packed)
		persons = authors(persons, seq, e.Authors)
		events = codes(events, seq, e.EventCodes)
		confidentiality = codes(confidentiality, seq, e.ConfidentialityCodes)
		for i, id := range distinct(e.ReferenceIDs) {
			references = append(references, seq, i, id)
		}
	}
	_, err := g.insert(ctx, `document_entry (seq, object_type, class_code, class_scheme, type_code, type_scheme, practice_code, practice_scheme,
	facility_code, facility_scheme, format_code, format_scheme, creation_time, service_start, service_stop, codec, fragment)`, "", values, 17)
	if err == nil {
		err = g.narrow(ctx, "author (object, n, value)", persons, 3)
	}
	if err == nil {
		err = g.narrow(ctx, "event_code (object, n, scheme, code)", events, 4)
	}
	if err == nil {
		err = g.narrow(ctx, "confidentiality_code (object, n, scheme, code)", confidentiality, 4)
	}
	if err == nil {
		err = g.narrow(ctx, "reference_id (object, n, value)", references, 3)
	}
	return err
}

func (g *registration) folders(ctx context.Context) error {
	var values, list []any
	for _, f := range g.Folders {
		seq := g.seqs[f.EntryUUID]
		codec, packed := g.db.pack(f.Fragment())
		values = append(values, seq, codec, packed)
		list = codes(list, seq, f.Codes)
	}
	if _, err := g.insert(ctx, "folder (seq, codec, fragment)", "", values, 3); err != nil {
		return err
	}
	return g.narrow(ctx, "folder_code (object, n, scheme, code)", list, 4)
}

func (g *registration) associations(ctx context.Context) error {
	if err := g.findEnds(ctx); err != nil {
		return err
	}
	var values []any
	for _, a := range g.Associations {
		source, target := g.seqs[a.Source], g.seqs[a.Target]
		if source == 0 || target == 0 {
			return fmt.Errorf("sqldb: register: %w: an end of an Association is not registered", store.ErrConflict)
		}
		codec, packed := g.db.pack(a.Fragment())
		values = append(values, g.seqs[a.EntryUUID], shorten(a.Type), source, target, codec, packed)
	}
	_, err := g.insert(ctx, "association (seq, type, source, target, codec, fragment)", "", values, 6)
	return err
}

// findEnds reads the numbers of the objects that Associations mention and that were registered before.
func (g *registration) findEnds(ctx context.Context) error {
	var missing []xds.EntryUUID
	for _, a := range g.Associations {
		for _, id := range []xds.EntryUUID{a.Source, a.Target} {
			if g.seqs[id] == 0 {
				missing = append(missing, id)
			}
		}
	}
	for part := range parts(missing) {
		b := g.builder()
		b.add("SELECT uuid, seq FROM object WHERE uuid ")
		in(b, part, text)
		err := g.query(ctx, "ends of associations", b, func(rows *sql.Rows) error {
			var id xds.EntryUUID
			var seq int64
			err := rows.Scan(&id, &seq)
			g.seqs[id] = seq
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// narrow fills a table of one multi-valued attribute. A value that an object carries twice is one row.
func (g *registration) narrow(ctx context.Context, into constant, values []any, width int) error {
	_, err := g.insert(ctx, into, "", values, width)
	return err
}

// authors gives the rows that LIKE patterns are tried on: in NFC, as the patterns are.
func authors(values []any, seq int64, list []xds.Author) []any {
	seen := map[string]bool{}
	for _, a := range list {
		if person := norm.NFC.String(a.Person); person != "" && !seen[person] {
			seen[person] = true
			values = append(values, seq, len(seen), person)
		}
	}
	return values
}

func codes(values []any, seq int64, list []xds.Code) []any {
	seen := map[[2]string]bool{}
	for _, c := range list {
		if key := [2]string{c.Scheme, c.Code}; !seen[key] {
			seen[key] = true
			values = append(values, seq, len(seen), c.Scheme, c.Code)
		}
	}
	return values
}
