// Package consumer is the Patient Identifier Cross-reference Consumer and Patient Demographics Consumer: it asks a PIX Manager
// and a Patient Demographics Supplier elsewhere.
//
// V2 speaks HL7 v2 over MLLP (ITI-9, ITI-21), V3 HL7 v3 over SOAP (ITI-45, ITI-47, and ITI-44 as a source). Both answer in the
// words of consumer.go. MPI puts what a Document Registry needs on top: a limit for the time, a circuit breaker and a cache.
//
// Not here: the notifications that a consumer receives (ITI-10, ITI-46). They come in through the listeners of package manager and
// reach MPI.Invalidate.
package consumer
