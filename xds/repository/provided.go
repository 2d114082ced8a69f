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
	refuse := func(e *xmlwire.Element, context string) error {
		return xds.Errors{{Code: xds.XDSRepositoryMetadataError, Location: e.Path(), Context: context, Section: "ITI TF-2: 3.41.4.1.2"}}
	}
	if !body.Is(xds.NS, "ProvideAndRegisterDocumentSetRequest") {
		return nil, refuse(body, "expected xds:ProvideAndRegisterDocumentSetRequest, got {"+clip(body.Name.Space)+"}"+body.Name.Local)
	}
	submit := body.Child(ebrim.NSLcm, "SubmitObjectsRequest")
	if submit == nil {
		return nil, refuse(body, "expected lcm:SubmitObjectsRequest as first child, found none")
	}
	list, ok := ebrim.DecodeSubmitObjectsRequest(submit)
	if !ok {
		return nil, refuse(submit, "expected rim:RegistryObjectList, found none")
	}
	in := &provided{list: list}
	for e := range body.Children() {
		if !e.Is(xds.NS, "Document") {
			continue
		}
		d := &document{id: strings.TrimSpace(e.Attr("id")), element: e}
		var ok bool
		if d.href, ok = soap.Include(e); !ok && e.First != nil {
			return nil, refuse(e, "expected base64 text or one xop:Include with a cid: URL of this message, nothing around it; other URLs are never fetched")
		}
		in.documents = append(in.documents, d)
	}
	return in, nil
}

// match pairs documents and metadata by id, string-equal (ITI TF-2: 3.41.4.1.2).
func (in *provided) match() xds.Errors {
	var problems xds.Errors
	refuse := func(code xds.ErrorCode, location, context string) {
		problems = append(problems, &xds.Error{Code: code, Location: location, Context: context, Section: "ITI TF-2: 3.41.4.1.2"})
	}
	objects := map[string]*ebrim.ExtrinsicObject{}
	for _, o := range in.list.ExtrinsicObjects {
		objects[o.ID] = o
	}
	seen := map[string]bool{}
	for _, d := range in.documents {
		switch {
		case seen[d.id]:
			refuse(xds.XDSRepositoryMetadataError, d.id, "xds:Document id "+clip(d.id)+" occurs twice")
		case objects[d.id] == nil:
			refuse(xds.XDSMissingDocumentMetadata, d.id, "xds:Document id "+clip(d.id)+" has no rim:ExtrinsicObject with the same id")
		}
		seen[d.id], d.object = true, objects[d.id]
	}
	for _, o := range in.list.ExtrinsicObjects {
		if !seen[o.ID] {
			refuse(xds.XDSMissingDocument, o.ID, "rim:ExtrinsicObject id "+clip(o.ID)+" has no xds:Document with the same id")
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
	refuse := func(code xds.ErrorCode, d *document, rule, context string) {
		problems = append(problems, &xds.Error{Code: code, Location: d.id, Context: context, Rule: rule, Section: "ITI TF-2: 3.41.4.1.3"})
	}
	for _, d := range in.documents {
		switch {
		case d.received:
		case d.href != "":
			refuse(xds.XDSMissingDocument, d, "document-part", "no MIME part has the Content-ID that "+clip(d.href)+" names")
			continue
		default:
			refuse(xds.XDSMissingDocument, d, "document-part", "expected base64 text or an xop:Include, found neither; attachments that no xop:Include names are not documents")
			continue
		}
		if d.unproven && ebrim.Value(d.object.Slots, xds.SlotSize) == "" && ebrim.Value(d.object.Slots, xds.SlotHash) == "" {
			refuse(xds.XDSRepositoryMetadataError, d, "document-complete",
				"the message ends behind the document without its final boundary, and neither size nor hash in metadata tells whether it is complete")
		}
		if want := ebrim.Value(d.object.Slots, xds.SlotSize); want != "" && !sameSize(want, d.digest.Size) {
			refuse(xds.XDSRepositoryMetadataError, d, "document-size", "size in metadata is "+clip(want)+", received "+strconv.FormatInt(d.digest.Size, 10)+" bytes")
		}
		if want := ebrim.Value(d.object.Slots, xds.SlotHash); want != "" && !strings.EqualFold(want, d.digest.SHA1Hex()) {
			refuse(xds.XDSRepositoryMetadataError, d, "document-hash", "hash in metadata is "+clip(want)+", SHA-1 of what was received is "+d.digest.SHA1Hex())
		}
	}
	return problems
}

func sameSize(want string, got int64) bool {
	n, err := strconv.ParseInt(want, 10, 64)
	return err == nil && n == got
}
