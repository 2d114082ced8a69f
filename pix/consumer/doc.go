// Package consumer asks a PIX Manager and a Patient Demographics Supplier elsewhere, and feeds them.
//
// V3 speaks HL7 v3 over SOAP. Its answers are ids and messages as they came; what they mean to the asker is the asker's
// business.
package consumer
