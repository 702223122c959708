package workflows

// Version gates live in this file, each a named function that says what it
// gates and when it may be removed. There is none yet: until v0.1.0 the replay
// fixtures are recorded anew in the commit that changes a story; from v0.1.0
// on, every change of a story that has fixtures needs a gate here.
