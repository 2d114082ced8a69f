// Package schemas holds the WSDL 1.1 and XML Schema files that describe what the Document Registry takes (ITI-18, ITI-42,
// ITI-44, ITI-51), the Document Repository (ITI-41, ITI-43), the PIX Manager (ITI-44, ITI-45) and the Patient Demographics Supplier
// (ITI-47), and serves them where SOAP tool kits look for them: at ?wsdl of the endpoint, with the imported schemas at
// ?xsd=NAME. Message, port and service names are those of the WSDL tables of the transactions (ITI TF-2: 3.18.5, 3.41.5,
// 3.42.5, 3.43.5, 3.44.5, 3.45.5, 3.47.5, 3.51.5).
//
// The schemas describe a correct message, no more: of ebRIM only the classes that document sharing uses, of returnType only
// LeafClass and ObjectRef, no QueryExpression, no package inside a package, no Classification of a Classification; of HL7 v3
// what the feed and the queries use. Every message valid here is valid under the schemas of OASIS, IHE and HL7. The reverse
// does not hold, and the server itself reads more liberally than either (children in any order, foreign attributes, values
// over 256 characters).
//
// Not here: the server does not validate against these files; packages ebrim and pix/hl7v3 read messages and xds/validate
// and pix/hl7v3 judge them. Transactions that Dossier does not take are not described.
package schemas
