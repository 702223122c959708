package simulator

// controlHelp is what GET /_sim/ answers.
const controlHelp = `The simulated providers: authID, BioID, SmartID and iProov on this address.

  GET    /_sim/                 this text
  GET    /_sim/healthz          {"status":"ok"}
  GET    /_sim/magic            the magic subjects: start a journey with one and its outcome comes by itself
  GET    /_sim/ledger           every call and effect; ?provider= &subject= &endpoint= &since=SEQ
  GET    /_sim/ledger/counts    the same, counted by endpoint, effect and subject
  GET    /_sim/state            what a provider believes now; ?provider= &subject=
  GET    /_sim/outbox           messages sent to users; ?provider= &subject=
  POST   /_sim/capture          the simulated user acts:
           {"provider":"authid","operation_id":"…","result":"complete"}
           {"provider":"authid","subject":"…","result":"fail","reason":"liveness_failed"}
           {"provider":"bioid","token":"…","samples":2,"result":"complete","perform":true}
           {"provider":"bioid","subject":"bws.1.2","result":"walk_away"}
           {"provider":"iproov","token":"…","result":"fail","reason":"eyes_closed"}
         result is complete, fail or walk_away; with a subject its newest open capture is meant
  GET    /_sim/capture          the same as a page for a frame: #provider=bioid&token=… or #provider=iproov&token=…
  POST   /_sim/smartid/capture  SmartID's SDK on the device: returns a template and a payload to forward;
           {"face":"ann","blurred":false,"flaw":""}, flaw: tampered, malformed, no_time, future, expired
  POST   /_sim/faults           things that go wrong, one or a list:
           {"match":{"provider":"authid","endpoint":"authid.create_operation","subject":"…"},"kind":"reset_after","times":1}
         kind: delay (delay_ms), 429 (retry_after_s), 500, status (status, body), reset_before, reset_after, garbage,
         half_body, no_answer, duplicate; match also takes method and path (a prefix, or a pattern with *);
         times -1 means always, after skips that many calls first
  GET    /_sim/faults           those that are set, with what is left of them
  DELETE /_sim/faults           removes all
  POST   /_sim/preload          {"authid":{…},"bioid":{…},"smartid":{…},"iproov":{…}}, see docs/simulators.md
  POST   /_sim/reset            forgets everything
`
