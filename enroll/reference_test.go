package enroll_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

func TestReferenced(t *testing.T) {
	for _, row := range []struct {
		name      string
		reference enroll.Secret
		given     string
	}{
		{"may_be_left_out", "", ""},
		{"may_be_in_any_script", "Żądanie 17", ""},
		{"has_up_to_200_characters", enroll.Secret(strings.Repeat("Ż", 200)), ""},
		{"has_no_more_than_200_characters", enroll.Secret(strings.Repeat("x", 201)), "201 characters"},
		{"has_no_control_characters", "case\n17", "text with a control character"},
		{"is_utf_8", "case \xff", "text that is not UTF-8"},
	} {
		t.Run(row.name, func(t *testing.T) {
			called := enroll.Referenced{Reference: row.reference}
			for journey, request := range map[enroll.Journey]interface {
				Check(limits enroll.Limits) error
			}{
				enroll.AuthIDEnroll:      enroll.AuthIDEnrollment{Referenced: called},
				enroll.AuthIDSelfie:      enroll.AuthIDLiveSelfie{Referenced: called},
				enroll.BioIDEnroll:       enroll.BioIDEnrollment{Referenced: called},
				enroll.SmartIDEnroll:     enroll.SmartIDEnrollment{Referenced: called},
				enroll.SmartIDUnenroll:   enroll.SmartIDUnenrollment{Referenced: called},
				enroll.IProovPhotoEnroll: enroll.IProovPhotoEnrollment{Referenced: called},
			} {
				err := request.Check(enroll.DefaultLimits())
				require.Equal(t, row.given, refusedReference(err), journey)
				if row.given != "" {
					require.NotContains(t, err.Error(), row.reference.Reveal())
				}
			}
			require.Equal(t, row.given, refusedReference(enroll.CheckReference(row.reference)))
		})
	}
}

// refusedReference returns what a check says was given as a reference.
func refusedReference(err error) string {
	if refused, ok := errors.AsType[*enroll.InputError](err); ok {
		for _, field := range refused.Fields {
			if field.Field == "reference" {
				return field.Given
			}
		}
	}
	return ""
}
