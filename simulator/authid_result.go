package simulator

import (
	"encoding/base64"
	"net/http"
)

// authIDResultBody is what a finished operation holds. The shape for documents is known from clients; what the two operations
// of the journeys hold is published nowhere, so the parts that clients read of documents are kept and a picture is added,
// because a client that stores answers must be found out.
type authIDResultBody struct {
	Status  int
	Payload authIDResultPayload
}

type authIDResultPayload struct {
	TempID   string `json:"TempId,omitempty"` //nolint:tagliatelle // the vendor's casing
	Metadata authIDResultMetadata
	Data     authIDResultData
}

type authIDResultMetadata struct {
	BiometricVerificationResult struct{ Verified bool }
}

type authIDResultData struct {
	Image    string           `json:",omitempty"` //nolint:tagliatelle // the vendor's casing
	Document *authIDPaperwork `json:",omitempty"` //nolint:tagliatelle // the vendor's casing
}

type authIDPaperwork struct {
	Type string
	Data []authIDPaperField
}

type authIDPaperField struct{ Key, Value string }

// authIDResult answers null until the operation has ended.
func authIDResult(transaction bool) func(*call) reply {
	return func(c *call) reply {
		op, found := authIDPathOperation(c, transaction)
		if !found {
			return authIDRefuse(http.StatusNotFound, authIDOperationMissing, "Operation was not found.")
		}
		if op.Status == authIDPending {
			return jsonReply(http.StatusOK, nil)
		}
		return jsonReply(http.StatusOK, authIDResultOf(op))
	}
}

func authIDResultOf(op authIDOperation) authIDResultBody {
	body := authIDResultBody{Status: op.Status}
	if op.Status != authIDAccepted {
		return body
	}
	body.Payload.Metadata.BiometricVerificationResult.Verified = true
	switch op.Name {
	case authIDSelfieName:
		body.Payload.TempID = op.TempID
		body.Payload.Data.Image = base64.StdEncoding.EncodeToString(SampleImage(SampleLive))
	case authIDForeignDoc, authIDDocument:
		body.Payload.Data.Document = &authIDPaperwork{Type: "Passport", Data: []authIDPaperField{
			{Key: "FirstName", Value: "Sample"}, {Key: "LastName", Value: "Person"}, {Key: "DocumentNumber", Value: "X0000000"},
		}}
	}
	return body
}
