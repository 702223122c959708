package server

import (
	"encoding/json"
	"fmt"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"github.com/bioenroll/bioenroll/enroll"
)

const (
	// maxPayloads is how many payloads a request may bring.
	maxPayloads = 1000
	// maxWorkflows is how many workflows a line of the log names.
	maxWorkflows = 10
	// workflowID is the metadata of a payload that names its workflow, as package
	// codec writes it.
	workflowID = "workflow-id"
)

// jsonEncodings are the encodings of payloads that hold JSON.
func isJSON(encoding string) bool {
	return encoding == converter.MetadataEncodingJSON || encoding == converter.MetadataEncodingProtoJSON
}

// reading is the codec for one request. It counts what it reads.
type reading struct {
	codec    converter.PayloadCodec
	revealed bool

	payloads   int
	unreadable int
	workflows  []string
}

var _ converter.PayloadCodec = (*reading)(nil)

// Encode encrypts the payloads, bound to no workflow.
func (r *reading) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	if err := r.count(payloads); err != nil {
		return nil, err
	}
	return r.codec.Encode(payloads)
}

// Decode decrypts each payload on its own: what is wrong with one is said in its
// place and keeps nobody from reading the others.
func (r *reading) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	if err := r.count(payloads); err != nil {
		return nil, err
	}
	shown := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		decoded, err := r.codec.Decode([]*commonpb.Payload{payload})
		switch {
		case err != nil:
			r.unreadable++
			shown[i] = say(fmt.Sprintf("[not readable: %v]", err))
		case r.revealed:
			shown[i] = decoded[0]
		default:
			shown[i] = redacted(decoded[0])
		}
	}
	return shown, nil
}

// count notes what the request is about.
func (r *reading) count(payloads []*commonpb.Payload) error {
	r.payloads = len(payloads)
	if len(payloads) > maxPayloads {
		return fmt.Errorf("%d payloads in one request, at most %d are taken", len(payloads), maxPayloads)
	}
	for _, payload := range payloads {
		id := fmt.Sprintf("%.200s", payload.GetMetadata()[workflowID])
		if id != "" && len(r.workflows) < maxWorkflows && !slices.Contains(r.workflows, id) {
			r.workflows = append(r.workflows, id)
		}
	}
	return nil
}

// redacted returns the payload with everything blanked out that is not known to
// be harmless.
func redacted(payload *commonpb.Payload) *commonpb.Payload {
	encoding := string(payload.GetMetadata()[converter.MetadataEncoding])
	if encoding == converter.MetadataEncodingNil && len(payload.GetData()) == 0 {
		return payload
	}
	if !isJSON(encoding) {
		return say(enroll.Redacted)
	}
	shown, err := redact(payload.GetData())
	if err != nil {
		return say(enroll.Redacted)
	}
	return &commonpb.Payload{Metadata: payload.GetMetadata(), Data: shown}
}

// say is a payload that tells an operator something.
func say(text string) *commonpb.Payload {
	written, _ := json.Marshal(text) //nolint:errchkjson // a string can always be written
	return &commonpb.Payload{
		Metadata: map[string][]byte{converter.MetadataEncoding: []byte(converter.MetadataEncodingJSON)}, Data: written,
	}
}
