package workflows

// Details is what an operator reads of a journey, for tests.
var Details = details
