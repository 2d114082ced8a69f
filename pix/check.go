package pix

import "fmt"

// Check says what an id of a domain must look like. The zero Check takes every id.
type Check struct {
	Digits int          // length of an id that is all digits; 0 for any text
	Date   bool         // its first eight digits are a date YYYYMMDD, whose month or day may be 00 for unknown
	Sums   []CheckDigit // the digits that are computed
}

// CheckDigit is one computed digit: the digit at position At, counted from 0, follows from the first Over digits.
type CheckDigit struct {
	Algorithm Algorithm
	Over, At  int
}

// Algorithm names a way to compute a check digit.
type Algorithm string

// The algorithms of check digits.
const (
	Luhn     Algorithm = "luhn"
	Verhoeff Algorithm = "verhoeff"
)

// Luxembourg is the check of the national id of 13 digits, the matricule: birth date, three digits, and two check digits,
// both over the first eleven (règlement grand-ducal of 28 November 2013).
func Luxembourg() Check {
	return Check{Digits: 13, Date: true, Sums: []CheckDigit{{Luhn, 11, 11}, {Verhoeff, 11, 12}}}
}

// Verify returns an error that says what is wrong, without the id; nil when all is well.
func (c Check) Verify(id string) error {
	if c.Digits == 0 {
		return nil
	}
	if len(id) != c.Digits {
		return fmt.Errorf("expected %d digits, got %d characters", c.Digits, len(id))
	}
	for i := range len(id) {
		if id[i] < '0' || id[i] > '9' {
			return fmt.Errorf("expected digits only, got something else at position %d", i+1)
		}
	}
	if c.Date {
		if _, err := ParseBirthDate(id[:8]); err != nil {
			return fmt.Errorf("expected a date in the first eight digits")
		}
	}
	for _, s := range c.Sums {
		if s.Algorithm.compute(id[:s.Over]) != id[s.At] {
			return fmt.Errorf("the %s check digit at position %d does not agree", s.Algorithm, s.At+1)
		}
	}
	return nil
}

// Complete appends the check digits to an id without them, for tests and for tools that make ids.
func (c Check) Complete(id string) string {
	for _, s := range c.Sums {
		id += string(rune(s.Algorithm.compute(id[:s.Over])))
	}
	return id
}

// compute gives the check digit of a text of digits.
func (a Algorithm) compute(digits string) byte {
	switch a {
	case Luhn:
		return luhn(digits)
	case Verhoeff:
		return verhoeff(digits)
	}
	return 0
}

func luhn(digits string) byte {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return byte('0' + (10-sum%10)%10)
}

// verhoeff computes in the dihedral group of order ten (J. Verhoeff, Error Detecting Decimal Codes, 1969).
func verhoeff(digits string) byte {
	c := 0
	for i := range len(digits) {
		c = dihedral(c, permute(i+1, int(digits[len(digits)-1-i]-'0')))
	}
	for inverse := range 10 {
		if dihedral(c, inverse) == 0 {
			return byte('0' + inverse)
		}
	}
	return 0
}

// dihedral multiplies: 0 to 4 are rotations of a pentagon, 5 to 9 reflections.
func dihedral(a, b int) int {
	switch {
	case a < 5 && b < 5:
		return (a + b) % 5
	case a < 5:
		return (a+b-5)%5 + 5
	case b < 5:
		return (a-5-b+5)%5 + 5
	}
	return (a - b + 5) % 5
}

// permute applies Verhoeff's permutation n times.
func permute(n, d int) int {
	for range n % 8 {
		d = int("1576283094"[d] - '0')
	}
	return d
}
