package simulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// bioIDIsEnrolled answers with the status alone. A magic class is told of as it is before its journey, so that the journey finds
// the same each time; GET /_sim/state tells what was enrolled since.
func bioIDIsEnrolled(c *call) reply {
	q := c.r.URL.Query()
	bcid, valid := bioIDParse(q.Get("bcid"))
	traits, known := bioIDTraits(q.Get("trait"))
	if !valid || !known {
		return emptyReply(http.StatusBadRequest)
	}
	class, enrolled := get[bioIDClass](c.txn, bioIDClassKind, bcid)
	if sc, magic := script[bioIDScript](c.txn, bioIDName, bcid); magic {
		enrolled, class.Traits = sc.trained, traits
	}
	if !enrolled || q.Get("trait") != "" && class.Traits&traits == 0 {
		return emptyReply(http.StatusNotFound)
	}
	return emptyReply(http.StatusOK)
}

// bioIDDeleteClass answers 200 for a class that is not there, too: only its form can be wrong.
func bioIDDeleteClass(c *call) reply {
	bcid, valid := bioIDParse(c.r.URL.Query().Get("bcid"))
	if !valid {
		return emptyReply(http.StatusBadRequest)
	}
	if _, enrolled := get[bioIDClass](c.txn, bioIDClassKind, bcid); enrolled {
		remove(c.txn, bioIDClassKind, bcid)
		c.effect("class_deleted")
	}
	return emptyReply(http.StatusOK)
}

type bioIDStatusBody struct {
	Version  string
	Label    string
	Features []bioIDFeature
}

type bioIDFeature struct {
	Name       string
	Traits     *string
	Storage    *string
	Partitions *string
}

func bioIDStatus(*call) reply {
	faces, all, storage, partitions := "Face,Periocular", "Face,Periocular,Voice", "bws", "1"
	return jsonReply(http.StatusOK, bioIDStatusBody{Version: "2.3", Label: "BWS 2.3 (simulated)", Features: []bioIDFeature{
		{Name: "QualityCheck", Traits: &all},
		{Name: "LiveDetection", Traits: &faces},
		{Name: "Enrollment", Traits: &all, Storage: &storage, Partitions: &partitions},
		{Name: "Verification", Traits: &all, Storage: &storage, Partitions: &partitions},
		{Name: "Identification", Traits: &all, Storage: &storage, Partitions: &partitions},
		{Name: "PhotoVerify"},
	}})
}

type bioIDQuality struct {
	Success         bool
	Errors          []bioIDQualityError
	EyeCenters      *bioIDEyes
	ProcessedSample string
}

type bioIDQualityError struct{ Code, Message, Details string }

type bioIDEyes struct{ RightEyeX, RightEyeY, LeftEyeX, LeftEyeY float64 }

func bioIDQualityCheck(c *call) reply {
	sample, voice, ok := bioIDDataURL(string(c.body))
	if !ok || voice {
		return bioIDRefuse(http.StatusBadRequest, "The sample is not supported or cannot be decoded.")
	}
	body := bioIDQuality{Success: true, Errors: []bioIDQualityError{}}
	switch sampleKind(sample) {
	case SampleNoFace:
		body = bioIDQuality{Errors: []bioIDQualityError{{Code: "NoFaceFound", Message: "No face was found in the face sample."}}}
	case SampleMultipleFaces:
		body = bioIDQuality{Errors: []bioIDQualityError{{Code: "MultipleFacesFound", Message: "More than one face was found."}}}
	default:
		body.EyeCenters = &bioIDEyes{RightEyeX: 8, RightEyeY: 12, LeftEyeX: 16, LeftEyeY: 12}
		body.ProcessedSample = strings.TrimSpace(string(c.body))
	}
	return jsonReply(http.StatusOK, body)
}

// bioIDCompare answers photoverify and livedetection, which take their pictures as a form or as JSON and answer true or false.
func bioIDCompare(names ...string) func(*call) reply {
	return func(c *call) reply {
		fields := bioIDFields(c)
		for _, name := range names {
			sample, voice, ok := bioIDDataURL(fields[name])
			switch {
			case fields[name] == "":
				return bioIDRefuse(http.StatusBadRequest, "MissingData")
			case !ok || voice:
				return bioIDRefuse(http.StatusBadRequest, "SampleNotOfExpectedType")
			}
			switch sampleKind(sample) {
			case SampleNoFace:
				return bioIDRefuse(http.StatusBadRequest, "NoFaceFound")
			case SampleMultipleFaces:
				return bioIDRefuse(http.StatusBadRequest, "MultipleFacesFound")
			case SampleNotLive:
				return jsonReply(http.StatusOK, false)
			}
		}
		return jsonReply(http.StatusOK, true)
	}
}

func bioIDFields(c *call) map[string]string {
	fields := map[string]string{}
	if json.Unmarshal(c.body, &fields) == nil {
		return fields
	}
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return fields
	}
	for name := range form {
		fields[strings.ToLower(name)] = form.Get(name)
	}
	return fields
}
