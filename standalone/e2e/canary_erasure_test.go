package e2e_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/reveal"
	"github.com/bioenroll/bioenroll/standalone/canary"
)

// erasedPerson is somebody who is erased, with the journey that enrolled them.
type erasedPerson struct {
	client.Person

	journey client.Started
}

// erase remembers somebody to be erased.
func (s *stage) erase(request client.Request, started client.Started) {
	spec, err := request.Journey().Spec()
	if err != nil {
		panic(err) // A request's journey is in the catalogue.
	}
	s.planted.lock.Lock()
	defer s.planted.lock.Unlock()
	s.erased = append(s.erased, erasedPerson{client.Person{Provider: spec.Provider, Name: enroll.Secret(request.SubjectName())}, started})
}

// eraseThem erases them in one go, and waits until their histories are gone.
func (s *stage) eraseThem(t *testing.T) {
	t.Helper()
	var people []client.Person
	for _, person := range s.erased {
		people = append(people, person.Person)
	}
	require.Len(t, people, len(enroll.Providers()))
	s.rememberCiphertext(t)
	by := client.By{Who: unique(), Why: unique()}
	s.planted.add(&s.planted.shown, "operator who erases", []byte(by.Who))
	s.planted.add(&s.planted.shown, "reason to erase", []byte(by.Why))
	erasing, err := s.Client().Erase(t.Context(), s.personal("key of the erasure", unique()), people, by)
	require.NoError(t, err)
	statement, err := s.Client().WaitErased(t.Context(), erasing.ID)
	require.NoError(t, err)
	require.True(t, statement.Complete, "%+v", statement)
	s.tell(t, "erasure", erasing.ID)
	s.tell(t, "erasures")
	require.Eventually(t, func() bool {
		ids := strings.Join(s.listedIDs(t), " ")
		for _, person := range s.erased {
			if strings.Contains(ids, person.journey.ID) {
				return false
			}
		}
		return true
	}, time.Minute, 100*time.Millisecond)
}

// rememberCiphertext keeps what the server has of them, as it has it: who gets
// hold of the keys and of the server's files must not find even that.
func (s *stage) rememberCiphertext(t *testing.T) {
	t.Helper()
	for _, person := range s.erased {
		for i, payload := range s.payloads(t, person.journey) {
			if string(payload.GetMetadata()["encoding"]) != codec.Encoding {
				continue // The IDs of a trace are not encrypted.
			}
			s.ciphertext = append(s.ciphertext, canary.Needle{Name: fmt.Sprintf("ciphertext %d of %s", i, person.Provider), Value: payload.GetData()})
		}
	}
}

// requireErased opens everything that keys open, and finds none of them, while
// it finds all others.
func (s *stage) requireErased(t *testing.T) {
	t.Helper()
	opened := s.decrypted(t)
	opened["the records"] = s.openedRecords(t)
	var gone, kept []canary.Needle
	for _, needle := range s.planted.personal {
		if strings.HasSuffix(needle.Name, erasedLater) {
			gone = append(gone, needle)
		} else if strings.HasPrefix(needle.Name, "account: ") || strings.HasPrefix(needle.Name, "user_id: ") {
			kept = append(kept, needle)
		}
	}
	require.GreaterOrEqual(t, len(gone), 2*len(enroll.Providers()))
	search, err := canary.For(gone...)
	require.NoError(t, err)
	for where, content := range opened {
		for _, f := range search.Bytes(where, content) {
			t.Error(f)
		}
	}
	others, err := canary.For(kept...)
	require.NoError(t, err)
	require.Len(t, others.Names(string(opened["the records"])), len(kept))
	refs, err := s.Sealed().Refs(t.Context())
	require.NoError(t, err)
	require.Empty(t, refs, "the bytes of all journeys are gone with their end")
}

// openedRecords is everything that the records hold, revealed.
func (s *stage) openedRecords(t *testing.T) []byte {
	t.Helper()
	var all []byte
	page, err := s.Client().Records(t.Context(), client.RecordFilter{Limit: 1000})
	require.NoError(t, err)
	require.Empty(t, page.Next)
	for _, record := range page.Records {
		revealed, err := s.Client().Reveal(t.Context(), record.ID, olga)
		require.NoError(t, err)
		trail, err := s.Client().Audit(t.Context(), record.ID)
		require.NoError(t, err)
		for _, value := range []any{revealed, trail} {
			written, err := reveal.Marshal(value)
			require.NoError(t, err)
			require.True(t, json.Valid(written))
			all = append(all, written...)
		}
	}
	return all
}
