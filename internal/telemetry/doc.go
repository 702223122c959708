// Package telemetry lets an operator see how the programs do: metrics in the
// form that Prometheus collects, traces in OpenTelemetry's protocol, and
// whether a program lives and is ready. All of it is off unless a setting
// switches it on, and costs nothing while it is off.
//
// What is measured and traced leaves the installation by another door than
// everything else: no codec encrypts it. So nothing goes through that door that
// is not known to be harmless:
//
//   - a metric keeps the labels of a short list, all of them with few values:
//     names of steps, queues, calls and failures, never an identifier;
//   - a span keeps the attributes of another short list, and its name. The text
//     of an error never leaves, because it may quote what a provider said;
//   - what travels from program to program, and lies in histories in clear, is a
//     trace's own identifier. Baggage and the state of other tracing systems
//     hold what a caller likes, and are left behind.
//
// A trace holds the workflow ID of its journey, as Temporal's UI does: a
// provider and a keyed hash.
package telemetry
