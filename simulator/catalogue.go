package simulator

// catalogue lists the providers: one line each, here and in magicTables.
func catalogue(s *Server) []provider {
	return []provider{
		s.authID(),
		s.bioID(),
		s.smartID(),
		s.iProov(),
	}
}

// magicTables lists the tables of magic subjects.
func magicTables() [][]Magic {
	return [][]Magic{
		authIDMagic(),
		bioIDMagic(),
		smartIDMagic(),
		iProovMagic(),
	}
}
