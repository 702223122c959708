package main

const smartIDExample = `  starter start smartid.enroll --user jane --template-file jane.tpl --pay-load-file jane.json
  starter start smartid.enroll --user jane --template-file jane.tpl --pay-load-file jane.json --over-write true`

const smartIDUnenrollExample = `  starter start smartid.unenroll --user jane`

func smartIDInputs() []input {
	return []input{
		{"user", text, "name of the user (required)"},
		{"template", textFile, "template from the SDK, forwarded byte for byte (required)"},
		{"pay_load", textFile, "payload from the SDK, forwarded byte for byte (required)"},
		{"over_write", text, `"true" replaces an enrollment from before`},
		{"reset", truth, "remove the enrollment there is before enrolling"},
	}
}

func smartIDUnenrollInputs() []input {
	return []input{{"user", text, "name of the user (required)"}}
}
