package atna

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"
)

// revocationList is a list with the trusted authority that has signed it.
type revocationList struct {
	*x509.RevocationList
	by    *x509.Certificate
	point []byte // the issuing distribution point, where the issuer has its list in parts
}

var (
	oidDelta = asn1.ObjectIdentifier{2, 5, 29, 27}
	oidPoint = asn1.ObjectIdentifier{2, 5, 29, 28}
)

// judgeList takes complete lists of trusted authorities, in one part or several. What says something that is not understood must
// not be used to tell whether a certificate is good (RFC 5280 5.2): a delta list, taken for the complete one, would make all others
// good again.
func judgeList(list *x509.RevocationList, issuers []*x509.Certificate) (*revocationList, error) {
	kept := &revocationList{RevocationList: list}
	for _, c := range issuers {
		if bytes.Equal(c.RawSubject, list.RawIssuer) && list.CheckSignatureFrom(c) == nil {
			kept.by = c
		}
	}
	if kept.by == nil {
		return nil, errors.New("none of the trusted authorities has signed it")
	}
	for _, x := range list.Extensions {
		switch {
		case x.Id.Equal(oidDelta):
			return nil, errors.New("a delta list: expected complete lists")
		case x.Id.Equal(oidPoint):
			if indirect(x.Value) {
				return nil, errors.New("an indirect list: expected one of certificates of its own issuer")
			}
			kept.point = x.Value
		case x.Critical:
			return nil, fmt.Errorf("its critical extension %v is not understood", x.Id)
		}
	}
	return kept, nil
}

// indirect reads indirectCRL of an IssuingDistributionPoint (RFC 5280 5.2.5); what cannot be read may be anything.
func indirect(point []byte) bool {
	var fields []asn1.RawValue
	if rest, err := asn1.Unmarshal(point, &fields); err != nil || len(rest) > 0 {
		return true
	}
	for _, f := range fields {
		if f.Class == asn1.ClassContextSpecific && f.Tag == 4 && !bytes.Equal(f.Bytes, []byte{0}) {
			return true
		}
	}
	return false
}

// add keeps the latest list of each key of an issuer, and of each part.
func (id *identity) add(list *revocationList) {
	for i, old := range id.lists {
		if bytes.Equal(old.RawIssuer, list.RawIssuer) && bytes.Equal(old.by.RawSubjectPublicKeyInfo, list.by.RawSubjectPublicKeyInfo) && bytes.Equal(old.point, list.point) {
			if list.ThisUpdate.After(old.ThisUpdate) {
				id.lists[i] = list
			}
			return
		}
	}
	id.lists = append(id.lists, list)
}

// revoked looks every certificate of a chain up in the lists of its issuer, its end too: the certificate of a node that is trusted
// by itself, or an authority below another one, may be on a list as well. A list that has ended says nothing any more: then the
// issuer's certificates are refused until there is a new one.
func (id *identity) revoked(chain []*x509.Certificate, now time.Time) error {
	for _, c := range chain {
		for _, list := range id.listsOf(c) {
			if !list.NextUpdate.IsZero() && now.After(list.NextUpdate) {
				return errors.New("the revocation list of the issuer has ended")
			}
			for _, e := range list.RevokedCertificateEntries {
				if e.SerialNumber.Cmp(c.SerialNumber) == 0 {
					return errors.New("the certificate is revoked")
				}
			}
		}
	}
	return nil
}

// listsOf finds the lists that speak of a certificate: those signed by the key that signed it, so that an authority which changes
// its key may have a list for each; without any, those of its issuer by any key, because lists may have a key of their own.
func (id *identity) listsOf(c *x509.Certificate) []*revocationList {
	var same, named []*revocationList
	for _, list := range id.lists {
		if !bytes.Equal(list.RawIssuer, c.RawIssuer) {
			continue
		}
		named = append(named, list)
		if c.CheckSignatureFrom(list.by) == nil {
			same = append(same, list)
		}
	}
	if len(same) > 0 {
		return same
	}
	return named
}
