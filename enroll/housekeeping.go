package enroll

import "time"

// LongestJourney is longer than any journey can take, its clean-up and the watch
// of a late capture included: an authID operation of up to a week, and a day to
// learn its end and to record it.
const LongestJourney = 8 * 24 * time.Hour
