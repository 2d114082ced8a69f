package validate

import (
	"strings"

	"dossier/ebrim"
	"dossier/xds"
)

// code is a coded attribute: between min and max Classifications of the scheme.
func code(name, scheme string, min, max int) judge {
	return func(o *ebrim.RegistryObject, _ Profile, report func(context string)) {
		if n := len(o.Classified(scheme)); n < min || n > max {
			report(name + ": " + count(min, max, n))
		}
	}
}

// identifier is an attribute held in exactly one ExternalIdentifier. An empty value has a rule of its own.
func identifier(name, scheme string, f format) judge {
	return func(o *ebrim.RegistryObject, p Profile, report func(context string)) {
		var values []string
		for _, x := range o.ExternalIdentifiers {
			if x.Scheme == scheme {
				values = append(values, x.Value)
			}
		}
		slotValues(name, values, 1, 1, func(v string, p Profile) string {
			if v == "" {
				return ""
			}
			return f(v, p)
		}, p, report)
	}
}

// attributes names what a classification scheme encodes, by the class that may carry it.
var attributes = map[kind]map[string]string{
	entry: {
		xds.SchemeEntryAuthor: "author", xds.SchemeClassCode: "classCode", xds.SchemeConfidentialityCode: "confidentialityCode",
		xds.SchemeEventCodeList: "eventCodeList", xds.SchemeFormatCode: "formatCode",
		xds.SchemeHealthcareFacilityTypeCode: "healthcareFacilityTypeCode", xds.SchemePracticeSettingCode: "practiceSettingCode",
		xds.SchemeTypeCode: "typeCode",
	},
	set:         {xds.SchemeSubmissionSetAuthor: "author", xds.SchemeContentTypeCode: "contentTypeCode"},
	folder:      {xds.SchemeFolderCodeList: "codeList"},
	association: {xds.SchemeAssociationDocumentation: "documentation"},
}

// nodes lists the classificationNodes of each class.
var nodes = map[kind][]string{
	entry:  {xds.NodeEntryLimitedMetadata},
	set:    {xds.NodeSubmissionSet, xds.NodeSubmissionSetLimitedMetadata},
	folder: {xds.NodeFolder, xds.NodeFolderLimitedMetadata},
}

func isNode(c *ebrim.Classification, node string) bool { return strings.EqualFold(c.Node, node) }

// eachCode makes a check of all coded values; authors and schemes that IHE does not define are left out.
func eachCode(j func(attribute string, c *ebrim.Classification) string) check {
	return func(s *xds.Submission, _ Profile, report func(location, context string)) {
		for k, o := range objects(s) {
			for _, c := range o.Classifications {
				name := attributes[k][c.Scheme]
				if name == "" || name == "author" {
					continue
				}
				if problem := j(name, c); problem != "" {
					report(where(o), name+": "+problem)
				}
			}
		}
	}
}

func codeValue(_ string, c *ebrim.Classification) string {
	if c.NodeRepresentation == "" {
		return "expected a code in nodeRepresentation, found none"
	}
	return ""
}

func codingScheme(_ string, c *ebrim.Classification) string {
	if n := len(ebrim.Values(c.Slots, xds.SlotCodingScheme)); n != 1 {
		return "codingScheme " + count(1, 1, n)
	}
	return ""
}

func displayName(_ string, c *ebrim.Classification) string {
	if c.Name.First() == "" {
		return "expected a display name in Name, found none"
	}
	return ""
}

// classifiedObject: a Classification names the object it stands in.
func classifiedObject(o *ebrim.RegistryObject, _ Profile, report func(context string)) {
	for _, c := range o.Classifications {
		if xds.NormalizeID(c.ClassifiedObject) != xds.NormalizeID(o.ID) {
			report("classifiedObject: " + expected("the id of the object, "+quote(o.ID), c.ClassifiedObject))
		}
	}
}

// orphans: a Classification at the top level names an object of the message, else it would be lost.
func orphans(s *xds.Submission, _ Profile, report func(location, context string)) {
	if s.List == nil {
		return
	}
	for _, c := range s.List.Classifications {
		report(c.Path, "classifiedObject: "+expected("the id of an object of this message", c.ClassifiedObject))
	}
}

func classificationScheme(s *xds.Submission, _ Profile, report func(location, context string)) {
	for k, o := range objects(s) {
		if k&packages == 0 {
			continue
		}
		for _, c := range o.Classifications {
			if attributes[k][c.Scheme] == "" && !knownNode(k, c) {
				report(where(o), "classificationScheme: "+expected("one of "+k.name(), c.Scheme+c.Node))
			}
		}
	}
}

func knownNode(k kind, c *ebrim.Classification) bool {
	for _, n := range nodes[k] {
		if isNode(c, n) || strings.EqualFold(c.Scheme, n) {
			return true
		}
	}
	return false
}

// limitedMetadata is for XDR and XDM; who sends all required attributes to a registry anyway loses nothing.
func limitedMetadata(o *ebrim.RegistryObject, _ Profile, report func(context string)) {
	for _, c := range o.Classifications {
		for _, n := range []string{xds.NodeEntryLimitedMetadata, xds.NodeSubmissionSetLimitedMetadata, xds.NodeFolderLimitedMetadata} {
			if isNode(c, n) || strings.EqualFold(c.Scheme, n) {
				report("limitedMetadata: expected none in XDS, found it")
			}
		}
	}
}
