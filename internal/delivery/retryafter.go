package delivery

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestRetryAfter bounds what a receiver may ask for.
const longestRetryAfter = 24 * time.Hour

// retryAfter reads the header of that name: seconds, or a date. It returns zero
// for what is neither, what is in the past, and nothing at all, and never more
// than a day.
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if at, err := http.ParseTime(header); err == nil {
		return min(max(0, at.Sub(now)), longestRetryAfter)
	}
	if header == "" || strings.Trim(header, "0123456789") != "" {
		return 0
	}
	seconds, err := strconv.ParseInt(header, 10, 64)
	if err != nil || seconds > int64(longestRetryAfter/time.Second) { // More digits than a number holds are a long time, too.
		return longestRetryAfter
	}
	return time.Duration(seconds) * time.Second
}
