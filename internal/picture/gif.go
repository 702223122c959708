package picture

import "encoding/binary"

// The bytes that begin the blocks of a GIF file.
const (
	gifExtension = 0x21
	gifImage     = 0x2C
	gifTrailer   = 0x3B
	gifControl   = 0xF9 // The extension that tells the transparent colour.
)

// gifWalk is a walk along the blocks of a GIF file.
//
// https://www.w3.org/Graphics/GIF/spec-gif89a.txt
type gifWalk struct {
	*stream
	frame, control bool
}

func copyGIF(s *stream) error {
	w := &gifWalk{stream: s}
	head, err := w.take(13)
	if err != nil {
		return err
	}
	if err := w.size(int64(binary.LittleEndian.Uint16(head[6:])), int64(binary.LittleEndian.Uint16(head[8:]))); err != nil {
		return err
	}
	flags := head[10]
	if err := w.keep(head...); err != nil {
		return err
	}
	if err := w.colours(flags); err != nil {
		return err
	}
	for {
		kind, err := w.in.ReadByte()
		switch {
		case err != nil:
			return err
		case kind == gifTrailer && w.frame:
			return w.keep(kind)
		case kind == gifImage && !w.frame:
			err = w.image()
		case kind == gifImage:
			return w.broken("with several frames")
		case kind == gifExtension:
			err = w.extension()
		default:
			return w.broken("with data between its blocks")
		}
		if err != nil {
			return err
		}
	}
}

// colours passes a table of colours, if the flags announce one.
func (w *gifWalk) colours(flags byte) error {
	if flags&0x80 == 0 {
		return nil
	}
	return w.pass(3 << (flags&7 + 1))
}

// image passes the frame, which has to lie within the picture.
func (w *gifWalk) image() error {
	w.frame = true
	head, err := w.take(9)
	if err != nil {
		return err
	}
	at := func(offset int) int { return int(binary.LittleEndian.Uint16(head[offset:])) }
	if at(4) == 0 || at(6) == 0 || at(0)+at(4) > w.info.Width || at(2)+at(6) > w.info.Height {
		return w.broken("whose frame does not fit in it")
	}
	flags := head[8]
	if err := w.keep(append([]byte{gifImage}, head...)...); err != nil {
		return err
	}
	if err := w.colours(flags); err != nil {
		return err
	}
	if err := w.pass(1); err != nil { // How many bits the first codes have.
		return err
	}
	return w.blocks(w.pass)
}

// passing copies or leaves out n bytes.
type passing func(n int64, watchers ...func([]byte)) error

// blocks takes a chain of blocks up to the empty one that ends it.
func (w *gifWalk) blocks(each passing) error {
	for {
		length, err := w.in.Peek(1)
		if err != nil {
			return err
		}
		n := int64(length[0])
		if err := each(1 + n); err != nil || n == 0 {
			return err
		}
	}
}

// extension leaves an extension out, unless it tells the transparent colour.
func (w *gifWalk) extension() error {
	kind, err := w.in.ReadByte()
	if err != nil {
		return err
	}
	if kind != gifControl || w.frame {
		return w.blocks(func(n int64, _ ...func([]byte)) error { return w.skip(n) })
	}
	again := w.control
	w.control = true
	control, err := w.take(6)
	if err != nil {
		return err
	}
	if again || control[0] != 4 || control[5] != 0 {
		return w.broken("with a block that cannot be read")
	}
	return w.keep(append([]byte{gifExtension, gifControl}, control...)...)
}
