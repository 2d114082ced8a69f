package hl7v3

import (
	"strings"

	"dossier/internal/xmlwire"
)

// ii reads an identifier. A root written urn:oid: belongs to other standards and can mean nothing else.
func ii(e *xmlwire.Element) II {
	return II{
		Root: strings.TrimPrefix(attr(e, "root"), "urn:oid:"), Extension: attr(e, "extension"),
		AuthorityName: attr(e, "assigningAuthorityName"), NullFlavor: attr(e, "nullFlavor"),
	}
}

func code(e *xmlwire.Element) Code {
	return Code{attr(e, "code"), attr(e, "codeSystem"), attr(e, "displayName"), attr(e, "nullFlavor")}
}

func name(e *xmlwire.Element) Name {
	n := Name{Use: attr(e, "use"), NullFlavor: attr(e, "nullFlavor"), Text: text(e)}
	for c := range e.Children() {
		if c.Name.Space != Namespace {
			continue
		}
		switch c.Name.Local {
		case Family, Given, Prefix, Suffix:
			n.Parts = append(n.Parts, NamePart{c.Name.Local, attr(c, "qualifier"), text(c)})
		}
	}
	return n
}

// addressKinds are the parts of an address (AD in the schema of HL7 v3 data types).
var addressKinds = map[string]bool{
	"delimiter": true, "country": true, "state": true, "county": true, "city": true, "postalCode": true,
	"streetAddressLine": true, "houseNumber": true, "houseNumberNumeric": true, "direction": true, "streetName": true,
	"streetNameBase": true, "streetNameType": true, "additionalLocator": true, "unitID": true, "unitType": true,
	"careOf": true, "censusTract": true, "deliveryAddressLine": true, "deliveryInstallationType": true,
	"deliveryInstallationArea": true, "deliveryInstallationQualifier": true, "deliveryMode": true,
	"deliveryModeIdentifier": true, "buildingNumberSuffix": true, "postBox": true, "precinct": true,
}

func address(e *xmlwire.Element) Address {
	if e == nil {
		return Address{}
	}
	a := Address{Use: attr(e, "use"), NullFlavor: attr(e, "nullFlavor"), Text: text(e)}
	for c := range e.Children() {
		if c.Name.Space == Namespace && addressKinds[c.Name.Local] {
			a.Parts = append(a.Parts, AddressPart{c.Name.Local, text(c)})
		}
	}
	return a
}

func telecom(e *xmlwire.Element) Telecom {
	return Telecom{Use: attr(e, "use"), Value: value(e), NullFlavor: attr(e, "nullFlavor")}
}

// interval reads IVL_TS: a value, or low and high; a center alone stands for the point itself.
func interval(e *xmlwire.Element) Interval {
	i := Interval{value(e), value(child(e, "low")), value(child(e, "high"))}
	if i == (Interval{}) {
		i.Value = value(child(e, "center"))
	}
	return i
}
