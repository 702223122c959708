package main

const authIDExample = `  starter start authid.enroll --account-number jane --wait
  starter start authid.enroll --account-number jane --transport-type 1 --timeout-seconds 600`

const authIDSelfieExample = `  starter start authid.live-selfie --account-number jane --codeword-file word.txt`

// authIDInputs are those of both authID journeys.
func authIDInputs() []input {
	return []input{
		{"account_number", text, "account number of an existing account (required)"},
		{"codeword", secretFile, "secret codeword shown to the person"},
		{"tag", text, "kept by authID with the operation; the journey's opaque ID unless given"},
		{"timeout_seconds", positive, "how long the person has, in seconds (3600 unless given)"},
		{"transport_type", number, "how the person learns of it: 0 by the hand-over, 1 by SMS, 2 by e-mail"},
	}
}

func authIDSelfieInputs() []input {
	return append(authIDInputs(), input{"attach_credential", truth, "make the selfie the account's credential afterwards"})
}
