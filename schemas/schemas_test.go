package schemas

import (
	"encoding/xml"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"dossier/iti"
)

// eachFile runs fn on every embedded file, as a subtest of that name.
func eachFile(t *testing.T, fn func(t *testing.T, name, text string)) {
	t.Helper()
	names, err := fs.Glob(files, "*")
	if err != nil || len(names) != 12 {
		t.Fatalf("embedded files: got %d (%v), want 12", len(names), err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := files.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			fn(t, name, string(text))
		})
	}
}

// element is any XML, enough to walk a WSDL.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []element  `xml:",any"`
}

func (e *element) attr(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// all returns e's descendants of that namespace and name, in document order.
func (e *element) all(space, local string) []*element {
	var out []*element
	for i := range e.Children {
		c := &e.Children[i]
		if c.XMLName.Space == space && c.XMLName.Local == local {
			out = append(out, c)
		}
		out = append(out, c.all(space, local)...)
	}
	return out
}

func parse(t *testing.T, text string) *element {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	root := new(element)
	if err := d.Decode(root); err != nil {
		t.Fatalf("not well-formed: %v", err)
	}
	// Decode stops behind the root: white space is all that may follow.
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return root
		}
		if text, ok := tok.(xml.CharData); err != nil || !ok || strings.TrimSpace(string(text)) != "" {
			t.Fatalf("behind the root: got %v (%v), want the end", tok, err)
		}
	}
}

const (
	nsXS   = "http://www.w3.org/2001/XMLSchema"
	nsWSDL = "http://schemas.xmlsoap.org/wsdl/"
	nsSOAP = "http://schemas.xmlsoap.org/wsdl/soap12/"
	nsWSAM = "http://www.w3.org/2007/05/addressing/metadata"
	nsWSAW = "http://www.w3.org/2006/05/addressing/wsdl"
)

func TestImportsResolveInsideTheSet(t *testing.T) {
	t.Parallel()
	eachFile(t, func(t *testing.T, name, text string) {
		imports := parse(t, text).all(nsXS, "import")
		if got := strings.Count(text, "schemaLocation="); got != strings.Count(text, importMark) || got != len(imports) {
			t.Fatalf("schemaLocation: %d in all, %d imports: absolute would miss some", got, len(imports))
		}
		for _, i := range imports {
			target, ok := schema(i.attr("schemaLocation"))
			if !ok {
				t.Errorf("import of %q: no such schema here", i.attr("schemaLocation"))
				continue
			}
			if got, want := parse(t, target).attr("targetNamespace"), i.attr("namespace"); got != want {
				t.Errorf("%s has targetNamespace %q, its importer wants %q", i.attr("schemaLocation"), got, want)
			}
		}
	})
}

func TestDeclaredPrefixesAreUsed(t *testing.T) {
	t.Parallel()
	eachFile(t, func(t *testing.T, _, text string) {
		for _, a := range parse(t, text).Attrs {
			if a.Name.Space == "xmlns" && !strings.Contains(text, `"`+a.Name.Local+":") && !strings.Contains(text, "<"+a.Name.Local+":") &&
				!strings.Contains(text, " "+a.Name.Local+":") {
				t.Errorf("prefix %q is declared and not used", a.Name.Local)
			}
		}
	})
}

// operation is one row of the WSDL tables, ITI TF-2: 3.18.5, 3.41.5, 3.42.5, 3.43.5, 3.44.5, 3.45.5, 3.46.5, 3.47.5.
type operation struct {
	tx                iti.Transaction
	name              string // of the operation, behind the actor and an underscore
	request, response string // body elements
}

func TestWSDLNames(t *testing.T) {
	t.Parallel()
	feed := []operation{
		{iti.PatientAddedFeed, "PRPA_IN201301UV02", "hl7:PRPA_IN201301UV02", "hl7:MCCI_IN000002UV01"},
		{iti.PatientRevisedFeed, "PRPA_IN201302UV02", "hl7:PRPA_IN201302UV02", "hl7:MCCI_IN000002UV01"},
		{iti.PatientDuplicatesResolvedFeed, "PRPA_IN201304UV02", "hl7:PRPA_IN201304UV02", "hl7:MCCI_IN000002UV01"},
	}
	for _, c := range []struct {
		file, actor, prefix, space, path string
		operations                       []operation
	}{
		{Registry, "DocumentRegistry", "xds", "urn:ihe:iti:xds-b:2007", "/xds/registry", append([]operation{
			{iti.RegistryStoredQuery, "RegistryStoredQuery", "query:AdhocQueryRequest", "query:AdhocQueryResponse"},
			{iti.MultiPatientStoredQuery, "MultiPatientStoredQuery", "query:AdhocQueryRequest", "query:AdhocQueryResponse"},
			{iti.RegisterDocumentSet, "RegisterDocumentSet-b", "lcm:SubmitObjectsRequest", "rs:RegistryResponse"},
		}, feed...)},
		{PIXManager, "PIXManager", "pix", "urn:ihe:iti:pixv3:2007", "/pix/manager", append(slices.Clone(feed),
			operation{iti.PIXV3Query, "PRPA_IN201309UV02", "hl7:PRPA_IN201309UV02", "hl7:PRPA_IN201310UV02"})},
		{PIXConsumer, "PIXConsumer", "pix", "urn:ihe:iti:pixv3:2007", "/pix/consumer", []operation{
			{iti.PIXV3UpdateNotification, "PRPA_IN201302UV02", "hl7:PRPA_IN201302UV02", "hl7:MCCI_IN000002UV01"},
		}},
		{PDSupplier, "PDSupplier", "pdq", "urn:ihe:iti:pdqv3:2007", "/pdq/supplier", []operation{
			{iti.PatientDemographicsQueryV3, "PRPA_IN201305UV02", "hl7:PRPA_IN201305UV02", "hl7:PRPA_IN201306UV02"},
			{iti.PatientDemographicsQueryV3Continue, "QUQI_IN000003UV01_Continue", "hl7:QUQI_IN000003UV01", "hl7:PRPA_IN201306UV02"},
			{iti.PatientDemographicsQueryV3Cancel, "QUQI_IN000003UV01_Cancel", "hl7:QUQI_IN000003UV01_Cancel", "hl7:MCCI_IN000002UV01"},
		}},
		{Repository, "DocumentRepository", "xds", "urn:ihe:iti:xds-b:2007", "/xds/repository", []operation{
			{iti.ProvideAndRegisterDocumentSet, "ProvideAndRegisterDocumentSet-b",
				"xds:ProvideAndRegisterDocumentSetRequest", "rs:RegistryResponse"},
			{iti.RetrieveDocumentSet, "RetrieveDocumentSet",
				"xds:RetrieveDocumentSetRequest", "xds:RetrieveDocumentSetResponse"},
		}},
	} {
		t.Run(c.actor, func(t *testing.T) {
			t.Parallel()
			text, err := files.ReadFile(c.file)
			if err != nil {
				t.Fatal(err)
			}
			root := parse(t, string(text))
			equal(t, "targetNamespace", root.attr("targetNamespace"), c.space)
			equal(t, "name", root.attr("name"), c.actor)
			one(t, root, nsWSDL, "portType", "name", c.actor+"_PortType")
			one(t, root, nsWSDL, "service", "name", c.actor+"_Service")
			one(t, root, nsWSDL, "port", "name", c.actor+"_Port_Soap12")
			one(t, root, nsWSDL, "port", "binding", c.prefix+":"+c.actor+"_Binding_Soap12")
			one(t, root, nsWSDL, "binding", "name", c.actor+"_Binding_Soap12")
			one(t, root, nsWSDL, "binding", "type", c.prefix+":"+c.actor+"_PortType")
			one(t, root, nsSOAP, "binding", "style", "document")
			one(t, root, nsSOAP, "address", "location", "http://localhost"+c.path)
			one(t, root, nsWSAW, "UsingAddressing", "required", "true")
			for _, b := range root.all(nsSOAP, "body") {
				equal(t, "soap12:body use", b.attr("use"), "literal")
			}
			checkOperations(t, root, c.actor, c.prefix, c.operations)
		})
	}
}

func checkOperations(t *testing.T, root *element, actor, prefix string, want []operation) {
	t.Helper()
	abstract := root.all(nsWSDL, "portType")[0].all(nsWSDL, "operation")
	bound := root.all(nsWSDL, "binding")[0].all(nsWSDL, "operation")
	messages := root.all(nsWSDL, "message")
	if len(abstract) != len(want) || len(bound) != len(want) || len(messages) != 2*len(want) {
		t.Fatalf("got %d operations, %d bound, %d messages, want %d, %[4]d, twice %[4]d",
			len(abstract), len(bound), len(messages), len(want))
	}
	for i, op := range want {
		equal(t, "operation", abstract[i].attr("name"), actor+"_"+op.name)
		equal(t, "bound operation", bound[i].attr("name"), actor+"_"+op.name)
		one(t, bound[i], nsSOAP, "operation", "soapActionRequired", "false")
		one(t, bound[i], nsSOAP, "operation", "soapAction", op.tx.Action)
		for j, dir := range []struct{ local, message, element, action string }{
			{"input", op.name + "_Message", op.request, op.tx.Action},
			{"output", op.name + "Response_Message", op.response, op.tx.Reply},
		} {
			one(t, abstract[i], nsWSDL, dir.local, "message", prefix+":"+dir.message)
			for _, a := range abstract[i].all(nsWSDL, dir.local)[0].Attrs {
				if a.Name.Space == nsWSAM || a.Name.Space == nsWSAW {
					equal(t, dir.local+" "+a.Name.Space, a.Value, dir.action)
				}
			}
			message := messages[2*i+j]
			equal(t, "message", message.attr("name"), dir.message)
			one(t, message, nsWSDL, "part", "name", "body")
			one(t, message, nsWSDL, "part", "element", dir.element)
		}
	}
}

func equal(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// one wants exactly one element of that name below e, with that attribute.
func one(t *testing.T, e *element, space, local, attr, want string) {
	t.Helper()
	found := e.all(space, local)
	if len(found) != 1 {
		t.Errorf("%s: got %d, want 1", local, len(found))
		return
	}
	equal(t, local+"/@"+attr, found[0].attr(attr), want)
}

// Every body element that a WSDL names must be a global element of a schema that the WSDL imports.
func TestWSDLElementsExist(t *testing.T) {
	t.Parallel()
	for _, file := range []string{Registry, Repository, PIXManager, PIXConsumer, PDSupplier} {
		text, err := files.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		root := parse(t, string(text))
		prefixes := map[string]string{}
		for _, a := range root.Attrs {
			if a.Name.Space == "xmlns" {
				prefixes[a.Name.Local] = a.Value
			}
		}
		var global []string
		for _, i := range root.all(nsXS, "import") {
			xsd, _ := schema(i.attr("schemaLocation"))
			for _, e := range parse(t, xsd).Children {
				if e.XMLName.Local == "element" {
					global = append(global, i.attr("namespace")+" "+e.attr("name"))
				}
			}
		}
		for _, p := range root.all(nsWSDL, "part") {
			prefix, local, _ := strings.Cut(p.attr("element"), ":")
			if want := prefixes[prefix] + " " + local; !slices.Contains(global, want) {
				t.Errorf("%s: part element %q: not among the imported %q", file, want, global)
			}
		}
	}
}
