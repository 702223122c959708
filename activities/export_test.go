package activities

// With returns the same steps with another journal, for tests.
func (s *SmartID) With(journal Journal) *SmartID {
	other := *s
	other.journal = journal
	return &other
}

// With returns the same steps with another journal, for tests.
func (i *IProov) With(journal Journal) *IProov {
	other := *i
	other.journal = journal
	return &other
}

// With returns the same steps with another journal, for tests.
func (a *AuthID) With(journal Journal) *AuthID {
	other := *a
	other.journal = journal
	return &other
}
