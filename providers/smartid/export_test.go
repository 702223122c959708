package smartid

// EnrollCodes and UnenrollCodes list the codes of the tables, so that a test
// can see that it walks all of them.
func EnrollCodes() []int { return codes(enrollTable()) }

// UnenrollCodes lists the codes of the table of unenroll.
func UnenrollCodes() []int { return codes(unenrollTable()) }

func codes(table []row) []int {
	all := make([]int, len(table))
	for i, r := range table {
		all[i] = r.code
	}
	return all
}
