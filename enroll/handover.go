package enroll

import "time"

// HandOver is what the frontend needs to open the capture, ready to use. One
// of the provider fields is set.
type HandOver struct {
	// ExpiresAt is when the provider stops accepting it.
	ExpiresAt time.Time       `json:"expires_at"`
	AuthID    *AuthIDHandOver `json:"authid,omitempty"`
	BioID     *BioIDHandOver  `json:"bioid,omitempty"`
	IProov    *IProovHandOver `json:"iproov,omitempty"`
}

// AuthIDHandOver opens authID's web component, or says where the message with
// the link went.
type AuthIDHandOver struct {
	// OperationID names the operation; it is not a secret.
	OperationID string `json:"operation_id"`
	// OneTimeSecret belongs to the operation; empty for out-of-band transport.
	OneTimeSecret Secret `json:"one_time_secret,omitempty"`
	// CaptureURL is the address for the web component or WebView, with
	// operation and secret percent-encoded; empty for out-of-band transport.
	CaptureURL Secret `json:"capture_url,omitempty"`
	// TransportType is 0 inline, 1 SMS, 2 e-mail.
	TransportType int `json:"transport_type"`
}

// BioIDHandOver lets the browser upload samples to BioID.
type BioIDHandOver struct {
	// BaseURL is the service's address, without a slash at the end.
	BaseURL string `json:"base_url"`
	// Token is the BWS token for upload and, where the browser performs the
	// task, for enroll.
	Token Secret `json:"token"`
	// Traits to capture, as the service names them.
	Traits string `json:"traits,omitempty"`
	// Recordings is how many samples to record.
	Recordings int `json:"recordings"`
	// Challenge lists the head movements of each attempt, when the token
	// demands challenge-response.
	Challenge [][]string `json:"challenge,omitempty"`
	// PerformedBy says who calls enroll after the upload.
	PerformedBy PerformedBy `json:"performed_by"`
}

// IProovHandOver launches the iProov SDK.
type IProovHandOver struct {
	// UserID is the provider's name of the subject, also when it was
	// generated here.
	UserID string `json:"user_id"`
	// Token is the verify token; it must be claimed within two minutes.
	Token Secret `json:"token"`
	// StreamingURL is the base address for the SDK.
	StreamingURL string `json:"streaming_url"`
	// AssuranceType of the token.
	AssuranceType string `json:"assurance_type"`
}
