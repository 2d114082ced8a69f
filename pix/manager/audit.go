package manager

import (
	"dossier/atna"
	"dossier/hl7v2"
	"dossier/internal/actor"
	"dossier/pix"
	"dossier/soap"
)

// fed says whom a feed is about and what it does (ITI TF-2: 3.8.5.1, 3.30.5.1, 3.44.5.1).
func (c *Core) fed(x *actor.Exchange, f *pix.Feed) {
	a := &x.Audit
	a.Patients, a.Action = c.named(f.IDs), atna.Update
	switch f.Event {
	case pix.EventCreate:
		a.Action = atna.Create
	case pix.EventMerge, pix.EventChange:
		if other := c.named(f.Other); len(other) > 0 {
			a.Merged = other[0]
		}
	case pix.EventLink, pix.EventUnlink:
		a.Patients = append(a.Patients, c.named(f.Other)...)
	}
}

// named is how events name patients: with the whole authority where it is one of a domain, so that all ways to write it are
// one in a search.
func (c *Core) named(ids []hl7v2.CX) []string {
	var out []string
	for _, id := range ids {
		if d := c.Domains.Find(id.Authority); d != nil {
			id.Authority = d.Authority
		}
		if id.ID != "" {
			out = append(out, id.String())
		}
	}
	return out
}

// found says whose data an answer shows, by their first id: it is their record that was looked into.
func (c *Core) found(x *actor.Exchange, people []Patient) {
	for _, p := range people {
		if len(p.IDs) > 0 {
			x.Audit.Patients = append(x.Audit.Patients, c.named(p.IDs[:1])...)
		}
	}
}

// askedV3 notes a query of HL7 v3: its QueryByParameter, or the whole message where there is none (ITI TF-2: 3.45.5.1).
func askedV3(x *actor.Exchange, req *soap.Request) {
	at := req.Body
	for e := range req.Body.Children() {
		if e.Name.Local != "controlActProcess" {
			continue
		}
		for q := range e.Children() {
			if q.Name.Local == "queryByParameter" {
				at = q
			}
		}
	}
	x.Asked("", "", req.Envelope.Bytes[at.Start:at.End])
}
