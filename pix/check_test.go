package pix

import "testing"

func TestLuxembourg(t *testing.T) {
	t.Parallel()
	c := Luxembourg()
	for id, ok := range map[string]bool{
		"1893120105732":                 true, // published as an example
		"1893120105733":                 false,
		"1893120105742":                 false,
		"1893120105731":                 false,
		"1839120105732":                 false, // two digits exchanged
		"189312010573":                  false,
		"18931201057321":                false,
		"1893120105 32":                 false,
		"189312010573２":                 false,
		"":                              false,
		c.Complete("19800000123"):       true, // month and day unknown
		c.Complete("19800500123"):       true,
		c.Complete("19801300123"):       false,
		c.Complete("19800230123"):       false,
		c.Complete("19800229123"):       true,
		c.Complete("19810229123"):       false,
		"2" + c.Complete("18931201057"): false,
	} {
		if err := c.Verify(id); (err == nil) != ok {
			t.Errorf("%q: %v, want ok %v", id, err, ok)
		}
	}
}

// TestCheckDigitsFindErrors: both find every wrong digit, Verhoeff also every exchange of neighbours.
func TestCheckDigitsFindErrors(t *testing.T) {
	t.Parallel()
	const id = "18931201057"
	for _, a := range []Algorithm{Luhn, Verhoeff} {
		want := a.compute(id)
		for i := range len(id) {
			for d := byte('0'); d <= '9'; d++ {
				if b := []byte(id); d != b[i] {
					b[i] = d
					if a.compute(string(b)) == want {
						t.Errorf("%s: %s has the check digit of %s", a, b, id)
					}
				}
			}
		}
	}
	for i := range len(id) - 1 {
		b := []byte(id)
		if b[i], b[i+1] = b[i+1], b[i]; string(b) != id && Verhoeff.compute(string(b)) == Verhoeff.compute(id) {
			t.Errorf("verhoeff: %s has the check digit of %s", b, id)
		}
	}
	if got := Verhoeff.compute("236"); got != '3' { // the example of Verhoeff's article
		t.Errorf("verhoeff of 236: %c, want 3", got)
	}
	if got := Luhn.compute("7992739871"); got != '3' { // ISO/IEC 7812-1
		t.Errorf("luhn of 7992739871: %c, want 3", got)
	}
}

func TestNoCheck(t *testing.T) {
	t.Parallel()
	if err := (Check{}).Verify("anything at all"); err != nil {
		t.Error(err)
	}
}
