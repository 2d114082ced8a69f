package pix

import (
	"strings"

	"dossier/hl7v2"
)

// Domain is a patient identification domain: who assigns its ids and what is asked of them.
type Domain struct {
	Authority hl7v2.HD // namespace and OID; the type is ISO
	// Sources may feed the domain; with none, everybody may (ITI TF-2: 3.8.4.1.3).
	Sources []Source
	Check   Check // what its ids prove about themselves; zero for nothing
	// National: whoever has the same id here is the same person.
	National bool
	// Affinity: the domain whose ids are the patient ids of the Document Registry.
	Affinity bool
}

// Source is a Patient Identity Source as its messages name it: MSH-3 and MSH-4 in HL7 v2; in v3 the root of the sending
// device's id and nothing. An empty Facility stands for all of them.
type Source struct{ Application, Facility string }

// mayFeed tells whether the source may report ids of the domain.
func (d *Domain) mayFeed(s Source) bool {
	if len(d.Sources) == 0 {
		return true
	}
	for _, allowed := range d.Sources {
		if allowed.Application == s.Application && (allowed.Facility == "" || allowed.Facility == s.Facility) {
			return true
		}
	}
	return false
}

// Domains are all domains that an index knows.
type Domains []Domain

// Find returns the domain that an authority names: by OID, or by namespace where no OID is given. When both are given they
// must agree (ITI TF-2: Appendix E). It is nil for every other authority.
func (ds Domains) Find(a hl7v2.HD) *Domain {
	for i := range ds {
		d := &ds[i]
		switch {
		case a.UniversalID != "":
			if a.UniversalID != d.Authority.UniversalID {
				continue
			}
			if a.Namespace != "" && d.Authority.Namespace != "" && !strings.EqualFold(a.Namespace, d.Authority.Namespace) {
				return nil
			}
			return d
		case a.Namespace != "" && strings.EqualFold(a.Namespace, d.Authority.Namespace):
			return d
		}
	}
	return nil
}

// whole gives an authority in full where it is that of a domain, so that all ways to write it are equal.
func (ds Domains) whole(a hl7v2.HD) hl7v2.HD {
	if d := ds.Find(a); d != nil {
		return d.Authority
	}
	return a
}

// of returns the domain of a resolved key.
func (ds Domains) of(authority string) *Domain {
	for i := range ds {
		if ds[i].Authority.UniversalID == authority {
			return &ds[i]
		}
	}
	return nil
}

// Affinity returns the affinity domain; nil when there is none.
func (ds Domains) Affinity() *Domain {
	for i := range ds {
		if ds[i].Affinity {
			return &ds[i]
		}
	}
	return nil
}

// CX writes an id in full, with all three parts of its authority (ITI TF-2: 3.9.4.2.2.5).
func (ds Domains) CX(k hl7v2.PatientKey) hl7v2.CX {
	c := hl7v2.CX{ID: k.ID, Authority: hl7v2.HD{UniversalID: k.Authority, UniversalIDType: "ISO"}}
	if d := ds.of(k.Authority); d != nil {
		c.Authority = d.Authority
	}
	return c
}
