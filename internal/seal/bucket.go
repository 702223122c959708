package seal

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// The bounds of calls to a bucket.
const (
	// bucketTries is how often a call is made that failed in a way that may
	// pass.
	bucketTries = 3
	// bucketPatience bounds the wait for an answer to begin.
	bucketPatience = 15 * time.Second
	// maxObject bounds what is read as an object, in bytes: more than the
	// largest sample, and less than what fills a disk.
	maxObject = 256 << 20
)

// Bucket says which bucket of S3-compatible storage holds the sealed bytes. The
// bucket must exist, and it keeps no versions: a key that was destroyed would
// live on in them.
type Bucket struct {
	// Endpoint is the address of the service, such as
	// https://s3.eu-central-1.amazonaws.com.
	Endpoint string
	// Name is the bucket's name.
	Name string
	// Prefix begins the name of every object, with a slash at its end; it may
	// be empty.
	Prefix string
	// Region is where the bucket is; the service is asked when it is empty.
	Region string
	// AccessKey and SecretKey prove who asks. When both are empty they come
	// from where the AWS programs take them: the environment, the shared file,
	// the role of the machine or container.
	AccessKey string
	SecretKey enroll.Secret
}

// bucket keeps objects in S3-compatible storage. It needs conditional writes
// and reads that see what was written.
type bucket struct {
	client *minio.Client
	name   string
	prefix string
}

// OpenBucket returns the store in a bucket. It asks the service whether the
// bucket is there and does what is needed of it, and refuses one that was used
// with other keys. The error never holds a credential.
func OpenBucket(ctx context.Context, b Bucket, k *keys.Keys) (*Store, error) {
	place, err := newBucket(b)
	if err == nil {
		err = place.probe(ctx)
	}
	var store *Store
	if err == nil {
		store, err = openStore(ctx, place, k)
	}
	if err != nil {
		return nil, fmt.Errorf("seal: bucket %s: %w", b.Name, err)
	}
	return store, nil
}

func newBucket(b Bucket) (*bucket, error) {
	address, err := url.Parse(b.Endpoint)
	if err != nil || address.Host == "" || strings.Trim(address.Path, "/") != "" {
		return nil, errors.New("the endpoint is no address: give one such as https://s3.example.com")
	}
	transport, err := minio.DefaultTransport(address.Scheme == "https")
	if err != nil {
		return nil, err
	}
	transport.ResponseHeaderTimeout = bucketPatience
	client, err := minio.New(address.Host, &minio.Options{
		Creds: b.credentials(transport), Secure: address.Scheme == "https", Region: b.Region, Transport: transport, MaxRetries: bucketTries,
	})
	if err != nil {
		return nil, err
	}
	return &bucket{client: client, name: b.Name, prefix: b.Prefix}, nil
}

func (b Bucket) credentials(transport http.RoundTripper) *credentials.Credentials {
	if b.AccessKey != "" {
		return credentials.NewStaticV4(b.AccessKey, b.SecretKey.Reveal(), "")
	}
	return credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{},
		&credentials.FileAWSCredentials{},
		&credentials.IAM{Client: &http.Client{Transport: transport}},
	})
}

// probe finds out at the start, and not in the middle of a journey, whether the
// bucket does what is needed of it.
func (b *bucket) probe(ctx context.Context) error {
	exists, err := b.client.BucketExists(ctx, b.name)
	if err != nil {
		return fmt.Errorf("ask for the bucket: %w", explained(err))
	}
	if !exists {
		return errors.New("there is no such bucket: make it, without versioning, or name another one")
	}
	// Whoever may not ask is told of versioning by the documents alone.
	if versioning, err := b.client.GetBucketVersioning(ctx, b.name); err == nil && versioning.Enabled() {
		return errors.New("it keeps versions, so that what was deleted could be read again: use a bucket without versioning")
	}
	name := probePrefix + rand.Text()
	defer b.remove(context.WithoutCancel(ctx), name) //nolint:errcheck // Sweep takes what stays behind
	file, err := b.scratch()
	if err != nil {
		return err
	}
	defer file.drop()
	if _, err := file.WriteString(name); err != nil {
		return err
	}
	return b.tryOut(ctx, name, file)
}

func (b *bucket) tryOut(ctx context.Context, name string, file scratch) error {
	first, err := b.create(ctx, newObject{name, file})
	if err != nil {
		return fmt.Errorf("write an object: %w", err)
	}
	second, err := b.create(ctx, newObject{name, file})
	if err != nil {
		return fmt.Errorf("write an object only if it is new: %w", err)
	}
	if first != "" || second != name {
		return errors.New("it replaces an object although told not to (If-None-Match): use a service with conditional writes")
	}
	found, err := b.open(ctx, name)
	if err != nil {
		return fmt.Errorf("read an object: %w", err)
	}
	defer found.Close() //nolint:errcheck // nothing was written
	if content, err := io.ReadAll(found); err != nil || string(content) != name {
		return cmp.Or(err, errors.New("an object does not read as it was written"))
	}
	for listed, err := range b.list(ctx, name) {
		if err != nil {
			return fmt.Errorf("list objects: %w", err)
		}
		if listed.name == name {
			return nil
		}
	}
	return errors.New("it does not list what was written: use a service with consistent reads")
}

func (b *bucket) scratch() (scratch, error) {
	file, err := os.CreateTemp("", "bioenroll-*") // CreateTemp makes files 0600.
	if err == nil {
		_ = os.Remove(file.Name()) // An open file needs no name, where the system lets it go.
	}
	return scratch{file}, err
}

func (b *bucket) create(ctx context.Context, objects ...newObject) (taken string, err error) {
	for _, o := range objects {
		options := minio.PutObjectOptions{}
		options.SetMatchETagExcept("*")
		err := b.put(ctx, o.name, o.content, options)
		switch minio.ToErrorResponse(err).StatusCode {
		case http.StatusPreconditionFailed:
			return o.name, nil
		case http.StatusConflict: // Another write of the same name is under way.
			return "", fmt.Errorf("%w (%w)", errMoved, err)
		}
		if err != nil {
			return "", err
		}
	}
	return "", nil
}

func (b *bucket) replace(ctx context.Context, name string, content scratch) error {
	return b.put(ctx, name, content, minio.PutObjectOptions{})
}

func (b *bucket) put(ctx context.Context, name string, content scratch, options minio.PutObjectOptions) error {
	size, err := content.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return err
	}
	options.ContentType = "application/octet-stream"
	options.DisableMultipart = true // One request, so that the condition is about the whole.
	_, err = b.client.PutObject(ctx, b.name, b.prefix+name, content.File, size, options)
	return explained(err)
}

// open fetches the object into a scratch file: what is sent on later does not
// depend on the bucket any more.
func (b *bucket) open(ctx context.Context, name string) (*os.File, error) {
	found, err := b.client.GetObject(ctx, b.name, b.prefix+name, minio.GetObjectOptions{})
	if err != nil {
		return nil, explained(err)
	}
	defer found.Close() //nolint:errcheck // nothing was written
	file, err := b.scratch()
	if err != nil {
		return nil, err
	}
	size, err := io.Copy(file, io.LimitReader(found, maxObject+1))
	if err == nil && size > maxObject {
		err = ErrDamaged
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		file.drop()
		if minio.ToErrorResponse(err).StatusCode == http.StatusNotFound {
			return nil, absent(name)
		}
		return nil, explained(err)
	}
	return file.File, nil
}

func (b *bucket) remove(ctx context.Context, name string) error {
	err := b.client.RemoveObject(ctx, b.name, b.prefix+name, minio.RemoveObjectOptions{})
	if minio.ToErrorResponse(err).StatusCode == http.StatusNotFound {
		return nil
	}
	return explained(err)
}

func (b *bucket) list(ctx context.Context, prefix string) iter.Seq2[object, error] {
	return func(yield func(object, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for found := range b.client.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix + prefix, Recursive: true}) {
			if found.Err != nil {
				yield(object{}, explained(found.Err))
				return
			}
			name := strings.TrimPrefix(found.Key, b.prefix)
			if !yield(object{name, found.Size, found.LastModified}, nil) {
				return
			}
		}
	}
}

// explained takes the address out of an error of the transport, and keeps the
// rest.
func explained(err error) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		return outer.Err
	}
	return err
}
