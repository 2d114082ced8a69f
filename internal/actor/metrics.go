package actor

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts and times exchanges.
type Metrics struct {
	exchanges *prometheus.CounterVec
	codes     *prometheus.CounterVec
	breaks    *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	bytes     *prometheus.CounterVec
	damaged   prometheus.Counter
	faults    *prometheus.CounterVec
}

// NewMetrics registers the metrics of all exchanges.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		exchanges: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dossier_exchanges_total", Help: "Requests answered, by transaction and outcome (success, repeated, partial, refused).",
		}, []string{"transaction", "outcome"}),
		codes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dossier_error_codes_total", Help: "Error codes sent, by transaction.",
		}, []string{"transaction", "code"}),
		breaks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dossier_broken_answers_total", Help: "Answers that broke off while they were sent, by transaction.",
		}, []string{"transaction"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "dossier_exchange_seconds", Help: "Time from a request's header to its answer being ready, by transaction.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 16),
		}, []string{"transaction"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dossier_document_bytes_total", Help: "Document bytes received or sent, by transaction.",
		}, []string{"transaction"}),
		damaged: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "dossier_damaged_documents_total", Help: "Stored documents found missing or with bytes other than those accepted. Above 0 is an alarm.",
		}),
	}
	m.faults = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "dossier_refused_messages_total", Help: "Messages refused with a SOAP fault before any transaction saw them, by fault code.",
	}, []string{"code"})
	r.MustRegister(m.faults, m.exchanges, m.codes, m.breaks, m.duration, m.bytes, m.damaged)
	return m
}

func (m *Metrics) observe(x *Exchange, outcome string, took time.Duration) {
	t := x.Transaction.ID
	m.exchanges.WithLabelValues(t, outcome).Inc()
	m.duration.WithLabelValues(t).Observe(took.Seconds())
	m.bytes.WithLabelValues(t).Add(float64(x.Bytes))
	for _, e := range x.errors {
		// A relayed code is whatever a remote registry sent: as a label it would let that peer grow our memory.
		code := string(e.Code)
		if e.Relayed {
			code = "relayed"
		}
		m.codes.WithLabelValues(t, code).Inc()
	}
	for _, code := range x.refused {
		m.codes.WithLabelValues(t, code).Inc()
	}
}

func (m *Metrics) broken(x *Exchange) { m.breaks.WithLabelValues(x.Transaction.ID).Inc() }

func (m *Metrics) refused(code string) { m.faults.WithLabelValues(code).Inc() }

// Damaged counts a document that storage could not give back as it was accepted.
func (m *Metrics) Damaged() { m.damaged.Inc() }
