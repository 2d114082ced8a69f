-- +goose Up

-- Keys of two traits in place of keys of one (package pix, searchKeys): among a million people a family name or a birth date
-- alone leads to thousands.
INSERT INTO identity_key (value, identity)
SELECT DISTINCT 'fg|' || substr(f.value, 4, 30) || '|' || coalesce(substr(g.value, 4, 30), ''), f.identity
FROM identity_key f LEFT JOIN identity_key g ON g.identity = f.identity AND g.value >= 'sg|' AND g.value < 'sg}'
WHERE f.value >= 'sf|' AND f.value < 'sf}';

INSERT INTO identity_key (value, identity)
SELECT DISTINCT 'gf|' || substr(g.value, 4, 30) || '|' || coalesce(substr(f.value, 4, 30), ''), g.identity
FROM identity_key g LEFT JOIN identity_key f ON f.identity = g.identity AND f.value >= 'sf|' AND f.value < 'sf}'
WHERE g.value >= 'sg|' AND g.value < 'sg}';

INSERT INTO identity_key (value, identity)
SELECT DISTINCT 'bf|' || substr(b.value, 4, 8) || ' ' || coalesce(substr(f.value, 4, 30), ''), b.identity
FROM identity_key b LEFT JOIN identity_key f ON f.identity = b.identity AND f.value >= 'sf|' AND f.value < 'sf}'
WHERE b.value >= 'sb|' AND b.value < 'sb}';

DELETE FROM identity_key WHERE value >= 'sf|' AND value < 'sf}' OR value >= 'sg|' AND value < 'sg}' OR value >= 'sb|' AND value < 'sb}';
