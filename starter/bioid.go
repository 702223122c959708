package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
)

const bioIDExample = `  starter start bioid.enroll --bcid bws.1.42
  starter start bioid.enroll --bcid bws.1.42 --sample 1.png --sample 2.png --wait
  starter start bioid.enroll --bcid bws.1.42 --challenge --sample 1.png,tag=any --sample 2.png,tag=up`

func bioIDInputs() []input {
	return []input{
		{"bcid", text, "class to enroll: storage.partition.class-id, such as bws.1.42 (required)"},
		{"traits", text, "Face, Periocular, or both with a comma; the service's default unless given"},
		{"max_tries", positive, "attempts that the token allows, 1 to 15; the service's default unless given"},
		{"challenge", truth, "ask for challenge-response; only with liveness detection"},
		{"live_detection", truth, "liveness detection of the token; the service's default unless given"},
		{"enroll_live_detection", truth, "the same for the enroll call; the token's unless given"},
		{"performed_by", text, "who calls enroll after the browser uploaded samples: us or browser (us unless given)"},
		{"timeout_seconds", positive, "how long the journey waits for the browser, in seconds; as long as the token lives unless given"},
		{"samples", samples, "sample to upload from here: `FILE[,tag=up,tag=left,index=1,trait=Face]`, repeatable; without any, the browser uploads"},
	}
}

func bioIDSampleInputs() []input {
	return []input{
		{"data", bytesFile, "image"},
		{"tag", text, "head movements: any, up, down, left, right"},
		{"index", number, "place in the recording, from 1"},
		{"trait", text, "Face or Periocular"},
	}
}

// sampleFlag reads FILE[,tag=up,index=1,trait=Face] as a sample of the JSON
// input. A repeated tag makes a list.
func (d *decoder) sampleFlag(field, given string) object {
	path, settings, _ := strings.Cut(given, ",")
	sample := object{"data" + fileSuffix: quote(path)}
	var tags []string
	for setting := range strings.SplitSeq(settings, ",") {
		name, value, _ := strings.Cut(setting, "=")
		switch name {
		case "":
		case "tag":
			tags = append(tags, value)
			sample["tag"] = quote(strings.Join(tags, ","))
		case "trait":
			sample["trait"] = quote(value)
		case "index":
			index, err := strconv.Atoi(value)
			if err != nil {
				d.refuse(field, fmt.Sprintf("index %q", value), "index as a whole number")
			}
			sample["index"] = json.RawMessage(strconv.Itoa(index))
		default:
			d.refuse(field, fmt.Sprintf("setting %q", name), "FILE[,tag=up,tag=left,index=1,trait=Face]")
		}
	}
	return sample
}

// samples checks each sample of the list by itself and returns the list with
// the content of its files.
func (d *decoder) samples(field string, list json.RawMessage) json.RawMessage {
	var given []object
	if err := json.Unmarshal(list, &given); err != nil {
		d.refuse(field, describeJSON(list), "a list of objects with "+strings.Join(fieldNames(bioIDSampleInputs()), ", "))
		return json.RawMessage(null)
	}
	for i := range given {
		d.fill(fmt.Sprintf("%s[%d].", field, i), given[i], bioIDSampleInputs(), &enroll.BioIDSample{})
	}
	if len(d.problems) > 0 {
		return json.RawMessage(null) // The list cannot be read as a whole.
	}
	return marshal(given)
}
