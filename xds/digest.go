package xds

import (
	"crypto/sha256"
	"strconv"
	"strings"

	"dossier/ebrim"
)

// Digest is the SHA-256 of what a source submitted: all of its metadata that the registry keeps, class by class, and the
// digest of each document that came with it, by its entry. It must be taken before anybody writes into the list.
func Digest(list *ebrim.RegistryObjectList, documents map[*ebrim.ExtrinsicObject][32]byte) [32]byte {
	b := ebrim.AppendRegistryObjectList(nil, list)
	for i, o := range list.ExtrinsicObjects {
		if d, ok := documents[o]; ok {
			b = strconv.AppendInt(append(b, 0), int64(i), 10)
			b = append(append(b, 0), d[:]...)
		}
	}
	return sha256.Sum256(b)
}

// AsRebuilt returns a copy of the list for the Digest of a source that builds a message anew each time it sends it: with
// symbolic ids counted in the order of their definition, because they are names within one message, and without the ids
// of Classifications and ExternalIdentifiers, to which nothing refers. UUIDs of objects stay: they are permanent, and a
// source that drew new ones would be told of a success that its ids have no part in.
func AsRebuilt(list *ebrim.RegistryObjectList) (*ebrim.RegistryObjectList, map[*ebrim.ExtrinsicObject]*ebrim.ExtrinsicObject) {
	r := rebuilt{}
	for _, o := range list.ExtrinsicObjects {
		r.define(o.ID)
	}
	for _, o := range list.RegistryPackages {
		r.define(o.ID)
	}
	for _, o := range list.Associations {
		r.define(o.ID)
	}
	out := &ebrim.RegistryObjectList{ObjectRefs: list.ObjectRefs, Other: list.Other}
	same := make(map[*ebrim.ExtrinsicObject]*ebrim.ExtrinsicObject, len(list.ExtrinsicObjects))
	for _, o := range list.ExtrinsicObjects {
		x := *o
		x.RegistryObject = r.object(o.RegistryObject)
		same[o] = &x
		out.ExtrinsicObjects = append(out.ExtrinsicObjects, &x)
	}
	for _, o := range list.RegistryPackages {
		out.RegistryPackages = append(out.RegistryPackages, &ebrim.RegistryPackage{RegistryObject: r.object(o.RegistryObject)})
	}
	for _, o := range list.Associations {
		x := *o
		x.RegistryObject, x.Source, x.Target = r.object(o.RegistryObject), r.id(o.Source), r.id(o.Target)
		out.Associations = append(out.Associations, &x)
	}
	out.Classifications = r.classifications(list.Classifications)
	return out, same
}

// rebuilt holds the symbols of one message with what stands for them.
type rebuilt map[string]string

// define numbers a symbol. The text that stands for it holds a byte that no message can hold.
func (r rebuilt) define(id string) {
	if _, again := r[id]; !again && !IsUUID(id) {
		r[id] = "\x02" + strconv.Itoa(len(r)+1)
	}
}

func (r rebuilt) id(id string) string {
	if s, ok := r[id]; ok {
		return s
	}
	if IsUUID(id) {
		return strings.ToLower(id)
	}
	return id
}

func (r rebuilt) object(o ebrim.RegistryObject) ebrim.RegistryObject {
	o.ID, o.LID = r.id(o.ID), r.id(o.LID)
	o.Classifications = r.classifications(o.Classifications)
	identifiers := make([]*ebrim.ExternalIdentifier, len(o.ExternalIdentifiers))
	for i, x := range o.ExternalIdentifiers {
		c := *x
		c.ID, c.LID, c.RegistryObject = "", "", r.id(x.RegistryObject)
		identifiers[i] = &c
	}
	o.ExternalIdentifiers = identifiers
	return o
}

func (r rebuilt) classifications(list []*ebrim.Classification) []*ebrim.Classification {
	out := make([]*ebrim.Classification, len(list))
	for i, x := range list {
		c := *x
		c.ID, c.LID, c.ClassifiedObject = "", "", r.id(x.ClassifiedObject)
		out[i] = &c
	}
	return out
}
