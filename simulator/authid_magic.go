package simulator

import (
	"slices"
	"time"
)

// authIDScript is what authID does for a magic subject.
type authIDScript struct {
	missing    bool // the account does not exist
	credential bool // the account has a credential from before
	noContact  bool // the account has neither phone nor e-mail
	user       string
	reason     string        // of a user who fails
	status     int           // reported for ever once the user has acted
	expires    time.Duration // replaces the Timeout asked for
	purged     bool          // the selfie is gone as soon as it is taken
}

// account returns the account of a magic subject as it is before its journey.
func (sc authIDScript) account(t *txn, number string) authIDAccount {
	account := authIDAccount{Body: authIDAccountBody{AccountNumber: number, DisplayName: number, Enabled: true}}
	if !sc.noContact {
		account.Body.PhoneNumber, account.Body.Email = "+15550100", number+"@example.com"
	}
	if sc.credential {
		account.Credential = &authIDCredential{ExternalID: "magic-" + number, OperationID: "before", CreatedAt: t.now}
	}
	return account
}

const (
	authIDSoon = 1500 * time.Millisecond
	// authIDShortest is the shortest Timeout a journey takes unless a setting allows less.
	authIDShortest = 30
)

// authIDMagic is authID's table of magic subjects.
func authIDMagic() []Magic {
	rows := slices.Concat(
		authIDUserRows("authid.enroll", "magic-enroll-", "enrolled"),
		authIDEnrollRows(),
		authIDTransportRows(),
		authIDTroubleRows("authid.enroll", "magic-enroll-", "enrolled"),
		authIDUserRows("authid.live-selfie", "magic-selfie-", "captured"),
		authIDSelfieRows(),
		authIDTroubleRows("authid.live-selfie", "magic-selfie-", "captured"),
	)
	for i := range rows {
		rows[i].Provider = authIDName
	}
	return rows
}

// authIDUserRows are the ends that the person or the operation itself brings about.
func authIDUserRows(journey, prefix, success string) []Magic {
	failing := func(reason string) authIDScript { return authIDScript{user: userFails, reason: reason} }
	rows := []Magic{
		{Subject: "accepted", Forces: "status 1: the person completes", Outcome: success, script: authIDScript{user: userCompletes}},
		{
			Subject: "biometry-failed", Forces: "status 2, not authorized: biometry failed",
			Outcome: "rejected", Reason: "biometry_failed", CanRetry: true, script: failing("biometry_failed"),
		},
		{
			Subject: "liveness-failed", Forces: "status 2, not authorized: liveness failed",
			Outcome: "rejected", Reason: "liveness_failed", CanRetry: true, script: failing("liveness_failed"),
		},
		{
			Subject: "both-failed", Forces: "status 2, not authorized: biometry and liveness failed",
			Outcome: "rejected", Reason: "biometry_and_liveness_failed", CanRetry: true, script: failing("biometry_and_liveness_failed"),
		},
		{
			Subject: "declined", Forces: "status 2: the person declines",
			Outcome: "rejected", Reason: "declined", CanRetry: true, script: failing("declined"),
		},
		{
			Subject: "expired", Forces: "status 3 after 1.5 s, whatever the Timeout",
			Outcome: "expired", Reason: "timeout", CanRetry: true, script: authIDScript{expires: authIDSoon},
		},
		{
			Subject: "error", Forces: "status 4",
			Outcome: "failed", Reason: "provider_error", CanRetry: true, script: failing("error"),
		},
		{
			Subject: "canceled", Forces: "status 5: canceled through the API by somebody else",
			Outcome: "canceled", Reason: "canceled_by_provider", CanRetry: true, script: failing("canceled"),
		},
		{
			Subject: "walk-away", Forces: "status 0 until the Timeout asked for, then 3",
			Outcome: "expired", Reason: "timeout", CanRetry: true, Inputs: map[string]any{"timeout_seconds": authIDShortest},
			script: authIDScript{user: userWalksAway},
		},
		{
			Subject: "unknown-status", Forces: "status 9, which no page names, for ever",
			Outcome: "unknown", Reason: "unknown_status", Inputs: map[string]any{"timeout_seconds": authIDShortest},
			Notes:  "the person did complete: the account has its credential, or the selfie is there",
			script: authIDScript{user: userCompletes, status: 9},
		},
		{
			Subject: "no-account", Forces: "the account does not exist: 200 with null",
			Outcome: "rejected", Reason: "account_not_found", script: authIDScript{missing: true},
		},
	}
	return authIDNamed(rows, journey, prefix)
}

func authIDNamed(rows []Magic, journey, prefix string) []Magic {
	for i := range rows {
		rows[i].Journey, rows[i].Subject = journey, prefix+rows[i].Subject
	}
	return rows
}

// authIDEnrollRows are those that only enrollment has.
func authIDEnrollRows() []Magic {
	rows := []Magic{
		{
			Subject: "has-credential", Forces: "409 on create: the account has a credential",
			Outcome: "already_enrolled", Reason: "credential_exists", script: authIDScript{credential: true},
		},
	}
	return authIDNamed(rows, "authid.enroll", "magic-enroll-")
}

// authIDTransportRows are the out-of-band ones.
func authIDTransportRows() []Magic {
	completes := authIDScript{user: userCompletes}
	sms, email := map[string]any{"transport_type": authIDSMS}, map[string]any{"transport_type": authIDEmail}
	rows := []Magic{
		{Subject: "sms", Forces: "the person completes from an SMS", Outcome: "enrolled", Inputs: sms, script: completes},
		{Subject: "email", Forces: "the person completes from an e-mail", Outcome: "enrolled", Inputs: email, script: completes},
		{
			Subject: "no-phone", Forces: "400 on create: no phone number", Outcome: "rejected", Reason: "contact_missing",
			Inputs: sms, script: authIDScript{noContact: true},
		},
		{
			Subject: "no-email", Forces: "400 on create: no e-mail address", Outcome: "rejected", Reason: "contact_missing",
			Inputs: email, script: authIDScript{noContact: true},
		},
		{
			Subject: "sms-lost", Forces: "the message is sent, then the answer to create is lost", Outcome: "unknown", Reason: "lost_answer",
			Inputs: sms, Notes: "the person completes all the same: the account has its credential; one message is sent",
			script: completes, faults: []Fault{alwaysAt("authid.create_operation", Fault{Kind: spoilResetAfter})},
		},
	}
	return authIDNamed(rows, "authid.enroll", "magic-enroll-")
}

// authIDSelfieRows are those that only the live selfie has.
func authIDSelfieRows() []Magic {
	completes := authIDScript{user: userCompletes}
	attach := map[string]any{"attach_credential": true}
	rows := []Magic{
		{
			Subject: "has-credential", Forces: "status 1 for an account that has a credential",
			Outcome: "captured", script: authIDScript{credential: true, user: userCompletes},
		},
		{
			Subject: "attach", Forces: "status 1, then the selfie becomes the credential",
			Outcome: "captured", Inputs: attach, script: completes,
		},
		{
			Subject: "attach-refused", Forces: "status 1, then 409: the account has a credential",
			Outcome: "captured", Inputs: attach, script: authIDScript{credential: true, user: userCompletes},
			Notes: "the result says that the selfie was not attached",
		},
		{
			Subject: "attach-purged", Forces: "status 1, then 404: the selfie has been purged",
			Outcome: "captured", Inputs: attach, script: authIDScript{user: userCompletes, purged: true},
			Notes: "the result says that the selfie was not attached",
		},
		{
			Subject: "reference-down", Forces: "status 1, then 500 once on the selfie reference",
			Outcome: "captured", script: completes,
			faults: []Fault{onceAt("authid.read_selfie", Fault{Kind: fault500})},
		},
	}
	return authIDNamed(rows, "authid.live-selfie", "magic-selfie-")
}

// authIDTroubleRows are technical trouble on the way, most of which a journey outlives.
func authIDTroubleRows(journey, prefix, success string) []Magic {
	const read, create, status = "authid.read_account", "authid.create_operation", "authid.status"
	rows := []Magic{
		{Subject: "stale-token", Forces: "401 once: the access token is stale", Outcome: success, faults: []Fault{onceAt(read, Fault{Kind: faultStatus, Status: 401})}},
		{
			Subject: "credentials-refused", Forces: "401 always, with fresh tokens too", Outcome: "failed", Reason: "credentials_refused",
			faults: []Fault{alwaysAt(read, Fault{Kind: faultStatus, Status: 401})},
		},
		{
			Subject: "request-refused", Forces: "400 on create", Outcome: "failed", Reason: "request_refused",
			faults: []Fault{alwaysAt(create, Fault{Kind: faultStatus, Status: 400})},
		},
		{Subject: "throttled-once", Forces: "429 once on create, Retry-After 1", Outcome: success, faults: []Fault{onceAt(create, Fault{Kind: fault429, RetryAfterS: 1})}},
		{
			Subject: "throttled", Forces: "429 always on create", Outcome: "failed", Reason: "provider_unavailable", CanRetry: true,
			faults: []Fault{alwaysAt(create, Fault{Kind: fault429, RetryAfterS: 1})},
		},
		{Subject: "down-once", Forces: "500 once on create", Outcome: success, faults: []Fault{onceAt(create, Fault{Kind: fault500})}},
		{
			Subject: "down", Forces: "500 always on create", Outcome: "failed", Reason: "provider_unavailable", CanRetry: true,
			faults: []Fault{alwaysAt(create, Fault{Kind: fault500})},
		},
		{Subject: "reset-before", Forces: "the connection is reset once before create is read", Outcome: success, faults: []Fault{onceAt(create, Fault{Kind: spoilResetBefore})}},
		{
			Subject: "lost-create", Forces: "the operation is made, then the first answer to create is lost", Outcome: success,
			Notes: "two operations exist; the person sees the second", faults: []Fault{onceAt(create, Fault{Kind: spoilResetAfter})},
		},
		{Subject: "garbled-create", Forces: "the first answer to create cannot be read", Outcome: success, faults: []Fault{onceAt(create, Fault{Kind: spoilGarbage})}},
		{Subject: "garbled-status", Forces: "the first answer to status cannot be read", Outcome: success, faults: []Fault{inJourneyAt(status, 1, Fault{Kind: spoilGarbage})}},
		{Subject: "broken-status", Forces: "the first answer to status breaks off", Outcome: success, faults: []Fault{inJourneyAt(status, 1, Fault{Kind: spoilHalfBody})}},
		{Subject: "status-down", Forces: "500 twice on status", Outcome: success, faults: []Fault{inJourneyAt(status, 2, Fault{Kind: fault500})}},
		{
			Subject: "slow", Forces: "the answers to create come after 1 s", Outcome: success,
			faults: []Fault{alwaysAt(create, Fault{Kind: spoilDelay, DelayMS: slowMS})},
		},
	}
	for i := range rows {
		rows[i].script = authIDScript{user: userCompletes}
	}
	return authIDNamed(rows, journey, prefix)
}
