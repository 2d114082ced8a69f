package repository

import (
	"strconv"
	"strings"

	"dossier/ebrim"
	"dossier/internal/xmlwire"
	"dossier/soap"
	"dossier/store/blob"
	"dossier/xds"
)

// provided is a ProvideAndRegisterDocumentSetRequest: metadata and documents, matched by id.
type provided struct {
	list      *ebrim.RegistryObjectList
	documents []*document
}

// document is one xds:Document with its metadata.
type document struct {
	id      string
	element *xmlwire.Element
	href    string // of its xop:Include; "" for inline content
	object  *ebrim.ExtrinsicObject

	digest   blob.Digest
	received bool
	unproven bool // the message ended behind it without a boundary: it may have been cut short
}

// announced: the metadata has size or hash.
func (d *document) announced() bool {
	return ebrim.Value(d.object.Slots, xds.SlotSize)+ebrim.Value(d.object.Slots, xds.SlotHash) != ""
}

// blank: neither xop:Include nor inline content.
func (d *document) blank() bool { return d.href == "" && strings.TrimSpace(d.element.Text()) == "" }

func decodeProvide(body *xmlwire.Element) (*provided, error) {
	if !body.Is(xds.NS, "ProvideAndRegisterDocumentSetRequest") {
		return nil, provideRequest.Refuse(body.Path(), "expected xds:ProvideAndRegisterDocumentSetRequest, got {"+clip(body.Name.Space)+"}"+clip(body.Name.Local), nil)
	}
	submit := body.Child(ebrim.NSLcm, "SubmitObjectsRequest")
	if submit == nil {
		return nil, provideRequest.Refuse(body.Path(), "expected lcm:SubmitObjectsRequest as first child, found none", nil)
	}
	list, ok := ebrim.DecodeSubmitObjectsRequest(submit)
	if !ok {
		return nil, provideRequest.Refuse(submit.Path(), "expected rim:RegistryObjectList, found none", nil)
	}
	in := &provided{list: list}
	for e := range body.Children() {
		if !e.Is(xds.NS, "Document") {
			continue
		}
		d := &document{id: strings.TrimSpace(e.Attr("id")), element: e}
		var ok bool
		if d.href, ok = soap.Include(e); !ok && e.First != nil {
			return nil, documentContent.Refuse(e.Path(), "expected base64 text or one xop:Include with a cid: URL of this message, nothing around it, "+
				"got something else; other URLs are never fetched", nil)
		}
		in.documents = append(in.documents, d)
	}
	return in, nil
}

// match pairs documents and metadata by id, string-equal (ITI TF-2: 3.41.4.1.2).
func (in *provided) match() xds.Errors {
	var problems xds.Errors
	refuse := func(r *xds.Rule, location, context string) { problems = append(problems, r.Broken(location, context)) }
	objects := map[string]*ebrim.ExtrinsicObject{}
	for _, o := range in.list.ExtrinsicObjects {
		objects[o.ID] = o
	}
	seen := map[string]bool{}
	for _, d := range in.documents {
		switch {
		case seen[d.id]:
			refuse(&documentOnce, d.id, "xds:Document: expected each id once, got "+quote(d.id)+" twice")
		case objects[d.id] == nil:
			refuse(&documentHasMetadata, d.id, "xds:Document "+quote(d.id)+": expected a rim:ExtrinsicObject with the same id, found none")
		}
		seen[d.id], d.object = true, objects[d.id]
	}
	for _, o := range in.list.ExtrinsicObjects {
		if !seen[o.ID] {
			refuse(&entryHasDocument, o.ID, "rim:ExtrinsicObject "+quote(o.ID)+": expected an xds:Document with the same id, found none")
		}
	}
	return problems
}

// digests are those of the documents by their metadata.
func (in *provided) digests() map[*ebrim.ExtrinsicObject][32]byte {
	out := make(map[*ebrim.ExtrinsicObject][32]byte, len(in.documents))
	for _, d := range in.documents {
		out[d.object] = d.digest.SHA256
	}
	return out
}

// referring lists the documents whose xop:Include names that part.
func (in *provided) referring(contentID string) []*document {
	var out []*document
	for _, d := range in.documents {
		if d.href != "" && !d.received && soap.MatchContentID(d.href, contentID) {
			out = append(out, d)
		}
	}
	return out
}

// verify compares size and hash with what the source announced (ITI TF-2: 3.41.4.1.3).
func (in *provided) verify() xds.Errors {
	var problems xds.Errors
	refuse := func(r *xds.Rule, d *document, context string) { problems = append(problems, r.Broken(d.id, context)) }
	for _, d := range in.documents {
		switch {
		case d.received:
		case d.href != "":
			refuse(&documentPart, d, "xop:Include: expected a MIME part with the Content-ID of "+quote(d.href)+", found none")
			continue
		default:
			refuse(&documentPart, d, "xds:Document: expected base64 text or an xop:Include, found neither; attachments that no xop:Include names are not documents")
			continue
		}
		if d.unproven && ebrim.Value(d.object.Slots, xds.SlotSize) == "" && ebrim.Value(d.object.Slots, xds.SlotHash) == "" {
			refuse(&documentComplete, d, "expected the final MIME boundary, or size or hash in metadata, to tell that the document is complete, found neither")
		}
		if want := ebrim.Value(d.object.Slots, xds.SlotSize); want != "" && !sameSize(want, d.digest.Size) {
			refuse(&documentSize, d, "xds:Document: expected the size in metadata, "+quote(want)+", got "+strconv.FormatInt(d.digest.Size, 10)+" bytes")
		}
		if want := ebrim.Value(d.object.Slots, xds.SlotHash); want != "" && !strings.EqualFold(want, d.digest.SHA1Hex()) {
			refuse(&documentHash, d, "xds:Document: expected the hash in metadata, "+quote(want)+", got the SHA-1 "+d.digest.SHA1Hex())
		}
	}
	return problems
}

func sameSize(want string, got int64) bool {
	n, err := strconv.ParseInt(want, 10, 64)
	return err == nil && n == got
}
