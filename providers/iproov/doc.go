// Package iproov asks iProov, through its REST API v2, to enroll a trusted
// photo and to tell how a person's verification against it ended.
//
// Photo enrol takes four calls in this order: an enrol token, the image with
// that token, a verify token for the person's SDK, and validate once the
// person has finished. The user is active from the image on, so a journey that
// fails later has a user to remove.
//
// Two of the calls may be made only once. An enrol token takes one image;
// validate answers once for each user_id and token, and no other endpoint
// tells the outcome. A connection that breaks after such a request left is
// therefore [enroll.KindLost], never a reason to send it again.
//
// The Service API carries its key and secret inside the body. The user
// endpoints want an OAuth token instead, which iProov limits to an hour or 50
// requests, whichever comes first.
//
// What each of iProov's error constants means for a journey is in one table,
// in table.go. A constant that is not in it falls back to its HTTP status and
// never becomes a success.
package iproov
