package validate

import (
	"slices"

	"dossier/ebrim"
	"dossier/xds"
)

// metadata makes a rule with the code of most: XDSRegistryMetadataError.
func metadata(name, cite string, c check) Rule {
	return Rule{Rule: xds.Rule{Name: name, Cite: cite, Code: xds.XDSRegistryMetadataError}, Check: c}
}

// strict makes such a rule that a lenient profile skips.
func strict(name, cite string, c check) Rule {
	r := metadata(name, cite, c)
	r.Strict = true
	return r
}

// fixed makes such a rule that later steps rely on: ids and uniqueIds are keys, patients decide who sees an object, hash,
// size, repository and mimeType are what a document is retrieved by, and what no class holds would be lost.
func fixed(name, cite string, c check) Rule {
	return coded(xds.XDSRegistryMetadataError, name, cite, c)
}

// coded makes a fixed rule with another code.
func coded(code xds.ErrorCode, name, cite string, c check) Rule {
	return Rule{Rule: xds.Rule{Name: name, Cite: cite, Code: code, Fixed: true}, Check: c}
}

// rules is the table of contents. It is never changed.
var rules = slices.Concat(messageRules, entryRules, setRules, folderRules, codeRules, authorRules, associationRules, patientRules,
	[]Rule{coded(xds.XDSRegistryDuplicateUniqueIDInMessage, "unique-id-in-message", "ITI TF-3: Table 4.2.4.1-2", uniqueIDUnique)})

// messageRules are about the structure of the message.
var messageRules = []Rule{
	fixed("one-submission-set", "ITI TF-2: 3.42.4.1.2", oneSubmissionSet),
	fixed("package-marker", "ITI TF-3: 4.2.1", packageMarker),
	fixed("object-id-present", "ITI TF-3: 4.1.12.3", each(all, idPresent)),
	fixed("object-id-unique", "ITI TF-3: 4.1.12.3", idUnique),
	fixed("object-id-format", "ITI TF-3: 4.1.12.3", each(all, idFormat)),
	strict("part-id-present", "ITI TF-3: 4.1.12.3", each(all, partIDPresent)),
	strict("part-id-unique", "ITI TF-3: 4.1.12.3", partIDUnique),
	metadata("lid-is-id", "ITI TF-3: Table 4.2.3.2-1", each(all, lidIsID)),
	metadata("no-previous-version", "ITI TF-3: 4.2.2.1", each(association, noPreviousVersion)),
	metadata("lid-unique", "ITI TF-3: Table 4.2.3.2-1", lidUnique),
	fixed("object-class", "ITI TF-3: 4.2.1", objectClass),
	fixed("slot-unique", "ITI TF-3: 4.2.3.1", each(all, slotUnique)),
	metadata("slot-value-length", "ebRIM 3.0: LongName", each(all, slotValueLength)),
	strict("slot-name", "ITI TF-3: 4.2.3.1", slotNames),
	strict("classification-scheme", "ITI TF-3: 4.2.5", classificationScheme),
	strict("identifier-scheme", "ITI TF-3: 4.2.5", identifierScheme),
	strict("limited-metadata", "ITI TF-3: 4.2.3.2.29", each(packages, limitedMetadata)),
	metadata("home-community-id", "ITI TF-3: 4.2.3.2.12", each(all, homeCommunityID)),
}

// codeRules are about the encoding of codes and identifiers, whatever their attribute.
var codeRules = []Rule{
	metadata("classification-object", "ITI TF-3: 4.2.3.1", each(all, classifiedObject)),
	fixed("classification-orphan", "ITI TF-3: 4.2.3.1", orphans),
	metadata("code-value", "ITI TF-3: 4.2.3.1", eachCode(codeValue)),
	metadata("code-scheme", "ITI TF-3: 4.2.3.1", eachCode(codingScheme)),
	strict("code-display-name", "ITI TF-3: 4.2.3.1", eachCode(displayName)),
	metadata("identifier-object", "ITI TF-3: 4.2.3.1", each(packages, eachIdentifier(identifierObject))),
	fixed("identifier-value", "ITI TF-3: 4.2.3.1", each(packages, eachIdentifier(identifierValue))),
	metadata("identifier-name", "ITI TF-3: 4.2.5.2", each(packages, eachIdentifier(identifierName))),
}

// noPreviousVersion: the Slot asks for a metadata update.
func noPreviousVersion(o *ebrim.RegistryObject, _ Profile, report func(context string)) {
	if s := ebrim.FindSlot(o.Slots, xds.SlotPreviousVersion); s != nil {
		report("PreviousVersion: expected none, found it; metadata is updated by ITI-57")
	}
}
