"""How long the laboratory takes to redraw after a slider has moved.

python -m benchmarks.lab_redraw

Chromium moves the slider of κ forty times and draws each time. Printed are medians over the moves:
the processor time of the page's thread, which other programs do not lengthen, and the time on the
clock from the start of a frame until it is painted. The goals are 16 ms for one point and 100 ms
for the network (on two cores, with nothing else running).
"""

import shutil
import statistics

from playwright.sync_api import sync_playwright

from benign_osc_lib.lab import _bundle

PAGE = """<!doctype html><meta charset="utf-8"><title>lab</title><style>{css}</style><main></main>
<script>{script}</script>"""

START = """
const el = document.querySelector("main");
const heard = () => {};
window.start = (view) => laboratory.render({
  el,
  model: { get: (name) => (name === "view" ? view : name === "lab_page" ? "x" : undefined),
           set: heard, on: heard, off: heard, save_changes: heard },
});
"""

MOVE = """async (value) => {
  const input = document.querySelector("[data-field=eta], [data-field=kappa]"); // a network has η
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  return await new Promise((done) => requestAnimationFrame((start) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => done(performance.now() - start);
    channel.port2.postMessage(0);
  }));
}"""


def thread_time(session):
    """Processor time of the page's thread so far, in seconds."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(each["value"] for each in metrics if each["name"] == "ThreadTime")


def measure(browser, view):
    """(processor time, time on the clock) of a redraw, in ms, medians of forty."""
    script = _bundle.plain_script(_bundle.module(), START)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.route(
        "http://localhost/*",
        lambda route: route.fulfill(
            body=PAGE.format(css=_bundle.read("lab.css"), script=script), content_type="text/html"
        ),
    )
    page.goto(f"http://localhost/lab#lab={view}")
    page.evaluate("void start('all')")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    work, clock = [], []
    for move in range(50):
        before = thread_time(session)
        waited = page.evaluate(MOVE, 1 + move / 100)
        if move >= 10:  # the first ones warm up
            work.append(1000 * (thread_time(session) - before))
            clock.append(waited)
    page.close()
    return statistics.median(work), statistics.median(clock)


def main():
    """Measure each view and print the table."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
            args=["--no-sandbox", "--disable-gpu"],
        )
        print("ms a redraw   processor   clock")
        for view in ("point", "potential", "cobweb", "network"):
            work, clock = measure(browser, view)
            print(f"{view:12}  {work:9.1f}  {clock:6.1f}")
        browser.close()


if __name__ == "__main__":
    main()
