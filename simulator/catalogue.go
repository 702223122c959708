package simulator

// catalogue lists the providers: one line each, here and in magicTables.
func catalogue(*Server) []provider {
	return []provider{}
}

// magicTables lists the tables of magic subjects.
func magicTables() [][]Magic {
	return [][]Magic{}
}
