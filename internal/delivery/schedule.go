package delivery

import "time"

// Schedule holds the pauses between the attempts of one delivery: the first
// follows the first attempt. When they are used up the delivery is given up.
type Schedule []time.Duration

// DefaultSchedule returns the pauses of production: quick ones first, for a
// receiver that is being deployed, and over three days in all, so that nothing
// is lost over a weekend.
func DefaultSchedule() Schedule {
	return Schedule{
		5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute,
		2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

// Pause returns how long to wait after the attempt, counted from one, and false
// when there is no further attempt. The random number, from 0 up to 1, spreads
// attempts that failed together over a fifth more or less of the pause.
func (s Schedule) Pause(attempt int, random float64) (time.Duration, bool) {
	if attempt < 1 || attempt > len(s) {
		return 0, false
	}
	return jitter(s[attempt-1], random), true
}

// jitter returns between four and six fifths of the pause.
func jitter(pause time.Duration, random float64) time.Duration {
	const least, span = 0.8, 0.4
	return time.Duration(float64(pause) * (least + span*random))
}
