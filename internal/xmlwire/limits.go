package xmlwire

// Limits bound what one document may cost. Zero and negative fields mean the default. Checking attributes for
// duplicates is quadratic in Attributes, checking declarations in Namespaces: raise those two with care.
type Limits struct {
	Bytes      int64 // whole document after recoding to UTF-8 (default 16 MiB)
	Depth      int   // nested elements (default 64)
	Attributes int   // per element, namespace declarations apart (default 64)
	Namespaces int   // declarations per element (default 32)
	Name       int   // bytes of one qualified name (default 256)
	AttrValue  int   // bytes of one attribute value as written, references counted as they stand (default 64 KiB)
	Elements   int   // elements in the document (default 500 000)
}

// maxLimit keeps sums of an offset and a limit away from integer overflow on every platform.
const maxLimit = 1 << 30

func (l Limits) withDefaults() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 16 << 20
	}
	l.Bytes = min(l.Bytes, maxLimit)
	l.Depth = orDefault(l.Depth, 64)
	l.Attributes = orDefault(l.Attributes, 64)
	l.Namespaces = orDefault(l.Namespaces, 32)
	l.Name = orDefault(l.Name, 256)
	l.AttrValue = orDefault(l.AttrValue, 64<<10)
	l.Elements = orDefault(l.Elements, 500_000)
	return l
}

func orDefault(v, def int) int {
	if v <= 0 {
		return def
	}
	return min(v, maxLimit)
}
