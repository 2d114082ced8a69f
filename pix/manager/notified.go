package manager

import (
	"context"

	"dossier/hl7v2"
	"dossier/internal/actor"
	"dossier/pix/hl7v3"
	"dossier/soap"
)

// What this server is told as a PIX Consumer, when the patient index is elsewhere. A notification lists the ids that a patient has now
// (ITI TF-2: 3.10.4.1.2, 3.46.4.1.2). Nothing is taken over from it: what was known of these ids is forgotten before it is
// acknowledged, and asked anew when it is needed. So a notification needs no order and no proof of its sender: a false one costs a
// query. Ids of domains that are not configured here mean nothing and are no mistake.

// updateNotification is ITI-10.
func (m *Manager) updateNotification(_ context.Context, r *request) ([]byte, error) {
	if err := count(r.msg, "PID", 1); err != nil {
		return nil, err
	}
	ids, _, err := readIdentifiers(r.msg.Segment("PID"), "PID", 3)
	if err != nil {
		return nil, err
	}
	r.x.Objects = len(ids)
	r.x.Audit.Patients = m.Core.named(ids)
	m.Core.MPI.Invalidate(ids...)
	return nil, nil
}

// updateNotification is ITI-46.
func (m *V3) updateNotification(_ context.Context, x *actor.Exchange, req *soap.Request) (*soap.Response, error) {
	f, ok := hl7v3.DecodeFeed(req.Body)
	if err := wrapper(x, req, ok && action(f.Interaction) == x.Transaction.Action); err != nil {
		return nil, err
	}
	x.Objects = len(f.Subjects)
	problems := f.Problems()
	if err := judge(problems); err != nil {
		return nil, err
	}
	var ids []hl7v2.CX
	for _, ii := range f.Subjects[0].Patient.AllIDs() {
		id, err := ii.CX()
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	x.Audit.Patients = m.Core.named(ids)
	m.Core.MPI.Invalidate(ids...)
	return m.accepted(&f.Transmission, problems), nil
}
