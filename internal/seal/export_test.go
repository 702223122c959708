package seal

import (
	"context"
	"io"
)

// Raw returns an object as it is stored, for tests.
func (s *Store) Raw(ctx context.Context, name string) ([]byte, error) {
	file, err := s.objects.open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // nothing was written
	return io.ReadAll(file)
}

// Overwrite stores an object as it is given, for tests.
func (s *Store) Overwrite(ctx context.Context, name string, content []byte) error {
	return s.writeSmall(content, func(file scratch) error { return s.objects.replace(ctx, name, file) })
}

// Remove removes an object behind the store's back, for tests.
func (s *Store) Remove(ctx context.Context, name string) error { return s.objects.remove(ctx, name) }

// Names lists every object, for tests.
func (s *Store) Names(ctx context.Context) ([]string, error) {
	var names []string
	for found, err := range s.objects.list(ctx, "") {
		if err != nil {
			return nil, err
		}
		names = append(names, found.name)
	}
	return names, nil
}
