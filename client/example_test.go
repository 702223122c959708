package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

// A backend starts a journey, gives the hand-over to its frontend, relays that
// the person reached the final page, and learns the outcome. This example
// needs a server and a worker, so it is compiled and not run.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	journeys, err := client.Dial(ctx) // From the environment.
	if err != nil {
		fmt.Println(err) // Names every variable that is wrong.
		return
	}
	defer journeys.Close()

	// The idempotency key comes from the caller: repeating the call with it
	// returns the same answer and starts nothing twice.
	started, err := journeys.Start(ctx, "signup-4711", enroll.AuthIDEnrollment{
		AuthIDOperationRequest: enroll.AuthIDOperationRequest{AccountNumber: "customer-4711"},
	})
	switch {
	case errors.Is(err, client.ErrConflict):
		fmt.Println("this customer is enrolling already")
		return
	case err != nil:
		fmt.Println(err)
		return
	}

	if started.HandOver != nil { // Else the journey has ended already.
		fmt.Println("open", started.HandOver.AuthID.CaptureURL.Reveal())
		// Later, when the frontend reports the final page:
		if _, err := journeys.Hint(ctx, started.ID, started.RunID, enroll.FinalPage, enroll.Hint{}); err != nil {
			fmt.Println(err) // The backup poll will notice anyway.
		}
	}

	result, err := journeys.Wait(ctx, started.ID, started.RunID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Outcome, result.Reason, result.CanRetry)
}

// Start refuses a request that is not acceptable before anything is started.
// The same check can be made without a connection.
func ExampleRequest() {
	request := enroll.IProovPhotoEnrollment{
		UserID: "jane doe", // A space is not in iProov's pattern.
		Image:  enroll.Bytes([]byte("GIF89a")),
	}
	request.Normalize()
	err := client.Check(request, enroll.DefaultLimits())

	if refused, ok := errors.AsType[*enroll.InputError](err); ok {
		for _, field := range refused.Fields {
			fmt.Printf("%s: given %s, allowed: %s\n", field.Field, field.Given, field.Allowed)
		}
	}
	// Output:
	// user_id: given 8 bytes, some outside the pattern, allowed: 1 to 256 of a-z A-Z 0-9 ' + _ @ . -
	// source: given nothing, allowed: eid, oid, selfie
	// image: given image/gif, allowed: PNG, JPEG, JP2 up to 2097152 bytes
}

// A door that takes requests as JSON asks for an empty one by the journey's
// name.
func ExampleNewRequest() {
	into, request, err := client.NewRequest("smartid.unenroll")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := json.Unmarshal([]byte(`{"user": "jane"}`), into); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(request().Journey(), request().Check(enroll.DefaultLimits()))

	_, _, err = client.NewRequest("smartid.erase")
	fmt.Println(err)
	// Output:
	// smartid.unenroll <nil>
	// journey: "smartid.erase" is not one of authid.enroll, authid.live-selfie, bioid.enroll, smartid.enroll, smartid.unenroll, iproov.photo-enroll
}

// Dial says everything that is wrong with the environment at once, before it
// connects.
func ExampleDial() {
	environment := map[string]string{
		"TEMPORAL_TLS":         "on",
		"BIOENROLL_POLL_FIRST": "5",
	}
	lookup := func(name string) (string, bool) {
		value, found := environment[name]
		return value, found
	}
	_, err := client.Dial(context.Background(), client.WithLookup(lookup))
	fmt.Println(err)
	// Output:
	// the configuration cannot be used; set these environment variables right:
	//   TEMPORAL_TLS: given "on", allowed: true, false, 1, 0
	//   BIOENROLL_POLL_FIRST: given "5", allowed: a duration from 100ms to 1h0m0s, such as 90s or 1h30m
}

// A hand-over goes to its frontend through HandOverJSON. Whatever else writes
// it tells no secret.
func ExampleHandOverJSON() {
	handed := &enroll.HandOver{
		ExpiresAt: time.Date(2026, time.November, 21, 9, 0, 0, 0, time.UTC),
		AuthID:    &enroll.AuthIDHandOver{OperationID: "op-1", OneTimeSecret: "A1b2=="},
	}
	forTheFrontend, err := client.HandOverJSON(handed)
	if err != nil {
		fmt.Println(err)
		return
	}
	logged, err := json.Marshal(handed)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(forTheFrontend))
	fmt.Println(string(logged))
	// Output:
	// {"expires_at":"2026-11-21T09:00:00Z","authid":{"operation_id":"op-1","one_time_secret":"A1b2==","transport_type":0}}
	// {"expires_at":"2026-11-21T09:00:00Z","authid":{"operation_id":"op-1","one_time_secret":"[redacted]","transport_type":0}}
}
