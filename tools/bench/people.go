package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"dossier/hl7v2"
	"dossier/pix"
)

// hospital is the second patient identification domain of the servers whose patient index is measured.
const hospital = "2.999.2.1"

// person is one of an endless synthetic population; the number decides everything about it. Names are as unevenly spread as
// real ones: the most frequent family name has 1.4 % of the people, the most frequent given name 4.5 %.
type person struct {
	number              int
	frequent            bool // the name: more have it than one answer may hold
	family, given, sex  string
	birth               string
	street, city, code  string
	phone               string
	control             string // MSH-10 of its feed, where that must be known
	registered, another hl7v2.CX
}

const (
	familyNames = 5000
	givenNames  = 500
	// everyOther is how many people share one that has a second id, of the hospital.
	everyOther = 10
)

func newPerson(number int) *person {
	r := rand.New(rand.NewPCG(uint64(number), 7))
	skewed := func(n int) int { x := r.Float64(); return int(x * x * float64(n)) }
	born := time.Date(1930, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN(90*365))
	family, given := skewed(familyNames), skewed(givenNames)
	p := &person{
		number: number, frequent: family < 5 || given < 5, family: name(family), given: name(given + familyNames), birth: born.Format("20060102"), sex: "F",
		street: fmt.Sprintf("%d rue %s", 1+r.IntN(150), name(r.IntN(4000))), phone: fmt.Sprint(20_000_000 + r.IntN(79_999_999)),
	}
	if r.IntN(2) == 1 {
		p.sex = "M"
	}
	town := skewed(600)
	p.city, p.code = name(town)+"ville", fmt.Sprint(1000+town*14)
	p.registered = cx(authority, fmt.Sprintf("P-%08d", number))
	if number%everyOther == 0 {
		p.another = cx(hospital, fmt.Sprintf("H-%08d", number))
	}
	return p
}

func cx(domain, id string) hl7v2.CX {
	return hl7v2.CX{ID: id, Authority: hl7v2.HD{UniversalID: domain, UniversalIDType: "ISO"}}
}

// name writes a number below 100,000 as a name of its own.
func name(n int) string {
	onsets := [...]string{"b", "br", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v", "w", "z"}
	ends := [...]string{"a", "er", "el", "in", "on", "is", "or", "an", "et", "ul", "ik", "ot", "em", "ar", "il", "os", "ut", "en"}
	const syllables = len(onsets) * len(ends)
	first := n % syllables
	second := (37*(n/syllables) + 13*first) % syllables
	out := onsets[first/len(ends)] + ends[first%len(ends)] + onsets[second/len(ends)] + ends[second%len(ends)]
	return strings.ToUpper(out[:1]) + out[1:]
}

// ids are those that the feed of the person lists.
func (p *person) ids() []hl7v2.CX {
	if p.another.ID == "" {
		return []hl7v2.CX{p.registered}
	}
	return []hl7v2.CX{p.registered, p.another}
}

func (p *person) demographics() pix.Demographics {
	return pix.Demographics{
		Names: []pix.Name{{Family: p.family, Given: p.given}}, BirthDate: hl7v2.DTM(p.birth), Sex: p.sex,
		Addresses: []pix.Address{{Street: p.street, City: p.city, Postcode: p.code, Country: "LU"}},
		Phones:    []pix.Phone{{Number: p.phone, Use: "PRN", Type: "PH"}},
	}
}

// adt is the person's feed: ITI-8 with A04, or A08 to change it.
func (p *person) adt(trigger string) []byte {
	stamp := "20260102030405"
	b := hl7v2.NewMessage(hl7v2.Header{
		SendingApplication: hl7v2.HD{Namespace: "BENCH"}, SendingFacility: hl7v2.HD{Namespace: "BENCH"},
		ReceivingApplication: hl7v2.HD{Namespace: "DOSSIER"}, ReceivingFacility: hl7v2.HD{Namespace: "DOSSIER"},
		Time: stamp, Type: "ADT", Trigger: trigger, Structure: "ADT_A01", ControlID: p.controlID(), ProcessingID: "P", Version: "2.3.1",
	})
	b.Segment("EVN", hl7v2.Text(trigger), hl7v2.Text(stamp))
	var ids []hl7v2.Repetition
	for _, id := range p.ids() {
		ids = append(ids, id.Value())
	}
	b.Segment("PID", nil, nil, hl7v2.Repeat(ids...), nil, hl7v2.Composite(p.family, p.given), nil, hl7v2.Text(p.birth), hl7v2.Text(p.sex), nil, nil,
		hl7v2.Composite(p.street, "", p.city, "", p.code, "LU"), nil, hl7v2.Composite(p.phone, "PRN", "PH"))
	return b.Segment("PV1", nil, hl7v2.Text("O")).Bytes()
}

func (p *person) controlID() string {
	if p.control != "" {
		return p.control
	}
	return controlID()
}

func controlID() string { return uuid.NewString()[16:] }

// question is a query of HL7 v2 for this QPD.
func question(trigger string, qpd ...hl7v2.Value) []byte {
	b := hl7v2.NewMessage(hl7v2.Header{
		SendingApplication: hl7v2.HD{Namespace: "BENCH"}, SendingFacility: hl7v2.HD{Namespace: "BENCH"},
		ReceivingApplication: hl7v2.HD{Namespace: "DOSSIER"}, ReceivingFacility: hl7v2.HD{Namespace: "DOSSIER"},
		Time: "20260102030405+0000", Type: "QBP", Trigger: trigger, Structure: "QBP_Q21", ControlID: controlID(), ProcessingID: "P", Version: "2.5",
	})
	b.Segment("QPD", qpd...)
	return b.Segment("RCP", hl7v2.Text("I")).Bytes()
}

// pixQuery is ITI-9.
func (p *person) pixQuery() []byte {
	return question("Q23", hl7v2.Text("IHE PIX Query"), hl7v2.Text(controlID()), p.registered.Value())
}

// demographicsQuery is ITI-21 with these criteria, names and values in turns.
func demographicsQuery(criteria ...string) []byte {
	var all []hl7v2.Repetition
	for i := 0; i < len(criteria); i += 2 {
		all = append(all, hl7v2.Composite("@"+criteria[i], criteria[i+1]))
	}
	return question("Q22", hl7v2.Text("IHE PDQ Query"), hl7v2.Text(controlID()), hl7v2.Repeat(all...))
}

// policy is what the servers whose patient index is measured are configured with (identityConfiguration).
func policy() *pix.Policy {
	domain := func(namespace, oid string) hl7v2.HD {
		return hl7v2.HD{Namespace: namespace, UniversalID: oid, UniversalIDType: "ISO"}
	}
	return &pix.Policy{
		Domains: pix.Domains{{Authority: domain("DEMO", authority), Affinity: true}, {Authority: domain("HOSP", hospital)}},
		Weights: pix.DefaultWeights(), Thresholds: pix.DefaultThresholds(),
	}
}

const identityConfiguration = "domain:\n  namespace: DEMO\npix:\n  domains:\n    - {oid: " + hospital + ", namespace: HOSP}\n"

// feed is what the server makes of adt.
func (p *person) feed(at time.Time) pix.Feed {
	return pix.Feed{
		Event: pix.EventCreate, IDs: p.ids(), Demographics: p.demographics(),
		Origin: pix.Origin{Source: pix.Source{Application: "BENCH", Facility: "BENCH"}, Message: p.controlID(), At: at},
	}
}

// nobody is an index without anybody in it: who is fed there is alone.
type nobody struct{}

func (nobody) Identities(context.Context, []hl7v2.PatientKey) ([]*pix.Identity, error) {
	return nil, nil
}

func (nobody) Group(context.Context, []int64) (*pix.Group, error) { return &pix.Group{}, nil }

func (nobody) Candidates(context.Context, []string, int) ([]*pix.Identity, error) { return nil, nil }

// accepted tells that a message of HL7 v2 acknowledges.
func accepted(answer []byte) bool { return bytes.Contains(answer, []byte("\rMSA|AA|")) }

// finds tells that a message of HL7 v2 has a patient.
func finds(answer []byte) bool { return bytes.Contains(answer, []byte("\rPID|")) }
