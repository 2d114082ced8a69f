package manager

import (
	"slices"
	"strings"
	"testing"

	"dossier/hl7v2"
	"dossier/pix"
)

// TestDeleteValue: "" in a field that is kept asks to delete it, and nothing else (HL7 v2.5 2.5.3).
func TestDeleteValue(t *testing.T) {
	t.Parallel()
	want := map[int]pix.Trait{
		5: pix.TraitNames, 6: pix.TraitMothersMaiden, 7: pix.TraitBirthDate, 8: pix.TraitSex, 11: pix.TraitAddresses, 13: pix.TraitPhones,
		14: pix.TraitWorkPhones, 18: pix.TraitAccount, 19: pix.TraitNational, 24: pix.TraitMultipleBirth, 25: pix.TraitBirthOrder,
		32: pix.TraitIdentityReliable,
	}
	for n := 4; n < 40; n++ {
		msg, err := hl7v2.ParseMessage([]byte("MSH|^~\\&|\rPID" + strings.Repeat("|", n) + `""`))
		if err != nil {
			t.Fatal(err)
		}
		var f pix.Feed
		if err := readPID(msg.Segment("PID"), &f); err != nil {
			t.Errorf("PID-%d: %v", n, err)
		}
		var traits []pix.Trait
		if want[n] != "" {
			traits = append(traits, want[n])
		}
		if !slices.Equal(f.Delete, traits) {
			t.Errorf("PID-%d: deletes %q, want %q", n, f.Delete, traits)
		}
	}
}
