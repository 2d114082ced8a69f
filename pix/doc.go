// Package pix is the patient identity domain: which ids are known to be patients and which of them were merged.
//
// Not here yet: demographics, links between domains and matching, which come with the patient index proper; the actors
// that speak HL7 (pix/manager).
package pix
