package hl7v3

import "dossier/internal/xmlwire"

// writer adds the data types of HL7 v3 to the XML writer. What is empty is not written.
type writer struct{ *xmlwire.Writer }

// message writes the wrapper round what body adds, in the order of the schema (ITI TF-2: O.1.1).
func message(dst []byte, t *Transmission, body func(w writer)) []byte {
	w := writer{xmlwire.NewWriter(dst)}
	w.Start(string(t.Interaction)).Attr("xmlns", Namespace).Attr("ITSVersion", "XML_1.0")
	w.ii("id", t.ID)
	w.value("creationTime", t.CreationTime)
	w.ii("interactionId", II{Root: SystemInteractions, Extension: string(t.interactionID())})
	w.cs("processingCode", t.Processing)
	w.cs("processingModeCode", t.ProcessingMode)
	w.cs("acceptAckCode", t.AcceptAck)
	w.device("receiver", "RCV", &t.Receiver)
	w.device("sender", "SND", &t.Sender)
	body(w)
	w.End()
	return w.Bytes()
}

// interactionID: a cancellation differs from a continuation in its element only (ITI TF-2: 3.47.5).
func (t *Transmission) interactionID() Interaction {
	if t.Interaction == QueryCancel {
		return QueryContinue
	}
	return t.Interaction
}

func (w writer) device(local, typeCode string, d *Device) {
	w.Start(local).Attr("typeCode", typeCode)
	w.Start("device").Attr("classCode", "DEV").Attr("determinerCode", "INSTANCE")
	w.ii("id", d.ID)
	if !d.Organization.IsZero() {
		w.Start("asAgent").Attr("classCode", "AGNT")
		w.Start("representedOrganization").Attr("classCode", "ORG").Attr("determinerCode", "INSTANCE")
		w.ii("id", d.Organization)
		w.End().End()
	}
	w.End().End()
}

func (w writer) acknowledgement(a *Acknowledgement) {
	w.Start("acknowledgement")
	w.cs("typeCode", a.Type)
	w.Start("targetMessage")
	w.ii("id", a.Target)
	w.End()
	for i := range a.Details {
		d := &a.Details[i]
		w.Start("acknowledgementDetail")
		w.attr("typeCode", d.Type)
		w.code("code", Code{Code: d.Code, System: d.System})
		w.element("text", d.Text)
		for _, l := range d.Locations {
			w.element("location", l)
		}
		w.End()
	}
	w.End()
}

// act writes controlActProcess. The schema fixes the mood EVN, also for queries (CP-ITI-455).
func (w writer) act(of Interaction, a *Author, body func()) {
	w.Start("controlActProcess").Attr("classCode", "CACT").Attr("moodCode", "EVN")
	w.code("code", Code{Code: triggers[of], System: SystemInteractions})
	if a != nil {
		role := "assignedPerson"
		if a.Device {
			role = "assignedDevice"
		}
		w.Start("authorOrPerformer").Attr("typeCode", "AUT").Start(role).Attr("classCode", "ASSIGNED")
		w.ii("id", a.ID)
		w.End().End()
	}
	body()
	w.End()
}

// AppendAcceptAck writes MCCI_IN000002UV01.
func AppendAcceptAck(dst []byte, a *AcceptAck) []byte {
	return message(dst, &a.Transmission, func(w writer) { w.acknowledgement(&a.Acknowledgement) })
}

// AppendFeed writes the message that the interaction of f names.
func AppendFeed(dst []byte, f *Feed) []byte {
	return message(dst, &f.Transmission, func(w writer) {
		w.act(f.Interaction, f.Author, func() { w.subjects(f.Interaction, f.Subjects) })
	})
}

// AppendResponse writes the answer to a query; only FindCandidatesResponse has demographics.
func AppendResponse(dst []byte, r *Response) []byte {
	return message(dst, &r.Transmission, func(w writer) {
		w.acknowledgement(&r.Acknowledgement)
		w.act(r.Interaction, nil, func() {
			w.subjects(r.Interaction, r.Subjects)
			w.Start("queryAck")
			w.optional("queryId", r.QueryAck.QueryID)
			w.cs("statusCode", r.QueryAck.Status)
			w.cs("queryResponseCode", r.QueryAck.Response)
			w.value("resultTotalQuantity", r.QueryAck.Total)
			w.value("resultCurrentQuantity", r.QueryAck.Current)
			w.value("resultRemainingQuantity", r.QueryAck.Remaining)
			w.End()
			w.Raw(r.Echo)
		})
	})
}

// AppendContinuation writes QUQI_IN000003UV01 or QUQI_IN000003UV01_Cancel.
func AppendContinuation(dst []byte, c *Continuation) []byte {
	return message(dst, &c.Transmission, func(w writer) {
		w.acknowledgement(&c.Acknowledgement)
		w.act(c.Interaction, nil, func() {
			w.Start("queryContinuation")
			w.optional("queryId", c.QueryID)
			w.value("startResultNumber", c.Start)
			w.value("continuationQuantity", c.Quantity)
			w.cs("statusCode", c.Status)
			w.End()
		})
	})
}
