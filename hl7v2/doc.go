// Package hl7v2 holds the parts of HL7 version 2 that IHE uses: the data types that XDS metadata borrows
// (CX, CXi, XCN, XON, XTN, HD, DTM) and ER7 messages with their acknowledgements.
//
// The data types follow ITI TF-3: Table 4.2.3.1.7-2. Their parsers are lenient where senders in the field are
// known to err without being misunderstood (trailing separators, a lower-case "iso", a namespace beside an OID, a
// time with fraction or zone) and refuse everything else with a *FormatError that names the component. What they
// write is always the one strict form.
//
// Messages follow HL7 v2.3.1 (ITI-8) and v2.5 (ITI-9, 10, 21, 30) as constrained by ITI TF-2: Appendix C. A
// message is kept as one string; fields are found when asked for. Escapes are resolved after splitting and written
// before joining, so that no value can add a segment, field or frame to a message that is being built.
//
// Not here, on purpose: message profiles and segment tables (the actor that serves a transaction knows which
// fields it needs), batch files (FHS, BHS), and the network: see package hl7v2/mllp.
package hl7v2
