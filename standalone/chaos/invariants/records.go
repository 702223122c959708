package invariants

import (
	"fmt"

	"github.com/bioenroll/bioenroll/enroll"
)

// concludedEntry is what the audit trail calls the end of a journey.
const concludedEntry = "concluded"

// recordsAgree: the record has the outcome that callers were told, once.
func recordsAgree(_ Evidence, j Journey) []string {
	r := j.result()
	if r == nil {
		return nil
	}
	if j.Record == nil {
		return []string{"the journey has an outcome and no record"}
	}
	var broken []string
	if j.Record.Result == nil {
		broken = append(broken, fmt.Sprintf("the outcome is %s, and the record has none", r.Outcome))
	} else {
		broken = append(broken, same("the record", *r, *j.Record.Result)...)
	}
	if j.Record.WorkflowID != j.ID || j.Record.Journey != j.Script.Kind {
		broken = append(broken, "the record is another journey's")
	}
	return append(broken, auditAgrees(j, *r)...)
}

func auditAgrees(j Journey, r enroll.Result) []string {
	var broken []string
	concluded, before := 0, int64(-1)
	for _, entry := range j.Audit {
		if entry.Seq <= before {
			broken = append(broken, "the audit trail is out of order")
		}
		before = entry.Seq
		if entry.What == concludedEntry {
			concluded++
		}
	}
	if concluded != 1 {
		broken = append(broken, fmt.Sprintf("the outcome is %s, and the audit trail has it %d times", r.Outcome, concluded))
	}
	return broken
}
