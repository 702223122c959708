package host

import (
	"time"

	"github.com/bioenroll/bioenroll/activities"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
)

// Names of the settings that say how long things are kept.
const (
	SealedLife   = "BIOENROLL_SEALED_LIFE"   // How long sealed bytes live that no journey deleted.
	KeepPersonal = "BIOENROLL_KEEP_PERSONAL" // How long a concluded record tells who the person was.
	KeepRecords  = "BIOENROLL_KEEP_RECORDS"  // How long there is a record.
)

const (
	day = 24 * time.Hour
	// shortestSealed is longer than a journey needs what it sealed: the longest
	// wait for a person is a day, and its begin and end take minutes.
	shortestSealed = 25 * time.Hour
	// longestKept is more than any law asks for.
	longestKept = 100 * 365 * day
)

// readRetention returns how long things are kept.
func readRetention(src *config.Source) activities.Retention {
	r := activities.Retention{
		SealedLife: src.Period(SealedLife, 2*day, shortestSealed, 30*day,
			"how long sealed bytes live whose journey could not delete them"),
		Personal: src.Period(KeepPersonal, 0, day, longestKept,
			"how long the record of a concluded journey tells who the person was; for good unless set"),
		Records: src.Period(KeepRecords, 0, enroll.LongestJourney, longestKept,
			"how long there is a record of a journey, and with it its idempotency key; for good unless set"),
	}
	if r.Records != 0 && r.Records < r.Personal {
		src.Refuse(KeepRecords, "less than "+KeepPersonal, "at least "+KeepPersonal)
	}
	return r
}
