package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dossier/pix"
)

// identityModel is the index without demographics, as plainly as it can be said: sets of names.
type identityModel struct {
	known map[string]bool
	alias map[string]string // subsumed: survivor
	links map[[2]string]bool
	apart map[[2]string]bool
	order []string // age
}

func both(a, b string) [2]string { return [2]string{min(a, b), max(a, b)} }

// with lists the live ids that are one person with a, on ways that avoid one.
func (m *identityModel) with(a, avoid string) []string {
	out := []string{a}
	for grown := true; grown; {
		grown = false
		for l := range m.links {
			for _, way := range [][2]string{{l[0], l[1]}, {l[1], l[0]}} {
				if slices.Contains(out, way[0]) && way[1] != avoid && !slices.Contains(out, way[1]) {
					out, grown = append(out, way[1]), true
				}
			}
		}
	}
	return out
}

func (m *identityModel) crosses(a, b string) bool {
	left, right := m.with(a, ""), m.with(b, "")
	for p := range m.apart {
		if slices.Contains(left, p[0]) && slices.Contains(right, p[1]) || slices.Contains(left, p[1]) && slices.Contains(right, p[0]) {
			return true
		}
	}
	return false
}

// link reports whether it may be.
func (m *identityModel) link(a, b string) bool {
	if !m.live(a) || !m.live(b) || a == b {
		return false
	}
	apart := m.apart[both(a, b)]
	delete(m.apart, both(a, b))
	if !slices.Contains(m.with(a, ""), b) && m.crosses(a, b) {
		if apart {
			m.apart[both(a, b)] = true
		}
		return false
	}
	m.links[both(a, b)] = true
	return true
}

func (m *identityModel) unlink(a, b string) bool {
	if !m.live(a) || !m.live(b) || a == b {
		return false
	}
	stay := m.with(a, b)
	for l := range m.links {
		if l[0] == b && slices.Contains(stay, l[1]) || l[1] == b && slices.Contains(stay, l[0]) {
			delete(m.links, l)
		}
	}
	m.apart[both(a, b)] = true
	return true
}

func (m *identityModel) merge(to, from string) bool {
	if !m.live(to) || !m.live(from) || to == from || to[0] != from[0] {
		return false
	}
	var handed []string
	for l := range m.links {
		if l[0] == from || l[1] == from {
			delete(m.links, l)
			if o := other(l, from); o != to {
				handed = append(handed, o)
			}
		}
	}
	for p := range m.apart {
		if p[0] == from || p[1] == from {
			delete(m.apart, p)
			if o := other(p, from); o != to {
				m.apart[both(to, o)] = true
			}
		}
	}
	m.alias[from] = to
	slices.SortFunc(handed, m.byAge)
	for _, o := range handed {
		if slices.Contains(m.with(to, ""), o) || !m.crosses(to, o) {
			m.links[both(to, o)] = true
		}
	}
	for p := range m.apart {
		if slices.Contains(m.with(p[0], ""), p[1]) {
			delete(m.apart, p)
		}
	}
	return true
}

func other(p [2]string, x string) string {
	if p[0] == x {
		return p[1]
	}
	return p[0]
}

func (m *identityModel) live(a string) bool { return m.known[a] && m.alias[a] == "" }

func (m *identityModel) byAge(a, b string) int {
	return slices.Index(m.order, a) - slices.Index(m.order, b)
}

// person lists who is one with a, as the index orders it.
func (m *identityModel) person(a string) string {
	if !m.live(a) {
		return ""
	}
	list := m.with(a, "")
	slices.SortFunc(list, func(x, y string) int {
		if d := strings.IndexByte("PABN", x[0]) - strings.IndexByte("PABN", y[0]); d != 0 {
			return d
		}
		return m.byAge(x, y)
	})
	return strings.Join(list, " ")
}

// identitiesAgainstModel plays random changes and compares every person after each of them. All runs share one store.
func identitiesAgainstModel(w *mpi) {
	runs := 0
	w.Run("rapid", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			runs++
			m := &identityModel{known: map[string]bool{}, alias: map[string]string{}, links: map[[2]string]bool{}, apart: map[[2]string]bool{}}
			var names []string
			for _, d := range []string{"P", "A", "B"} {
				for i := range 3 {
					names = append(names, fmt.Sprintf("%s:%d-%d", d, runs, i))
				}
			}
			draw := func(what string) string { return names[rapid.IntRange(0, len(names)-1).Draw(rt, what)] }
			for range rapid.IntRange(1, 25).Draw(rt, "steps") {
				a, b := draw("a"), draw("b")
				var event pix.Event
				want := true
				switch rapid.IntRange(0, 6).Draw(rt, "event") {
				case 0, 1, 2:
					event, b = pix.EventCreate, ""
					if !m.known[a] {
						m.known[a], m.order = true, append(m.order, a)
					}
				case 3, 4:
					event, want = pix.EventLink, m.link(a, b)
				case 5:
					event, want = pix.EventUnlink, m.unlink(a, b)
				default:
					event, want = pix.EventMerge, m.merge(a, b)
				}
				err := w.Apply(context.Background(), feed(event, a, b, pix.Demographics{}))
				if got := refusal(err); (got == "") != want || strings.HasPrefix(got, "not a refusal") {
					rt.Fatalf("%s %s %s: got %v, the model says %v", event, a, b, err, want)
				}
				w.compare(rt, m, names)
			}
		})
	})
}

func (w *mpi) compare(rt *rapid.T, m *identityModel, names []string) {
	ctx := context.Background()
	for _, name := range names {
		got := ""
		if p, err := w.Person(ctx, id(name).Key()); err == nil {
			var list []string
			for _, k := range p.IDs() {
				list = append(list, short(k))
			}
			got = strings.Join(list, " ")
		} else if refusal(err) != "expected an id that is known at id0" {
			rt.Fatal(err)
		}
		if want := m.person(name); got != want {
			rt.Fatalf("%s is %q, the model says %q", name, got, want)
		}
		known, err := w.Patients.PatientKnown(ctx, id(name).Key())
		if err != nil || known != (name[0] == 'P' && m.live(name)) {
			rt.Fatalf("the registry knows %s: %v, %v", name, known, err)
		}
	}
}
