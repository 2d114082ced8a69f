package manager

import (
	"context"

	"dossier/hl7v2"
	"dossier/pix"
)

// pixQuery answers a PIX Query by the cases of ITI TF-2: 3.9.4.2.2.6. QPD-1 is not looked at: it varies.
func (m *Manager) pixQuery(ctx context.Context, r *request) ([]byte, error) {
	q, err := readQuery(r.msg)
	var ids []hl7v2.CX
	if err == nil {
		ids, err = m.crossReferences(ctx, r, q)
	}
	err = m.refusal(r.x, err)
	r.x.Objects = len(ids)
	b := r.response(q, "K23", "RSP_K23", status(len(ids), err), nil, err)
	if len(ids) > 0 {
		// The first repetition of the name is empty, the second has type S: no name, on purpose (3.9.4.2.2.5).
		b.Segment("PID", nil, nil, pidIdentifiers(ids), nil, hl7v2.Repeat(hl7v2.Text(""), hl7v2.Composite("", "", "", "", "", "", "S")))
	}
	return b.Bytes(), err
}

func (m *Manager) crossReferences(ctx context.Context, r *request, q query) ([]hl7v2.CX, error) {
	id, err := q.one(3)
	if err != nil {
		return nil, err
	}
	r.x.Audit.Patients = m.Core.named([]hl7v2.CX{id})
	domains, where, err := q.domains(4)
	if err != nil {
		return nil, err
	}
	ids, err := m.Core.CrossReferences(ctx, CrossReference{ID: id, Domains: domains})
	return ids, places{pix.PartID: {q.at(3, 1)}, pix.PartDomain: where}.errorAt(err)
}
