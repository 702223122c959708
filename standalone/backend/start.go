package backend

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/reveal"
)

// Start starts a journey with a body of JSON, in which photos and samples are
// base64.
func (b Backend) Start(ctx context.Context, key string, request client.Request) (Started, error) {
	call, err := JSON(key, request)
	if err != nil {
		return Started{}, err
	}
	return b.start(ctx, call)
}

// Upload starts a journey with a body of parts, in which photos, samples,
// templates and payloads are files.
func (b Backend) Upload(ctx context.Context, key string, request client.Request) (Started, error) {
	call, err := Multipart(key, request)
	if err != nil {
		return Started{}, err
	}
	return b.start(ctx, call)
}

func (b Backend) start(ctx context.Context, call Call) (Started, error) {
	var started Started
	answer, err := b.ask(ctx, call, &started)
	started.Repeated = answer.Status == http.StatusOK
	return started, err
}

// file is a part of an upload beside the JSON.
type file struct {
	// name is the field's, where the file goes.
	name    string
	content []byte
}

// JSON is the call that starts a journey without files of its own.
func JSON(key string, request client.Request) (Call, error) {
	input, files, err := split(request)
	if err != nil {
		return Call{}, err
	}
	var samples []any
	for _, f := range files {
		switch encoded := base64.StdEncoding.EncodeToString(f.content); f.name {
		case "template", "pay_load": // They are text.
			input[f.name] = string(f.content)
		case "image":
			input[f.name] = encoded
		default:
			samples = append(samples, map[string]any{"data": encoded})
		}
	}
	if len(samples) > 0 {
		input["samples"] = samples
	}
	body, err := startBody(request, input)
	return Call{Method: http.MethodPost, Path: "/v1/journeys", Key: key, Body: body}, err
}

// Multipart is the call that starts a journey and uploads its files.
func Multipart(key string, request client.Request) (Call, error) {
	input, files, err := split(request)
	if err != nil {
		return Call{}, err
	}
	body, err := startBody(request, input)
	if err != nil {
		return Call{}, err
	}
	var out bytes.Buffer
	parts := multipart.NewWriter(&out)
	for _, f := range slices.Concat([]file{{"request", body}}, files) {
		part, err := parts.CreateFormFile(f.name, f.name)
		if err != nil {
			return Call{}, fmt.Errorf("write the upload: %w", err)
		}
		if _, err := part.Write(f.content); err != nil {
			return Call{}, fmt.Errorf("write the upload: %w", err)
		}
	}
	if err := parts.Close(); err != nil {
		return Call{}, fmt.Errorf("write the upload: %w", err)
	}
	return Call{Method: http.MethodPost, Path: "/v1/journeys", Key: key, Type: parts.FormDataContentType(), Body: out.Bytes()}, nil
}

func startBody(request client.Request, input map[string]any) ([]byte, error) {
	body, err := json.Marshal(map[string]any{"journey": request.Journey(), "input": input})
	if err != nil {
		return nil, fmt.Errorf("write the start: %w", err)
	}
	return body, nil
}

// split tells the fields of a request from its files. Of samples it takes the
// data alone.
func split(request client.Request) (input map[string]any, files []file, err error) {
	switch r := request.(type) {
	case enroll.IProovPhotoEnrollment:
		files, err = read(files, "image", r.Image)
	case enroll.BioIDEnrollment:
		for i, sample := range r.Samples {
			if files, err = read(files, fmt.Sprintf("samples[%d].data", i), sample.Data); err != nil {
				break
			}
		}
	case enroll.SmartIDEnrollment:
		files = []file{{"template", []byte(r.Template.Reveal())}, {"pay_load", []byte(r.PayLoad.Reveal())}}
	}
	if err != nil {
		return nil, nil, err
	}
	written, err := reveal.Marshal(request)
	if err != nil {
		return nil, nil, err
	}
	if err := json.Unmarshal(written, &input); err != nil {
		return nil, nil, fmt.Errorf("read the request: %w", err)
	}
	for _, name := range []string{"image", "samples", "template", "pay_load"} {
		delete(input, name)
	}
	return input, files, nil
}

func read(files []file, name string, content enroll.Content) ([]file, error) {
	opened, err := content.Open()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	data, err := io.ReadAll(opened)
	if err := errors.Join(err, opened.Close()); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return append(files, file{name, data}), nil
}
