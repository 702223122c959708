package seal_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/seal"
)

// The load of the test: what all images weigh together is far more than what
// may be in memory.
const (
	imageSize  = 2 << 20
	images     = 200
	streams    = 50
	mayBeInUse = 48 << 20
)

// noise writes an image that does not compress and is not in memory.
func noise(seed uint64, size int) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.CopyN(w, rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}), int64(size))
		return err
	}
}

// heap watches how much memory is in use.
type heap struct{ most atomic.Uint64 }

// Write looks at the heap, now and then: it is what an image is read into.
func (h *heap) Write(p []byte) (int, error) {
	if rand.IntN(50) == 0 {
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		for most := h.most.Load(); stats.HeapAlloc > most && !h.most.CompareAndSwap(most, stats.HeapAlloc); most = h.most.Load() {
		}
	}
	return len(p), nil
}

// TestMemoryStaysFlat stores and reads many images at once. Each is 2 MB, and
// together they are ten times what may be in use.
func TestMemoryStaysFlat(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			runtime.GC()
			var before runtime.MemStats
			runtime.ReadMemStats(&before)
			var watched heap
			require.NoError(t, pass(t.Context(), store, &watched))
			require.Positive(t, watched.most.Load())
			require.Less(t, watched.most.Load(), before.HeapAlloc+mayBeInUse)
		})
	}
}

// pass stores and reads every image, many at a time.
func pass(ctx context.Context, store *seal.Store, watched io.Writer) error {
	numbers := make(chan int)
	errs := make([]error, images)
	var group sync.WaitGroup
	for range streams {
		group.Go(func() {
			for n := range numbers {
				errs[n] = passOne(ctx, store, n, watched)
			}
		})
	}
	for n := range images {
		numbers <- n
	}
	close(numbers)
	group.Wait()
	return errors.Join(errs...)
}

func passOne(ctx context.Context, store *seal.Store, n int, watched io.Writer) error {
	ref := enroll.SealedPart(enroll.RecordID("journey"+strconv.Itoa(n)), "image")
	write := noise(uint64(n), imageSize)
	if _, err := store.Put(ctx, ref, func(w io.Writer) error { return write(io.MultiWriter(w, watched)) }); err != nil {
		return err
	}
	content, size, err := store.Open(ctx, ref)
	if err != nil {
		return err
	}
	read, err := io.Copy(watched, content)
	if read != size || size != imageSize {
		err = errors.Join(err, errors.New("an image of another size"))
	}
	return errors.Join(err, content.Close(), store.Delete(ctx, ref))
}

func BenchmarkPutAndOpen(b *testing.B) {
	inFolder, err := seal.OpenFolder(b.Context(), b.TempDir(), keys.New())
	require.NoError(b, err)
	inBucket, err := seal.OpenBucket(b.Context(), bucket(b), keys.New())
	require.NoError(b, err)
	for name, store := range map[string]*seal.Store{"folder": inFolder, "bucket": inBucket} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(imageSize)
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				require.NoError(b, passOne(b.Context(), store, n, io.Discard))
			}
		})
	}
}
