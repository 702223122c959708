package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/erasing"
	"github.com/bioenroll/bioenroll/internal/records"
)

// Person is somebody as one provider names them.
type Person struct {
	Provider enroll.Provider `json:"provider"`
	// Name is the account number, BCID, user or user_id.
	Name enroll.Secret `json:"name"`
}

// Erasure is an erasure as an operator sees it.
type Erasure struct {
	// ID names the erasure in every other call.
	ID string `json:"id"`
	// Statement says what was removed when, and what is left.
	Statement enroll.ErasureStatement `json:"statement"`
	// Pending lists the steps under way, with what they last failed with.
	Pending []PendingStep `json:"pending,omitempty"`
	// StatementMissing says why the statement of an erasure under way tells only
	// who asked for it, when and why, and of whom.
	StatementMissing string `json:"statement_missing,omitempty"`
}

// mostPeople bounds one erasure.
const mostPeople = 20

// Erase removes people from their providers, and from our own storage: what
// their journeys sealed, their Temporal histories, and the personal columns of
// their records. Journeys of theirs that are under way are canceled, and none
// can begin until the erasure has concluded. It goes on by itself for up to a
// month where something cannot be removed at once.
//
// The idempotency key, up to 256 bytes, makes repeating safe: it returns the
// same erasure, whether it is under way or over.
//
// It returns *enroll.InputError, ErrKeyReused when the key belongs to an erasure
// of others, or ErrNoRecords.
func (c *Client) Erase(ctx context.Context, key string, people []Person, by By) (Erasure, error) {
	store, err := c.kept("erase")
	if err != nil {
		return Erasure{}, err
	}
	if wrong := append(wrongPeople(key, people), enroll.CheckReason(by.Who, by.Why)...); len(wrong) > 0 {
		return Erasure{}, &enroll.InputError{Fields: wrong}
	}
	id := "erasure-" + string(c.keys.Ref("erasure", key, "erasure"))
	input := enroll.ErasureInput{ID: id}
	var named []records.NamedSubject
	for _, person := range people {
		name := written(person.Provider, person.Name.Reveal())
		subject := enroll.ErasureSubject{Provider: person.Provider, SubjectHash: c.keys.SubjectHash(person.Provider, name)}
		if slices.Contains(input.Subjects, subject) {
			continue // Somebody may be given by name and by journey.
		}
		input.Subjects = append(input.Subjects, subject)
		named = append(named, records.NamedSubject{SubjectKey: records.SubjectKey{Provider: subject.Provider, Hash: subject.SubjectHash}, Name: enroll.Secret(name)})
	}
	opening := records.ErasureOpening{ID: id, Digest: c.erasureDigest(input), Subjects: named, Who: by.Who, Why: by.Why, At: time.Now()}
	if err := store.BeginErasure(ctx, opening); errors.Is(err, records.ErrOtherRequest) {
		return Erasure{}, fmt.Errorf("erase: %w", ErrKeyReused)
	} else if err != nil {
		return Erasure{}, fmt.Errorf("erase: %w", err)
	}
	return c.beginErasure(ctx, id, by)
}

// beginErasure starts the workflow of an erasure that is recorded, with what was
// recorded when it was asked for first. One that has concluded is not started
// again: it would remove what the person has enrolled since.
func (c *Client) beginErasure(ctx context.Context, id string, by By) (Erasure, error) {
	kept, err := c.records.Erasure(ctx, id)
	if err != nil {
		return Erasure{}, explainRecord(enroll.RecordID(id), err)
	}
	if kept.Statement != nil {
		return erasureOf(kept)
	}
	if kept.Who == "" {
		kept.Who, kept.Why = by.Who, by.Why
	}
	if _, err := erasing.Start(ctx, c.temporal, erasing.Input(kept)); err != nil {
		return Erasure{}, fmt.Errorf("erase: no journey of these people can begin until it has concluded; "+
			"repeat it with the same idempotency key, or the next housekeeping starts it: %w", err)
	}
	return c.Erasure(ctx, id)
}

// erasureDigest tells requests apart by the people alone: whoever repeats one
// may give another reason.
func (c *Client) erasureDigest(input enroll.ErasureInput) string {
	var people [][]byte
	for _, subject := range input.Subjects {
		people = append(people, []byte(subject.JourneyID()))
	}
	slices.SortFunc(people, bytes.Compare)
	return c.keys.Digest("erasure", people...)
}

// wrongPeople says what no erasure can be made of.
func wrongPeople(key string, people []Person) []enroll.FieldError {
	var wrong []enroll.FieldError
	if key == "" || len(key) > maxKeyBytes {
		wrong = append(wrong, enroll.FieldError{Field: "idempotency_key", Given: fmt.Sprintf("%d bytes", len(key)), Allowed: fmt.Sprintf("1 to %d bytes", maxKeyBytes)})
	}
	if len(people) < 1 || len(people) > mostPeople {
		wrong = append(wrong, enroll.FieldError{Field: "people", Given: strconv.Itoa(len(people)), Allowed: fmt.Sprintf("1 to %d", mostPeople)})
	}
	for i, person := range people {
		if !slices.Contains(enroll.Providers(), person.Provider) {
			wrong = append(wrong, enroll.FieldError{Field: fmt.Sprintf("people[%d].provider", i), Given: fmt.Sprintf("%.40q", person.Provider), Allowed: providerNames()})
		} else if err := enroll.CheckSubject(person.Provider, person.Name.Reveal()); err != nil {
			wrong = append(wrong, enroll.FieldError{Field: fmt.Sprintf("people[%d].name", i), Given: err.Given, Allowed: err.Allowed})
		}
	}
	return wrong
}

func providerNames() string {
	var names []string
	for _, provider := range enroll.Providers() {
		names = append(names, string(provider))
	}
	return strings.Join(names, ", ")
}

// Erasure returns how far an erasure has come: from its workflow while it is
// under way, and from the records once it has concluded. It returns
// ErrNotFound.
func (c *Client) Erasure(ctx context.Context, id string) (Erasure, error) {
	store, err := c.kept("erasure " + id)
	if err != nil {
		return Erasure{}, err
	}
	kept, err := store.Erasure(ctx, id)
	if err != nil {
		return Erasure{}, explainRecord(enroll.RecordID(id), err)
	}
	if kept.Statement != nil {
		return erasureOf(kept)
	}
	shown := begunErasure(kept)
	described, err := c.describe(ctx, id, "")
	if err != nil {
		shown.StatementMissing = "its workflow is not to be found: the next housekeeping starts it"
		return shown, nil //nolint:nilerr // what the records know is worth showing
	}
	shown.Pending = pendingOf(described.pending)
	if err := c.askErasure(ctx, id, &shown.Statement); err != nil {
		shown.StatementMissing = "no worker answers: " + err.Error()
	}
	return shown, nil
}

// askErasure asks the erasure itself.
func (c *Client) askErasure(ctx context.Context, id string, into *enroll.ErasureStatement) error {
	ctx, cancel := context.WithTimeout(ctx, queryLimit)
	defer cancel()
	value, err := c.temporal.QueryWorkflow(ctx, id, "", enroll.ErasureQuery)
	if err != nil {
		return err
	}
	return value.Get(into)
}

// begunErasure is what the records know of an erasure under way.
func begunErasure(kept records.Erasure) Erasure {
	return Erasure{ID: kept.ID, Statement: enroll.NewErasureStatement(erasing.Input(kept), kept.BeganAt)}
}

func erasureOf(kept records.Erasure) (Erasure, error) {
	shown := Erasure{ID: kept.ID}
	if err := json.Unmarshal(kept.Statement, &shown.Statement); err != nil {
		return Erasure{}, fmt.Errorf("erasure %s: read the statement: %w", kept.ID, err)
	}
	return shown, nil
}

// WaitErased returns the statement of an erasure once it has concluded. It
// returns ErrNotFound, and the context's error when the caller stopped waiting;
// the erasure goes on.
func (c *Client) WaitErased(ctx context.Context, id string) (enroll.ErasureStatement, error) {
	var statement enroll.ErasureStatement
	err := c.temporal.GetWorkflow(ctx, id, "").Get(ctx, &statement)
	switch {
	case err == nil:
		return statement, nil
	case ctx.Err() != nil:
		return enroll.ErasureStatement{}, fmt.Errorf("wait %s: stopped waiting, the erasure goes on: %w", id, ctx.Err())
	}
	if kept, failed := c.Erasure(ctx, id); failed == nil && !kept.Statement.ConcludedAt.IsZero() {
		return kept.Statement, nil
	}
	if isNotFound(err) {
		return enroll.ErasureStatement{}, fmt.Errorf("wait %s: %w", id, ErrNotFound)
	}
	return enroll.ErasureStatement{}, fmt.Errorf("wait %s: the erasure ended without a statement; the next housekeeping starts it again: %w", id, err)
}

// Erasures lists erasures, the newest first; limit is 50 when zero, at most
// 1000. Of those under way the statement says who asked for them, when and why,
// and of whom; Erasure tells how far they have come.
func (c *Client) Erasures(ctx context.Context, pending bool, limit int) ([]Erasure, error) {
	store, err := c.kept("erasures")
	if err != nil {
		return nil, err
	}
	kept, err := store.Erasures(ctx, records.ErasureFilter{Pending: pending, Limit: limit})
	if err != nil {
		return nil, fmt.Errorf("erasures: %w", err)
	}
	var listed []Erasure
	for _, one := range kept {
		shown := begunErasure(one)
		if one.Statement != nil {
			if shown, err = erasureOf(one); err != nil {
				return nil, err
			}
		}
		listed = append(listed, shown)
	}
	return listed, nil
}

// KnownAs returns the providers at which there are records of a person of this
// name, for an erasure at all of them.
func (c *Client) KnownAs(ctx context.Context, name enroll.Secret) ([]Person, error) {
	store, err := c.kept("known as")
	if err != nil {
		return nil, err
	}
	var known []Person
	for _, provider := range enroll.Providers() {
		found, err := store.RecordsOf(ctx, provider, c.keys.SubjectHash(provider, written(provider, name.Reveal())))
		if err != nil {
			return nil, fmt.Errorf("known as: %w", err)
		}
		if len(found) > 0 {
			known = append(known, Person{Provider: provider, Name: name})
		}
	}
	return known, nil
}

// PersonOf returns whom a journey is about, from its record, for an erasure by
// the journey's ID. It returns ErrNotFound, also when the name has been erased
// already.
func (c *Client) PersonOf(ctx context.Context, journeyID string) (Person, error) {
	record, err := c.recordOf(ctx, journeyID, "")
	if err == nil && record.Subject == "" {
		err = fmt.Errorf("record %s: the name has been erased: %w", record.ID, ErrNotFound)
	}
	if err != nil {
		return Person{}, err
	}
	return Person{Provider: record.Provider, Name: record.Subject}, nil
}
