package codec

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"maps"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/bioenroll/bioenroll/internal/keys"
)

// Encoding is the encoding that the metadata of an encrypted payload names.
const Encoding = "binary/encrypted"

// The metadata of an encrypted payload beside its encoding.
const (
	metadataKey      = "key-id"      // ID of the key.
	metadataWorkflow = "workflow-id" // ID of the workflow it is bound to; absent when unbound.
)

// metadataAnybody marks a payload in the context of a workflow that anybody
// may have written: it came in clear, or bound to no workflow. The mark never
// leaves the process.
const metadataAnybody = "bioenroll-anybody"

// The reasons why a payload is refused. None comes with data.
var (
	// ErrNoWorkflow: a payload to encode belongs to a workflow without an ID.
	ErrNoWorkflow = errors.New("workflow ID missing")
	// ErrOtherKey: a payload was encrypted with a key that our ring has not.
	ErrOtherKey = errors.New("encrypted with another key")
	// ErrOtherWorkflow: a payload belongs to another workflow.
	ErrOtherWorkflow = errors.New("bound to another workflow")
	// ErrNotProtected: a payload that is no hint is in clear or bound to no
	// workflow.
	ErrNotProtected = errors.New("not encrypted for this workflow")
	// ErrDamaged: a payload was changed or cut after encryption.
	ErrDamaged = errors.New("damaged")
)

// place is where the SDK says that a payload belongs.
type place struct {
	// known reports that the SDK told.
	known bool
	// activity reports that it is a payload of an activity.
	activity bool
	// workflowID is the workflow's ID.
	workflowID string
}

// Codec encrypts payloads for one place. It is safe for concurrent use.
type Codec struct {
	// ids are those of the ring; the first is that of the key that encrypts.
	ids []string
	// ciphers holds the cipher of each key of the ring by its ID.
	ciphers map[string]cipher.AEAD
	place   place
}

var _ converter.PayloadCodecWithSerializationContext = (*Codec)(nil)

// New returns a codec that knows no place, as a codec server needs it. It
// encrypts with the key of the codec ring that is in use, and decrypts with
// all of them.
func New(k *keys.Keys) (*Codec, error) {
	ring := k.Codec()
	codec := &Codec{ids: ring.IDs(), ciphers: map[string]cipher.AEAD{}}
	for _, id := range codec.ids {
		key, _ := ring.Find(id) // The ring has what it lists.
		aead, err := newCipher(key)
		if err != nil {
			return nil, fmt.Errorf("codec: %w", err)
		}
		codec.ciphers[id] = aead
	}
	return codec, nil
}

// newCipher returns the cipher of a key. Each payload gets a random nonce,
// written before the ciphertext.
func newCipher(key keys.Key) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key.Bytes())
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// WithSerializationContext returns the same codec for the place that the SDK
// names.
func (c *Codec) WithSerializationContext(where converter.SerializationContext) converter.PayloadCodec {
	clone := *c
	switch where := where.(type) {
	case converter.WorkflowSerializationContext:
		clone.place = place{known: true, workflowID: where.WorkflowID}
	case converter.ActivitySerializationContext:
		clone.place = place{known: true, activity: true, workflowID: where.WorkflowID}
	}
	return &clone
}

// Encode encrypts the payloads.
func (c *Codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	return each(payloads, c.encrypt)
}

// Decode decrypts the payloads. What is not encrypted passes where the package
// comment allows it.
func (c *Codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	return each(payloads, c.decrypt)
}

func (c *Codec) encrypt(payload *commonpb.Payload) (*commonpb.Payload, error) {
	if c.place.known && c.place.workflowID == "" {
		return nil, fmt.Errorf("codec: %w: set WorkflowID in the options of the call, of an update with start in both parts", ErrNoWorkflow)
	}
	plain, err := proto.Marshal(payload)
	if err != nil {
		return nil, fmt.Errorf("codec: marshal payload: %w", err)
	}
	metadata := map[string][]byte{
		converter.MetadataEncoding: []byte(Encoding),
		metadataKey:                []byte(c.ids[0]),
	}
	if c.place.known {
		metadata[metadataWorkflow] = []byte(c.place.workflowID)
	}
	//nolint:gosec // the cipher makes the random nonce itself
	sealed := c.ciphers[c.ids[0]].Seal(nil, nil, plain, bound(c.ids[0], c.place.workflowID))
	return &commonpb.Payload{Metadata: metadata, Data: sealed}, nil
}

func (c *Codec) decrypt(payload *commonpb.Payload) (*commonpb.Payload, error) {
	if string(payload.GetMetadata()[converter.MetadataEncoding]) != Encoding {
		if c.place.activity {
			return nil, fmt.Errorf("codec: payload of %s: %w: only workers write what activities take and return", kind(payload), ErrNotProtected)
		}
		return c.marked(payload), nil
	}
	id := string(payload.GetMetadata()[metadataKey])
	aead, ours := c.ciphers[id]
	if !ours {
		return nil, fmt.Errorf("codec: %w: the payload's key is %.20q, ours are %q; give every program the same key file, "+
			"or that key back from a backup when it was retired too early", ErrOtherKey, id, c.ids)
	}
	workflowID := string(payload.GetMetadata()[metadataWorkflow])
	if err := c.admit(workflowID); err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, payload.GetData(), bound(id, workflowID))
	if err != nil {
		return nil, fmt.Errorf("codec: payload of workflow %q: %w after it was encrypted", workflowID, ErrDamaged)
	}
	decrypted := &commonpb.Payload{}
	if err := proto.Unmarshal(plain, decrypted); err != nil {
		return nil, fmt.Errorf("codec: payload of workflow %q: %w before it was encrypted", workflowID, ErrDamaged)
	}
	if workflowID == "" {
		return c.marked(decrypted), nil
	}
	return decrypted, nil
}

// marked returns a copy with the mark of what anybody may have written, for who
// reads in the context of a workflow. Who knows no place shows payloads and
// acts on none.
func (c *Codec) marked(payload *commonpb.Payload) *commonpb.Payload {
	if !c.place.known {
		return payload
	}
	marked := &commonpb.Payload{Metadata: maps.Clone(payload.GetMetadata()), Data: payload.GetData()}
	if marked.Metadata == nil {
		marked.Metadata = map[string][]byte{}
	}
	marked.Metadata[metadataAnybody] = []byte("true")
	return marked
}

// admit checks the workflow ID of a payload against the place it is read at.
func (c *Codec) admit(workflowID string) error {
	switch {
	case !c.place.known || c.place.workflowID == "" || workflowID == c.place.workflowID:
		return nil
	case workflowID != "":
		return fmt.Errorf("codec: %w: the payload's is %q, this is %q", ErrOtherWorkflow, workflowID, c.place.workflowID)
	case c.place.activity:
		return fmt.Errorf("codec: payload bound to no workflow: %w: only workers write what activities take and return", ErrNotProtected)
	default:
		return nil
	}
}

// bound returns the associated data that ties a payload to key and workflow.
func bound(keyID, workflowID string) []byte {
	return []byte("bioenroll payload 1\x00" + keyID + "\x00" + workflowID)
}

// kind names a payload in an error without telling anything of its data.
func kind(payload *commonpb.Payload) string {
	encoding := string(payload.GetMetadata()[converter.MetadataEncoding])
	if message := string(payload.GetMetadata()[converter.MetadataMessageType]); message != "" {
		return fmt.Sprintf("%.40q (%.80q)", encoding, message)
	}
	return fmt.Sprintf("%.40q", encoding)
}

// each applies a function to every payload and stops at the first error.
func each(payloads []*commonpb.Payload, apply func(*commonpb.Payload) (*commonpb.Payload, error)) ([]*commonpb.Payload, error) {
	result := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		var err error
		if result[i], err = apply(payload); err != nil {
			return nil, err
		}
	}
	return result, nil
}
