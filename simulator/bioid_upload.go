package simulator

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// bioIDSample is what is remembered of an uploaded sample; the picture itself is not.
type bioIDSample struct {
	Kind  string   `json:"kind"`
	Tags  []string `json:"tags"`
	Index int      `json:"index"`
}

// bioIDAccepted is the answer to an accepted sample: the vendor's script needs Warnings to be a list.
type bioIDAccepted struct {
	Accepted bool
	Warnings []string
}

// bioIDNotAccepted is the answer to a refused one, still with 200.
type bioIDNotAccepted struct {
	Accepted bool
	Error    string
}

// bioIDUpload takes one sample: a Data URL as raw text, whatever the content type says.
func bioIDUpload(c *call, token bioIDToken) reply {
	q := c.r.URL.Query()
	sample, voice, ok := bioIDDataURL(string(c.body))
	traits, known := bioIDTraits(q.Get("trait"))
	if !ok || !known {
		return bioIDRefuse(http.StatusBadRequest, "The sample is not supported or cannot be decoded.")
	}
	kind := sampleKind(sample)
	if refusal := bioIDSampleError(c.txn, token, kind, voice, traits); refusal != "" {
		return jsonReply(http.StatusOK, bioIDNotAccepted{Error: refusal})
	}
	index, err := strconv.Atoi(q.Get("index"))
	if err != nil {
		index = len(token.Samples) + 1
	}
	token.Samples = append(token.Samples, bioIDSample{Kind: kind, Tags: bioIDTags(q.Get("tag")), Index: index})
	bioIDKeep(c.txn, token)
	c.effect("sample_stored")
	return jsonReply(http.StatusOK, bioIDAccepted{Accepted: true, Warnings: []string{}})
}

// bioIDSampleError returns why a sample is refused, or nothing.
func bioIDSampleError(t *txn, token bioIDToken, kind string, voice bool, traits int) string {
	if sc, magic := script[bioIDScript](t, bioIDName, token.BCID); magic && sc.uploadError != "" {
		return sc.uploadError
	}
	switch {
	case voice != (traits&bioIDVoice != 0):
		return "SampleNotOfExpectedType"
	case kind == SampleNoFace:
		return "NoFaceFound"
	case kind == SampleMultipleFaces:
		return "MultipleFacesFound"
	}
	return ""
}

func bioIDTags(text string) []string {
	var tags []string
	for tag := range strings.SplitSeq(text, ",") {
		if tag = strings.ToLower(strings.TrimSpace(tag)); tag != "" && tag != "any" {
			tags = append(tags, tag)
		}
	}
	return tags
}

// bioIDDataURL decodes a sample and tells whether it is a voice; false when it is not supported.
func bioIDDataURL(text string) (sample []byte, voice, ok bool) {
	head, data, found := strings.Cut(strings.TrimSpace(text), ",")
	if !found || !strings.HasPrefix(strings.ToLower(head), "data:") || !strings.HasSuffix(strings.ToLower(head), ";base64") {
		return nil, false, false
	}
	data = strings.Join(strings.Fields(data), "")
	sample, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return nil, false, false
	}
	if bytes.HasPrefix(sample, []byte("RIFF")) {
		return sample, true, true
	}
	starts := []string{"\x89PNG\r\n\x1a\n", "\xff\xd8\xff", "BM", "GIF8", "II*\x00", "MM\x00*"}
	ok = slices.ContainsFunc(starts, func(start string) bool { return bytes.HasPrefix(sample, []byte(start)) })
	return sample, false, ok
}
