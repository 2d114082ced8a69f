package schemas

import (
	"embed"
	"strings"
)

// The service descriptions, as Handler takes them.
const (
	PIXConsumer = "PIXConsumer.wsdl"
	PIXManager  = "PIXManager.wsdl"
	PDSupplier  = "PDSupplier.wsdl"
	Registry    = "XDS.b_DocumentRegistry.wsdl"
	Repository  = "XDS.b_DocumentRepository.wsdl"
)

// Each file stands on its own: a schemaLocation is the bare name of another file of this folder, so that the folder also
// works from disk.
//
//go:embed *.wsdl *.xsd
var files embed.FS

// What absolute rewrites.
const (
	importMark  = `schemaLocation="`
	addressMark = `<soap12:address location="`
)

// absolute returns the file with the service at base and its imports at base?xsd=NAME. The base must be fit for an XML
// attribute already.
func absolute(text, base string) string {
	text = strings.ReplaceAll(text, importMark, importMark+base+"?xsd=")
	before, after, found := strings.Cut(text, addressMark)
	if !found {
		return text
	}
	_, after, _ = strings.Cut(after, `"`)
	return before + addressMark + base + `"` + after
}

// schema returns the schema of that exact name; nothing but an embedded .xsd can be asked for.
func schema(name string) (string, bool) {
	if !strings.HasSuffix(name, ".xsd") {
		return "", false
	}
	text, err := files.ReadFile(name) // a path with a slash or dots is no file of the flat embedded folder
	return string(text), err == nil
}
