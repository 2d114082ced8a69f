package manager

import (
	"context"
	"strconv"

	"dossier/hl7v2"
	"dossier/pix"
)

// demographicsQuery answers a Patient Demographics Query, or goes on with one (ITI TF-2: 3.21.4.2).
func (m *Manager) demographicsQuery(ctx context.Context, r *request) ([]byte, error) {
	q, err := readQuery(r.msg)
	block := &Block{}
	if err == nil {
		if block, err = m.people(ctx, r, q); err != nil {
			block = &Block{}
		}
	}
	err = m.refusal(r.x, err)
	r.x.Objects = len(block.People)
	m.Core.found(r.x, block.People)
	counts := []int{block.Total, len(block.People), block.Remaining}
	if err != nil {
		counts = nil
	}
	b := r.response(q, "K22", "RSP_K21", status(len(block.People), err), counts, err)
	for _, p := range block.People {
		b.Segment("PID", pidOf(p)...)
		b.Segment("QRI", hl7v2.Text(strconv.Itoa(p.Score)))
	}
	if block.Pointer != "" {
		b.Segment("DSC", hl7v2.Text(block.Pointer), hl7v2.Text("I"))
	}
	return b.Bytes(), err
}

func (m *Manager) people(ctx context.Context, r *request, q query) (*Block, error) {
	quantity, err := quantity(r.msg)
	if err != nil {
		return nil, err
	}
	tag := Tag{Query: q.tag, Asker: asker(r.header)}
	if pointer := r.msg.Field("DSC", 1).Text(); pointer != "" {
		block, err := m.Core.Next(tag, pointer, quantity)
		if err == nil && !q.continues(block.Memo) {
			err = &pix.Refusal{Reason: pix.UnknownPointer, Part: pix.PartPointer, Detail: "this query tag is that of another query"}
		}
		return block, places{pix.PartPointer: {{segment: "DSC", sequence: 1, field: 1}}}.errorAt(err)
	}
	search, err := readCriteria(q)
	if err != nil {
		return nil, err
	}
	domains, where, err := q.domains(8)
	if err != nil {
		return nil, err
	}
	block, err := m.Core.Patients(ctx, Demographics{Search: search, Domains: domains, Quantity: quantity, Tag: tag, Memo: q.asks()})
	return block, places{pix.PartDomain: where, pix.PartCriterion: {q.at(3, 0)}}.errorAt(err)
}

// quantity reads RCP-2: how many patients at a time, 0 for all.
func quantity(msg *hl7v2.Message) (int, error) {
	r := msg.Field("RCP", 2).Repetition(1)
	v := r.Component(1)
	if v == "" {
		return 0, nil
	}
	at := place{segment: "RCP", sequence: 1, field: 2, repetition: 1}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		return 0, at.refuse(hl7v2.CodeDataType, 1, "expected a number above 0", nil)
	}
	if unit := r.Component(2); unit != "" && unit != "RD" {
		return 0, at.refuse(hl7v2.CodeTableValue, 2, "expected RD, for records", nil)
	}
	return n, nil
}

// cancelQuery ends a query (ITI TF-2: 3.21.4.1).
func (m *Manager) cancelQuery(_ context.Context, r *request) ([]byte, error) {
	tag := r.msg.Field("QID", 1).Text()
	if tag == "" {
		return nil, place{segment: "QID", sequence: 1, field: 1}.refuse(hl7v2.CodeRequiredFieldMissing, 0, "expected the tag of a query, found none", nil)
	}
	m.Core.Cancel(Tag{Query: tag, Asker: asker(r.header)})
	return nil, nil
}
