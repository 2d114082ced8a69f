// Package ebrim holds the objects of OASIS ebXML RegRep 3.0 (ebRIM, ebRS, lcm, query) that IHE document sharing puts on
// the wire, and their codec. It speaks OASIS only: what a slot or a classification means to IHE is package xds.
//
// Reading is liberal (ITI TF-3: 4.2 as met in the field): objects are found by namespace and local name, children in
// any order, foreign attributes and elements skipped, white space around values trimmed. Writing is exact: fixed prefixes
// rim, rs, lcm and query, the child order of the schemas, and no element that the schemas do not know.
//
// Not here: SOAP, validation, identifiers' syntax.
package ebrim
