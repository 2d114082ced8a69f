package registry

import (
	"context"
	"io"
	"slices"
	"sync"

	"dossier/ebrim"
	"dossier/soap"
	"dossier/store"
	"dossier/xds"
)

// streamFrom is the size from which an answer is written while it is made instead of being put together first.
const streamFrom = 128 << 10

// answers are the buffers of answers that have been sent: without them half of all garbage would be theirs.
var answers = sync.Pool{New: func() any { return new([]byte) }}

// answerQuery answers with the objects. The first 128 KB are put together here, so that a failure in them is still an
// error code; most answers are shorter and go out with their length. What follows is read when its turn comes.
func (r *Registry) answerQuery(ctx context.Context, objects []store.Object, leaf bool) (*soap.Response, error) {
	first, size := ahead(objects, leaf)
	buffer := answers.Get().(*[]byte)
	body := slices.Grow((*buffer)[:0], size+size/8+1024) // what is spliced in, and the envelope's end
	body = ebrim.AppendAdhocQueryResponseHead(body, ebrim.StatusSuccess, nil)
	err := r.eachObject(ctx, objects[:first], leaf, func(o *store.Object) error {
		body = appendObject(body, o, leaf)
		return nil
	})
	if err != nil {
		return nil, err
	}
	sent := func(error) {
		*buffer = body
		answers.Put(buffer)
	}
	if first == len(objects) {
		body = append(body, ebrim.AdhocQueryResponseTail...)
		return &soap.Response{Body: []soap.Segment{{XML: body}}, Sent: sent}, nil
	}
	rest := func(w io.Writer) error {
		var buf []byte
		return r.eachObject(ctx, objects[first:], leaf, func(o *store.Object) error {
			buf = appendObject(buf[:0], o, leaf)
			_, err := w.Write(buf)
			return err
		})
	}
	return &soap.Response{Body: []soap.Segment{{XML: body}, {Stream: rest}, {XML: []byte(ebrim.AdhocQueryResponseTail)}}, Sent: sent}, nil
}

// ahead tells how many objects are put together before the answer begins, and their size.
func ahead(objects []store.Object, leaf bool) (n, size int) {
	const objectRef = 80
	for n < len(objects) && size < streamFrom {
		switch s := objects[n].Stored; {
		case !leaf:
			size += objectRef
		case s.Packed == nil:
			return n, size
		default:
			size += s.Size
		}
		n++
	}
	return n, size
}

// eachObject calls fn for each object, with its Fragment for a LeafClass answer.
func (r *Registry) eachObject(ctx context.Context, objects []store.Object, leaf bool, fn func(*store.Object) error) error {
	if leaf {
		return r.Store.Fragments(ctx, objects, fn)
	}
	for i := range objects {
		if err := fn(&objects[i]); err != nil {
			return err
		}
	}
	return nil
}

// appendObject splices what may have changed since registration into the object's fragment.
func appendObject(dst []byte, o *store.Object, leaf bool) []byte {
	if leaf {
		return xds.AppendFragment(dst, o.Fragment, &o.Volatile)
	}
	return ebrim.AppendObjectRef(dst, ebrim.ObjectRef{ID: string(o.EntryUUID), Home: string(o.Volatile.Home)})
}
