//! What weather does to a packet, as a pure function of the weather, the packet's number and the seed.

use std::time::Duration;

use crate::faults::weather::Weather;
use crate::latency::stream::{Lane, Stream};

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It never arrives.
    Lost,
    /// It arrives, this much later.
    Late(Duration),
}

/// Whether the path is dead: nothing at all arrives, so that ICE notices.
pub(super) fn is_dead(weather: &Weather) -> bool {
    weather.loss >= 1.0
}

/// The fate of the packet with this number. The delay is uniform within `jitter` around `delay`, never negative;
/// packets may overtake each other, as in the world.
pub(super) fn fate(weather: &Weather, draws: Stream, packet: u64) -> Fate {
    if draws.uniform(Lane::FaultStrikes, packet) < weather.loss {
        return Fate::Lost;
    }
    let swing = draws.uniform(Lane::FaultSize, packet).mul_add(2.0, -1.0) * weather.jitter.as_secs_f64();
    Fate::Late(Duration::from_secs_f64((weather.delay.as_secs_f64() + swing).max(0.0)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn weather(loss: f64, delay_ms: u64, jitter_ms: u64) -> Weather {
        let millis = Duration::from_millis;
        Weather { loss, delay: millis(delay_ms), jitter: millis(jitter_ms) }
    }

    #[test]
    fn nothing_happens_in_fair_weather_and_nothing_arrives_on_a_dead_path() {
        let draws = Stream::new(1, "ann");
        assert!((0..1_000).all(|n| fate(&weather(0.0, 0, 0), draws, n) == Fate::Late(Duration::ZERO)));
        assert!((0..1_000).all(|n| fate(&weather(1.0, 9, 9), draws, n) == Fate::Lost));
        assert!(is_dead(&weather(1.0, 0, 0)) && !is_dead(&weather(0.999, 0, 0)));
    }

    proptest! {
        /// The number lost is binomial: it lies within seven standard deviations but once in some hundred thousand million cases.
        #[test]
        fn the_share_that_is_lost_is_the_loss(seed: u64, loss in 0.0_f64..1.0) {
            let draws = Stream::new(seed, "ann");
            let packets = 4_000_u32;
            let lost = (0..u64::from(packets)).filter(|n| fate(&weather(loss, 0, 0), draws, *n) == Fate::Lost);
            let (lost, packets) = (lost.count() as f64, f64::from(packets));
            prop_assert!((lost - loss * packets).abs() <= 7.0 * (packets * loss * (1.0 - loss)).sqrt() + 10.0);
        }

        #[test]
        fn delays_stay_within_the_jitter(seed: u64, delay in 0_u64..500, jitter in 0_u64..500, n: u64) {
            let Fate::Late(late) = fate(&weather(0.0, delay, jitter), Stream::new(seed, "ann"), n) else {
                return Err(TestCaseError::fail("nothing is lost without loss"));
            };
            let (low, high) = (delay.saturating_sub(jitter), delay + jitter);
            prop_assert!(late >= Duration::from_millis(low) && late <= Duration::from_millis(high));
            prop_assert_eq!(fate(&weather(0.0, delay, jitter), Stream::new(seed, "ann"), n), Fate::Late(late));
        }
    }
}
