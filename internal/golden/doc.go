// Package golden is the test helper for recorded conversations: a case is a folder with the raw bytes of a request
// and of the answer that it must get. Test code only.
//
//	testdata/iti42/unknown-patient/
//	    case.md         what it shows, with the citation; first line is its title
//	    after           optional: cases, one per line, whose requests are sent first to the same server; "!" in front of
//	                    a name says that the case is a refusal
//	    request.http    raw HTTP; Content-Length is filled in where it reads "auto"
//	    response.http   raw HTTP, compared byte for byte but for Date
//	    audit.xml       what the audit trail has of it, one message on each line
//
// Requests are written by hand or by other software; answers are recorded with -update and read before they are committed.
//
// A case of HL7 v2 has request.hl7 and response.hl7 instead: what goes over the connection with its MLLP frames.
package golden
