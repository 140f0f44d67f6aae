//! Figures for the operators, in the Prometheus text format.

use std::time::Duration;

use prometheus::{Encoder, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder};

/// Counters and durations by operation.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
}

impl Metrics {
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("conum_requests_total", "Requests by operation and status"),
            &["operation", "status"],
        )?;
        let seconds = HistogramVec::new(
            HistogramOpts::new("conum_request_seconds", "Duration of requests by operation")
                .buckets(vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0]),
            &["operation"],
        )?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        super::journal::collectors().into_iter().try_for_each(|collector| registry.register(collector))?;
        Ok(Self { registry, requests, seconds })
    }

    pub fn observe(&self, operation: &str, status: u16, elapsed: Duration) {
        let mut buffer = [0; 3];
        self.requests.with_label_values(&[operation, digits(status, &mut buffer)]).inc();
        self.seconds.with_label_values(&[operation]).observe(elapsed.as_secs_f64());
    }

    pub fn render(&self) -> String {
        let mut text = Vec::new();
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        String::from_utf8_lossy(&text).into_owned()
    }
}

fn digits(status: u16, buffer: &mut [u8; 3]) -> &str {
    for (rank, place) in [100, 10, 1].into_iter().enumerate() {
        buffer[rank] = b'0' + ((status / place) % 10) as u8;
    }
    std::str::from_utf8(buffer).unwrap_or("000")
}
