package main

import (
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/simulator"
)

// apart returns a request without its contents, and what they hold: contents
// cannot be compared.
func apart(t *testing.T, request client.Request) (client.Request, []string) {
	t.Helper()
	var held []string
	take := func(content *enroll.Content) {
		source, err := content.Open()
		require.NoError(t, err)
		data, err := io.ReadAll(source)
		require.NoError(t, errors.Join(err, source.Close()))
		held = append(held, string(data))
		*content = enroll.Content{}
	}
	switch r := request.(type) {
	case enroll.IProovPhotoEnrollment:
		take(&r.Image)
		return r, held
	case enroll.BioIDEnrollment:
		r.Samples = slices.Clone(r.Samples)
		for i := range r.Samples {
			take(&r.Samples[i].Data)
		}
		return r, held
	}
	return request, nil
}

func requireSame(t *testing.T, want, got client.Request) {
	t.Helper()
	want, held := apart(t, want)
	got, found := apart(t, got)
	require.Equal(t, want, got)
	require.Equal(t, held, found)
}

// file makes a file and returns its path.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// TestInputs holds the tables of inputs to the requests: a field without a
// flag, or a flag without a field, is a mistake.
func TestInputs(t *testing.T) {
	t.Parallel()
	for _, spec := range enroll.Catalogue() {
		t.Run(string(spec.Journey)+"_has_a_flag_for_each_field", func(t *testing.T) {
			t.Parallel()
			into, _, err := client.NewRequest(spec.Journey)
			require.NoError(t, err)
			requireSameFields(t, reflect.TypeOf(into).Elem(), inputsOf(spec.Journey))
			require.Contains(t, exampleOf(spec.Journey), "starter start "+string(spec.Journey))
		})
	}
	t.Run("a_sample_has_a_setting_for_each_field", func(t *testing.T) {
		t.Parallel()
		requireSameFields(t, reflect.TypeFor[enroll.BioIDSample](), bioIDSampleInputs())
	})
}

func requireSameFields(t *testing.T, request reflect.Type, inputs []input) {
	t.Helper()
	var fields, listed []string
	for _, f := range reflect.VisibleFields(request) {
		if !f.Anonymous {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			fields = append(fields, name)
		}
	}
	for _, in := range inputs {
		listed = append(listed, in.name)
		require.NotEmpty(t, in.help)
	}
	require.ElementsMatch(t, fields, listed)
}

func TestStartRequest(t *testing.T) {
	t.Parallel()
	no, yes := false, true
	png := string(simulator.SampleImage(simulator.SampleLive))
	image := file(t, png)
	for _, row := range []struct {
		journey enroll.Journey
		flags   []string
		json    string
		want    client.Request
	}{
		{
			enroll.AuthIDEnroll,
			[]string{"--account-number", "jane", "--codeword-file", file(t, "open sesame\n"), "--tag", "t", "--timeout-seconds", "60", "--transport-type", "2", "--consent", "c-1", "--upstream", "u-1", "--reference", "order-17"},
			`{"account_number": "jane", "codeword": "open sesame", "tag": "t", "timeout_seconds": 60, "transport_type": 2, "consent": "c-1", "upstream": "u-1", "reference": "order-17"}`,
			enroll.AuthIDEnrollment{AuthIDOperationRequest: enroll.AuthIDOperationRequest{
				AccountNumber: "jane", Codeword: "open sesame", Tag: "t", TimeoutSeconds: 60, TransportType: 2,
			}, Grounds: enroll.Grounds{Consent: "c-1", Upstream: "u-1"}, Referenced: enroll.Referenced{Reference: "order-17"}},
		},
		{
			enroll.AuthIDSelfie,
			[]string{"--account-number", "jane", "--attach-credential"},
			`{"account_number": "jane", "attach_credential": true}`,
			enroll.AuthIDLiveSelfie{AuthIDOperationRequest: enroll.AuthIDOperationRequest{AccountNumber: "jane", TimeoutSeconds: 3600}, AttachCredential: true},
		},
		{
			enroll.BioIDEnroll,
			[]string{"--bcid", "bws.1.42", "--max-tries", "5", "--live-detection=false", "--enroll-live-detection", "--sample", image + ",tag=up,tag=left,index=1,trait=Face", "--sample", image},
			`{"bcid": "bws/1/42", "max_tries": 5, "live_detection": false, "enroll_live_detection": true, "samples": [
				{"data_file": "` + image + `", "tag": "up,left", "index": 1, "trait": "Face"}, {"data": "` + base64.StdEncoding.EncodeToString([]byte(png)) + `"}]}`,
			enroll.BioIDEnrollment{
				BCID: "bws.1.42", MaxTries: 5, LiveDetection: &no, EnrollLiveDetection: &yes, PerformedBy: enroll.ByUs,
				Samples: []enroll.BioIDSample{{Data: enroll.Bytes([]byte(png)), Tag: "up,left", Index: 1, Trait: "Face"}, {Data: enroll.Bytes([]byte(png))}},
			},
		},
		{
			enroll.SmartIDEnroll,
			[]string{"--user", "jane", "--template-file", file(t, "<tpl>\n"), "--pay-load-file", file(t, "{}"), "--over-write", "true"},
			`{"user": "jane", "template": "<tpl>\n", "pay_load_file": "` + file(t, "{}") + `", "over_write": "true"}`,
			enroll.SmartIDEnrollment{User: "jane", Template: "<tpl>\n", PayLoad: "{}", OverWrite: "true"},
		},
		{
			enroll.SmartIDUnenroll,
			[]string{"--user", "jane"},
			`{"user": "jane"}`,
			enroll.SmartIDUnenrollment{User: "jane"},
		},
		{
			enroll.IProovPhotoEnroll,
			[]string{"--user-id", "jane", "--image", image, "--source", "eid", "--assurance-type", "liveness", "--client", "Firefox", "--timeout-seconds", "30"},
			`{"user_id": "jane", "image_file": "` + image + `", "source": "eid", "assurance_type": "liveness", "client": "Firefox", "timeout_seconds": 30}`,
			enroll.IProovPhotoEnrollment{UserID: "jane", Image: enroll.Bytes([]byte(png)), Source: enroll.SourceEID, AssuranceType: enroll.Liveness, Client: "Firefox", TimeoutSeconds: 30},
		},
	} {
		t.Run(string(row.journey)+"_is_made_of_flags", func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			told := f.execute(t, append([]string{"start", string(row.journey)}, row.flags...)...)
			require.Zero(t, told.code, told.stderr)
			requireSame(t, row.want, f.request)
		})
		t.Run(string(row.journey)+"_is_made_of_a_document", func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			told := f.executeWith(t, row.json, nil, "start", string(row.journey), "--input", "-", "--key", "key-1")
			require.Zero(t, told.code, told.stderr)
			requireSame(t, row.want, f.request)
			require.Equal(t, "key-1", f.key)
		})
	}
	t.Run("a_picture_may_come_through_a_pipe", func(t *testing.T) {
		t.Parallel()
		pipe := filepath.Join(t.TempDir(), "pipe")
		require.NoError(t, syscall.Mkfifo(pipe, 0o600))
		go func() { _ = os.WriteFile(pipe, []byte(png), 0o600) }()
		f := &fake{}
		told := f.execute(t, "start", "iproov.photo-enroll", "--user-id", "jane", "--image", pipe, "--source", "eid")
		require.Zero(t, told.code, told.stderr)
		_, held := apart(t, f.request)
		require.Equal(t, []string{png}, held)
	})
	t.Run("flags_take_the_place_of_fields", func(t *testing.T) {
		t.Parallel()
		f := &fake{}
		document := file(t, `{"user": "jane", "template": "old", "pay_load": "p"}`)
		told := f.execute(t, "start", "smartid.enroll", "--input", document, "--user", "john", "--template-file", file(t, "new"))
		require.Zero(t, told.code, told.stderr)
		require.Equal(t, enroll.SmartIDEnrollment{User: "john", Template: "new", PayLoad: "p"}, f.request)
	})
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, journey, json string
		args                []string
		fields              []string // In the order of the message.
		says                string
	}{
		{
			name: "every_field_at_once", journey: "iproov.photo-enroll",
			json:   `{"user_id": 5, "image": "no base64!", "source": "passport", "timeout_seconds": 1, "assurance_type": null, "nickname": "j"}`,
			fields: []string{"image", "nickname", "source", "timeout_seconds", "user_id"},
			says:   "user_id, image, image_file, source, assurance_type, client, timeout_seconds",
		},
		{name: "names_that_differ_in_case", journey: "smartid.unenroll", json: `{"User": "jane"}`, fields: []string{"User", "user"}},
		{name: "fields_of_samples", journey: "bioid.enroll", json: `{"bcid": "bws.1.42", "samples": [{"data": "AA==", "pose": "up"}, {"index": "first"}]}`, fields: []string{"samples[0].pose", "samples[1].index"}},
		{name: "samples_that_are_no_list", journey: "bioid.enroll", json: `{"bcid": "bws.1.42", "samples": "1.png"}`, fields: []string{"samples"}},
		{name: "settings_of_the_sample_flag", journey: "bioid.enroll", json: `{}`, args: []string{"--bcid", "bws.1.42", "--sample", "x.png,pose=up,index=one"}, fields: []string{"samples[0]", "samples[0]", "samples[0].data_file"}},
		{name: "a_file_that_is_missing", journey: "iproov.photo-enroll", json: `{"source": "eid", "image_file": "/nowhere/jane.png"}`, fields: []string{"image_file"}, says: "no such file"},
		{name: "content_and_file_together", journey: "smartid.enroll", json: `{"user": "jane", "template": "t", "template_file": "t.tpl", "pay_load": "p"}`, fields: []string{"template_file"}, says: "one of the two"},
		{name: "a_file_name_that_is_no_text", journey: "smartid.enroll", json: `{"user": "jane", "template_file": 1, "pay_load": "p"}`, fields: []string{"template_file"}},
		{name: "a_document_that_is_no_object", journey: "smartid.unenroll", json: `["jane"]`, fields: []string{"input", "user"}},
		{name: "a_document_that_is_cut_off", journey: "smartid.unenroll", json: `{"user": "ja`, fields: []string{"input", "user"}},
		{name: "a_document_that_is_null", journey: "smartid.unenroll", json: `null`, args: []string{"--user", "jane"}, fields: []string{"input"}},
		{name: "two_documents", journey: "smartid.unenroll", json: `{"user": "jane"} {}`, fields: []string{"input"}},
		{name: "a_document_in_another_encoding", journey: "smartid.unenroll", json: "{\"user\": \"jan\xe9\"}", fields: []string{"input", "user"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			told := f.executeWith(t, row.json, nil, append([]string{"start", row.journey, "--input", "-", "--json"}, row.args...)...)
			require.Equal(t, exitInput, told.code)
			require.Zero(t, f.connects, "nothing is asked of anybody")
			var fields []string
			for _, problem := range failureIn(t, told.stderr).Fields {
				fields = append(fields, problem.Field)
				require.NotEmpty(t, problem.Given)
				require.NotEmpty(t, problem.Allowed)
			}
			require.Equal(t, row.fields, fields)
			require.Contains(t, told.stderr, row.says)
		})
	}
	t.Run("text_files_that_json_would_change", func(t *testing.T) {
		t.Parallel()
		told := (&fake{}).execute(t, "start", "smartid.enroll", "--user", "jane", "--template-file", file(t, "\xff\xfe"), "--pay-load-file", file(t, "p"))
		require.Equal(t, exitInput, told.code)
		require.Contains(t, told.stderr, "template_file: given a file that is not UTF-8 text")
	})
	t.Run("without_repeating_people_or_secrets", func(t *testing.T) {
		t.Parallel()
		document := `{"account_number": ["jane-doe"], "codeword": {"word": "sesame"}, "tag": 4711}`
		told := (&fake{}).executeWith(t, document, nil, "start", "authid.enroll", "--input", "-")
		require.Equal(t, exitInput, told.code)
		for _, word := range []string{"jane-doe", "sesame", "4711"} {
			require.NotContains(t, told.stderr, word)
		}
	})
	t.Run("what_the_settings_do_not_allow", func(t *testing.T) {
		t.Parallel()
		args := []string{"start", "authid.enroll", "--account-number", "jane", "--timeout-seconds", "600"}
		told := (&fake{}).executeWith(t, "", map[string]string{config.AuthIDTimeoutMax: "300"}, args...)
		require.Equal(t, exitInput, told.code)
		require.Contains(t, told.stderr, "timeout_seconds: given 600, allowed: 30 to 300")
	})
}

// TestStartRefuses_zero covers every number that has no choice of 0: there a 0
// is a mistake, never a word for "not given".
func TestStartRefuses_zero(t *testing.T) {
	t.Parallel()
	for _, spec := range enroll.Catalogue() {
		for _, in := range inputsOf(spec.Journey) {
			if in.kind != positive {
				continue
			}
			for form, args := range map[string][]string{"flag": {"--" + in.flag(), "0"}, "field": {"--input", "-"}} {
				t.Run(string(spec.Journey)+"_as_"+form+"_of_"+in.name, func(t *testing.T) {
					t.Parallel()
					document := `{"` + in.name + `": 0}`
					told := (&fake{}).executeWith(t, document, nil, append([]string{"start", string(spec.Journey), "--json"}, args...)...)
					require.Equal(t, exitInput, told.code)
					fields := failureIn(t, told.stderr).Fields
					i := slices.IndexFunc(fields, func(f enroll.FieldError) bool { return f.Field == in.name })
					require.GreaterOrEqual(t, i, 0, fields)
					require.Equal(t, "0", fields[i].Given)
					require.Regexp(t, `^[1-9]\d* to \d+$`, fields[i].Allowed)
				})
			}
		}
	}
	t.Run("but_not_null", func(t *testing.T) {
		t.Parallel()
		f := &fake{}
		told := f.executeWith(t, `{"bcid": "bws.1.42", "max_tries": null}`, nil, "start", "bioid.enroll", "--input", "-")
		require.Zero(t, told.code, told.stderr)
		require.Equal(t, enroll.BioIDEnrollment{BCID: "bws.1.42", PerformedBy: enroll.ByUs}, f.request)
	})
}

func TestFlags_that_cannot_be_read(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		args []string
		want enroll.FieldError
	}{
		{"number", []string{"start", "bioid.enroll", "--max-tries", "abc"}, enroll.FieldError{Field: "max_tries", Given: `"abc"`, Allowed: "a whole number"}},
		{"large_number", []string{"list", "--limit", "99999999999999999999"}, enroll.FieldError{Field: "limit", Given: `"99999999999999999999"`, Allowed: "a whole number of at most 18 digits"}},
		{"truth", []string{"list", "--overdue=perhaps"}, enroll.FieldError{Field: "overdue", Given: `"perhaps"`, Allowed: "true or false"}},
		{"time", []string{"wait", "id", "--timeout", "5"}, enroll.FieldError{Field: "timeout", Given: `"5"`, Allowed: "a time such as 90s"}},
		{"list", []string{"check", "--provider", `"`}, enroll.FieldError{Field: "provider", Given: `"\""`, Allowed: "another form; see: starter check --help"}},
	} {
		t.Run(row.name+"_is_told_as_field_given_and_allowed", func(t *testing.T) {
			t.Parallel()
			told := (&fake{}).execute(t, append(row.args, "--json")...)
			require.Equal(t, exitInput, told.code)
			require.Equal(t, []enroll.FieldError{row.want}, failureIn(t, told.stderr).Fields)
			require.NotContains(t, told.stderr, "strconv")
		})
	}
}

func FuzzDocument(f *testing.F) {
	f.Add(`{"bcid": "bws.1.42", "samples": [{"data": "iVBORw0KGgo=", "index": 1}]}`)
	f.Add(`{"samples": [null, {"data_file": 1}], "live_detection": "yes"}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, document string) {
		var d decoder
		given := d.document("-", strings.NewReader(document))
		for name := range given { // Files of this machine are not for a fuzzer.
			if strings.HasSuffix(name, fileSuffix) {
				delete(given, name)
			}
		}
		if strings.Contains(document, fileSuffix) {
			return
		}
		request, err := d.request(enroll.BioIDEnroll, given, enroll.DefaultLimits())
		require.Equal(t, err == nil, request != nil)
		if err == nil {
			require.NoError(t, request.Check(enroll.DefaultLimits()))
		}
	})
}
