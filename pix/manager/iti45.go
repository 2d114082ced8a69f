package manager

import (
	"context"

	"dossier/hl7v2"
	"dossier/internal/actor"
	"dossier/pix"
	"dossier/pix/hl7v3"
	"dossier/soap"
)

// pixQuery is ITI-45. Its answers are the cases of ITI TF-2: 3.45.4.2.3: ids found (1, 2, 6), none (3), the patient (4) or a
// domain (5) not known.
func (m *V3) pixQuery(ctx context.Context, x *actor.Exchange, req *soap.Request) (*soap.Response, error) {
	q, ok := hl7v3.DecodePIXQuery(req.Envelope, req.Body)
	if err := wrapper(x, req, ok); err != nil {
		return nil, err
	}
	askedV3(x, req)
	problems := q.Problems()
	if err := judge(problems); err != nil {
		return nil, err
	}
	id, err := q.Patients[0].CX()
	if err != nil {
		return nil, err
	}
	x.Audit.Patients = m.Core.named([]hl7v2.CX{id})
	ids, err := m.Core.CrossReferences(ctx, CrossReference{ID: id, Domains: domains(q.DataSources)})
	if err != nil {
		return nil, locate(err, "ITI TF-2: 3.45.4.2.3", func(part pix.Part, index int) string {
			if part == pix.PartDomain {
				return q.Place(q.DataSources[index])
			}
			return q.Place(q.Patients[0])
		})
	}
	x.Objects = len(ids)
	out := &hl7v3.Response{
		Transmission:    m.reply(&q.Transmission, hl7v3.GetIdentifiersResponse),
		Acknowledgement: hl7v3.Acknowledgement{Type: hl7v3.ApplyOK, Target: q.ID, Details: problems},
		QueryAck:        hl7v3.QueryAck{QueryID: q.QueryID, Status: hl7v3.StatusDelivered, Response: hl7v3.ResponseNone},
		Echo:            q.Echo,
	}
	if len(ids) > 0 {
		out.QueryAck.Response = hl7v3.ResponseOK
		out.Subjects = []hl7v3.RegistrationEvent{m.event(hl7v3.Patient{IDs: idsOf(ids)})}
	}
	return soap.XML(hl7v3.AppendResponse(nil, out)), nil
}

// event is a record that this system keeps.
func (m *V3) event(p hl7v3.Patient) hl7v3.RegistrationEvent {
	return hl7v3.RegistrationEvent{Patient: p, Custodian: hl7v3.II{Root: m.Device}}
}

func idsOf(ids []hl7v2.CX) []hl7v3.II {
	var out []hl7v3.II
	for _, id := range ids {
		out = append(out, hl7v3.IIOf(id))
	}
	return out
}

// domains reads parameters that name assigning authorities by OID.
func domains(params []hl7v3.Param) []hl7v2.HD {
	var out []hl7v2.HD
	for _, p := range params {
		out = append(out, hl7v2.HD{UniversalID: p.Root, UniversalIDType: "ISO"})
	}
	return out
}
