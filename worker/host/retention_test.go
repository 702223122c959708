package host_test

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/activities"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/worker/host"
)

func TestRetention(t *testing.T) {
	t.Parallel()
	load := func(t *testing.T, given map[string]string) (activities.Retention, error) {
		t.Helper()
		values := environment(t)
		maps.Copy(values, given)
		src := config.NewSource(config.Map(values))
		return host.Load(src).Retention, src.Err()
	}

	t.Run("keeps_records_for_good_unless_told_otherwise", func(t *testing.T) {
		t.Parallel()
		retention, err := load(t, nil)
		require.NoError(t, err)
		require.Equal(t, activities.Retention{SealedLife: 48 * time.Hour}, retention)
	})
	t.Run("follows_the_settings", func(t *testing.T) {
		t.Parallel()
		retention, err := load(t, map[string]string{host.SealedLife: "25h", host.KeepPersonal: "30d", host.KeepRecords: "365d"})
		require.NoError(t, err)
		require.Equal(t, activities.Retention{SealedLife: 25 * time.Hour, Personal: 720 * time.Hour, Records: 8760 * time.Hour}, retention)
	})
	for name, given := range map[string]map[string]string{
		host.SealedLife:   {host.SealedLife: "24h"},
		host.KeepPersonal: {host.KeepPersonal: "1h"},
		host.KeepRecords:  {host.KeepRecords: "7d"},
	} {
		t.Run("refuses_"+name+"_that_a_journey_could_outlast", func(t *testing.T) {
			t.Parallel()
			_, err := load(t, given)
			require.ErrorContains(t, err, "\n  "+name+": given ")
		})
	}
	t.Run("refuses_to_delete_records_before_they_are_emptied", func(t *testing.T) {
		t.Parallel()
		_, err := load(t, map[string]string{host.KeepPersonal: "60d", host.KeepRecords: "30d"})
		require.ErrorContains(t, err, host.KeepRecords+": given less than "+host.KeepPersonal)
	})
}
