package access_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// raw returns the bytes of a relay token.
func raw(t *testing.T, token enroll.Secret) []byte {
	t.Helper()
	decoded, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token.Reveal(), access.RelayPrefix))
	require.NoError(t, err)
	return decoded
}

// written is the relay token with these bytes.
func written(raw []byte) enroll.Secret {
	return enroll.Secret(access.RelayPrefix + base64.RawURLEncoding.EncodeToString(raw))
}

// alike returns the token with another last letter, which stands for the same
// bytes: a careless decoder does not look at the bits that are left over.
func alike(t *testing.T, token enroll.Secret) enroll.Secret {
	t.Helper()
	text := token.Reveal()
	for _, letter := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		other := text[:len(text)-1] + string(letter)
		if other != text && slices.Equal(raw(t, token), raw(t, enroll.Secret(other))) {
			return enroll.Secret(other)
		}
	}
	require.Fail(t, "the last letter has no bits to spare")
	return ""
}

func TestIssue(t *testing.T) {
	t.Run("ends_with_the_wait_and_some_grace", func(t *testing.T) {
		d := setup(t, access.Rate{}, access.Rate{})
		token := d.Issue(journey, run, d.clock.now().Add(time.Hour))
		d.clock.pass(time.Hour + access.Grace - time.Second)
		_, err := d.Authenticate(asking(token))
		require.NoError(t, err)
		d.clock.pass(time.Second)
		_, err = d.Authenticate(asking(token))
		require.ErrorContains(t, refusal(t, err, access.Unauthenticated), "expired")
	})
	t.Run("is_known_to_every_gateway_with_the_key_file", func(t *testing.T) {
		d := setup(t, access.Rate{}, access.Rate{})
		other := access.New(access.Options{Signing: d.made, Now: d.clock.now})
		_, err := other.Authenticate(asking(d.Issue(journey, run, d.clock.now())))
		require.NoError(t, err)
	})
	t.Run("outlives_a_rotation_and_not_its_key", func(t *testing.T) {
		first := keys.New()
		old := first.Codec().Newest().ID()
		added, fresh, err := first.Added(keys.ForCodec)
		require.NoError(t, err)
		used, err := added.Used(fresh.ID())
		require.NoError(t, err)
		retired, err := used.Retired(old)
		require.NoError(t, err)
		at := newClock()
		door := func(k *keys.Keys) *access.Access { return access.New(access.Options{Signing: k, Now: at.now}) }
		before, after := door(first).Issue(journey, run, at.now()), door(used).Issue(journey, run, at.now())
		_, err = door(used).Authenticate(asking(before))
		require.NoError(t, err, "what was handed out before")
		_, err = door(added).Authenticate(asking(after))
		require.NoError(t, err, "at a gateway that was not restarted yet")
		_, err = door(retired).Authenticate(asking(before))
		refused(t, err, access.Unauthenticated)
	})
	t.Run("is_not_printed", func(t *testing.T) {
		d := setup(t, access.Rate{}, access.Rate{})
		require.Equal(t, enroll.Redacted, d.Issue(journey, run, d.clock.now()).String())
	})
}

func TestRelayTokens_that_are_refused(t *testing.T) {
	d := setup(t, access.Rate{}, access.Rate{})
	ends := d.clock.now().Add(time.Hour)
	good := access.Sign(d.made.Relay(), access.Purpose, journey, run, ends)
	_, err := d.Authenticate(asking(good))
	require.NoError(t, err)
	// changed is the good token with another byte at the place.
	changed := func(place int) enroll.Secret {
		bytes := raw(t, good)
		if place < 0 {
			place += len(bytes)
		}
		bytes[place] ^= 1
		return written(bytes)
	}
	const journeyAt = 17
	elsewhere := keys.New().Relay()
	swapped := raw(t, access.Sign(elsewhere, access.Purpose, journey, run, ends))
	copy(swapped[1:7], raw(t, good)[1:7])
	moved := raw(t, access.Sign(d.made.Relay(), access.Purpose, journey, run, ends))
	moved[journeyAt-1]-- // One letter of the journey belongs to the run now.
	for name, token := range map[string]enroll.Secret{
		"has_expired":                             access.Sign(d.made.Relay(), access.Purpose, journey, run, d.clock.now()),
		"never_began":                             access.Sign(d.made.Relay(), access.Purpose, journey, run, time.Time{}),
		"was_signed_for_another_purpose":          access.Sign(d.made.Relay(), "export", journey, run, ends),
		"was_signed_by_another_installation":      access.Sign(elsewhere, access.Purpose, journey, run, ends),
		"was_signed_there_and_names_our_key":      written(swapped),
		"names_another_journey":                   changed(journeyAt),
		"names_another_run":                       changed(journeyAt + len(journey)),
		"moves_a_letter_from_one_name_to_another": written(moved),
		"ends_later":                              changed(7),
		"names_another_key":                       changed(1),
		"is_of_another_version":                   changed(0),
		"has_another_signature":                   changed(-1),
		"is_cut_short":                            written(raw(t, good)[:len(raw(t, good))-1]),
		"has_no_signature":                        written(raw(t, good)[:len(raw(t, good))-32]),
		"is_longer":                               written(append(raw(t, good), 0)),
		"is_one_letter_shorter":                   good[:len(good)-1],
		"names_no_run":                            access.Sign(d.made.Relay(), access.Purpose, journey, "", ends),
		"names_no_journey":                        access.Sign(d.made.Relay(), access.Purpose, "", run, ends),
		"is_padded":                               good + "=",
		"has_a_line_break":                        good[:60] + "\n" + good[60:],
		"is_written_in_another_way":               alike(t, good),
		"is_huge":                                 access.RelayPrefix + enroll.Secret(strings.Repeat("A", 1<<20)),
	} {
		t.Run(name, func(t *testing.T) {
			r := asking("")
			r.Header["Authorization"] = []string{"Bearer " + token.Reveal()}
			caller, err := d.Authenticate(r)
			refused(t, err, access.Unauthenticated)
			require.Equal(t, access.Caller{}, caller)
			require.NotContains(t, err.Error(), journey)
		})
	}
	t.Run("the_prefix_of_an_API_key_makes_none", func(t *testing.T) {
		_, err := d.Authenticate(asking(enroll.Secret("bioenroll_key_" + strings.TrimPrefix(good.Reveal(), access.RelayPrefix))))
		refused(t, err, access.Unauthenticated)
	})
}

func FuzzRelayToken(f *testing.F) {
	at := newClock()
	door := access.New(access.Options{Signing: keys.New(), Now: at.now})
	good := door.Issue(journey, run, at.now()).Reveal()
	f.Add(strings.TrimPrefix(good, access.RelayPrefix))
	f.Add(strings.TrimPrefix(good, access.RelayPrefix)[:60])
	f.Add("")
	f.Add("AQ\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		r := asking("")
		r.Header["Authorization"] = []string{"Bearer " + access.RelayPrefix + text}
		caller, err := door.Authenticate(r)
		if err != nil {
			refused(t, err, access.Unauthenticated)
			return
		}
		// Nobody but us can write a token that is good, and there is one way to.
		require.Equal(t, good, access.RelayPrefix+strings.TrimSpace(text))
		require.True(t, caller.May(journey, run))
	})
}
