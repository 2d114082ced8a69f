// Package xmlwire reads and writes the XML of every SOAP, HL7 v3, DSMLv2 and audit message.
//
// The reader is strict: XML 1.0 (fifth edition) and Namespaces in XML 1.0 (third edition), one pass, no recursion, no
// DTD. It returns a light tree whose elements know their byte offsets, so that a consumer of signed content can take
// exactly the bytes that were read. Every message passes this reader once; no other parser sees bytes it refused.
// What a document may cost is bounded by [Limits], each checked before the cost is paid.
//
// The strings of a tree alias the buffer given to [Parse] wherever the text needs no unescaping: the buffer belongs
// to the tree from then on, must not be changed, and lives as long as any string of the tree.
//
// The writer appends well-formed XML with the prefixes the caller chose to a byte slice.
//
// Deliberately not here: DTDs and with them entities other than the five predefined ones, XML 1.1, validation,
// canonicalisation and signatures (access/xua), XInclude, XPath, and comments or processing instructions in the tree.
package xmlwire
