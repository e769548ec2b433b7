//! A tab, and what it is made to be before it goes anywhere: its screen, its network, its cookies.

use serde_json::{Value, json};

use crate::browser::{
    Device, Done, Grounds, Order, Throttle, Trouble,
    cdp::{Cdp, Session},
};

/// The page's own script, in a world of its own: the page sees neither it nor what it tells by.
const SCRIPT: &str = include_str!("../page.js");
const WORLD: &str = "loadgen";
/// What closes the page's ways out of its session, in the page's own world.
const CONFINE: &str = include_str!("../confine.js");
/// What the script tells by.
pub(super) const BINDING: &str = "told";

/// Request-level throttling delays answers and no packets: a connection's set-up and slow start cost nothing. Lighthouse
/// makes up for it by these (`core/config/constants.js`, `DEVTOOLS_RTT_ADJUSTMENT_FACTOR` and
/// `DEVTOOLS_THROUGHPUT_ADJUSTMENT_FACTOR`).
const RTT_FACTOR: f64 = 3.75;
const RATE_FACTOR: f64 = 0.9;

/// An empty tab.
pub(super) struct Tab {
    target: String,
    /// What it tells of. Its settings are this session's, too: they last as long as it does.
    pub(super) ears: Session,
    /// What takes its time to be answered is asked here, while the other is listened to.
    pub(super) hands: Session,
}

impl Tab {
    /// Opens one in a context, in a window of its own: what is behind another tab is not painted.
    pub(super) async fn open(cdp: &Cdp, context: &str) -> Result<Self, Trouble> {
        let asked = json!({ "url": "about:blank", "browserContextId": context, "newWindow": true });
        let method = "Target.createTarget";
        let answer = cdp.call(method, asked).await?;
        let Some(target) = answer["targetId"].as_str().map(str::to_owned) else {
            let message = "it named no tab".to_owned();
            return Err(Trouble::Refused { method: method.to_owned(), message });
        };
        match sessions(cdp, &target).await {
            Ok((ears, hands)) => Ok(Self { target, ears, hands }),
            Err(trouble) => {
                close(cdp, &target).await;
                Err(trouble)
            }
        }
    }

    /// Makes it what is asked for.
    pub(super) async fn prepare(
        &self,
        cdp: &Cdp,
        order: &Order,
        grounds: &Grounds,
        attached: bool,
    ) -> Result<(), Trouble> {
        for domain in ["Page.enable", "Runtime.enable", "Network.enable", "Log.enable"] {
            self.ears.call(domain, json!({})).await?;
        }
        // Painted even where its window is behind another.
        self.ears.call("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })).await?;
        let binding = json!({ "name": BINDING, "executionContextName": WORLD });
        self.ears.call("Runtime.addBinding", binding).await?;
        let script = json!({ "source": SCRIPT, "worldName": WORLD });
        self.ears.call("Page.addScriptToEvaluateOnNewDocument", script).await?;
        self.show_on(cdp, order.device).await?;
        self.throttle(order).await?;
        self.carry(order).await?;
        if grounds.own_roots {
            self.ears.call("Security.setIgnoreCertificateErrors", json!({ "ignore": true })).await?;
        }
        if attached {
            self.confine().await?;
        }
        Ok(())
    }

    /// Sees to it that its page asks nobody without being let: its requests are told of before they are sent, workers of
    /// its own are stopped as they start, and what is left is not there. See [`Source::Running`](crate::browser::Source).
    async fn confine(&self) -> Result<(), Trouble> {
        self.ears.call("Fetch.enable", json!({ "patterns": [{ "urlPattern": "*" }] })).await?;
        self.ears.call("Network.setBypassServiceWorker", json!({ "bypass": true })).await?;
        let workers = json!({
            "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true,
            "filter": [{ "type": "iframe", "exclude": true }, {}],
        });
        self.ears.call("Target.setAutoAttach", workers).await?;
        self.ears.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": CONFINE })).await?;
        Ok(())
    }

    async fn show_on(&self, cdp: &Cdp, device: Device) -> Result<(), Trouble> {
        let (width, height) = size(device);
        let (scale, phone) = match device {
            Device::Phone => (1.75, true),
            Device::Desktop => (1.0, false),
        };
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone });
        self.ears.call("Emulation.setDeviceMetricsOverride", metrics).await?;
        if phone {
            let touch = json!({ "enabled": true, "maxTouchPoints": 5 });
            self.ears.call("Emulation.setTouchEmulationEnabled", touch).await?;
            let version = cdp.call("Browser.getVersion", json!({})).await?;
            let agent = phone_agent(version["userAgent"].as_str().unwrap_or_default());
            self.ears.call("Emulation.setUserAgentOverride", agent).await?;
        }
        Ok(())
    }

    /// A canary has the processor of the other visits, and no network: what is emulated of that takes as long on a machine
    /// that starves.
    async fn throttle(&self, order: &Order) -> Result<(), Trouble> {
        let Some((network, slower)) = conditions(order.throttle) else { return Ok(()) };
        if order.done == Done::Quiet {
            self.ears.call("Network.emulateNetworkConditions", network).await?;
        }
        self.ears.call("Emulation.setCPUThrottlingRate", json!({ "rate": slower })).await?;
        Ok(())
    }

    /// What its requests carry. No host but the page's own and its grounds' is asked, so that its headers go nowhere
    /// else.
    async fn carry(&self, order: &Order) -> Result<(), Trouble> {
        if !order.cookies.is_empty() {
            let cookie = |cookie: &crate::browser::Cookie| json!({ "name": cookie.name, "value": cookie.value, "url": order.url });
            let cookies: Vec<_> = order.cookies.iter().map(cookie).collect();
            self.ears.call("Network.setCookies", json!({ "cookies": cookies })).await?;
        }
        if !order.headers.is_empty() {
            let header = |(name, value): &(String, String)| (name.clone(), Value::from(value.as_str()));
            let headers: Value = order.headers.iter().map(header).collect::<serde_json::Map<_, _>>().into();
            self.ears.call("Network.setExtraHTTPHeaders", json!({ "headers": headers })).await?;
        }
        Ok(())
    }

    /// Closes it.
    pub(super) async fn close(self, cdp: &Cdp) {
        close(cdp, &self.target).await;
    }
}

async fn sessions(cdp: &Cdp, target: &str) -> Result<(Session, Session), Trouble> {
    Ok((cdp.attach(target).await?, cdp.attach(target).await?))
}

/// A tab that is gone already is closed, too.
async fn close(cdp: &Cdp, target: &str) {
    drop(cdp.call("Target.closeTarget", json!({ "targetId": target })).await);
}

/// Width and height, CSS pixels (Lighthouse's `core/config/constants.js`: `MOTOGPOWER_EMULATION_METRICS` and
/// `DESKTOP_EMULATION_METRICS`).
pub(super) fn size(device: Device) -> (u32, u32) {
    match device {
        Device::Phone => (412, 823),
        Device::Desktop => (1350, 940),
    }
}

/// What a browser says it is, were it on a phone: the same browser, on Lighthouse's phone.
fn phone_agent(agent: &str) -> Value {
    const MODEL: &str = "moto g power (2022)";
    let system = format!("(Linux; Android 11; {MODEL})");
    let phone = match (agent.find('('), agent.find(')')) {
        (Some(from), Some(to)) if from < to => {
            format!("{}{system}{}", &agent[..from], &agent[to + 1..])
        }
        _ => format!("{agent} {system}"),
    };
    json!({
        "userAgent": phone.replacen(" Safari/", " Mobile Safari/", 1),
        "userAgentMetadata": {
            "platform": "Android", "platformVersion": "11", "architecture": "", "model": MODEL, "mobile": true,
        },
    })
}

/// A network, as the browser is to be told of it, and by how much its processor is slowed.
fn conditions(throttle: Throttle) -> Option<(Value, f64)> {
    // Round trip in milliseconds, rates down and up in kbit/s (of 1024, as Lighthouse counts), slow-down.
    let (rtt, down, up, slower) = match throttle {
        Throttle::None => return None,
        Throttle::Cable => (40.0, 10.0 * 1024.0, 10.0 * 1024.0, 1.0),
        Throttle::Slow4g => (150.0, 1.6 * 1024.0, 750.0, 4.0),
        Throttle::Regular3g => (300.0, 700.0, 700.0, 4.0),
    };
    let bytes_per_second = |kbit: f64| (kbit * RATE_FACTOR * 1024.0 / 8.0).floor();
    let network = json!({
        "offline": false,
        "latency": rtt * RTT_FACTOR,
        "downloadThroughput": bytes_per_second(down),
        "uploadThroughput": bytes_per_second(up),
    });
    Some((network, slower))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_has_the_same_browser() {
        let here = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/148.0.0.0 \
                    Safari/537.36";
        let there = "Mozilla/5.0 (Linux; Android 11; moto g power (2022)) AppleWebKit/537.36 (KHTML, like Gecko) \
                     HeadlessChrome/148.0.0.0 Mobile Safari/537.36";
        assert_eq!(phone_agent(here)["userAgent"], there);
        assert_eq!(phone_agent("Odd/1")["userAgent"], "Odd/1 (Linux; Android 11; moto g power (2022))");
    }

    #[test]
    fn networks_are_lighthouses() {
        assert_eq!(conditions(Throttle::None), None);
        let (network, slower) = conditions(Throttle::Slow4g).expect("it is throttled");
        assert_eq!((network["latency"].as_f64(), slower), (Some(562.5), 4.0));
        // 1474.56 kbit/s and 675.
        assert_eq!(network["downloadThroughput"], 188_743.0);
        assert_eq!(network["uploadThroughput"], 86_400.0);
    }
}
