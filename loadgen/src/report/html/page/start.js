// Puts the page to work.

const data = JSON.parse(document.getElementById("data").textContent);

const scenes = data.scenarios.filter(({ series }) => series.length).map((scenario) => new Scene(scenario, document.getElementById(scenario.name), data.step_s));

// A scenario is worked out when it is about to be seen; the others while there is nothing else to do, so that all of them
// can be printed.
const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (isIntersecting) scenes.find(({ name }) => name === target.id)?.begin();
}, { rootMargin: "600px" });
scenes.forEach(({ name }) => sight.observe(document.getElementById(name)));
const whenIdle = self.requestIdleCallback ?? ((work) => setTimeout(work, 50));
async function theRest() {
  for (const scene of scenes) {
    await new Promise((go) => whenIdle(go));
    await scene.begin();
  }
  document.body.dataset.drawn = "yes";
}

document.querySelectorAll("table[data-sortable]").forEach(sortable);
themes();
printing();
overlays(data, scenes);
theRest();
