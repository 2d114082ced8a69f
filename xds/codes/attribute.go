package codes

import (
	"strings"

	"dossier/xds"
)

// Attribute names a coded attribute in the standard's words.
type Attribute string

// The attributes that a file may restrict (ITI TF-3: 4.2.3.2 to 4.2.3.4, 4.2.2).
const (
	ClassCode                  Attribute = "classCode"
	ConfidentialityCode        Attribute = "confidentialityCode"
	EventCodeList              Attribute = "eventCodeList"
	FormatCode                 Attribute = "formatCode"
	HealthcareFacilityTypeCode Attribute = "healthcareFacilityTypeCode"
	LanguageCode               Attribute = "languageCode"
	MimeType                   Attribute = "mimeType"
	PracticeSettingCode        Attribute = "practiceSettingCode"
	TypeCode                   Attribute = "typeCode"
	ContentTypeCode            Attribute = "contentTypeCode" // SubmissionSet
	CodeList                   Attribute = "codeList"        // Folder
	Documentation              Attribute = "documentation"   // Association
)

// definition says what an attribute is called and how it is encoded.
type definition struct {
	attribute Attribute
	alias     string // a second name in files
	scheme    string // its classificationScheme; "" for a plain value without codingScheme
}

// definitions is never changed.
var definitions = []definition{
	{ClassCode, "", xds.SchemeClassCode},
	{ConfidentialityCode, "", xds.SchemeConfidentialityCode},
	{EventCodeList, "", xds.SchemeEventCodeList},
	{FormatCode, "", xds.SchemeFormatCode},
	{HealthcareFacilityTypeCode, "", xds.SchemeHealthcareFacilityTypeCode},
	{LanguageCode, "", ""},
	{MimeType, "", ""},
	{PracticeSettingCode, "", xds.SchemePracticeSettingCode},
	{TypeCode, "", xds.SchemeTypeCode},
	{ContentTypeCode, "", xds.SchemeContentTypeCode},
	{CodeList, "folderCodeList", xds.SchemeFolderCodeList},
	{Documentation, "associationDocumentation", xds.SchemeAssociationDocumentation},
}

// plain tells whether the values have no codingScheme.
func (d *definition) plain() bool { return d.scheme == "" }

// define finds an attribute by its name in a file, or nil.
func define(name string) *definition {
	for i := range definitions {
		d := &definitions[i]
		if strings.EqualFold(name, string(d.attribute)) || d.alias != "" && strings.EqualFold(name, d.alias) {
			return d
		}
	}
	return nil
}

// knownNames lists the attributes for an error message.
func knownNames() string {
	names := make([]string, len(definitions))
	for i, d := range definitions {
		names[i] = string(d.attribute)
	}
	return strings.Join(names, ", ")
}
