package enroll

// Grounds are what an enrollment relies on, for whoever asks later why a
// person's biometrics were processed. Both are references into the caller's own
// systems, such as the number of a consent form. They are kept in the record for
// as long as there is one, also after it was emptied of everything personal, so
// they must hold nothing that tells who the person is.
//
// A setting can make either required of the journeys that enroll. A removal
// needs neither.
type Grounds struct {
	// Consent names the person's consent: 1 to 256 bytes without control
	// characters; optional unless a setting requires it.
	Consent string `json:"consent,omitempty"`
	// Upstream names the check that was passed before, such as the reading of an
	// identity document: 1 to 256 bytes without control characters; optional
	// unless a setting requires it.
	Upstream string `json:"upstream,omitempty"`
}

// ReliesOn returns the grounds of a request.
func (g Grounds) ReliesOn() Grounds { return g }

// grounds refuses references of another form, and missing ones that are
// required.
func (c *checker) grounds(g Grounds, limits Limits) {
	for _, reference := range []struct {
		field, value string
		required     bool
	}{
		{"consent", g.Consent, limits.RequireConsent},
		{"upstream", g.Upstream, limits.RequireUpstream},
	} {
		if reference.value != "" || reference.required {
			c.name(reference.field, reference.value)
		}
	}
}
