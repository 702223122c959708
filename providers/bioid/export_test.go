package bioid

import "github.com/bioenroll/bioenroll/enroll"

// Row is a row of the table, for the test that walks it.
type Row struct {
	Calls   []string
	Status  int
	Kind    enroll.Kind
	Verdict enroll.Verdict
}

// Table returns the table's rows.
func Table() []Row {
	var rows []Row
	for _, r := range table() {
		row := Row{Status: r.status, Kind: r.kind, Verdict: r.verdict}
		for _, c := range r.calls {
			row.Calls = append(row.Calls, string(c))
		}
		rows = append(rows, row)
	}
	return rows
}

// ReadClaims decodes a token and reports whether that worked.
func ReadClaims(token string) bool {
	_, err := readClaims(token)
	return err == nil
}
