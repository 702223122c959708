// Package measure holds the arithmetic of the benchmark: quantiles, ratios, and
// the billable actions that a Temporal server counts.
package measure
