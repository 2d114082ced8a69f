package storetest

import (
	"context"
	"errors"

	"dossier/hl7v2"
	"dossier/store"
	"dossier/xds"
	"dossier/xds/query"
)

// Races about what a replacement takes along: that State shows it is not enough, it must not change before the end of the
// transaction.

const replacementRounds = 12

// errRefused is what a registry does with an object that is not Approved.
var errRefused = errors.Join(store.ErrConflict, errors.New("refused"))

// decided registers s as a registry would: only on Approved objects, with the dependents and Folders that State names.
func (w *world) decided(s *Submission, p hl7v2.CX, on, replaced []xds.EntryUUID) error {
	ctx := context.Background()
	files := s.Registration().Associations
	return w.Registry.Update(ctx, func(tx store.RegistryTx) error {
		state, err := tx.State(ctx, store.Refs{Patients: []hl7v2.PatientKey{p.Key()}, EntryUUIDs: on, Replaced: replaced})
		if err != nil {
			return err
		}
		for _, id := range on {
			if state.Objects[id].Status != xds.Approved {
				return errRefused
			}
		}
		r := s.Registration()
		r.DeprecateAlso = state.Dependents
		r.Associations = files[:len(files):len(files)]
		for _, id := range replaced {
			for _, f := range state.Folders[id] {
				a := *files[len(files)-1]
				a.EntryUUID, a.Type, a.Source, a.Target = UUID(), xds.HasMember, f.EntryUUID, r.Entries[0].EntryUUID
				r.Associations = append(r.Associations, &a)
			}
		}
		return tx.Register(ctx, r)
	})
}

// raceAddendum: addenda to an addendum of an entry that is being replaced come before and are deprecated with it, or after
// and are refused.
func raceAddendum(w *world) {
	p := w.patient("A")
	for range replacementRounds {
		first := Submit(p)
		entry, addendum := first.Entry(), first.Entry()
		first.Link(xds.Append, addendum.EntryUUID, entry.EntryUUID)
		w.register(first)
		var added [4]*xds.DocumentEntry
		w.together(1+len(added), func(i int) error {
			s := Submit(p)
			e := s.Entry()
			if i == len(added) {
				s.Replace(xds.Replace, e.EntryUUID, entry.EntryUUID)
				return w.decided(s, p, []xds.EntryUUID{entry.EntryUUID}, []xds.EntryUUID{entry.EntryUUID})
			}
			added[i] = e
			s.Link(xds.Append, e.EntryUUID, addendum.EntryUUID)
			return w.decided(s, p, []xds.EntryUUID{addendum.EntryUUID}, nil)
		})
		for _, e := range added {
			for _, o := range w.objects(query.GetDocuments{IDs: byUUID(e.EntryUUID)}, false) {
				if o.Volatile.Status == xds.Approved {
					w.Errorf("an addendum is Approved, though what it belongs to was replaced")
				}
			}
		}
	}
}

// raceFolder: an entry that is being replaced is put into a Folder before, and its replacement follows it, or after, which is
// refused.
func raceFolder(w *world) {
	p := w.patient("A")
	for range replacementRounds {
		first := Submit(p)
		entry, folder := first.Entry(), first.Folder()
		w.register(first)
		var replacement xds.EntryUUID
		filed := false
		w.together(2, func(i int) error {
			s := Submit(p)
			if i == 0 {
				s.File(folder.EntryUUID, entry.EntryUUID)
				err := w.decided(s, p, []xds.EntryUUID{folder.EntryUUID, entry.EntryUUID}, nil)
				filed = err == nil
				return err
			}
			e := s.Entry()
			replacement = e.EntryUUID
			s.Replace(xds.Replace, e.EntryUUID, entry.EntryUUID)
			return w.decided(s, p, []xds.EntryUUID{entry.EntryUUID}, []xds.EntryUUID{entry.EntryUUID})
		})
		if n := len(w.objects(query.GetFoldersForDocument{IDs: byUUID(replacement)}, false)); (n == 1) != filed {
			w.Errorf("the replacement is in %d Folders, and that the entry was filed is %v", n, filed)
		}
	}
}
