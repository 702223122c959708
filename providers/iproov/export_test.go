package iproov

// TableCodes lists the error constants of the table, so that a test can see
// that it walks all of them.
func TableCodes() []string {
	var codes []string
	for _, r := range table() {
		if r.code != anyCode {
			codes = append(codes, r.code)
		}
	}
	return codes
}
