package sqldb

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to date. A database written by a newer version is refused.
func (db *DB) migrate(ctx context.Context, options ...goose.ProviderOption) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("sqldb: migrate: %w", err)
	}
	if db.dialect.migration != nil {
		files = translated{files.(fs.ReadDirFS), db.dialect.migration}
	}
	p, err := goose.NewProvider(db.dialect.migrations, db.writer.db, files,
		append(options, goose.WithDisableGlobalRegistry(true), goose.WithSlog(db.log))...)
	if err != nil {
		return fmt.Errorf("sqldb: migrate: %w", err)
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("sqldb: migrate: %w", err)
	}
	if have > want {
		return fmt.Errorf("sqldb: migrate: the database has schema version %d, this program knows up to %d; use a newer program", have, want)
	}
	if have == want {
		return nil // without the wait for a lock that is not needed
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("sqldb: migrate: %w", err)
	}
	return nil
}

// postgresMigration turns a migration, which is written for SQLite, into one for PostgreSQL. Numbers have 64 bits, bytes
// are bytea, text compares by bytes, and WITHOUT ROWID does not exist. A line that ends with "-- sqlite" is left out, one
// that begins with "-- postgres:" is taken in.
func postgresMigration(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		own, is := strings.CutPrefix(line, "-- postgres: ")
		switch {
		case is:
			lines[i] = own
		case strings.HasSuffix(strings.TrimRight(line, "\n"), " -- sqlite"):
			lines[i] = "\n"
		case !strings.HasPrefix(line, "--"):
			code, comment, _ := strings.Cut(line, " -- ")
			code = strings.ReplaceAll(code, ") WITHOUT ROWID;", ");")
			code = typeName.ReplaceAllStringFunc(code, func(name string) string { return postgresTypes[name] })
			if comment != "" {
				code += " -- " + comment
			}
			lines[i] = code
		}
	}
	return strings.Join(lines, "")
}

var (
	typeName      = regexp.MustCompile(`\b(integer|blob|text)\b`)
	postgresTypes = map[string]string{"integer": "bigint", "blob": "bytea", "text": `text COLLATE "C"`}
)

// translated is a folder whose files read as the function turns them.
type translated struct {
	fs.ReadDirFS
	turn func(string) string
}

// Open opens a file of the folder, or the folder.
func (t translated) Open(name string) (fs.File, error) {
	f, err := t.ReadDirFS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		return f, err
	}
	content, err := fs.ReadFile(t.ReadDirFS, name)
	if err != nil {
		return nil, err
	}
	return translatedFile{f, bytes.NewReader([]byte(t.turn(string(content))))}, nil
}

type translatedFile struct {
	fs.File
	content *bytes.Reader
}

// Read reads what the file was turned into.
func (f translatedFile) Read(p []byte) (int, error) { return f.content.Read(p) }
