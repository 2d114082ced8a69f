// Package hl7v3 holds the HL7 v3 messages of the patient identity transactions and their codec: the feed (ITI-44), the PIX
// query and its answer (ITI-45), the update notification (ITI-46), the Patient Demographics Query with its answer,
// continuation and cancellation (ITI-47), and the accept acknowledgement.
//
// Reading is liberal (ITI TF-2: Appendix O as met in the field): elements are found by namespace and local name, in any order
// and under any prefix; unknown elements, xsi:type, class codes, mood codes and semanticsText are not looked at; a message is
// what its root element says, whatever its interactionId. Decoding never judges: what cannot be read stays empty. What the
// transaction asks of a message is in Problems, as acknowledgementDetails with code, place and section.
//
// Writing is exact: the default namespace, the child order of the HL7 schemas (2008 edition), the fixed class and mood codes, and
// no element that the schemas do not know. The one exception is the echo of a query, which repeats what was received.
//
// Not here: SOAP, what identifiers mean, XCPD (ITI-55).
package hl7v3
