package e2e_test

import (
	"context"
	"fmt"
	"time"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

// A Go backend enrolls a customer. Temporal, worker and providers run
// elsewhere; here they are the stack of these tests, and its simulated user is
// the customer.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	// A backend leaves WithLookup out: Dial then reads its process's
	// environment, where the server, the key file and the sealed store are
	// named.
	environment := shared.Environment()
	journeys, err := client.Dial(ctx, client.WithLookup(func(name string) (string, bool) {
		value, found := environment[name]
		return value, found
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer journeys.Close()

	// The customer has an account at authID already.
	if err := shared.user.CreateAccount(ctx, "customer-4711"); err != nil {
		fmt.Println(err)
		return
	}

	// One call starts the journey and returns what the frontend needs. After a
	// crash the same call with the same key returns the same answer.
	started, err := journeys.Start(ctx, "signup-4711", enroll.AuthIDEnrollment{
		AuthIDOperationRequest: enroll.AuthIDOperationRequest{AccountNumber: "customer-4711"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("has a capture URL:", started.HandOver.AuthID.CaptureURL != "")

	// The customer captures, and the frontend reports the final page.
	hint, details, err := shared.user.Complete(ctx, started.HandOver)
	if err != nil {
		fmt.Println(err)
		return
	}
	// The hint carries no verdict: the journey asks authID. Were it lost, the
	// backup poll would find out some seconds later.
	if _, err := journeys.Hint(ctx, started.ID, started.RunID, hint, details); err != nil {
		fmt.Println(err)
	}

	// The outcome is learned once and for sure, however often this is asked.
	result, err := journeys.Wait(ctx, started.ID, started.RunID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(hint, "led to", result.Outcome)
	// Output:
	// has a capture URL: true
	// final-page led to enrolled
}
