package workflows

// Details is what an operator reads of a journey, for tests.
var Details = details

// Housekept is what an operator reads of housekeeping, for tests.
var Housekept = housekept
