//! A plan in words: users, arrivals, duration, connections, requests, and the goals it cannot prove.

use std::{fmt::Write as _, net::IpAddr};

use engine::{
    curve::Curve,
    goal::{Goal, Kind, Standing},
    load::{Flow, Load},
};

use crate::{
    scenario::{Act, Plan},
    sfu::{Traffic, traffic::gigabytes},
    suite::{Prepared, SuiteError},
    words::number,
};

/// The plan of several scenarios, for `loadgen plan`.
pub fn of(prepared: &[Prepared], heading: &str) -> String {
    let mut text = format!("{heading}\n");
    for Prepared { scenario, plan, digest } in prepared {
        let _ = write!(
            text,
            "\n{} — {} ({})\n",
            scenario.name(),
            scenario.title(),
            length(plan.length().as_secs_f64())
        );
        for (place, flow) in plan.flows.iter().enumerate() {
            let _ = writeln!(text, "  {}", flow_line(flow, plan.script.act(place)));
        }
        let _ = writeln!(text, "  {}", needs_line(plan));
        text.push_str(&media_line(plan.needs.media));
        for note in plan.script.notes() {
            let _ = writeln!(text, "  {note}");
        }
        text.push_str(&goals_lines(&plan.goals));
        let _ = writeln!(text, "  digest of the planned requests: {digest}");
    }
    text.push_str(&total(prepared));
    text
}

fn flow_line(flow: &Flow, act: Act) -> String {
    let offered = match &flow.load {
        Load::Paced { users, every } => {
            let (seats, every) = (users.seats(), every.as_secs_f64());
            format!(
                "{} users ({}), each every {} = {} {}/min; {} {}",
                number(seats),
                heads(users),
                length(every),
                number((seats as f64 * 60.0 / every).round() as u64),
                act.plural,
                number(flow.load.planned_starts()),
                act.plural
            )
        }
        Load::Arrivals(rate) => {
            format!("{} {}: {}", number(rate.total()), act.plural, pieces(rate))
        }
        Load::Visitors(crowd) => {
            format!(
                "{} visitors at the peak ({}), at least {} {}",
                number(crowd.seats()),
                heads(crowd),
                number(flow.load.planned_starts()),
                act.plural
            )
        }
    };
    let starts = flow.starts_at.as_secs_f64();
    let starts = if starts > 0.0 { format!(", from {} on", length(starts)) } else { String::new() };
    format!("{}: {offered}{starts}", flow.name)
}

/// A head-count over time: `0 → 1 000 in 3 min → 10 000 in 2 min, 10 000 for 5 min → 0 in 3 min`.
fn heads(curve: &Curve) -> String {
    let points = curve.points();
    let mut text = String::new();
    for (place, pair) in points.windows(2).enumerate() {
        let ((t0, h0), (t1, h1)) = (pair[0], pair[1]);
        let (from, to, took) = (number(h0.round() as u64), number(h1.round() as u64), length(t1 - t0));
        let level = (h1 - h0).abs() < 0.5;
        match (t1 > t0, level, place) {
            (false, _, _) => {}
            (true, true, 0) => text = format!("{from} for {took}"),
            (true, true, _) => text = format!("{text}, {from} for {took}"),
            (true, false, 0) => text = format!("{from} → {to} in {took}"),
            (true, false, _) => text = format!("{text} → {to} in {took}"),
        }
    }
    text
}

/// Arrivals by piece: `250 in 2 min (2.083/s), then 250 in 8 min (0.521/s)`.
fn pieces(curve: &Curve) -> String {
    let due_by = |t: f64| curve.area(t).round() as u64;
    let pieces = curve.points().windows(2).filter(|pair| pair[1].0 > pair[0].0).map(|pair| {
        let ((t0, h0), (t1, h1)) = (pair[0], pair[1]);
        let count = number(due_by(t1) - due_by(t0));
        let rate = if (h0 - h1).abs() < 1e-9 {
            per_second(h0)
        } else {
            format!("{} to {}", per_second(h0), per_second(h1))
        };
        format!("{count} in {} ({rate})", length(t1 - t0))
    });
    pieces.collect::<Vec<_>>().join(", then ")
}

fn per_second(rate: f64) -> String {
    format!("{}/s", decimal(rate, 3))
}

fn needs_line(plan: &Plan) -> String {
    let needs = plan.needs;
    let mut text = format!("{} requests expected", number(needs.requests));
    let open = plan.flows.iter().enumerate().filter_map(|(place, flow)| match &flow.load {
        Load::Arrivals(rate) => Some(rate.peak() * plan.script.act(place).requests),
        Load::Paced { .. } | Load::Visitors(_) => None,
    });
    let rates: Vec<f64> = open.collect();
    if !rates.is_empty() {
        let _ = write!(text, ", {} requests/s at the peak", decimal(rates.iter().sum(), 1));
    }
    let _ = write!(text, ", {} connections at once", number(needs.connections));
    if needs.load_users > 0 {
        let _ = write!(text, ", {} load users", number(u64::from(needs.load_users)));
    }
    text
}

/// What flows beside the requests, on the wire.
fn media_line(media: Traffic) -> String {
    if media.is_none() {
        return String::new();
    }
    let (up, down) = (gigabytes(media.to_sfu), gigabytes(media.from_sfu));
    format!("  about {up} of media to the SFU and {down} from it, with its headers\n")
}

/// What Cloudflare's SFU asks for the media of all of it.
pub fn price_line(prepared: &[Prepared]) -> String {
    format!("{}\n", media(prepared).price())
}

/// The media of all of it.
pub fn media(prepared: &[Prepared]) -> Traffic {
    prepared.iter().map(|prepared| prepared.plan.needs.media).fold(Traffic::default(), Traffic::and)
}

fn goals_lines(goals: &[Goal]) -> String {
    let applying: Vec<&Goal> = goals.iter().filter(|goal| goal.standing == Standing::Applies).collect();
    let too_small: Vec<&&Goal> = applying.iter().filter(|goal| !goal.judged()).collect();
    let exact = applying.iter().filter(|goal| goal.kind == Kind::Exact).count();
    let mut text = format!("  {} goals judged ({exact} of them exact)", applying.len() - too_small.len());
    if !too_small.is_empty() {
        let _ = write!(text, ", {} cannot be at this size:", too_small.len());
    }
    text.push('\n');
    for goal in too_small {
        let _ =
            writeln!(text, "    {}: {} of {} needed", goal.name, number(goal.planned), number(goal.needed()));
    }
    for goal in goals {
        match &goal.standing {
            Standing::Applies => {}
            Standing::NotApplicable(why) => drop(writeln!(text, "    {}: not applicable ({why})", goal.name)),
            // Found out only when it was measured.
            Standing::Invalid(why) => drop(writeln!(text, "    {}: invalid ({why})", goal.name)),
            Standing::NotMeasured(why) => drop(writeln!(text, "    {}: not measured ({why})", goal.name)),
        }
    }
    text
}

fn total(prepared: &[Prepared]) -> String {
    let seconds: f64 = prepared.iter().map(|prepared| prepared.plan.length().as_secs_f64()).sum();
    let requests: u64 = prepared.iter().map(|prepared| prepared.plan.needs.requests).sum();
    let connections = prepared.iter().map(|prepared| prepared.plan.needs.connections).max().unwrap_or(0);
    format!(
        "\nin all {} of load, {} requests expected, {} connections at once\n",
        length(seconds),
        number(requests),
        number(connections)
    )
}

/// How much all of it would send, in a sentence without its end: `24 000 requests in 1 min 30 s, at most some 900 a
/// second`.
pub fn load(prepared: &[Prepared]) -> String {
    let seconds: f64 = prepared.iter().map(|prepared| prepared.plan.length().as_secs_f64()).sum();
    let requests: u64 = prepared.iter().map(|prepared| prepared.plan.needs.requests).sum();
    let peak = prepared.iter().map(|prepared| peak(&prepared.plan)).fold(0.0, f64::max).ceil() as u64;
    format!("{} requests in {}, at most some {} a second,", number(requests), length(seconds), number(peak))
}

/// Requests per second at the highest point of a scenario, as far as its plan says.
fn peak(plan: &Plan) -> f64 {
    let flow = |(place, flow): (usize, &Flow)| match &flow.load {
        Load::Arrivals(rate) => rate.peak() * plan.script.act(place).requests,
        Load::Paced { users, every } => users.peak() / every.as_secs_f64() * plan.script.act(place).requests,
        // Whoever is there asks at the same pace, whatever it is: requests go with heads.
        Load::Visitors(crowd) => plan.needs.requests as f64 * crowd.peak() / crowd.area(f64::INFINITY),
    };
    plan.flows.iter().enumerate().map(flow).sum()
}

/// What this machine says to the plan: the addresses it would come from, or why it cannot.
pub fn machine_line(carried: &Result<Vec<IpAddr>, SuiteError>) -> String {
    match carried {
        Ok(sources) if sources.is_empty() => "this machine carries it\n".to_owned(),
        Ok(sources) => format!("this machine carries it, from {} source addresses\n", sources.len()),
        Err(e) => format!("this machine does not carry it: {e}\n"),
    }
}

/// At most so many decimals, without trailing zeros.
fn decimal(x: f64, places: usize) -> String {
    let text = format!("{x:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// `2 min`, `90 s` as `1 min 30 s`, `0.5 s`.
pub fn length(seconds: f64) -> String {
    let whole = seconds.round();
    if seconds < 60.0 || (seconds - whole).abs() > 0.05 {
        return format!("{} s", decimal(seconds, 1));
    }
    let (minutes, rest) = (whole as u64 / 60, whole as u64 % 60);
    if rest == 0 { format!("{minutes} min") } else { format!("{minutes} min {rest} s") }
}
