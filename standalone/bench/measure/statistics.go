package measure

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Quantile returns the smallest value that at least the share q of the values
// does not exceed (the nearest rank), and the zero value when there is none.
// The values need not be sorted.
func Quantile[T cmp.Ordered](values []T, q float64) T {
	var zero T
	if len(values) == 0 {
		return zero
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Median returns the value in the middle, or the mean of the two in the
// middle, and 0 when there is none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// Ratio is a/b, and 0 when b is 0.
func Ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// Line is the straight line through two points: what each unit of x adds to y,
// and where y starts. It is for quantities that are known to grow evenly.
type Line struct{ Start, Each float64 }

// Through returns the line through (x1, y1) and (x2, y2), which differ in x.
func Through(x1, y1, x2, y2 float64) Line {
	each := Ratio(y2-y1, x2-x1)
	return Line{Start: y1 - each*x1, Each: each}
}

// At is the line's value.
func (l Line) At(x float64) float64 { return l.Start + l.Each*x }

// Milliseconds is a duration as a number to print or divide.
func Milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
