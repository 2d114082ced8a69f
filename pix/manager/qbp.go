package manager

import (
	"strconv"
	"strings"

	"dossier/hl7v2"
	"dossier/pix"
)

// query is QBP: QPD with its places.
type query struct {
	qpd hl7v2.Segment
	tag string // QPD-2
	sub byte   // what separates subcomponents
}

// at is a place in QPD.
func (q query) at(field, repetition int) place {
	return place{segment: "QPD", sequence: 1, field: field, repetition: repetition}
}

// readQuery reads what all queries have: a tag (raised to required by ITI TF-2: 3.9.4.1.2.2) and RCP-1 "I".
func readQuery(msg *hl7v2.Message) (query, error) {
	q := query{qpd: msg.Segment("QPD"), sub: msg.Separators().Subcomponent}
	q.tag = q.qpd.Field(2).Text()
	if err := count(msg, "QPD", 1); err != nil {
		return q, err
	}
	if q.tag == "" {
		return q, q.at(2, 0).refuse(hl7v2.CodeRequiredFieldMissing, 0, "expected a query tag, found none", nil)
	}
	if p := text(msg.Field("RCP", 1)); p != "" && p != "I" {
		return q, place{segment: "RCP", sequence: 1, field: 1}.refuse(hl7v2.CodeTableValue, 0, "expected I, for immediate", nil)
	}
	return q, nil
}

// domains reads QPD-4 or QPD-8: CX of which only the authority counts.
func (q query) domains(field int) ([]hl7v2.HD, []place, error) {
	var out []hl7v2.HD
	var where []place
	n := 0
	for r := range q.qpd.Field(field).Repetitions() {
		if n++; r.IsEmpty() {
			continue
		}
		at := q.at(field, n)
		h := hl7v2.HD{Namespace: r.Subcomponent(4, 1), UniversalID: r.Subcomponent(4, 2), UniversalIDType: r.Subcomponent(4, 3)}
		if h.Namespace == "" && h.UniversalID == "" {
			return nil, nil, at.refuse(hl7v2.CodeRequiredFieldMissing, 4, "expected the authority of a domain, found none", nil)
		}
		out, where = append(out, h), append(where, at)
	}
	return out, where, nil
}

// asks is what the query asks for: criteria and domains.
func (q query) asks() [2]string { return [2]string{q.qpd.Field(3).Raw(), q.qpd.Field(8).Raw()} }

// continues tells whether the query is the one that a block belongs to. Its sender repeats it (ITI TF-2: 3.21.4.1.2.2); another one with
// the same tag would get its own QPD back with the patients of the first. Without criteria the tag alone counts.
func (q query) continues(memo any) bool { return q.qpd.Field(3).IsEmpty() || memo == q.asks() }

// response starts the answer to a query: MSH, MSA, ERR, QAK and QPD as it came.
func (r *request) response(q query, trigger, structure, status string, counts []int, err error) *hl7v2.Builder {
	h := r.ack.Header(r.msg)
	h.Type, h.Trigger, h.Structure = "RSP", trigger, structure
	b := r.ack.Begin(r.msg, h, err)
	qak := []hl7v2.Value{hl7v2.Text(q.tag), hl7v2.Text(status), nil}
	for _, n := range counts {
		qak = append(qak, hl7v2.Text(strconv.Itoa(n)))
	}
	b.Segment("QAK", qak...)
	if !q.qpd.Exists() {
		return b
	}
	var echo []hl7v2.Value
	for n := range strings.Count(q.qpd.Raw(), string(rune(r.msg.Separators().Field))) {
		echo = append(echo, q.qpd.Field(n+1))
	}
	return b.Segment("QPD", echo...)
}

// status is QAK-2: what the query came to.
func status(found int, err error) string {
	switch {
	case err != nil:
		return hl7v2.Refuse
	case found == 0:
		return "NF"
	}
	return "OK"
}

// asker names who asks, for the continuation of queries.
func asker(h hl7v2.Header) string {
	return h.SendingApplication.String() + "|" + h.SendingFacility.String()
}

// one reads a field that holds exactly one id.
func (q query) one(field int) (hl7v2.CX, error) {
	ids, at, err := readIdentifiers(q.qpd, "QPD", field)
	if err != nil {
		return hl7v2.CX{}, err
	}
	if len(ids) != 1 {
		return hl7v2.CX{}, at[1].refuse(hl7v2.CodeUnknownKey, 0, string(pix.SeveralIDs), nil)
	}
	return ids[0], nil
}
