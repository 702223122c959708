package main

const iProovExample = `  starter start iproov.photo-enroll --user-id jane --image jane.png --source selfie
  starter start iproov.photo-enroll --image chip.jp2 --source eid --assurance-type liveness --json`

func iProovInputs() []input {
	return []input{
		{"user_id", text, "name of the person at iProov; an opaque one is generated unless given"},
		{"image", bytesFile, "trusted photo: PNG, JPEG or JPEG 2000, up to 2 MB (required)"},
		{"source", text, "where the photo comes from: eid, oid or selfie (required)"},
		{"assurance_type", text, "genuine_presence or liveness (genuine_presence unless given)"},
		{"client", text, "User-Agent of the person's device; a hint may bring it later"},
		{"timeout_seconds", positive, "how long the journey waits for the person, in seconds (900 unless given)"},
	}
}
