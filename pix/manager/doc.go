// Package manager is the Patient Identifier Cross-reference Manager and the Patient Demographics Supplier.
//
// Core knows no protocol. Its values are a pix.Feed (ITI-8, ITI-30, ITI-44), a CrossReference (ITI-9, ITI-45) and a
// Demographics query (ITI-21, ITI-47) with Next for its continuation and Cancel for its end; its answers are ids and a
// Block of patients. Whatever it refuses is a *pix.Refusal, several joined, or a *pix.MergeError: reason, part of the request
// and index within that part. A protocol is a thin skin that decodes into those values and says where in its message such a
// part stands (ERR-2 in v2, an XPath in v3). Everything else that goes wrong is ours, and answered by reference only.
//
// Manager is the skin of HL7 v2 over MLLP, V3 that of HL7 v3 over SOAP; Notifier tells consumers by either.
package manager
