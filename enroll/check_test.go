package enroll_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

type checked interface {
	Journey() enroll.Journey
	Check(limits enroll.Limits) error
}

// face is content that nobody opens.
var face = enroll.File("face.png")

func authID(change func(*enroll.AuthIDEnrollment)) checked {
	r := enroll.AuthIDEnrollment{AuthIDOperationRequest: enroll.AuthIDOperationRequest{AccountNumber: "A"}}
	r.Normalize()
	change(&r)
	return r
}

func bioID(change func(*enroll.BioIDEnrollment)) checked {
	r := enroll.BioIDEnrollment{BCID: "bws.1.42"}
	r.Normalize()
	change(&r)
	return r
}

func smartID(change func(*enroll.SmartIDEnrollment)) checked {
	r := enroll.SmartIDEnrollment{User: "u", Template: "t", PayLoad: "p"}
	change(&r)
	return r
}

func iproov(change func(*enroll.IProovPhotoEnrollment)) checked {
	r := enroll.IProovPhotoEnrollment{UserID: "u", Image: face, Source: enroll.SourceEID}
	r.Normalize()
	change(&r)
	return r
}

func TestCheck_refuses(t *testing.T) {
	off := false
	for name, test := range map[string]struct {
		request checked
		field   string
	}{
		"no_account_number":             {authID(func(r *enroll.AuthIDEnrollment) { r.AccountNumber = "" }), "account_number"},
		"a_timeout_below_its_bound":     {authID(func(r *enroll.AuthIDEnrollment) { r.TimeoutSeconds = 1 }), "timeout_seconds"},
		"a_timeout_above_its_bound":     {authID(func(r *enroll.AuthIDEnrollment) { r.TimeoutSeconds = 90_000 }), "timeout_seconds"},
		"transport_type_3":              {authID(func(r *enroll.AuthIDEnrollment) { r.TransportType = 3 }), "transport_type"},
		"a_negative_transport_type":     {authID(func(r *enroll.AuthIDEnrollment) { r.TransportType = -1 }), "transport_type"},
		"a_bcid_without_partition":      {bioID(func(r *enroll.BioIDEnrollment) { r.BCID = "bws.42" }), "bcid"},
		"a_bcid_with_letters_for_class": {bioID(func(r *enroll.BioIDEnrollment) { r.BCID = "bws.1.x" }), "bcid"},
		"a_bcid_with_leading_zeros":     {bioID(func(r *enroll.BioIDEnrollment) { r.BCID = "bws.01.0042" }), "bcid"},
		"a_bcid_with_both_separators":   {bioID(func(r *enroll.BioIDEnrollment) { r.BCID = "bws/1.42" }), "bcid"},
		"a_bcid_beyond_32_bits":         {bioID(func(r *enroll.BioIDEnrollment) { r.BCID = "bws.1.4294967296" }), "bcid"},
		"an_account_number_with_a_bell": {authID(func(r *enroll.AuthIDEnrollment) { r.AccountNumber = "a\ab" }), "account_number"},
		"sixteen_tries":                 {bioID(func(r *enroll.BioIDEnrollment) { r.MaxTries = 16 }), "max_tries"},
		"an_unknown_trait":              {bioID(func(r *enroll.BioIDEnrollment) { r.Traits = "Voice" }), "traits"},
		"challenge_without_liveness":    {bioID(func(r *enroll.BioIDEnrollment) { r.Challenge, r.LiveDetection = true, &off }), "challenge"},
		"one_sample_with_liveness_on":   {bioID(func(r *enroll.BioIDEnrollment) { r.Samples = []enroll.BioIDSample{{Data: face}} }), "samples"},
		"a_sample_without_content":      {bioID(func(r *enroll.BioIDEnrollment) { r.Samples = make([]enroll.BioIDSample, 2) }), "samples[1].data"},
		"an_unknown_tag": {bioID(func(r *enroll.BioIDEnrollment) {
			r.Samples = []enroll.BioIDSample{{Data: face, Tag: "up,sideways"}, {Data: face}}
		}), "samples[0].tag"},
		"samples_of_ours_performed_by_the_browser": {bioID(func(r *enroll.BioIDEnrollment) {
			r.PerformedBy, r.Samples = enroll.ByBrowser, []enroll.BioIDSample{{Data: face}, {Data: face}}
		}), "performed_by"},
		"no_user":                    {smartID(func(r *enroll.SmartIDEnrollment) { r.User = "" }), "user"},
		"no_template":                {smartID(func(r *enroll.SmartIDEnrollment) { r.Template = "" }), "template"},
		"no_pay_load":                {smartID(func(r *enroll.SmartIDEnrollment) { r.PayLoad = "" }), "pay_load"},
		"over_write_false":           {smartID(func(r *enroll.SmartIDEnrollment) { r.OverWrite = "false" }), "over_write"},
		"a_template_that_is_no_text": {smartID(func(r *enroll.SmartIDEnrollment) { r.Template = "\xff" }), "template"},
		"no_user_to_unenroll":        {enroll.SmartIDUnenrollment{}, "user"},
		"a_user_id_with_a_space":     {iproov(func(r *enroll.IProovPhotoEnrollment) { r.UserID = "a b" }), "user_id"},
		"a_user_id_with_a_newline":   {iproov(func(r *enroll.IProovPhotoEnrollment) { r.UserID = "ab\n" }), "user_id"},
		"a_user_id_of_257":           {iproov(func(r *enroll.IProovPhotoEnrollment) { r.UserID = strings.Repeat("a", 257) }), "user_id"},
		"no_image":                   {iproov(func(r *enroll.IProovPhotoEnrollment) { r.Image = enroll.Content{} }), "image"},
		"no_source":                  {iproov(func(r *enroll.IProovPhotoEnrollment) { r.Source = "" }), "source"},
		"an_unknown_source":          {iproov(func(r *enroll.IProovPhotoEnrollment) { r.Source = "passport" }), "source"},
		"an_unknown_assurance_type":  {iproov(func(r *enroll.IProovPhotoEnrollment) { r.AssuranceType = "x" }), "assurance_type"},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.request.Check(enroll.DefaultLimits())
			refused, ok := errors.AsType[*enroll.InputError](err)
			require.True(t, ok, "%v", err)
			var fields []string
			for _, f := range refused.Fields {
				fields = append(fields, f.Field)
				require.NotEmpty(t, f.Given)
				require.NotEmpty(t, f.Allowed)
			}
			require.Contains(t, fields, test.field)
			require.ErrorContains(t, err, test.field)
		})
	}
}

func TestCheck_accepts(t *testing.T) {
	off := false
	for name, request := range map[string]checked{
		"authid_by_sms":       authID(func(r *enroll.AuthIDEnrollment) { r.TransportType = enroll.TransportSMS }),
		"a_bcid_with_slashes": bioID(func(r *enroll.BioIDEnrollment) { r.BCID = "bws/1/42" }),
		"both_traits":         bioID(func(r *enroll.BioIDEnrollment) { r.Traits = "face, Periocular" }),
		"one_sample_without_live": bioID(func(r *enroll.BioIDEnrollment) {
			r.LiveDetection, r.Samples = &off, []enroll.BioIDSample{{Data: face}}
		}),
		"over_write_true":         smartID(func(r *enroll.SmartIDEnrollment) { r.OverWrite = "true" }),
		"every_sign_of_a_user_id": iproov(func(r *enroll.IProovPhotoEnrollment) { r.UserID = "aZ09'+_@.-" }),
		"a_user_id_to_generate":   iproov(func(r *enroll.IProovPhotoEnrollment) { r.UserID = "" }),
	} {
		t.Run(name, func(t *testing.T) { require.NoError(t, request.Check(enroll.DefaultLimits())) })
	}
}

func TestCheck_never_repeats_a_subject_or_secret(t *testing.T) {
	for _, request := range []checked{
		iproov(func(r *enroll.IProovPhotoEnrollment) { r.UserID = "canary person" }),
		bioID(func(r *enroll.BioIDEnrollment) { r.BCID = "canary person" }),
		smartID(func(r *enroll.SmartIDEnrollment) { r.Template = "canary\xff" }),
	} {
		require.NotContains(t, request.Check(enroll.DefaultLimits()).Error(), "canary")
	}
}

func TestSecret_never_prints(t *testing.T) {
	secret := enroll.Secret("canary")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		require.NotContains(t, fmt.Sprintf(verb, secret), "canary", verb)
		require.NotContains(t, fmt.Sprintf(verb, enroll.AuthIDHandOver{OneTimeSecret: secret}), "canary", verb)
	}
	encoded, err := json.Marshal(enroll.AuthIDHandOver{OneTimeSecret: secret})
	require.NoError(t, err)
	require.NotContains(t, string(encoded), "canary")
}

func TestPace_After_grows_to_its_cap(t *testing.T) {
	pace := enroll.DefaultPace()
	last := pace.After(1)
	require.Equal(t, pace.PollFirst, last)
	for n := 2; n < 50; n++ {
		next := pace.After(n)
		require.GreaterOrEqual(t, next, last)
		require.LessOrEqual(t, next, pace.PollCap)
		last = next
	}
	require.Equal(t, pace.PollCap, last)
}

func TestCatalogue_names_each_journey_once(t *testing.T) {
	seen := map[string]bool{}
	for _, spec := range enroll.Catalogue() {
		require.False(t, seen[string(spec.Journey)] || seen[spec.Workflow])
		seen[string(spec.Journey)], seen[spec.Workflow] = true, true
		found, err := spec.Journey.Spec()
		require.NoError(t, err)
		require.Equal(t, spec, found)
	}
	_, err := enroll.Journey("x").Spec()
	require.ErrorContains(t, err, "authid.enroll")
}

func FuzzImageTypeOf(f *testing.F) {
	for _, seed := range []string{"\x89PNG\r\n\x1a\n", "\x00\x00\x00\x0cjP  \r\n\x87\n", "\xff\xd8\xff", "BM", "GIF89a", "II*\x00", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		longer := append(append([]byte{}, data...), 'x')
		if kind := enroll.ImageTypeOf(data); kind != "" && enroll.ImageTypeOf(longer) != kind {
			t.Errorf("type changes with what follows the signature")
		}
	})
}
