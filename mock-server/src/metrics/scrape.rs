//! Everything there is to know about the mock, told when somebody scrapes. A new figure is one line here.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, NoLabelSet};
use prometheus_client::metrics::MetricType;

use super::{Distribution, Metrics, Usage};
use crate::app::App;
use crate::faults::Faults;
use crate::latency::Latency;
use crate::live::Plane;
use crate::live::bus::BusState;
use crate::server::ConnectionCounts;

/// Asks the app for everything.
pub(super) struct Scrape(pub(super) Arc<App>);

impl fmt::Debug for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrape")
    }
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Families(encoder);
        http(&mut out, &self.0.metrics)?;
        latency(&mut out, &self.0.latency)?;
        connections(&mut out, &self.0.connections.counts())?;
        faults(&mut out, &self.0.settings.faults)?;
        self.0.settings.plane.get().map_or(Ok(()), |plane| media(&mut out, plane))?;
        self.0.settings.bus.as_ref().map_or(Ok(()), |shared| bus(&mut out, &shared.state()))?;
        Usage::now().map_or(Ok(()), |usage| process(&mut out, &usage))
    }
}

fn http(out: &mut Families<'_>, metrics: &Metrics) -> fmt::Result {
    out.gauge("http_requests_in_flight", "Requests under way.", metrics.in_flight())?;
    // `_total` is appended by the library, as OpenMetrics has it.
    out.counter("http_internal_errors", "Answers with a 500.", metrics.internal_errors())?;
    out.counter("http_requests_abandoned", "Requests whose client gave up.", metrics.abandoned())?;
    out.counter("http_answers_lost", "Answers that a fault of the plan lost.", metrics.answers_lost())?;
    out.requests(metrics)?;
    let seconds = metrics.routes().map(|book| (book.route, book.seconds()));
    out.histograms("http_request_duration_seconds", "From arrival to answer, by route.", seconds)?;
    let bytes = metrics.routes().map(|book| (book.route, book.bytes()));
    out.histograms("http_response_size_bytes", "Bodies whose size was known beforehand, by route.", bytes)
}

fn latency(out: &mut Families<'_>, latency: &Latency) -> fmt::Result {
    let bias = latency.timer_bias().as_secs_f64();
    out.gauge(
        "mock_timer_bias_seconds",
        "How late timers were at the start; taken off every deadline.",
        bias,
    )?;
    let pools = latency.pools();
    let by_pool = |of: fn(&crate::latency::PoolState) -> u64| {
        pools.iter().map(move |pool| (pool.pool.as_str(), of(pool)))
    };
    out.gauges(
        "mock_pool_size",
        "Servers of a pool (of each event's, if per event).",
        "pool",
        by_pool(|p| p.size),
    )?;
    out.gauges("mock_pool_held", "Servers held.", "pool", by_pool(|p| p.held as u64))?;
    out.gauges("mock_pool_waiting", "Requests waiting for a server.", "pool", by_pool(|p| p.waiting as u64))?;
    out.counters("mock_pool_refused", "Requests a pool turned away (503).", "pool", by_pool(|p| p.refused))?;
    let (planned, held) = latency.distributions(&super::SECONDS);
    out.histograms("mock_latency_planned_seconds", "What the model planned, by route.", planned.into_iter())?;
    out.histograms("mock_latency_held_seconds", "What was really held, by route.", held.into_iter())
}

fn connections(out: &mut Families<'_>, counts: &ConnectionCounts) -> fmt::Result {
    out.gauge("mock_connections_open", "Connections open.", counts.open)?;
    out.gauge("mock_connections_max", "Connections that may be open.", counts.most)?;
    out.counter("mock_connections_accepted", "Connections accepted.", counts.accepted)?;
    out.counter(
        "mock_accept_pauses",
        "How often accepting paused, at the limit or out of files.",
        counts.accept_pauses,
    )?;
    let failed = counts.handshake_failures;
    out.counter("mock_handshake_failures", "TLS handshakes that failed or took too long.", failed)
}

fn faults(out: &mut Families<'_>, faults: &Faults) -> fmt::Result {
    let struck = faults.struck();
    out.counters(
        "mock_faults_struck",
        "How often the faults of the plan struck, by kind.",
        "kind",
        struck.iter().map(|(kind, count)| (*kind, *count)),
    )
}

fn media(out: &mut Families<'_>, plane: &Plane) -> fmt::Result {
    let figures = plane.figures();
    out.gauge("mock_media_peers", "Peers of the media plane.", plane.peers())?;
    out.gauge("mock_media_sockets", "UDP sockets that media is received on.", 1_u64)?;
    out.gauge("mock_media_packets_queued", "RTP packets that faults hold back now.", figures.queued)?;
    let ways = |up, down| [("in", up), ("out", down)].into_iter();
    out.counters(
        "mock_media_packets",
        "RTP packets taken and forwarded.",
        "direction",
        ways(figures.packets_in, figures.packets_out),
    )?;
    out.counters("mock_media_bytes", "Their bytes.", "direction", ways(figures.bytes_in, figures.bytes_out))?;
    out.counters(
        "mock_media_packets_dropped",
        "RTP packets that faults dropped.",
        "direction",
        ways(figures.dropped_up, figures.dropped_down),
    )?;
    out.counter("mock_media_packets_due", "RTP packets that were to go to a subscriber.", figures.due)?;
    out.counter(
        "mock_media_packets_unready",
        "RTP packets that their subscriber could not be sent.",
        figures.unready,
    )?;
    out.counter("mock_media_packets_resent", "RTP packets sent again.", figures.resent)?;
    out.counter("mock_media_nacks", "NACKs of subscribers.", figures.nacks)?;
    out.counter("mock_media_keyframe_requests", "PLIs and FIRs of subscribers.", figures.keyframe_requests)
}

fn bus(out: &mut Families<'_>, state: &BusState) -> fmt::Result {
    out.gauge(
        "mock_bus_answers",
        "Whether the bus answered when it was last asked.",
        i64::from(state.answers),
    )?;
    out.counter("mock_bus_published", "Events of live sessions this server published.", state.published)?;
    out.counter("mock_bus_delivered", "Events of live sessions applied here, in order.", state.delivered)?;
    out.counter("mock_bus_filled", "Those of them that were read from the log to fill a gap.", state.filled)
}

fn process(out: &mut Families<'_>, usage: &Usage) -> fmt::Result {
    out.gauge("process_resident_memory_bytes", "Memory in RAM.", usage.resident_bytes)?;
    out.gauge("process_virtual_memory_bytes", "Address space taken.", usage.virtual_bytes)?;
    out.gauge("process_open_fds", "Files and sockets open.", usage.open_fds)?;
    if let Some(most) = usage.max_fds {
        out.gauge("process_max_fds", "Files and sockets that may be open.", most)?;
    }
    out.counter("process_cpu_seconds", "User and system time.", usage.cpu_seconds)?;
    out.gauge("process_start_time_seconds", "When the process started, since 1970.", usage.started_seconds)
}

/// Writes families of metrics: what is measured once, or once per value of one label. A family without members
/// is left out.
struct Families<'a>(DescriptorEncoder<'a>);

impl Families<'_> {
    fn gauge(&mut self, name: &str, help: &str, value: impl EncodeGaugeValue) -> fmt::Result {
        self.0.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)
    }

    fn counter(&mut self, name: &str, help: &str, value: impl EncodeCounterValue) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        family.encode_counter::<NoLabelSet, _, f64>(&value, None)
    }

    fn gauges<'v>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl Iterator<Item = (&'v str, u64)>,
    ) -> fmt::Result {
        let mut values = values.peekable();
        if values.peek().is_none() {
            return Ok(());
        }
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        values.try_for_each(|(of, value)| family.encode_family(&[(label, of)])?.encode_gauge(&value))
    }

    fn counters<'v>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl Iterator<Item = (&'v str, u64)>,
    ) -> fmt::Result {
        let mut values = values.peekable();
        if values.peek().is_none() {
            return Ok(());
        }
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        values.try_for_each(|(of, value)| {
            family.encode_family(&[(label, of)])?.encode_counter::<NoLabelSet, _, f64>(&value, None)
        })
    }

    /// By route.
    fn histograms<'v>(
        &mut self,
        name: &str,
        help: &str,
        values: impl Iterator<Item = (&'v str, Distribution)>,
    ) -> fmt::Result {
        let mut values = values.peekable();
        if values.peek().is_none() {
            return Ok(());
        }
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Histogram)?;
        values.try_for_each(|(route, Distribution { buckets, sum })| {
            let count = buckets.iter().map(|(_, count)| count).sum();
            family
                .encode_family(&[("route", route)])?
                .encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
        })
    }

    fn requests(&mut self, metrics: &Metrics) -> fmt::Result {
        let help = "Answers by route and status.";
        let mut family = self.0.encode_descriptor("http_requests", help, None, MetricType::Counter)?;
        for book in metrics.routes() {
            for (status, count) in book.statuses() {
                let labels = [("route", book.route.to_owned()), ("status", status.to_string())];
                family.encode_family(&labels)?.encode_counter::<NoLabelSet, _, f64>(&count, None)?;
            }
        }
        Ok(())
    }
}
