package validate

import (
	"dossier/ebrim"
	"dossier/hl7v2"
	"dossier/xds"
)

// authorRules judge the authors of DocumentEntries and SubmissionSets alike (ITI TF-3: 4.2.3.2.1 and 4.2.3.3.1).
var authorRules = []Rule{
	metadata("author-node-representation", "ITI TF-3: 4.2.3.2.1", eachAuthor(authorNode)),
	metadata("author-complete", "ITI TF-3: 4.2.3.2.1", eachAuthor(authorComplete)),
	metadata("author-person", "ITI TF-3: 4.2.3.2.1", eachAuthor(authorSlot(1, parsed(hl7v2.ParseXCN), xds.SlotAuthorPerson))),
	metadata("author-institution", "ITI TF-3: 4.2.3.2.1", eachAuthor(authorSlot(many, parsed(hl7v2.ParseXON), xds.SlotAuthorInstitution))),
	metadata("author-telecommunication", "ITI TF-3: 4.2.3.2.1", eachAuthor(authorSlot(many, parsed(hl7v2.ParseXTN), xds.SlotAuthorTelecommunication))),
	strict("author-coded-string", "ITI TF-3: 4.2.3.2.1", eachAuthor(authorSlot(many, codedString, xds.SlotAuthorRole, xds.SlotAuthorSpecialty))),
}

type authorJudge func(c *ebrim.Classification, p Profile, report func(context string))

func eachAuthor(j authorJudge) check {
	return each(entry|set, func(o *ebrim.RegistryObject, p Profile, report func(context string)) {
		for _, c := range o.Classifications {
			if c.Scheme == xds.SchemeEntryAuthor || c.Scheme == xds.SchemeSubmissionSetAuthor {
				j(c, p, func(context string) { report("author: " + context) })
			}
		}
	})
}

// authorNode: an absent attribute is as good as an empty one.
func authorNode(c *ebrim.Classification, _ Profile, report func(context string)) {
	if c.NodeRepresentation != "" {
		report("expected an empty nodeRepresentation, got " + quote(c.NodeRepresentation))
	}
}

func authorComplete(c *ebrim.Classification, _ Profile, report func(context string)) {
	for _, name := range []string{xds.SlotAuthorPerson, xds.SlotAuthorInstitution, xds.SlotAuthorTelecommunication} {
		if ebrim.Value(c.Slots, name) != "" {
			return
		}
	}
	report("expected authorPerson, authorInstitution or authorTelecommunication, found none")
}

func authorSlot(max int, f format, names ...string) authorJudge {
	return func(c *ebrim.Classification, p Profile, report func(context string)) {
		for _, name := range names {
			slotValues(name, ebrim.Values(c.Slots, name), 0, max, f, p, report)
		}
	}
}
