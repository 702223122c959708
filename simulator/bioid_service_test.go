package simulator_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/simulator"
)

func TestBioIDOtherTasks(t *testing.T) {
	perform := func(c bioID, task, query string) map[string]any {
		c.t.Helper()
		token := c.app(http.MethodGet, "token?id=sim-app&task="+task+query).body
		c.upload(token, simulator.SampleLive, "")
		c.upload(token, simulator.SampleLive, "")
		return c.with(token, http.MethodGet, task, "").json(c.t)
	}
	t.Run("verify_needs_a_template", func(t *testing.T) {
		c := newBioID(t)
		require.Equal(t, "NoTemplateAvailable", perform(c, "verify", "&bcid=bws.1.42")["Error"])
		c.control(http.MethodPost, "preload", map[string]any{"bioid": map[string]any{"classes": []any{map[string]any{"bcid": "bws.1.42"}}}})
		require.Equal(t, true, perform(c, "verify", "&bcid=bws.1.42")["Success"])
	})
	t.Run("identify_lists_the_classes_of_the_partition", func(t *testing.T) {
		c := newBioID(t)
		c.control(http.MethodPost, "preload", map[string]any{"bioid": map[string]any{"classes": []any{
			map[string]any{"bcid": "bws.1.42"}, map[string]any{"bcid": "bws.2.43"},
		}}})
		matches, ok := perform(c, "identify", "&bcid=bws.1.0")["Matches"].([]any)
		require.True(t, ok)
		require.Equal(t, []any{map[string]any{"Score": 0.99, "Storage": "bws", "Partition": 1.0, "ClassID": 42.0}}, matches)
	})
	t.Run("livenessdetection_needs_no_class", func(t *testing.T) {
		require.Equal(t, true, perform(newBioID(t), "livenessdetection", "")["Success"])
	})
}

func TestBioIDService(t *testing.T) {
	c := newBioID(t)
	t.Run("status", func(t *testing.T) {
		require.Equal(t, "2.3", c.app(http.MethodGet, "status").json(t)["Version"])
	})
	t.Run("deleteclass", func(t *testing.T) {
		c.control(http.MethodPost, "preload", map[string]any{"bioid": map[string]any{"classes": []any{map[string]any{"bcid": "bws.1.42"}}}})
		require.Equal(t, http.StatusOK, c.app(http.MethodDelete, "deleteclass?bcid=bws.1.42").status)
		require.Equal(t, http.StatusNotFound, c.app(http.MethodGet, "isenrolled?bcid=bws.1.42").status)
		require.Equal(t, http.StatusBadRequest, c.app(http.MethodDelete, "deleteclass?bcid=nonsense").status)
		require.Equal(t, http.StatusBadRequest, c.app(http.MethodGet, "isenrolled?bcid=bws.1.42&trait=Nose").status)
	})
	t.Run("qualitycheck", func(t *testing.T) {
		for kind, want := range map[string]bool{simulator.SampleLive: true, simulator.SampleNoFace: false, simulator.SampleMultipleFaces: false} {
			a := c.do(http.MethodPost, "/extension/qualitycheck?issuer=ICAO", simulator.SampleDataURL(kind), header{"Authorization", bioIDKey})
			require.Equal(t, want, a.json(t)["Success"], kind)
		}
	})
	t.Run("photoverify_and_livedetection_take_a_form_or_json", func(t *testing.T) {
		pictures := map[string]string{"idphoto": simulator.SampleLive, "liveimage1": simulator.SampleLive, "liveimage2": simulator.SampleNotLive}
		form := url.Values{}
		for name, kind := range pictures {
			form.Set(name, simulator.SampleDataURL(kind))
			pictures[name] = simulator.SampleDataURL(kind)
		}
		raw, err := json.Marshal(pictures)
		require.NoError(t, err)
		for _, path := range []string{"photoverify", "livedetection"} {
			for _, body := range []string{form.Encode(), string(raw)} {
				a := c.do(http.MethodPost, "/extension/"+path, body, header{"Authorization", bioIDKey})
				require.Equal(t, "false", a.body, path)
			}
			a := c.do(http.MethodPost, "/extension/"+path, "", header{"Authorization", bioIDKey})
			require.Equal(t, http.StatusBadRequest, a.status)
			require.Equal(t, "MissingData", a.json(t)["Message"])
		}
	})
	t.Run("unknown_path", func(t *testing.T) {
		a := c.app(http.MethodGet, "enrol")
		require.Equal(t, http.StatusNotFound, a.status)
		require.NotEmpty(t, a.json(t)["Message"])
	})
}

func TestBioIDBrowsersMayCall(t *testing.T) {
	c := newBioID(t)
	for _, path := range []string{"upload", "enroll", "verify", "identify", "livenessdetection"} {
		a := c.do(http.MethodOptions, "/extension/"+path, "", header{"Origin", "https://bank.example"},
			header{"Access-Control-Request-Method", "POST"}, header{"Access-Control-Request-Headers", "authorization,content-type"})
		require.Equal(t, http.StatusNoContent, a.status, path)
		require.Equal(t, "*", a.header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, "authorization,content-type", a.header.Get("Access-Control-Allow-Headers"))
	}
	a := c.with("x.y.z", http.MethodGet, "enroll", "")
	require.Equal(t, "*", a.header.Get("Access-Control-Allow-Origin"), "the browser may read a refusal, too")
	require.Empty(t, c.app(http.MethodGet, "status").header.Get("Access-Control-Allow-Origin"))
}
