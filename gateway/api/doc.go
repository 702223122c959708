// Package api is what the gateway answers over HTTP under /v1: backends start
// journeys and learn their outcomes, frontends send hints with a relay token,
// and operators put right what needs a person.
//
// It decides nothing. A handler reads a request, makes one call of package
// client, and writes the answer; whatever goes wrong becomes a problem of the
// one table in problem.go. What is sent and answered is described in
// openapi.yaml, which the gateway serves, and a test holds the handlers to it.
//
// To add a handler: write a method of Server with the signature of handle in a
// file of its own, add its line to routes with the roles that may call it, add
// the calls that it makes to Journeys, and describe it in openapi.yaml. The
// contract test fails until a route and its description agree.
package api
