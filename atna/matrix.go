package atna

// Role is the side of a transaction that records it.
type Role int

// Sides of a transaction.
const (
	Initiator Role = iota
	Responder
)

// verb is EventID and EventActionCode. An action of "" comes from the message: a feed creates, updates or deletes.
type verb struct {
	id     Code
	action Action
}

// pattern is what transactions of one kind record.
type pattern struct {
	initiator, responder verb
	// reversed: the data flow from the responder to the initiator, which makes the responder the source and yet not the
	// requestor (ITI TF-2: 3.43.6.1).
	reversed bool
	// name is what events call the transaction where that differs from its name in the Technical Framework; "" is the same.
	name string
	// instance names the detail that holds the id of the message; "" for transactions that do not record it.
	instance string
}

// row is one transaction of the matrix.
type row struct {
	transaction string
	pattern     pattern
}

// matrix lists what each transaction records, in both roles. ITI-20 is not audited (ITI TF-2: 3.20.4.1), ITI-40 has no
// event of its own. ITI-58 has no table in the Technical Framework; a national directory records it as a query.
var matrix = []row{
	{"ITI-8", feeding(detailMessageID)},
	{"ITI-9", querying},
	{"ITI-10", notifying(detailMessageID)},
	{"ITI-18", querying},
	{"ITI-21", querying},
	{"ITI-22", querying},
	{"ITI-30", feeding(detailMessageID)},
	{"ITI-31", feeding(detailMessageID)},
	{"ITI-38", querying},
	{"ITI-39", retrieving},
	{"ITI-41", providing},
	{"ITI-42", providing},
	{"ITI-43", retrieving},
	{"ITI-44", feeding(detailInstanceID).called("Patient Identity Feed")},
	{"ITI-45", querying.called("PIX Query")},
	{"ITI-46", notifying(detailInstanceID).called("PIX Update Notification")},
	{"ITI-47", querying.called("Patient Demographics Query")},
	{"ITI-48", retrieving},
	{"ITI-51", querying},
	{"ITI-55", querying},
	{"ITI-56", querying},
	{"ITI-57", updating},
	{"ITI-58", querying},
	{"ITI-59", pattern{initiator: verb{Export, ""}, responder: verb{Import, ""}}},
	{"ITI-61", providing},
	{"ITI-62", removing},
	{"ITI-63", querying},
	{"ITI-86", removing},
	{"ITI-92", updating},
}

var (
	querying   = pattern{initiator: verb{Query, Execute}, responder: verb{Query, Execute}}
	providing  = pattern{initiator: verb{Export, Read}, responder: verb{Import, Create}}
	updating   = pattern{initiator: verb{Export, Update}, responder: verb{Import, Update}}
	retrieving = pattern{initiator: verb{Import, Create}, responder: verb{Export, Read}, reversed: true}
	removing   = pattern{initiator: verb{PatientRecord, Delete}, responder: verb{PatientRecord, Delete}}
)

func feeding(instance string) pattern {
	return pattern{initiator: verb{PatientRecord, ""}, responder: verb{PatientRecord, ""}, instance: instance}
}

func notifying(instance string) pattern {
	return pattern{initiator: verb{PatientRecord, Read}, responder: verb{PatientRecord, Update}, instance: instance}
}

func (p pattern) called(name string) pattern {
	p.name = name
	return p
}

// find returns the pattern of a transaction; one that the matrix does not have is recorded as an Application Activity.
func find(transaction string) pattern {
	for _, r := range matrix {
		if r.transaction == transaction {
			return r.pattern
		}
	}
	v := verb{ApplicationActivity, Execute}
	return pattern{initiator: v, responder: v}
}

func (p pattern) of(r Role) verb {
	if r == Initiator {
		return p.initiator
	}
	return p.responder
}
