package tsp

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net/http"
	"time"
)

const (
	// maxAnswer is far more than a token with its chain has.
	maxAnswer = 64 << 10
	// MaxSkew is how far the authority's clock and ours may be apart.
	MaxSkew = 5 * time.Minute
)

// Client asks one Time-Stamping Authority over HTTP (RFC 3161, 3.4).
type Client struct {
	URL         string
	HTTP        *http.Client // with a timeout; redirects should not be followed
	Authorities *Authorities
	Now         func() time.Time
}

// Stamp returns a token for the digest that is verified, and what it states. After an error there is none, and asking again
// does no harm.
func (c *Client) Stamp(ctx context.Context, digest [sha256.Size]byte) (token []byte, s *Stamp, err error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return nil, nil, err
	}
	asked := c.Now()
	answer, err := c.post(ctx, digest, nonce)
	if err != nil {
		return nil, nil, fmt.Errorf("time stamp: %w", err)
	}
	if token, err = tokenOf(answer); err == nil {
		s, err = c.Authorities.Verify(token, digest)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("time stamp: %w", err)
	}
	if s.Nonce == nil || s.Nonce.Cmp(nonce) != 0 {
		return nil, nil, errors.New("time stamp: the token is not the answer to this request: its nonce is another one")
	}
	if s.Time.Before(asked.Add(-MaxSkew)) || s.Time.After(c.Now().Add(MaxSkew)) {
		return nil, nil, fmt.Errorf("time stamp: the authority's time %s and ours are more than %v apart", s.Time.Format(time.RFC3339), MaxSkew)
	}
	return token, s, nil
}

func (c *Client) post(ctx context.Context, digest [sha256.Size]byte, nonce *big.Int) ([]byte, error) {
	body, err := marshalRequest(digest, c.Authorities.policy, nonce)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	req.Header.Set("Accept", "application/timestamp-reply")
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("expected status 200, got %d", resp.StatusCode)
	}
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || kind != "application/timestamp-reply" {
		return nil, fmt.Errorf("expected application/timestamp-reply, got %.60q", resp.Header.Get("Content-Type"))
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(answer) > maxAnswer {
		return nil, fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	return answer, nil
}
