package pix

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"dossier/hl7v2"
)

// A synthetic population: nobody in it exists. Family names are put together from syllables in the manner of the languages
// spoken in Luxembourg, given names are drawn from a list; how often each occurs falls off as in real populations.

var syllables = []struct{ first, last []string }{
	{[]string{"Schnei", "Web", "Wag", "Mül", "Hoff", "Kie", "Rei", "Thill", "Wei", "Zim", "Bau", "Stei", "Krä", "Grö", "Bött", "Hüb"},
		[]string{"der", "er", "ner", "ler", "mann", "fer", "ßer", "meyer", "s", "mer", "n", "nert", "bach", "berg", "ing", "inger"}},
	{[]string{"Du", "La", "Mo", "Be", "Le", "Mar", "Ro", "Gé", "Bon", "Char", "Fou", "Pel", "Gi", "Lefè", "Beau", "Tho"},
		[]string{"pont", "croix", "reau", "noît", "grand", "tin", "ussel", "rard", "net", "pentier", "cault", "letier", "raud", "vre", "champ", "mas"}},
	{[]string{"Fer", "Sil", "Per", "Oli", "Car", "Gon", "Mar", "Lo", "Al", "Ri", "Gou", "Nu", "Ro", "Men", "Tei", "Pin"},
		[]string{"reira", "va", "veira", "valho", "çalves", "tins", "pes", "meida", "beiro", "veia", "nes", "drigues", "des", "xeira", "to", "galhães"}},
	{[]string{"Schmi", "Kre", "Mei", "Hoff", "Di", "Fel", "Wel", "Ber", "Kay", "Hil", "Jung", "Pau", "Ries", "Schil", "Bis", "Thei"},
		[]string{"t", "cké", "sch", "s", "ederich", "ten", "ter", "gem", "ser", "bert", "els", "ly", "dorff", "tz", "dels", "sen"}},
}

var givens = map[string][]string{
	"F": strings.Fields("Maria Anna Marie Sophie Léa Emma Julie Zoé Chloé Camille Inès Lena Laura Sara Nathalie Catherine Christiane Monique Martine Françoise Danielle Josée Margot Astrid Ursula Gisela Heike Birgit Jutta Käthe Renate Ingrid Fernanda Conceição Fátima Rosa Ana Beatriz Carla Sónia Patrícia Inês Mariana Joana Teresa Lurdes Isabel Helena Susana Paula Cristina Vera Lynn Lara Mia Nora Elisa Alice Charlotte Jeanne Louise Clara Eva Hélène Véronique Sandrine Sylvie Valérie Brigitte Nicole Simone Yvonne Odette Irène Marguerite Cécile Denise Josette Mariette Germaine Léonie Viviane"),
	"M": strings.Fields("Jean Pierre Paul Michel Luc Marc Nicolas Joseph Claude Guy François René André Roger Robert Camille Émile Henri Louis Hubert Fernand Romain Marcel Aloyse Jos Mathias Théo Noah Léo Hugo Tom Tim Ben Max Felix Jürgen Günther Jörg Uwe Klaus Wolfgang Rainer Dieter Manfred Horst Helmut João José António Manuel Carlos Luís Rui Nuno Tiago Diogo Miguel Pedro Fernando Joaquim Sérgio Ricardo Bruno Hélder Vítor Philippe Thierry Patrick Christophe Laurent Stéphane Olivier Frédéric Gilles Yves Serge Alain Gérard Bernard Charles Georges Raymond Norbert Edmond Sven Kevin David Daniel Alex Mike Steve Raphaël Gabriel"),
}

// person is what is true; a record is what a source wrote down of it.
type person struct {
	number               int
	family, given, other string
	maiden               string
	sex, birth           string
	street, postcode     string
	city, phone          string
	twin                 bool
}

type written struct {
	person int
	domain string
	Demographics
}

type generator struct {
	*rand.Rand
	number int
}

// zipf draws an index below n, small ones more often.
func (g *generator) zipf(n int) int {
	x := g.Float64()
	return int(float64(n) * x * x * x)
}

func (g *generator) family() string {
	group := syllables[g.zipf(len(syllables))]
	name := group.first[g.zipf(len(group.first))] + group.last[g.zipf(len(group.last))]
	switch {
	case g.chance(0.05):
		return []string{"da ", "dos ", "de ", "van ", "von ", "Le "}[g.IntN(6)] + name
	case g.chance(0.08):
		return name + "-" + g.simple()
	}
	return name
}

func (g *generator) simple() string {
	group := syllables[g.IntN(len(syllables))]
	return group.first[g.IntN(len(group.first))] + group.last[g.IntN(len(group.last))]
}

func (g *generator) chance(p float64) bool { return g.Float64() < p }

func (g *generator) given(sex string) string {
	list := givens[sex]
	return list[g.zipf(len(list))]
}

func (g *generator) birth(from, years int) string {
	return fmt.Sprintf("%04d%02d%02d", from+g.IntN(years), 1+g.IntN(12), 1+g.IntN(28))
}

func (g *generator) person() person {
	g.number++
	p := person{number: g.number, family: g.family(), birth: g.birth(1930, 90), sex: []string{"F", "M"}[g.IntN(2)]}
	p.given = g.given(p.sex)
	if g.chance(0.25) {
		p.other = g.given(p.sex)
	}
	p.maiden = g.family()
	g.move(&p)
	p.phone = g.newPhone()
	return p
}

func (g *generator) move(p *person) {
	p.street = fmt.Sprintf("%d %s %s", 1+g.IntN(120), []string{"Rue", "Avenue", "Rue de", "Am", "Route de", "Cité"}[g.IntN(6)], g.simple())
	p.postcode = fmt.Sprintf("%04d", 1000+g.IntN(900)*10)
	p.city = g.simple()
}

func (g *generator) newPhone() string {
	return fmt.Sprintf("+352 6%d1 %06d", []int{2, 6, 9}[g.IntN(3)], g.IntN(1000000))
}

// household makes people that share much: twins, siblings, parents with children of their name.
func (g *generator) household() []person {
	p := g.person()
	out := []person{p}
	relative := func(change func(*person)) {
		g.number++
		q := p
		q.number, q.other = g.number, ""
		change(&q)
		out = append(out, q)
	}
	x := g.Float64()
	switch {
	case x < 0.02: // twins; a few with names alike
		out[0].twin = true
		relative(func(q *person) {
			q.sex = []string{"F", "M"}[g.IntN(2)]
			for q.given = g.given(q.sex); q.given == p.given; q.given = g.given(q.sex) {
			}
			if g.chance(0.1) && len(p.given) > 3 {
				q.given = p.given[:len(p.given)-1] + []string{"ott", "ette", "ine", "y"}[g.IntN(4)]
			}
			q.twin = true
		})
	case x < 0.12: // siblings
		relative(func(q *person) {
			q.birth = fmt.Sprintf("%04d", atoi(p.birth[:4])+1+g.IntN(5)) + g.birth(2000, 1)[4:]
			q.sex = []string{"F", "M"}[g.IntN(2)]
			q.given = g.given(q.sex)
		})
	case x < 0.14: // father and son of one name under one roof
		relative(func(q *person) {
			q.birth = fmt.Sprintf("%04d", atoi(p.birth[:4])+20+g.IntN(20)) + g.birth(2000, 1)[4:]
			q.maiden = g.family()
		})
	case x < 0.3: // a couple
		relative(func(q *person) {
			q.birth, q.maiden = g.birth(atoi(p.birth[:4])-3, 6), g.family()
			if q.sex == "M" {
				q.sex = "F"
			} else {
				q.sex = "M"
			}
			q.given = g.given(q.sex)
		})
	}
	return out
}

func atoi(s string) (n int) {
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// write gives the record of a first source, as it should be.
func (g *generator) write(p person) written {
	d := Demographics{
		Names: []Name{{Family: p.family, Given: p.given, Second: p.other}}, BirthDate: hl7v2.DTM(p.birth), Sex: p.sex,
		Addresses: []Address{{Street: p.street, Postcode: p.postcode, City: p.city, Country: "LU"}},
		Phones:    []Phone{{Number: p.phone}},
	}
	if g.chance(0.4) {
		d.MothersMaiden = []Name{{Family: p.maiden}}
	}
	if p.twin && g.chance(0.5) {
		d.MultipleBirth = "Y"
	}
	return written{person: p.number, domain: "A", Demographics: d}
}

// again gives the record of a second source, with what happens to records.
func (g *generator) again(p person) written {
	if g.chance(0.2) {
		g.move(&p)
	}
	if g.chance(0.2) {
		p.phone = g.newPhone()
	}
	if p.sex == "F" && g.chance(0.04) {
		p.family = g.family()
	}
	w := g.write(p)
	w.domain = "B"
	n := &w.Names[0]
	if g.chance(0.1) {
		n.Family, n.Given = spelled.Replace(n.Family), spelled.Replace(n.Given)
	}
	if g.chance(0.1) {
		n.Family, n.Given = strings.ToUpper(fold(n.Family)), strings.ToUpper(fold(n.Given))
	}
	if first, _, double := strings.Cut(n.Family, "-"); double && g.chance(0.3) {
		n.Family = first
	}
	if n.Second != "" && g.chance(0.4) {
		n.Second = ""
	}
	if g.chance(0.05) {
		n.Family = g.typo(n.Family)
	}
	if g.chance(0.05) {
		n.Given = g.typo(n.Given)
	}
	if g.chance(0.015) {
		n.Family, n.Given = n.Given, n.Family
	}
	w.BirthDate = g.misread(w.BirthDate)
	if g.chance(0.03) {
		w.Sex = "U"
	}
	if g.chance(0.005) {
		w.Sex = map[string]string{"F": "M", "M": "F", "U": "U"}[w.Sex]
	}
	if g.chance(0.1) {
		w.Addresses = nil
	} else if g.chance(0.08) {
		w.Addresses[0].Street = g.typo(w.Addresses[0].Street)
	}
	if g.chance(0.25) {
		w.Phones = nil
	}
	return w
}

var spelled = strings.NewReplacer("ü", "ue", "ö", "oe", "ä", "ae", "ß", "ss", "é", "e", "è", "e", "ç", "c", "ã", "a")

func (g *generator) misread(d hl7v2.DTM) hl7v2.DTM {
	b := []byte(d)
	switch x := g.Float64(); {
	case x < 0.01 && string(b[6:8]) <= "12":
		b[4], b[5], b[6], b[7] = b[6], b[7], b[4], b[5]
	case x < 0.025:
		i := []int{2, 3, 5, 7}[g.IntN(4)]
		b[i] = byte('1' + g.IntN(9))
	case x < 0.035:
		b = b[:4]
	case x < 0.05:
		return ""
	}
	return hl7v2.DTM(b)
}

// typo changes, drops, doubles or swaps one letter.
func (g *generator) typo(s string) string {
	r := []rune(s)
	if len(r) < 3 {
		return s
	}
	i := 1 + g.IntN(len(r)-2)
	switch g.IntN(4) {
	case 0:
		r[i] = rune('a' + g.IntN(26))
	case 1:
		r = append(r[:i], r[i+1:]...)
	case 2:
		r = append(r[:i+1], r[i:]...)
	default:
		r[i], r[i+1] = r[i+1], r[i]
	}
	return string(r)
}

// population gives n records; a quarter of them are second records of somebody.
func population(seed uint64, n int) []written {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 4))}
	var out []written
	for len(out) < n {
		for _, p := range g.household() {
			out = append(out, g.write(p))
			if g.chance(0.34) {
				out = append(out, g.again(p))
			}
		}
	}
	return out[:n]
}
