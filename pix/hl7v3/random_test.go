package hl7v3_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"dossier/pix/hl7v3"
)

// random makes messages: every field there or not, texts with everything that needs escaping.
type random struct{ *rand.Rand }

func (r *random) yes() bool { return r.IntN(2) == 0 }

func (r *random) one(of ...string) string { return of[r.IntN(len(of))] }

func (r *random) text() string {
	return r.one("Weber", "Müller & Söhne", "O'Neil", `"quoted" <b>`, "a\tb", "ëß漢字🎈", "x ]]> y", "São Tomé")
}

// word is a code: XML schema allows no blanks in one.
func (r *random) word() string { return r.one("a", "B-1", "x.y", "M", "F&G") }

func (r *random) ii() hl7v3.II {
	i := hl7v3.II{Root: fmt.Sprintf("2.999.%d", r.IntN(9))}
	if r.yes() {
		i.Extension = r.text()
	}
	if r.yes() {
		i.AuthorityName = r.text()
	}
	return i
}

func some[T any](r *random, low int, make func() T) []T {
	var out []T
	for range low + r.IntN(3) {
		out = append(out, make())
	}
	return out
}

func maybe[T any](r *random, make func() T) (v T) {
	if r.yes() {
		v = make()
	}
	return v
}

func (r *random) code() hl7v3.Code {
	return hl7v3.Code{Code: r.word(), System: maybe(r, func() string { return "2.999.5" }), DisplayName: maybe(r, r.text)}
}

func (r *random) name() hl7v3.Name {
	return hl7v3.Name{Use: r.one("", "L", "A", "SRCH", "L SRCH"), Text: maybe(r, r.text), Parts: some(r, 0, func() hl7v3.NamePart {
		return hl7v3.NamePart{Kind: r.one(hl7v3.Family, hl7v3.Given, hl7v3.Prefix, hl7v3.Suffix), Qualifier: r.one("", "BR", "SP"), Text: r.text()}
	})}
}

func (r *random) address() hl7v3.Address {
	return hl7v3.Address{Use: r.one("", "HP", "WP"), Text: maybe(r, r.text), Parts: some(r, 1, func() hl7v3.AddressPart {
		return hl7v3.AddressPart{Kind: r.one("city", "streetAddressLine", "postalCode", "country", "houseNumber"), Text: r.text()}
	})}
}

func (r *random) telecom() hl7v3.Telecom {
	return hl7v3.Telecom{Use: r.one("", "HP", "WP"), Value: r.one("tel:+352-1", "mailto:a@example.org")}
}

func (r *random) time() string {
	return r.one("1980", "198002", "19800229", "20250314091500", "20250314091500.123+0100")
}

func (r *random) number() string { return strconv.Itoa(1 + r.IntN(100)) }

func (r *random) person() hl7v3.Person {
	return hl7v3.Person{
		Names: some(r, 1, r.name), Telecoms: some(r, 0, r.telecom), Gender: maybe(r, r.code), BirthTime: maybe(r, r.time),
		DeceasedInd: r.one("", "true", "false"), DeceasedTime: maybe(r, r.time), MultipleBirthInd: r.one("", "true"),
		MultipleBirthOrder: maybe(r, r.number), Addresses: some(r, 0, r.address), MaritalStatus: maybe(r, r.code),
		Religion: maybe(r, r.code), Races: some(r, 0, r.code), EthnicGroups: some(r, 0, r.code), Citizenships: some(r, 0, r.code),
		OtherIDs: some(r, 0, r.otherIDs), BirthPlace: maybe(r, r.address), Languages: some(r, 0, r.code),
		Relationships: some(r, 0, func() hl7v3.Relationship { return hl7v3.Relationship{Code: r.code(), Names: some(r, 0, r.name)} }),
	}
}

func (r *random) otherIDs() hl7v3.OtherIDs {
	return hl7v3.OtherIDs{Class: r.one("PAT", "CIT", "EMP"), IDs: some(r, 1, r.ii), Scope: some(r, 1, r.ii)}
}

func (r *random) event(of hl7v3.Interaction) hl7v3.RegistrationEvent {
	p := hl7v3.Patient{IDs: some(r, 1, r.ii), Status: "active", VIP: maybe(r, r.code), Provider: hl7v3.Organization{IDs: some(r, 1, r.ii), Name: maybe(r, r.text)}}
	p.Provider.Telecoms = some(r, 0, r.telecom)
	if of == hl7v3.GetIdentifiersResponse {
		p.Person = hl7v3.Person{Names: some(r, 1, r.name), OtherIDs: some(r, 0, r.otherIDs)}
	} else {
		p.Person, p.Confidential = r.person(), some(r, 0, r.code)
	}
	if of == hl7v3.FindCandidatesResponse {
		p.MatchDegree = r.number()
	}
	e := hl7v3.RegistrationEvent{Status: "active", Patient: p, Custodian: r.ii()}
	if of == hl7v3.PatientDuplicatesResolved {
		e.Replaced = []hl7v3.PriorRegistration{{Status: "obsolete", IDs: some(r, 1, r.ii)}}
	}
	return e
}

func (r *random) wrapper(i hl7v3.Interaction) hl7v3.Transmission {
	w := wrapper(i, r.one("AL", "NE"))
	w.ID, w.Processing, w.Sender = r.ii(), r.one("P", "T", "D"), hl7v3.Device{ID: r.ii(), Organization: maybe(r, r.ii)}
	return w
}

func (r *random) acknowledgement() hl7v3.Acknowledgement {
	return hl7v3.Acknowledgement{Type: r.one("AA", "AE", "CA"), Target: r.ii(), Details: some(r, 0, func() hl7v3.Detail {
		return hl7v3.Detail{Type: r.one("E", "W"), Code: r.word(), System: r.one("", "2.999.6"), Text: r.text(), Locations: some(r, 0, r.text)}
	})}
}

func (r *random) author() *hl7v3.Author { return &hl7v3.Author{Device: r.yes(), ID: r.ii()} }

func (r *random) params(local string) func(low int) []hl7v3.Param {
	return func(low int) []hl7v3.Param {
		out := some(r, low, func() hl7v3.Param { return hl7v3.Param{II: r.ii()} })
		for i := range out {
			out[i].At = local + "/value"
			if len(out) > 1 {
				out[i].At = fmt.Sprintf("%s[%d]/value", local, i+1)
			}
		}
		return out
	}
}

func (r *random) message() any {
	switch i := r.interaction(); i {
	case hl7v3.AcceptAcknowledgement:
		return &hl7v3.AcceptAck{Transmission: r.wrapper(i), Acknowledgement: r.acknowledgement()}
	case hl7v3.GetIdentifiers:
		return &hl7v3.PIXQuery{Transmission: r.wrapper(i), Author: maybe(r, r.author), QueryID: r.ii(), Status: "new", Priority: r.one("", "I"),
			DataSources: r.params("dataSource")(0), Patients: r.params("patientIdentifier")(1)}
	case hl7v3.FindCandidates:
		return &hl7v3.DemographicsQuery{Transmission: r.wrapper(i), Author: maybe(r, r.author), QueryID: r.ii(), Status: "new",
			Modality: r.one("", "R"), Priority: r.one("", "I"), InitialQuantity: maybe(r, r.number), MinimumDegreeMatch: maybe(r, r.number),
			Parameters: hl7v3.ParameterList{
				Genders: some(r, 0, r.code), IDs: r.params("livingSubjectId")(0), Names: some(r, 0, r.name), Addresses: some(r, 0, r.address),
				BirthTimes: some(r, 0, func() hl7v3.Interval {
					if r.yes() {
						return hl7v3.Interval{Value: r.time()}
					}
					return hl7v3.Interval{Low: r.time(), High: r.time()}
				}),
				MothersMaidenNames: some(r, 0, r.name), ScopingOrganizations: r.params("otherIDsScopingOrganization")(0), Telecoms: some(r, 0, r.telecom),
			}}
	case hl7v3.GetIdentifiersResponse, hl7v3.FindCandidatesResponse:
		return &hl7v3.Response{Transmission: r.wrapper(i), Acknowledgement: r.acknowledgement(),
			Subjects: some(r, 0, func() hl7v3.RegistrationEvent { return r.event(i) }),
			QueryAck: hl7v3.QueryAck{QueryID: r.ii(), Status: "aborted", Response: r.one("OK", "NF", "QE"), Total: maybe(r, r.number), Remaining: maybe(r, r.number)}}
	case hl7v3.QueryContinue, hl7v3.QueryCancel:
		return &hl7v3.Continuation{Transmission: r.wrapper(i), Acknowledgement: r.acknowledgement(), QueryID: r.ii(), Start: maybe(r, r.number),
			Quantity: maybe(r, r.number), Status: r.one("aborted", "waitContinuedQueryResponse")}
	default:
		return &hl7v3.Feed{Transmission: r.wrapper(i), Author: maybe(r, r.author), Subjects: some(r, 1, func() hl7v3.RegistrationEvent { return r.event(i) })}
	}
}

func (r *random) interaction() hl7v3.Interaction {
	all := []hl7v3.Interaction{
		hl7v3.PatientAdded, hl7v3.PatientRevised, hl7v3.PatientDuplicatesResolved, hl7v3.FindCandidates, hl7v3.FindCandidatesResponse,
		hl7v3.GetIdentifiers, hl7v3.GetIdentifiersResponse, hl7v3.AcceptAcknowledgement, hl7v3.QueryContinue, hl7v3.QueryCancel,
	}
	return all[r.IntN(len(all))]
}
