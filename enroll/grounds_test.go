package enroll_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

// refusals returns what a request's check says of its grounds, by field.
func refusals(t *testing.T, err error) map[string]string {
	t.Helper()
	said := map[string]string{}
	if refused, ok := errors.AsType[*enroll.InputError](err); ok {
		for _, field := range refused.Fields {
			if field.Field == "consent" || field.Field == "upstream" {
				said[field.Field] = field.Given
			}
		}
	}
	return said
}

// requests returns one request of each kind with these grounds.
func requests(g enroll.Grounds) map[enroll.Journey]interface{ Check(enroll.Limits) error } {
	return map[enroll.Journey]interface{ Check(enroll.Limits) error }{
		enroll.AuthIDEnroll:      enroll.AuthIDEnrollment{Grounds: g},
		enroll.AuthIDSelfie:      enroll.AuthIDLiveSelfie{Grounds: g},
		enroll.BioIDEnroll:       enroll.BioIDEnrollment{Grounds: g},
		enroll.SmartIDEnroll:     enroll.SmartIDEnrollment{Grounds: g},
		enroll.SmartIDUnenroll:   enroll.SmartIDUnenrollment{Grounds: g},
		enroll.IProovPhotoEnroll: enroll.IProovPhotoEnrollment{Grounds: g},
	}
}

func TestGrounds(t *testing.T) {
	usual, strict := enroll.DefaultLimits(), enroll.DefaultLimits()
	strict.RequireConsent, strict.RequireUpstream = true, true
	require.Len(t, requests(enroll.Grounds{}), len(enroll.Catalogue()))

	t.Run("are_optional_unless_a_setting_says_otherwise", func(t *testing.T) {
		for journey, request := range requests(enroll.Grounds{}) {
			require.Empty(t, refusals(t, request.Check(usual)), journey)
		}
	})
	t.Run("can_be_required_of_everything_but_a_removal", func(t *testing.T) {
		for journey, request := range requests(enroll.Grounds{}) {
			want := map[string]string{"consent": "nothing", "upstream": "nothing"}
			if journey == enroll.SmartIDUnenroll {
				want = map[string]string{}
			}
			require.Equal(t, want, refusals(t, request.Check(strict)), journey)
		}
	})
	t.Run("are_bounded_text_everywhere", func(t *testing.T) {
		for journey, request := range requests(enroll.Grounds{Consent: strings.Repeat("x", 257), Upstream: "a\nb"}) {
			require.Equal(t, map[string]string{"consent": "257 bytes", "upstream": "text with a control character"},
				refusals(t, request.Check(usual)), journey)
		}
	})
	t.Run("are_accepted_when_they_are_references", func(t *testing.T) {
		for journey, request := range requests(enroll.Grounds{Consent: "consent-4711", Upstream: "ident/2026-11-21/17"}) {
			require.Empty(t, refusals(t, request.Check(strict)), journey)
		}
	})
}
