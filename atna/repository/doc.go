// Package repository is the Audit Record Repository (ITI TF-1: 9): it receives audit messages by syslog (ITI-20), answers
// searches in FHIR (ITI-81) and tells patients in plain words who did what with their record.
//
// It keeps whatever it is sent, parsed or not (ITI TF-2: 3.20.4.1.3). Where messages are kept is a contract of package
// store; that they form a chain, are signed and forwarded is the business of who puts the server together.
//
// Deliberately not here: ITI-82 (Retrieve Syslog Event) and the POST of AuditEvents.
package repository
