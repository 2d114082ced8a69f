package sqldb

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"dossier/pix"
)

// identityWriter writes the effects of one decision.
type identityWriter struct {
	*tx
	effects *pix.Effects
	next    int64 // number of the next new row
	fresh   int64 // identities from this number on are new
}

func (w *identityWriter) write(ctx context.Context) error {
	w.fresh = w.next
	for _, step := range []func(context.Context) error{
		w.identities, w.links, w.apart, w.reviews, w.patients, w.history, w.notices, w.number,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// identities stores new and changed identities with their keys.
func (w *identityWriter) identities(ctx context.Context) error {
	for _, i := range w.effects.Store {
		demographics, err := json.Marshal(i.Demographics)
		if err != nil {
			return identityError(i.Seq, err)
		}
		var survivor, mergedBy any
		if i.Survivor != nil {
			survivor = i.Survivor.Seq
		}
		if i.MergedBy != [32]byte{} {
			mergedBy = i.MergedBy[:]
		}
		if i.Seq >= w.next {
			w.next = i.Seq + 1
			values := []any{i.Seq, i.Key.Authority, i.Key.ID, i.Person, survivor, mergedBy, string(demographics)}
			if _, err := w.insert(ctx, "identity (seq, authority, identifier, person, survivor, merged_by, demographics)", "", values, len(values)); err != nil {
				return err
			}
		} else if err := w.update(ctx, i, survivor, mergedBy, string(demographics)); err != nil {
			return err
		}
		if err := w.keys(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func (w *identityWriter) update(ctx context.Context, i *pix.Identity, survivor, mergedBy any, demographics string) error {
	b := w.builder()
	b.add("UPDATE identity SET person = ")
	b.bind(i.Person)
	b.add(", survivor = ")
	b.bind(survivor)
	b.add(", merged_by = ")
	b.bind(mergedBy)
	b.add(", demographics = ")
	b.bind(demographics)
	b.add(" WHERE seq = ")
	b.bind(i.Seq)
	if err := w.change(ctx, "update identity", 1, b); err != nil {
		return err
	}
	b = w.builder()
	b.add("DELETE FROM identity_key WHERE identity = ")
	b.bind(i.Seq)
	_, err := w.exec(ctx, "update identity", b)
	return err
}

func (w *identityWriter) keys(ctx context.Context, i *pix.Identity) error {
	keys := i.Keys()
	if len(keys) == 0 {
		return nil
	}
	// Some rows twice, which changes nothing: so a few prepared texts serve all numbers, and one statement each identity.
	var values []any
	for n := range (len(keys) + 3) / 4 * 4 {
		values = append(values, keys[min(n, len(keys)-1)], i.Seq)
	}
	for part := range slices.Chunk(values, 2*maxRows) {
		b := w.builder()
		b.add("INSERT INTO identity_key (value, identity) VALUES ")
		b.rows(part, 2)
		b.add(" ON CONFLICT (value, identity) DO NOTHING")
		if _, err := w.exec(ctx, "identity keys", b); err != nil {
			return err
		}
	}
	return nil
}

// ordered gives the numbers of a pair, the smaller first.
func ordered(p pix.Pair) (a, b int64) { return min(p.A.Seq, p.B.Seq), max(p.A.Seq, p.B.Seq) }

func (w *identityWriter) links(ctx context.Context) error {
	for _, l := range w.effects.Unlink {
		b := w.pair("DELETE FROM identity_link WHERE a = ", l.Pair)
		b.add(" AND kind = ")
		b.bind(string(l.Kind))
		if _, err := w.exec(ctx, "unlink", b); err != nil {
			return err
		}
	}
	var values []any
	for _, l := range w.effects.Link {
		a, b := ordered(l.Pair)
		values = append(values, a, b, string(l.Kind))
	}
	_, err := w.insert(ctx, "identity_link (a, b, kind)", " ON CONFLICT (a, b, kind) DO NOTHING", values, 3)
	return err
}

// pair begins a statement about one pair.
func (w *identityWriter) pair(text constant, p pix.Pair) *builder {
	first, second := ordered(p)
	b := w.builder()
	b.add(text)
	b.bind(first)
	b.add(" AND b = ")
	b.bind(second)
	return b
}

func (w *identityWriter) apart(ctx context.Context) error {
	for _, p := range w.effects.Reunite {
		if _, err := w.exec(ctx, "reunite", w.pair("DELETE FROM identity_apart WHERE a = ", p)); err != nil {
			return err
		}
	}
	var values []any
	for _, p := range w.effects.Apart {
		a, b := ordered(p)
		values = append(values, a, b)
		if _, err := w.exec(ctx, "end review", w.pair("DELETE FROM identity_review WHERE a = ", p)); err != nil {
			return err
		}
	}
	_, err := w.insert(ctx, "identity_apart (a, b)", " ON CONFLICT (a, b) DO NOTHING", values, 2)
	return err
}

func (w *identityWriter) reviews(ctx context.Context) error {
	for _, i := range w.effects.Examined {
		if i.Seq >= w.fresh {
			continue // nobody has looked at it before
		}
		b := w.builder()
		b.add("DELETE FROM identity_review WHERE a = ")
		b.bind(i.Seq)
		b.add(" OR b = ")
		b.bind(i.Seq)
		if _, err := w.exec(ctx, "end reviews", b); err != nil {
			return err
		}
	}
	var values []any
	for _, r := range w.effects.Reviews {
		a, b := ordered(r.Pair)
		values = append(values, a, b, r.Weight, string(r.Reason))
	}
	_, err := w.insert(ctx, "identity_review (a, b, weight, reason)",
		" ON CONFLICT (a, b) DO UPDATE SET weight = excluded.weight, reason = excluded.reason", values, 4)
	return err
}

// patients makes the ids of the affinity domain known to the Document Registry, and merges them there.
func (w *identityWriter) patients(ctx context.Context) error {
	for _, k := range w.effects.Known {
		if err := w.addPatient(ctx, k); err != nil {
			return err
		}
	}
	for _, m := range w.effects.Merged {
		if err := w.mergePatients(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (w *identityWriter) history(ctx context.Context) error {
	if err := w.prove(ctx); err != nil {
		return err
	}
	var values []any
	for _, e := range w.effects.History {
		before := ""
		if e.Before != nil {
			text, err := json.Marshal(e.Before)
			if err != nil {
				return err
			}
			before = string(text)
		}
		var other any
		if e.Other != nil {
			other = e.Other.Seq
		}
		values = append(values, w.next, e.Identity.Seq, other, string(e.Event), string(e.Kind), before, e.Origin.At.UnixNano(),
			storable(e.Origin.Source.Application), storable(e.Origin.Source.Facility), storable(e.Origin.Message))
		w.next++
	}
	_, err := w.insert(ctx, "identity_history (seq, identity, other, event, kind, before, at, application, facility, message)", "", values, 10)
	return err
}

// storable gives a text that every database takes: a sender may put anything into MSH.
func storable(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
}

// prove notes the first line of history, which this transaction alone adds. A change that leaves none changes nothing.
func (w *identityWriter) prove(ctx context.Context) error {
	if len(w.effects.History) == 0 {
		w.repeatable = true
		return nil
	}
	first, message := w.next, storable(w.effects.History[0].Origin.Message)
	return w.provable(ctx, func(b *builder) {
		b.add("SELECT 1 FROM identity_history WHERE seq = ")
		b.bind(first)
		b.add(" AND message = ")
		b.bind(message)
	})
}

func (w *identityWriter) notices(ctx context.Context) error {
	var values []any
	for _, n := range w.effects.Notices {
		ids, err := json.Marshal(n.IDs)
		if err != nil {
			return err
		}
		values = append(values, w.next, n.Consumer, string(ids), n.At.UnixNano(), 0)
		w.next++
	}
	_, err := w.insert(ctx, "identity_notice (seq, consumer, ids, at, attempts)", "", values, 5)
	return err
}

// number keeps what is the next number.
func (w *identityWriter) number(ctx context.Context) error {
	b := w.builder()
	b.add("UPDATE identity_number SET next = ")
	b.bind(w.next)
	b.add(" WHERE id = 1")
	return w.change(ctx, "identity number", 1, b)
}
