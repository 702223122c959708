package vault

import (
	"context"
	"strings"

	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/seal"
)

// Names of the settings of the sealed store.
const (
	SealedDir         = "BIOENROLL_SEALED_DIR"           // The folder.
	SealedS3Endpoint  = "BIOENROLL_SEALED_S3_ENDPOINT"   // The address of S3-compatible storage, in the place of the folder.
	SealedS3Bucket    = "BIOENROLL_SEALED_S3_BUCKET"     // The bucket.
	SealedS3Prefix    = "BIOENROLL_SEALED_S3_PREFIX"     // What begins the name of every object.
	SealedS3Region    = "BIOENROLL_SEALED_S3_REGION"     // The bucket's region.
	SealedS3AccessKey = "BIOENROLL_SEALED_S3_ACCESS_KEY" // Who asks.
	SealedS3SecretKey = "BIOENROLL_SEALED_S3_SECRET_KEY" // What proves it.
)

// defaultSealedDir is the folder that the standalone program keeps.
const defaultSealedDir = "data/sealed"

// readBucket returns the bucket of the environment; without an endpoint there
// is none. Settings of a bucket that would not be used are refused: somebody
// means another store than the one that would be taken.
func readBucket(src *config.Source) seal.Bucket {
	const endpoint = "address of S3-compatible storage for photos, samples and templates, such as https://s3.eu-central-1.amazonaws.com, in the place of the folder"
	src.Note(config.Variable{Name: SealedS3Endpoint, Help: endpoint})
	b := seal.Bucket{
		Name:      src.String(SealedS3Bucket, "", "bucket in that storage; it must exist and keep no versions"),
		Prefix:    src.String(SealedS3Prefix, "", "beginning of the name of every object in the bucket, such as bioenroll/"),
		Region:    src.String(SealedS3Region, "", "region of the bucket; the storage is asked unless given"),
		AccessKey: src.String(SealedS3AccessKey, "", "access key for the bucket; unless given the credentials of the environment, the AWS file or the machine's role are taken"),
		SecretKey: src.OptionalSecret(SealedS3SecretKey, "secret key that belongs to the access key"),
	}
	if !src.Given(SealedS3Endpoint) {
		for _, name := range []string{SealedS3Bucket, SealedS3Prefix, SealedS3Region, SealedS3AccessKey, SealedS3SecretKey} {
			if src.Given(name) {
				src.Refuse(name, "a setting of a bucket without "+SealedS3Endpoint, "both or neither")
			}
		}
		return seal.Bucket{}
	}
	b.Endpoint = src.BaseURL(SealedS3Endpoint, "", endpoint)
	checkBucket(src, b)
	return b
}

func checkBucket(src *config.Source, b seal.Bucket) {
	if src.Given(SealedDir) {
		src.Refuse(SealedDir, "a folder together with "+SealedS3Endpoint, "one of the two")
	}
	if b.Name == "" {
		src.Refuse(SealedS3Bucket, "nothing", "the name of a bucket")
	}
	if b.Prefix != "" && (!strings.HasSuffix(b.Prefix, "/") || strings.HasPrefix(b.Prefix, "/")) {
		src.Refuse(SealedS3Prefix, "another form", "text that ends with a slash and begins with none, such as bioenroll/")
	}
	switch {
	case b.AccessKey != "" && b.SecretKey == "":
		src.Refuse(SealedS3SecretKey, "nothing", "the secret key that belongs to "+SealedS3AccessKey)
	case b.AccessKey == "" && b.SecretKey != "":
		src.Refuse(SealedS3AccessKey, "nothing", "the access key that belongs to "+SealedS3SecretKey)
	}
}

// openSealed opens the bucket, or else the folder.
func (s Settings) openSealed(ctx context.Context, loaded *keys.Keys) (*seal.Store, error) {
	if s.Bucket.Endpoint != "" {
		store, err := seal.OpenBucket(ctx, s.Bucket, loaded)
		if err != nil {
			return nil, refuse(SealedS3Bucket, err, "a bucket that this program may read and write, used with this key file only")
		}
		return store, nil
	}
	store, err := seal.OpenFolder(ctx, s.SealedDir, loaded)
	if err != nil {
		return nil, refuse(SealedDir, err, "a folder that this program may write to, used with this key file only")
	}
	return store, nil
}
