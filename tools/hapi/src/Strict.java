import java.util.ArrayList;
import java.util.List;

import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.model.Group;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.model.Segment;
import ca.uhn.hl7v2.model.Structure;
import ca.uhn.hl7v2.model.Type;

/** What HAPI's structure classes know and its parser does not ask: required segments and fields, repetitions, lengths. */
final class Strict {
    private final List<String> found = new ArrayList<>();

    static List<String> problems(Message m) throws HL7Exception {
        Strict s = new Strict();
        s.group(m, m.getName());
        return s.found;
    }

    private void group(Group g, String path) throws HL7Exception {
        for (String name : g.getNames()) {
            Structure[] all = g.getAll(name);
            int there = 0;
            for (Structure x : all) {
                if (x.isEmpty()) {
                    continue;
                }
                there++;
                if (x instanceof Group) {
                    group((Group) x, path + "/" + name);
                } else {
                    segment((Segment) x, path + "/" + name);
                }
            }
            if (there == 0 && g.isRequired(name)) {
                found.add(path + "/" + name + " is required");
            }
            if (there > 1 && !g.isRepeating(name)) {
                found.add(path + "/" + name + " does not repeat, found " + there);
            }
        }
    }

    private void segment(Segment s, String path) throws HL7Exception {
        boolean own = path.endsWith("QPD"); // its fields are what the query says (HL7 v2.5 5.5.4), IHE repeats QPD-3
        for (int n = 1; n <= s.numFields(); n++) {
            if (path.endsWith("MSH") && n < 3) {
                continue;
            }
            Type[] all = s.getField(n);
            String at = path + "-" + n;
            boolean empty = true;
            for (Type t : all) {
                empty &= t.isEmpty();
                if (s.getLength(n) > 0 && !own && t.encode().length() > s.getLength(n)) {
                    found.add(at + " is longer than " + s.getLength(n));
                }
            }
            if (empty && s.isRequired(n)) {
                found.add(at + " is required");
            }
            int most = s.getMaxCardinality(n);
            if (most > 0 && !own && all.length > most) {
                found.add(at + " occurs at most " + most + " times, found " + all.length);
            }
        }
    }
}
