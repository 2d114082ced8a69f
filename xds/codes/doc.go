// Package codes holds the code sets of an affinity domain: which values the coded attributes of a submission may have. A
// Document Registry may restrict codes, coding schemes and mimeTypes to those that its affinity domain agreed on
// (ITI TF-3: 4.2.3.1); this package reads such an agreement from a file and finds what does not keep to it.
//
// A value is in a list when code and codingScheme are equal, byte by byte; the display name never counts. An attribute
// without a list is not restricted.
//
// # Files
//
// [Load] reads two formats and tells them apart by content.
//
// Our own is YAML, a list for each attribute:
//
//	classCode:
//	  - {code: REPORTS, scheme: 2.999.20.1, display: Reports}
//	  - {code: IMAGES, scheme: 2.999.20.1, display: Images}
//	mimeType: [application/pdf, text/xml]
//	languageCode: [de-CH, fr-CH]
//
// The attributes are classCode, confidentialityCode, eventCodeList, formatCode, healthcareFacilityTypeCode, languageCode,
// mimeType, practiceSettingCode and typeCode of DocumentEntries, contentTypeCode of SubmissionSets, codeList (or
// folderCodeList) of Folders and documentation (or associationDocumentation) of Associations; upper and lower case are the
// same in these names. display is optional and serves to suggest the right code for a wrong one. Values are taken as they
// are written: N stays N, 007 stays 007 and 1.10 stays 1.10, quoted or not. An unknown name, an empty list and a code
// listed twice are errors. Anchors and aliases are not supported.
//
// The other is the codes.xml of the IHE test tools: Codes with CodeType elements (name, classScheme) of Code elements (code,
// codingScheme, display). A code that is listed twice counts once; AssigningAuthority elements and attributes such as
// ext and system mean nothing here.
//
// Deliberately not here: the other metadata rules (xds/validate), whether a code is appropriate, hierarchies and versions of
// code systems, and any access to a terminology server.
package codes
