package validate

import (
	"strings"

	"dossier/ebrim"
	"dossier/xds"
)

// identifierClass tells which class carries an identification scheme.
func identifierClass(scheme string) kind {
	switch name := xds.IdentifierNames[scheme]; {
	case strings.HasPrefix(name, "XDSDocumentEntry."):
		return entry
	case strings.HasPrefix(name, "XDSSubmissionSet."):
		return set
	case strings.HasPrefix(name, "XDSFolder."):
		return folder
	}
	return 0
}

func identifierScheme(s *xds.Submission, _ Profile, report func(location, context string)) {
	for k, o := range objects(s) {
		if k&packages == 0 {
			continue
		}
		for _, x := range o.ExternalIdentifiers {
			if identifierClass(x.Scheme) != k {
				report(where(o), "identificationScheme: "+expected("one of "+k.name(), x.Scheme))
			}
		}
	}
}

// eachIdentifier makes a judge of all ExternalIdentifiers whose scheme IHE defines.
func eachIdentifier(j func(o *ebrim.RegistryObject, x *ebrim.ExternalIdentifier, p Profile) string) judge {
	return func(o *ebrim.RegistryObject, p Profile, report func(context string)) {
		for _, x := range o.ExternalIdentifiers {
			name := xds.IdentifierNames[x.Scheme]
			if name == "" {
				continue
			}
			if problem := j(o, x, p); problem != "" {
				report(name + ": " + problem)
			}
		}
	}
}

func identifierObject(o *ebrim.RegistryObject, x *ebrim.ExternalIdentifier, _ Profile) string {
	if xds.NormalizeID(x.RegistryObject) != xds.NormalizeID(o.ID) {
		return "registryObject " + expected("the id of the object, "+quote(o.ID), x.RegistryObject)
	}
	return ""
}

func identifierValue(_ *ebrim.RegistryObject, x *ebrim.ExternalIdentifier, _ Profile) string {
	if x.Value == "" {
		return "expected a value, found none"
	}
	return ""
}

// identifierName: a missing Name is completed by the registry, unless strict; a wrong one contradicts the scheme.
func identifierName(_ *ebrim.RegistryObject, x *ebrim.ExternalIdentifier, p Profile) string {
	got := x.Name.First()
	if got == xds.IdentifierNames[x.Scheme] || got == "" && !p.Strict {
		return ""
	}
	return "Name " + expected("this name", got)
}
