package authid

import (
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// Row is a row of the table, for the test that walks it.
type Row struct {
	Calls   []string
	Status  int
	ID      string
	Says    []string
	Kind    enroll.Kind
	Verdict enroll.Verdict
}

// Table returns the table's rows.
func Table() []Row {
	var rows []Row
	for _, r := range table() {
		row := Row{Status: r.status, ID: r.id, Says: r.says, Kind: r.kind, Verdict: r.verdict}
		for _, c := range r.calls {
			row.Calls = append(row.Calls, string(c))
		}
		rows = append(rows, row)
	}
	return rows
}

// LifeOf reads the date of an access token's end.
func LifeOf(date string, now time.Time) time.Duration { return lifeOf(date, now) }

// AssumedLife is what LifeOf falls back to.
const AssumedLife = assumedLife
